#!/usr/bin/env bash
# pillow-jxl-plugin 1.3.8 with Pillow 13.0.0 does not read back the EXIF that it wrote: saved with compress_metadata=True,
# it stands in a "brob" box (ISO/IEC 18181-2, 9.8, Brotli), which libjxl opens for whoever asks, and getexif() is empty.
# Of a JPEG whose bytes are kept (lossless_jpeg) the box is compressed as well, whatever compress_metadata says, but
# there EXIF comes back, because the plugin rebuilds the JPEG and reads that. So the same photo has a date or none,
# depending on how its pixels were stored.
#
# Output seen:
#   pixels, plain:      box Exif, date '2026:12:24 10:11:12'
#   pixels, compressed: box brob, date None
#   JPEG kept:          box brob, date '2026:12:24 10:11:12'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 pillow-jxl-plugin==1.3.8
"$folder/venv/bin/python" - "$folder" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import sys
from pathlib import Path

import pillow_jxl  # noqa: F401
from PIL import Image

folder = Path(sys.argv[1])
exif = Image.Exif()
exif[0x0132] = "2026:12:24 10:11:12"
Image.new("RGB", (64, 32), "red").save(folder / "a.jpg", exif=exif)


def boxes(data):
    at = 0
    while at + 8 <= len(data):
        yield data[at + 4 : at + 8]
        at += int.from_bytes(data[at : at + 4], "big") or len(data)


def seen(**options):
    path = folder / "a.jxl"
    Image.open(folder / "a.jpg").save(path, use_container=True, exif=exif.tobytes(), **options)
    box = next(name for name in boxes(path.read_bytes()) if name in (b"Exif", b"brob"))
    return box.decode(), Image.open(path).getexif().get(0x0132)


rows = [
    ("pixels, plain:", seen(lossless_jpeg=False, compress_metadata=False)),
    ("pixels, compressed:", seen(lossless_jpeg=False, compress_metadata=True)),
    ("JPEG kept:", seen(lossless_jpeg=True)),
]
for words, (box, date) in rows:
    print(f"{words:19} box {box}, date {date!r}")
date = "2026:12:24 10:11:12"
sys.exit([row for _, row in rows] != [("Exif", date), ("brob", None), ("brob", date)])
PYTHON
