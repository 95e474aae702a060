"""Films for Chromium's fake webcam: a room, and in it somebody who holds up a QR code."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from capture.codes.qr_writer import QUIET_ZONE, qr_matrix

FRAMES = 12
SIZE = (1280, 720)
# Drawing and encoding a film takes most of a test's time: a quarter of the picture will do.
FILM_SIZE = (640, 360)


def write_film(path: Path, text: str, *, share: float = 0.2, tilt: float = 4.0) -> Path:
    """A film (MJPEG: one JPEG after the other, played in a circle) that shows ``text`` as a QR code.

    ``share`` is the code's part of the picture's width, ``tilt`` how many degrees it is turned. No text: no code.
    """
    frames = [_frame(number, text, share, tilt, FILM_SIZE) for number in range(FRAMES)]
    path.write_bytes(b"".join(frames))
    return path


def frame(text: str, *, share: float = 0.2, tilt: float = 4.0) -> bytes:
    """One JPEG of such a film."""
    return _frame(0, text, share, tilt, SIZE)


def _frame(number: int, text: str, share: float, tilt: float, size: tuple[int, int]) -> bytes:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    warm = 120 + 40 * np.sin((x + number * 9) / 140) + 25 * np.cos((y - number * 5) / 70)
    room = Image.fromarray(np.stack([warm, warm * 0.85, warm * 0.7], -1).astype(np.uint8))
    if text:
        card = _card(text, round(width * share)).rotate(tilt, expand=True, fillcolor=200)
        room.paste(card, ((width - card.width) // 2, (height - card.height) // 2))
    out = BytesIO()
    room.save(out, "JPEG", quality=85)
    return out.getvalue()


def _card(text: str, side: int) -> Image.Image:
    matrix = np.pad(np.array(qr_matrix(text)), QUIET_ZONE)
    return Image.fromarray(np.where(matrix, 0, 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.NEAREST
    )
