#!/usr/bin/env bash
# Pillow 13.0.0: an Image.Exif whose only fields are in a sub-directory (DateTimeOriginal in the Exif IFD, GPS) counts as
# false, so saving PNG, TIFF or AVIF with exif=it drops all of it without a word. JPEG and WebP keep it, and all keep
# exif.tobytes().
#
# Output seen:
#   Pillow 13.0.0
#   exif=Exif: kept by JPEG, WEBP, lost in PNG, TIFF, AVIF; exif=bytes: kept by JPEG, WEBP, PNG, TIFF, AVIF
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
import sys

import PIL
from PIL import Image

FORMATS = ("JPEG", "WEBP", "PNG", "TIFF", "AVIF")


def kept(form, as_bytes):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:12:24 10:11:12"
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, form, exif=exif.tobytes() if as_bytes else exif)
    return b"2026:12:24" in file.getvalue()


plain = [form for form in FORMATS if kept(form, False)]
whole = [form for form in FORMATS if kept(form, True)]
lost = [form for form in FORMATS if form not in plain]
print("Pillow", PIL.__version__)
print(f"exif=Exif: kept by {', '.join(plain)}, lost in {', '.join(lost)}; exif=bytes: kept by {', '.join(whole)}")
sys.exit((plain, len(whole)) != (["JPEG", "WEBP"], 5))
PYTHON
