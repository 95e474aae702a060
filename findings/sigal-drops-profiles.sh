#!/usr/bin/env bash
# sigal 2.6.1 makes the pictures of a gallery without the profile of the photo that they come from, and without converting their
# numbers: a photo in Display P3, which iPhones and many Android phones take, is shown as if it were sRGB, duller in every size.
# Pillow, through which it saves, keeps a JPEG's profile only where it is handed on.
#
# Output seen:
#   Pillow 13.0.0, sigal 2.6.1
#   photo              with a profile, a browser shows (255, 9, 0)
#   its larger picture without a profile, a browser shows (251, 60, 41)
#   its thumbnail      without a profile, a browser shows (251, 60, 41)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check sigal==2.6.1 pillow==13.0.0
cd "$folder"
cat >photo.py <<'PYTHON'
"""A photo of one red in a profile with the primaries of Display P3 (ICC.1:2022, a matrix and three curves)."""

import struct
from pathlib import Path

from PIL import Image


def fixed(*values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(*values):
    return b"XYZ \0\0\0\0" + fixed(*values)


CURVE = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
NAME = b"P3 primaries\0"
TAGS = {
    b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(NAME)) + NAME + bytes(78),
    b"cprt": b"text\0\0\0\0CC0\0",
    b"wtpt": xyz(0.9642, 1, 0.8249),
    b"rXYZ": xyz(0.51512, 0.2412, -0.00105),
    b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
    b"bXYZ": xyz(0.1571, 0.06657, 0.78407),
    b"rTRC": CURVE,
    b"gTRC": CURVE,
    b"bTRC": CURVE,
}
table, body = b"", b""
begin = 132 + 12 * len(TAGS)
for name, value in TAGS.items():
    value += bytes(-len(value) % 4)
    table += name + struct.pack(">II", begin + len(body), len(value))
    body += value
head = struct.pack(
    ">I4xI4s4s4s6H4s28x", begin + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", 2026, 12, 1, 0, 0, 0, b"acsp"
)
profile = (head + fixed(0.9642, 1, 0.8249)).ljust(128, b"\0") + struct.pack(">I", len(TAGS)) + table + body
Path("album").mkdir()
Image.new("RGB", (1600, 1200), (250, 60, 40)).save("album/photo.jpg", quality=95, icc_profile=profile)
PYTHON
"$folder/venv/bin/python" photo.py
"$folder/venv/bin/sigal" init >sigal.log 2>&1
"$folder/venv/bin/sigal" build album gallery -n 1 >>sigal.log 2>&1
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
from importlib.metadata import version

from PIL import Image, ImageCms

print(f"Pillow {version('pillow')}, sigal {version('sigal')}")
seen = {}
for name, path in (
    ("photo", "album/photo.jpg"),
    ("its larger picture", "gallery/photo.jpg"),
    ("its thumbnail", "gallery/thumbnails/photo.jpg"),
):
    image = Image.open(path)
    profile = image.info.get("icc_profile")
    if profile:
        image = ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"))
    shown = image.getpixel((image.width // 2, image.height // 2))
    print(f"{name:18} {'with' if profile else 'without'} a profile, a browser shows {shown}")
    seen[name] = bool(profile), shown
assert seen["photo"][0] and seen["photo"][1][1] < 20
for name in ("its larger picture", "its thumbnail"):
    has_profile, (_, green, blue) = seen[name]
    assert not has_profile and green > 50 and blue > 30
PYTHON
