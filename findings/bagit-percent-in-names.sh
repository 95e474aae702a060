#!/usr/bin/env bash
# bagit 1.9.0 (Python): a bag that make_bag has just written is no valid bag for its own validate() if a file's name has "%0A"
# or "%0D" in it, as names have that were taken from addresses. In manifests a line end in a path is written that way, and so
# "%" has to be written as "%25" (RFC 8493, 2.1.3); make_bag writes the line end and leaves "%" alone, and the reader takes
# the three letters for a line end: one file is missing, another one too many. Other percent signs stay as they are both
# ways, so that its own bags are valid, and one whose "%" was written as the RFC has it is not.
#
# Output seen:
#   bagit 1.9.0
#   'plain.txt' manifest 'data/plain.txt' valid
#   'line\nbreak.txt' manifest 'data/line%0Abreak.txt' valid
#   'talk%0Aone.txt' manifest 'data/talk%0Aone.txt' not valid
#   'half 50%.txt' manifest 'data/half 50%.txt' valid
#   'half 50%.txt' manifest 'data/half 50%25.txt', as the RFC has it: not valid
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check bagit==1.9.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import logging
from importlib.metadata import version
from pathlib import Path

import bagit

logging.disable(logging.CRITICAL)
print("bagit", version("bagit"))
seen = []
for number, name in enumerate(("plain.txt", "line\nbreak.txt", "talk%0Aone.txt", "half 50%.txt")):
    folder = Path(f"bag-{number}")
    folder.mkdir()
    (folder / name).write_text("words")
    bagit.make_bag(str(folder), checksums=["sha256"])
    _, listed = (folder / "manifest-sha256.txt").read_text().rstrip("\n").split("  ", 1)
    valid = bagit.Bag(str(folder)).is_valid()
    print(f"{name!r} manifest {listed!r} {'valid' if valid else 'not valid'}")
    seen.append((listed, valid))
manifest = folder / "manifest-sha256.txt"
manifest.write_text(manifest.read_text().replace("%", "%25"))
bag = bagit.Bag(str(folder))
bag.save()
valid = bag.is_valid()
print(f"{name!r} manifest 'data/half 50%25.txt', as the RFC has it: {'valid' if valid else 'not valid'}")
assert seen == [
    ("data/plain.txt", True),
    ("data/line%0Abreak.txt", True),
    ("data/talk%0Aone.txt", False),
    ("data/half 50%.txt", True),
], seen
assert "50%25" in manifest.read_text() and not valid
PYTHON
