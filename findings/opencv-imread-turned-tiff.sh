#!/usr/bin/env bash
# opencv-python-headless 4.14.0.94: imread gives None for a TIFF whose Orientation turns it by a quarter (5 to 8) and whose
# sides differ: "Internal imread issue: 'original_ptr == real_mat.data' must be 'true'" goes to the log: imread has made
# room for the stored size and wants to find the picture there when it has been turned. From memory (imdecode) the same
# bytes are read, upright. A square one and one turned by half are read from a file too; IMREAD_UNCHANGED, which
# takes other formats as they lie, doesn't help.
#
# Output seen:
#   OpenCV 4.14.0
#   imread of 64x32 by orientation: 1 (32, 64), 3 (32, 64), 5 None, 6 None, 7 None, 8 None
#   imdecode of the same: 1 (32, 64), 3 (32, 64), 5 (64, 32), 6 (64, 32), 7 (64, 32), 8 (64, 32)
#   imread of 32x32, orientation 6: (32, 32)
#   imread of 64x32, orientation 6, unchanged: None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==4.14.0.94 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ORIENTATIONS = 1, 3, 5, 6, 7, 8
print("OpenCV", cv2.__version__)


def tiff(width: int, height: int, orientation: int) -> str:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (width, height), (255, 0, 0)).save("picture.tiff", exif=exif.tobytes())
    return "picture.tiff"


def size(pixels: np.ndarray | None) -> tuple[int, ...] | None:
    return None if pixels is None else pixels.shape[:2]


from_file, from_memory = {}, {}
for orientation in ORIENTATIONS:
    name = tiff(64, 32, orientation)
    from_file[orientation] = size(cv2.imread(name))
    data = np.frombuffer(Path(name).read_bytes(), np.uint8)
    from_memory[orientation] = size(cv2.imdecode(data, cv2.IMREAD_COLOR))
print("imread of 64x32 by orientation:", ", ".join(f"{key} {value}" for key, value in from_file.items()))
print("imdecode of the same:", ", ".join(f"{key} {value}" for key, value in from_memory.items()))
square = size(cv2.imread(tiff(32, 32, 6)))
print("imread of 32x32, orientation 6:", square)
unchanged = size(cv2.imread(tiff(64, 32, 6), cv2.IMREAD_UNCHANGED))
print("imread of 64x32, orientation 6, unchanged:", unchanged)
assert from_file == {1: (32, 64), 3: (32, 64), 5: None, 6: None, 7: None, 8: None}, from_file
assert from_memory == {1: (32, 64), 3: (32, 64), 5: (64, 32), 6: (64, 32), 7: (64, 32), 8: (64, 32)}, from_memory
assert square == (32, 32) and unchanged is None
PYTHON
