#!/usr/bin/env bash
# Pillow 13.0.0: a TIFF with Orientation 6 has its size swapped as soon as it is opened, while getexif() still says 6;
# load() turns the pixels and takes the tag away. A JPEG with the same tag keeps size, pixels and tag. Whoever reads the
# orientation at opening and applies it after decoding, which is right for JPEG, turns a TIFF twice.
#
# Output seen:
#   Pillow 13.0.0
#   TIFF opened: size (40, 60), orientation 6; loaded: size (40, 60), orientation None, top left (0, 0, 255)
#   JPEG opened: size (60, 40), orientation 6; loaded: size (60, 40), orientation 6, top left (255, 0, 0)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io

import PIL
from PIL import Image

print("Pillow", PIL.__version__)
seen = {}
for form in ("TIFF", "JPEG"):
    stored = Image.new("RGB", (60, 40), (255, 0, 0))
    # Red above, blue below: turned clockwise by 90 degrees, blue is on the left.
    stored.paste((0, 0, 255), (0, 20, 60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    stored.save(data, form, exif=exif, **({"quality": 100, "subsampling": 0} if form == "JPEG" else {}))
    image = Image.open(io.BytesIO(data.getvalue()))
    opened = image.size, image.getexif().get(0x0112)
    image.load()
    loaded = image.size, image.getexif().get(0x0112)
    corner = tuple(255 * round(value / 255) for value in image.getpixel((0, 0)))
    print(
        f"{form} opened: size {opened[0]}, orientation {opened[1]}; "
        f"loaded: size {loaded[0]}, orientation {loaded[1]}, top left {corner}"
    )
    seen[form] = opened, loaded, corner
assert seen["TIFF"] == (((40, 60), 6), ((40, 60), None), (0, 0, 255)), seen
assert seen["JPEG"] == (((60, 40), 6), ((60, 40), 6), (255, 0, 0)), seen
PYTHON
