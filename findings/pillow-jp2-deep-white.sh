#!/usr/bin/env bash
# Pillow 13.0.0 reads the full white of a colour JPEG 2000 with 16 bits a sample as black: 65535 becomes 0, while 65400
# becomes 255. The same level in grey, and OpenCV's reader of the same file, give what is stored.
#
# Output seen:
#   Pillow, colour: 65400 -> 255, 65535 -> 0; grey: 65535 -> 65535; OpenCV, colour: 65535 -> 65535
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
from PIL import Image


def pillow(level, shape=(64, 64, 3)):
    data = cv2.imencode(".jp2", np.full(shape, level, np.uint16))[1].tobytes()
    seen = Image.open(io.BytesIO(data)).getpixel((5, 5))
    return seen[0] if isinstance(seen, tuple) else seen


white = cv2.imencode(".jp2", np.full((64, 64, 3), 65535, np.uint16))[1]
found = pillow(65400), pillow(65535), pillow(65535, (64, 64)), int(cv2.imdecode(white, cv2.IMREAD_UNCHANGED)[5, 5, 0])
print("Pillow, colour: 65400 -> %d, 65535 -> %d; grey: 65535 -> %d; OpenCV, colour: 65535 -> %d" % found)
sys.exit(found != (255, 0, 65535, 65535))
PYTHON
