"""Pictures with faces that OpenCV's cascades find, drawn: no photo of anybody is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from tests.support.media.scene import made

# x, y and side of a face, as shares of the picture's width (y too).
Spot = tuple[float, float, float]


def face(side: int) -> Any:
    """A grey face in a square, uint8: dark sockets, bright cheeks and nose, a mouth."""
    size = 300
    pixels, middle = np.full((2 * size, 2 * size), 145, np.uint8), size

    def oval(x: float, y: float, wide: float, high: float, grey: int) -> None:
        centre = middle + round(x * size), round(y * middle)
        cv2.ellipse(pixels, centre, (round(wide * size), round(high * size)), 0, 0, 360, grey, -1)

    oval(0, 0.95, 0.52, 0.70, 60)
    oval(0, 1.05, 0.43, 0.58, 200)
    for side_of in (-1, 1):
        oval(side_of * 0.18, 0.92, 0.13, 0.07, 130)
        oval(side_of * 0.18, 0.86, 0.13, 0.025, 70)
        oval(side_of * 0.18, 0.94, 0.07, 0.035, 60)
        oval(side_of * 0.20, 1.15, 0.12, 0.10, 220)
    cv2.line(pixels, (middle, round(0.92 * middle)), (middle, round(1.15 * middle)), 225, 21)
    oval(0, 1.19, 0.07, 0.025, 140)
    oval(0, 1.33, 0.15, 0.035, 90)
    oval(0, 1.48, 0.15, 0.06, 210)
    smooth = cv2.GaussianBlur(pixels, (0, 0), size * 0.025)
    return cv2.resize(smooth, (side, side), interpolation=cv2.INTER_AREA)


def portrait(
    width: int = 1200, height: int = 800, spots: Sequence[Spot] = ((0.3, 0.2, 0.3),)
) -> Any:
    """RGB pixels of faces before a calm wall; a red square stands at the lower right, to tell which way is up."""
    pixels = np.full((height, width, 3), 145, np.uint8)
    pixels[-height // 8 :, -height // 8 :] = (200, 20, 20)
    for x, y, side in spots:
        left, top, size = round(x * width), round(y * width), round(side * width)
        pixels[top : top + size, left : left + size] = face(size)[..., None]
    return pixels


def portrait_jpeg(
    width: int = 1200,
    height: int = 800,
    spots: Sequence[Spot] = ((0.3, 0.2, 0.3),),
    *,
    orientation: int = 1,
) -> Path:
    """A JPEG of it. With ``orientation`` 6 it is stored as by a phone that was held upright."""
    picture = Image.fromarray(portrait(width, height, spots))
    stored = picture.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else picture
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = f"portrait-{width}x{height}-{orientation}-{hash(tuple(spots)) & 0xFFFF}.jpg"
    return made(name, lambda path: stored.save(path, "JPEG", quality=92, exif=exif))


def detail(pixels: Any, place: Sequence[float]) -> float:
    """How much there is to recognize in a part (shares of the picture): its levels without their large shapes.

    Eyes, brows and mouth give more than 15; what is blurred less than 6.
    """
    high, wide = pixels.shape[:2]
    x, y, width, height = place
    part = pixels[
        round(y * high) : round((y + height) * high), round(x * wide) : round((x + width) * wide)
    ]
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (60, 60), interpolation=cv2.INTER_AREA).astype(np.float64)
    return float((small - cv2.GaussianBlur(small, (0, 0), 5)).std())
