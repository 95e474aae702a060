#!/usr/bin/env bash
# Pillow 13.0.0: an animation that is opened and saved with save_all keeps its times in GIF and PNG, which suggests that all
# formats do. In WebP each picture then lasts 100 ms and the animation never ends, from WebP to WebP as well; in AVIF each lasts
# one millisecond. From WebP to PNG the first lasts 0. Nothing is warned of. The reader's side hides it: of WebP and
# AVIF info["duration"] is not there after seek(), only after load(), while GIF and PNG have it at once, so that code which
# collects the times before it copies the pictures, and falls back to a default, gets the default. A list of times, read after
# load() and handed to save(duration=), keeps them.
#
# Output seen (three pictures of 100, 250 and 1000 ms, twice):
#   Pillow 13.0.0
#   GIF  after seek [100, 250, 1000], after load [100, 250, 1000]
#     saved as GIF [100, 250, 1000] loop 2, PNG [100, 250, 1000] loop 2, WEBP [100, 100, 100] loop 0, AVIF [1, 1, 1]
#   PNG  after seek [100, 250, 1000], after load [100, 250, 1000]
#     saved as GIF [100, 250, 1000] loop 2, PNG [100, 250, 1000] loop 2, WEBP [100, 100, 100] loop 0, AVIF [1, 1, 1]
#   WEBP after seek [None, None, None], after load [100, 250, 1000]
#     saved as GIF [100, 250, 1000] loop 2, PNG [0, 250, 1000] loop 2, WEBP [100, 100, 100] loop 0, AVIF [1, 1, 1]
#   AVIF after seek [None, None, None], after load [100, 250, 1000]
#     saved as GIF [100, 250, 1000], PNG [100, 250, 1000] loop 0, WEBP [100, 100, 100] loop 0, AVIF [1, 1, 1]
#   WEBP with the list of times [100, 250, 1000], AVIF [100, 250, 1000]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
from importlib.metadata import version

from PIL import Image

FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
TIMES = [100, 250, 1000]


def saved(pictures, kind, **options):
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:], **options)
    return file.getvalue()


def times(data, loading):
    with Image.open(io.BytesIO(data)) as animation:
        found = []
        for number in range(animation.n_frames):
            animation.seek(number)
            if loading:
                animation.load()
            found.append(animation.info.get("duration"))
        return [None if time is None else round(time) for time in found], animation.info.get("loop")


print("Pillow", version("pillow"))
pictures = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
seen = {}
for source in FORMATS:
    data = saved(pictures, source, duration=TIMES, loop=2)
    before, after = times(data, loading=False)[0], times(data, loading=True)[0]
    assert after == TIMES, after
    assert before == (TIMES if source in ("GIF", "PNG") else [None] * 3), before
    print(f"{source:4} after seek {before}, after load {after}")
    words = []
    for target in FORMATS:
        found, loop = seen[source, target] = times(saved([Image.open(io.BytesIO(data))], target), loading=True)
        words.append(f"{target} {found}{'' if loop is None else f' loop {loop}'}")
    print("  saved as", ", ".join(words))
for source in FORMATS:
    loop = None if source == "AVIF" else 2
    assert seen[source, "GIF"] == (TIMES, loop)
    assert seen[source, "PNG"] == ([0 if source == "WEBP" else 100, 250, 1000], loop or 0)
    assert seen[source, "WEBP"] == ([100] * 3, 0)
    assert seen[source, "AVIF"] == ([1] * 3, None)
listed = [times(saved(pictures, kind, duration=TIMES), loading=True)[0] for kind in ("WEBP", "AVIF")]
print(f"WEBP with the list of times {listed[0]}, AVIF {listed[1]}")
assert listed == [TIMES, TIMES]
PYTHON
