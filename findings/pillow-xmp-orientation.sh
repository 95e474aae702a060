#!/usr/bin/env bash
# Pillow 13.0.0 takes the orientation from XMP (tiff:Orientation) where EXIF has none: Image.getexif() then holds a field
# that is not in the file's EXIF, and ImageOps.exif_transpose turns the picture. OpenCV 4.14 leaves it as it is, and so does
# Chromium (seen with <img> and createImageBitmap). Editors that turn the pixels and drop EXIF may leave XMP behind: such a
# photo lies on its side in what Pillow makes of it and nowhere else. Image.Exif.load(info["exif"]) tells the two apart.
#
# Output seen:
#   Pillow 13.0.0, OpenCV 4.14.0, a JPEG of 64 x 32 with tiff:Orientation 6 in XMP and no EXIF
#   orientation by getexif() 6, exif_transpose (32, 64), OpenCV (64, 32)
#   with EXIF that says 1: getexif() 1, exif_transpose (64, 32), OpenCV (64, 32)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 opencv-python-headless==4.14.0.94
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
import sys

import cv2
import numpy as np
import PIL
from PIL import Image, ImageOps

XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation=\"6\"/></rdf:RDF></x:xmpmeta>"
)


def seen(**more):
    file = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(file, "JPEG", xmp=XMP, **more)
    image = Image.open(file)
    height, width = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR).shape[:2]
    return image.getexif().get(0x0112), ImageOps.exif_transpose(image).size, (width, height)


exif = Image.Exif()
exif[0x0112] = 1
alone, stated = seen(), seen(exif=exif.tobytes())
print(f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}, a JPEG of 64 x 32 with tiff:Orientation 6 in XMP and no EXIF")
print("orientation by getexif() {}, exif_transpose {}, OpenCV {}".format(*alone))
print("with EXIF that says 1: getexif() {}, exif_transpose {}, OpenCV {}".format(*stated))
sys.exit((alone, stated) != ((6, (32, 64), (64, 32)), (1, (64, 32), (64, 32))))
PYTHON
