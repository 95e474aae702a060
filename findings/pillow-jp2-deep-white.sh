#!/bin/sh
# Pillow 13.0.0 reads the full white of a colour JPEG 2000 with 16 bits a sample as black: 65535 becomes 0, while 65400
# becomes 255. The same file in grey, and OpenCV's reader, give what is stored. Decode such files by another library.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0 opencv-python-headless==4.14.0.94
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
from PIL import Image


def pillow(level: int) -> int:
    data = cv2.imencode(".jp2", np.full((64, 64, 3), level, np.uint16))[1].tobytes()
    return Image.open(io.BytesIO(data)).getpixel((5, 5))[0]


white = cv2.imencode(".jp2", np.full((64, 64, 3), 65535, np.uint16))[1]
opencv = int(cv2.imdecode(white, cv2.IMREAD_UNCHANGED)[5, 5, 0])
print("Pillow: 65400 ->", pillow(65400), " 65535 ->", pillow(65535), " OpenCV: 65535 ->", opencv)
sys.exit(0 if (pillow(65400), pillow(65535), opencv) == (255, 0, 65535) else 1)
PYTHON
