#!/bin/sh
# Pillow 13.0.0: an Image.Exif whose only fields are in a sub-directory (DateTimeOriginal in the Exif IFD, GPS) has
# length 0 and counts as false. Saving PNG, TIFF or AVIF with exif=it drops all of it without a word; JPEG and WebP
# keep it. Give exif.tobytes(), or set one field of the main directory.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

from PIL import Image


def kept(form: str, *, as_bytes: bool) -> bool:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2026:12:24 10:11:12"
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, form, exif=exif.tobytes() if as_bytes else exif)
    return b"2026:12:24" in file.getvalue()


found = {form: kept(form, as_bytes=False) for form in ("JPEG", "WEBP", "PNG", "TIFF", "AVIF")}
print("Image.Exif:", found)
whole = {form: kept(form, as_bytes=True) for form in found}
print("bytes:", whole)
wrong = {"JPEG": True, "WEBP": True, "PNG": False, "TIFF": False, "AVIF": False}
sys.exit(0 if found == wrong and all(whole.values()) else 1)
PYTHON
