#!/usr/bin/env bash
# opencv-python-headless 4.14.0.94: imdecode turns a picture upright by its orientation: a JPEG, a PNG, a WebP, a TIFF. An
# AVIF stays as its samples lie. There the turn is a property of the item (`irot`, `imir`; ISO/IEC 23008-12), which a
# reader has to apply, and files need no EXIF for it: Pillow 13.0.0 writes it so and takes the tag out.
#
# Output seen:
#   OpenCV 4.14.0, Pillow 13.0.0
#   JPEG 6: (64, 32), 3: blue    PNG 6: (64, 32), 3: blue    WEBP 6: (64, 32), 3: blue    TIFF 6: (64, 32), 3: blue
#   AVIF 6: (32, 64), 3: red
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==4.14.0.94 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from io import BytesIO

import cv2
import numpy as np
import PIL
from PIL import Image

print(f"OpenCV {cv2.__version__}, Pillow {PIL.__version__}")
# Twice as wide as high; red at the left, blue at the right.
picture = Image.new("RGB", (64, 32), (255, 0, 0))
picture.paste((0, 0, 255), (32, 0, 64, 32))


def read(kind: str, orientation: int) -> tuple[tuple[int, int], str]:
    exif = Image.Exif()
    exif[0x0112] = orientation
    written = BytesIO()
    picture.save(written, kind, exif=exif.tobytes())
    data = written.getvalue()
    assert (b"irot" in data) == (kind == "AVIF")
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return pixels.shape[:2], "red" if pixels[3, 3, 2] > 128 else "blue"


seen = {}
for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
    # Turned by a quarter, and turned by half.
    seen[kind] = read(kind, 6)[0], read(kind, 3)[1]
print("    ".join(f"{kind} 6: {size}, 3: {left}" for kind, (size, left) in seen.items() if kind != "AVIF"))
print(f"AVIF 6: {seen['AVIF'][0]}, 3: {seen['AVIF'][1]}")
assert seen.pop("AVIF") == ((32, 64), "red")
assert all(one == ((64, 32), "blue") for one in seen.values()), seen
PYTHON
