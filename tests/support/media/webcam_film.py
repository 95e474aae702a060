"""Films for Chromium's fake webcam: a room, and in it somebody who holds up a QR code."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from capture.codes.qr_writer import QUIET_ZONE, qr_matrix

FRAMES = 12
# A second: what follows the camera (preview, encoder, reader of codes) works once for each.
RATE = 8
SIZE = (1280, 720)
# Drawing and encoding a film takes most of a test's time: a quarter of the picture will do.
FILM_SIZE = (640, 360)


def write_film(path: Path, text: str, *, share: float = 0.2, tilt: float = 4.0) -> Path:
    """A film (YUV4MPEG2, played in a circle) that shows ``text`` as a QR code.

    ``share`` is the code's part of the picture's width, ``tilt`` how many degrees it is turned. No text: no code.
    """
    width, height = FILM_SIZE
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(FRAMES):
            pixels = np.asarray(_picture(number, text, share, tilt, FILM_SIZE))
            film.write(b"FRAME\n" + cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def frame(text: str, *, share: float = 0.2, tilt: float = 4.0) -> bytes:
    """One JPEG of such a film."""
    out = BytesIO()
    _picture(0, text, share, tilt, SIZE).save(out, "JPEG", quality=85)
    return out.getvalue()


def _picture(
    number: int, text: str, share: float, tilt: float, size: tuple[int, int]
) -> Image.Image:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    warm = 120 + 40 * np.sin((x + number * 9) / 140) + 25 * np.cos((y - number * 5) / 70)
    room = Image.fromarray(np.stack([warm, warm * 0.85, warm * 0.7], -1).astype(np.uint8))
    if text:
        card = _card(text, round(width * share)).rotate(tilt, expand=True, fillcolor=200)
        room.paste(card, ((width - card.width) // 2, (height - card.height) // 2))
    return room


def _card(text: str, side: int) -> Image.Image:
    matrix = np.pad(np.array(qr_matrix(text)), QUIET_ZONE)
    return Image.fromarray(np.where(matrix, 0, 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.NEAREST
    )
