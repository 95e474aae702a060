#!/bin/sh
# pillow-jxl-plugin 1.3.8 with Pillow 13.0.0, seen with Python 3.11: a picture saved as JPEG XL with an EXIF orientation.
# In JPEG XL the way up stands in the codestream's header, and decoders ignore EXIF's (ISO/IEC 18181-2). The plugin writes
# the EXIF and leaves the header at "upright": with Pillow and ImageOps.exif_transpose the picture comes back as it was
# meant, every other decoder shows it lying on its side. From a JPEG (lossless_jpeg) libjxl sets the header from the same
# EXIF, and both agree. libjxl of imagecodecs 2026.3.6 stands here for other decoders.
# Seen:
#   pixels saved with orientation 6: Pillow (32, 64), libjxl (64, 32)
#   a JPEG's bytes kept, orientation 6: Pillow (32, 64), libjxl (32, 64)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "pillow-jxl-plugin==1.3.8" "pillow==13.0.0" "imagecodecs==2026.3.6"
"$work/venv/bin/python" - "$work" <<'PYTHON'
import sys
from pathlib import Path

import imagecodecs
import pillow_jxl
from PIL import Image, ImageOps

work = Path(sys.argv[1])
exif = Image.Exif()
exif[0x0112] = 6
Image.new("RGB", (64, 32), "red").save(work / "a.jpg", exif=exif)
source, seen = Image.open(work / "a.jpg"), []
for words, options in (
    ("pixels saved with orientation 6", {"lossless": True, "lossless_jpeg": False}),
    ("a JPEG's bytes kept, orientation 6", {"lossless_jpeg": True}),
):
    source.save(work / "a.jxl", exif=exif.tobytes(), **options)
    here = ImageOps.exif_transpose(Image.open(work / "a.jxl")).size
    height, width, _ = imagecodecs.jpegxl_decode((work / "a.jxl").read_bytes()).shape
    print(f"{words}: Pillow {here}, libjxl {(width, height)}")
    seen.append((here, (width, height)))
sys.exit(0 if seen == [((32, 64), (64, 32)), ((32, 64), (32, 64))] else 1)
PYTHON
