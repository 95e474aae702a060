#!/usr/bin/env bash
# opencv-python-headless 4.14.0.94: imreadWithMetadata and imwriteWithMetadata, made to carry EXIF from one file to the next,
# turn a phone's photo twice. Reading turns the pixels by the orientation, as imread does, and hands out the EXIF with the
# orientation still in it; writing puts both into the file, and whoever opens that, imread included, turns what is upright
# already. imdecodeWithMetadata and imencodeWithMetadata do the same. With IMREAD_IGNORE_ORIENTATION pixels and EXIF belong
# together.
#
# Output seen:
#   OpenCV 4.14.0, Pillow 13.0.0
#   JPEG photo, orientation 6, stored 64 x 32: upright (32, 64), blue top left
#   .jpg  pixels (32, 64), orientation 6; shown (64, 32), blue top right
#   .png  pixels (32, 64), orientation 6; shown (64, 32), blue top right
#   .webp pixels (32, 64), orientation 6; shown (64, 32), blue top right
#   .jpg  with IMREAD_IGNORE_ORIENTATION: pixels (64, 32), orientation 6; shown (32, 64), blue top left
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==4.14.0.94 pillow==13.0.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import cv2
import PIL
from PIL import Image, ImageOps

TAG, TURNED = 0x112, 6


def corner(picture: Image.Image) -> str:
    """In which corner the blue patch is."""
    right, bottom = picture.width - 4, picture.height - 4
    corners = {"top left": (4, 4), "top right": (right, 4), "bottom left": (4, bottom), "bottom right": (right, bottom)}
    (blue,) = (name for name, at in corners.items() if picture.getpixel(at)[2] > 200)
    return blue


def shown(name: str) -> tuple[tuple[int, int], int, tuple[int, int], str]:
    """Size as stored, orientation, and what a viewer makes of them."""
    with Image.open(name) as stored:
        size, orientation = stored.size, stored.getexif().get(TAG)
        turned = ImageOps.exif_transpose(stored).convert("RGB")
    by_opencv = cv2.imread(name)
    assert by_opencv.shape[1::-1] == turned.size
    return size, orientation, turned.size, corner(turned)


print(f"OpenCV {cv2.__version__}, Pillow {PIL.__version__}")
upright = Image.new("RGB", (32, 64), "green")
upright.paste("blue", (0, 0, 16, 16))
exif = Image.Exif()
exif[TAG] = TURNED
upright.rotate(90, expand=True).save("photo.jpg", exif=exif, quality=95)
size, orientation, viewed, where = shown("photo.jpg")
print(f"JPEG photo, orientation {orientation}, stored {size[0]} x {size[1]}: upright {viewed}, blue {where}")
assert (size, orientation, viewed, where) == ((64, 32), 6, (32, 64), "top left")
for ending, flags in ((".jpg", 0), (".png", 0), (".webp", 0), (".jpg", cv2.IMREAD_IGNORE_ORIENTATION)):
    pixels, kinds, blocks = cv2.imreadWithMetadata("photo.jpg", flags=cv2.IMREAD_COLOR | flags)
    assert cv2.imwriteWithMetadata(f"again{ending}", pixels, kinds, blocks)
    size, orientation, viewed, where = seen = shown(f"again{ending}")
    way = "with IMREAD_IGNORE_ORIENTATION: " if flags else ""
    print(f"{ending:5} {way}pixels {size}, orientation {orientation}; shown {viewed}, blue {where}")
    right, twice = ((64, 32), 6, (32, 64), "top left"), ((32, 64), 6, (64, 32), "top right")
    assert seen == (right if flags else twice), seen
PYTHON
