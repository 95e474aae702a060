"""Photos for a seeded gathering: a few hundred that differ as those of an event do, with light, blur and grain.

Crops of Debian's two sample photographs (package libjs-cropper, which WordPress brings) where they are on the
machine, and drawn scenes: hills, rooms, people before a wall, flip charts with writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 960, 720
REAL = Path("/usr/share/doc/libjs-cropper/tests/castleMed.jpg")
Picture = np.ndarray


def photos(count: int, seed: int = 5) -> Iterator[bytes]:
    """JPEGs of 960 × 720. Every fifth is a second shot of the one before it: moved a little, and less sharp."""
    chance = np.random.default_rng(seed)
    kinds = [_hills, _room, _people, _flip_chart] + ([_real] * 2 if REAL.is_file() else [])
    last = _hills(chance)
    for number in range(count):
        if number % 5 == 4:
            picture = _again(last, chance)
        else:
            last = picture = kinds[int(chance.integers(len(kinds)))](chance)
        yield _jpeg(_lit(picture, chance))


def _jpeg(picture: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return data.tobytes()


def _again(picture: Picture, chance: np.random.Generator) -> Picture:
    moved = np.roll(picture, tuple(chance.integers(-9, 10, 2)), axis=(0, 1))
    return cv2.GaussianBlur(moved, (0, 0), float(chance.uniform(1.5, 4)))


def _lit(picture: Picture, chance: np.random.Generator) -> Picture:
    """Another exposure, a vignette, a sensor's grain."""
    gain = float(chance.uniform(0.75, 1.2))
    blank: Any = np.empty((HEIGHT, WIDTH), np.int16)
    grain = cv2.randn(blank, 0, float(chance.uniform(2, 9)))  # type: ignore[call-overload]
    lit = np.clip(picture * gain + grain[..., None], 0, 255)
    return np.asarray(lit, np.uint8)


def _colour(chance: np.random.Generator, low: int = 30, high: int = 230) -> tuple[int, int, int]:
    blue, green, red = (int(value) for value in chance.integers(low, high, 3))
    return blue, green, red


def _shaded(chance: np.random.Generator) -> Picture:
    """A soft ground between four colours."""
    corners = chance.integers(60, 240, (2, 2, 3)).astype(np.float32)
    return cv2.resize(corners, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)


def _hills(chance: np.random.Generator) -> Picture:
    picture = _shaded(chance)
    across = np.arange(WIDTH)
    for layer in range(4):
        waves = sum(
            chance.uniform(10, 50)
            * np.sin(across * chance.uniform(0.003, 0.02) + chance.uniform(0, 6))
            for _ in range(3)
        )
        ridge = (HEIGHT * (0.4 + 0.14 * layer) + waves).astype(np.int32)
        outline = np.vstack([np.stack([across, ridge], 1), [(WIDTH, HEIGHT), (0, HEIGHT)]])
        cv2.fillPoly(picture, [outline.astype(np.int32)], _colour(chance, 20, 150))
    return picture


def _room(chance: np.random.Generator) -> Picture:
    picture = _shaded(chance)
    for _ in range(int(chance.integers(25, 60))):
        left, top = int(chance.integers(0, WIDTH)), int(chance.integers(HEIGHT // 4, HEIGHT))
        wide, high = (int(value) for value in chance.integers(20, 260, 2))
        cv2.rectangle(picture, (left, top), (left + wide, top + high), _colour(chance), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.2)


def _people(chance: np.random.Generator) -> Picture:
    picture = _shaded(chance)
    for _ in range(int(chance.integers(2, 9))):
        x, y = int(chance.integers(60, WIDTH - 60)), int(chance.integers(HEIGHT // 3, HEIGHT - 120))
        size = int(chance.integers(30, 80))
        cv2.ellipse(
            picture, (x, y + 3 * size), (size * 2, size * 3), 0, 0, 360, _colour(chance), -1
        )
        cv2.ellipse(picture, (x, y), (size * 3 // 4, size), 0, 0, 360, _colour(chance, 70, 200), -1)
        cv2.ellipse(
            picture, (x, y - size // 2), (size, size * 2 // 3), 0, 180, 360, (30, 40, 60), -1
        )
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


def _flip_chart(chance: np.random.Generator) -> Picture:
    picture = _shaded(chance)
    cv2.rectangle(picture, (150, 40), (WIDTH - 150, HEIGHT - 30), (238, 244, 246), -1)
    for line in range(int(chance.integers(4, 9))):
        words = " ".join(
            "".join(chr(int(letter)) for letter in chance.integers(97, 123, chance.integers(3, 9)))
            for _ in range(int(chance.integers(2, 5)))
        )
        at = (190 + int(chance.integers(0, 40)), 110 + 65 * line)
        font, ink = cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, _colour(chance, 10, 120)
        cv2.putText(picture, words, at, font, 1.5, ink, 3, cv2.LINE_AA)
    return picture


def _real(chance: np.random.Generator) -> Picture:
    photo = cv2.imread(str(REAL))
    assert photo is not None
    high, wide = photo.shape[:2]
    share = float(chance.uniform(0.4, 0.9))
    part_high, part_wide = int(high * share), int(wide * share)
    top, left = int(chance.integers(0, high - part_high)), int(chance.integers(0, wide - part_wide))
    part = photo[top : top + part_high, left : left + part_wide]
    part = part[:, ::-1] if chance.random() < 0.5 else part
    return cv2.resize(part, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
