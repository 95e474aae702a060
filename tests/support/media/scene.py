"""What can be seen in the media of the tests, and where they are kept for the session."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

_SHARED = "REPORTER_TEST_MEDIA"
TAKEN_AT = datetime(2026, 5, 16, 14, 30, 5)  # noqa: DTZ001  a camera's clock knows no zone
GPS_LATITUDE = (48.0, 8.0, 13.0)
CAMERA = ("Fielding", "Model 7", "SN-0042")
CORNERS = (
    (220, 40, 40),
    (40, 170, 60),
    (40, 70, 210),
    (235, 200, 40),
)  # top left, top right, bottom left, right


@functools.cache
def folder() -> Path:
    """The temporary folder of this test session. The processes that run tests side by side share the one of the process
    that started them, if that has asked for it; it goes when the first one ends.
    """
    if shared := os.environ.get(_SHARED):
        return Path(shared)
    path = Path(tempfile.mkdtemp(prefix="reporter-media-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    os.environ[_SHARED] = str(path)
    return path


def scene(width: int, height: int, moment: float = 0.0) -> np.ndarray:
    """A landscape with sky, sun, hills, grain and a coloured patch in each corner, as uint8 RGB (H×W×3).

    `moment` in seconds moves the sun, so that frames of a video differ.
    """
    picture = _landscape(width, height).copy()
    radius, left, top = (
        round(height * 0.12),
        round(width * (0.3 + 0.1 * moment % 0.5)),
        round(height * 0.3),
    )
    y, x = np.ogrid[-radius:radius, -radius:radius]
    sun = picture[top - radius : top + radius, left - radius : left + radius]
    sun[(x * x + y * y) < radius * radius] = (250, 214, 120)
    return picture


@functools.lru_cache(maxsize=4)
def _landscape(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    picture = np.stack([90 + 120 * y, 140 + 80 * y, 235 - 40 * y], axis=-1)
    for layer, colour in enumerate(((110, 130, 90), (80, 105, 60), (50, 75, 40))):
        ridge = 0.55 + 0.12 * layer + 0.06 * np.sin(x * (9 + 5 * layer) + layer)
        picture[y > ridge] = colour
    grain = np.random.default_rng(7).normal(0, 9, (height, width, 1)).astype(np.float32)
    picture = np.clip(picture + grain * (y > 0.5)[..., None] + grain / 3, 0, 255).astype(np.uint8)
    edge = max(4, min(width, height) // 8)
    for colour, rows, columns in zip(
        CORNERS,
        (slice(0, edge), slice(0, edge), slice(-edge, None), slice(-edge, None)),
        (slice(0, edge), slice(-edge, None), slice(0, edge), slice(-edge, None)),
        strict=True,
    ):
        picture[rows, columns] = colour
    return picture


def image(width: int = 1200, height: int = 800) -> Any:
    """The scene as a Pillow image."""
    from PIL import Image

    return Image.fromarray(scene(width, height))


def made(name: str, write: Callable[[Path], None]) -> Path:
    """A file of the session, made by whoever needs it first; nobody else's is ever put in its place."""
    path = folder() / name
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder()) as own:
            mine = Path(own) / name
            write(mine)
            with contextlib.suppress(FileExistsError):
                os.link(mine, path)
    return path
