#!/usr/bin/env bash
# whoosh-reloaded 2.7.5: an index on disk is opened with mmap (CompoundStorage, use_mmap=True by default), yet a reader
# holds the postings and terms of all segments in memory of its own: BufferFile wraps the mapped part in io.BytesIO,
# which copies a memoryview, so that opening a reader or the searcher of a writer reads the whole index. With an index
# of 80 MB each open reader takes 80 MB. A segment that is not compound is read from its files, a little at a time.
#
# Output seen (bytes may differ by a few):
#   whoosh-reloaded 2.7.5
#   compound, mapped: a reader holds more than 80 % of the index's size
#   not compound: a reader holds less than 20 % of the index's size
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check whoosh-reloaded==2.7.5
"$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import os
import random
import sys
import tracemalloc
from importlib.metadata import version
from pathlib import Path

from whoosh.fields import TEXT, Schema
from whoosh.index import create_in


def share(name: str, *, compound: bool) -> float:
    """What an open reader holds, as a share of the index's files."""
    folder, rng = Path(sys.argv[1], name), random.Random(3)
    os.mkdir(folder)
    index = create_in(folder, Schema(text=TEXT))
    writer = index.writer(compound=compound)
    for _number in range(400):
        writer.add_document(text=" ".join(f"{rng.getrandbits(40):x}" for _word in range(200)))
    writer.commit()
    size = sum(path.stat().st_size for path in folder.iterdir())
    # What is loaded once.
    index.reader().close()
    tracemalloc.start()
    reader = index.reader()
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.doc_count() == 400
    reader.close()
    return held / size


print("whoosh-reloaded", version("whoosh-reloaded"))
mapped = share("mapped", compound=True)
assert mapped > 0.8, mapped
print("compound, mapped: a reader holds more than 80 % of the index's size")
plain = share("plain", compound=False)
assert plain < 0.2, plain
print("not compound: a reader holds less than 20 % of the index's size")
PYTHON
