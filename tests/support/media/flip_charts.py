"""Photos of a flip chart as a camera on somebody's breast sees it: perspective, uneven light, a room behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

# Centimetres of a sheet of a European flip chart.
SHEET = (68.0, 99.0)
INKS = {"black": (35, 35, 40), "red": (200, 40, 45), "green": (30, 130, 60), "blue": (40, 60, 170)}
PAPER = (236, 234, 228)


@dataclass(frozen=True)
class Shot:
    """A photo (RGB) and where the sheet's corners are in it, in shares, clockwise from the top left."""

    pixels: np.ndarray
    corners: np.ndarray


def sheet(words: tuple[str, ...] = ("COMPOST", "Water", "Seeds", "Monday"), side: int = 990) -> Any:
    """The sheet itself, straight on, in the light of a perfect day."""
    high, wide = side, round(side * SHEET[0] / SHEET[1])
    paper = np.full((high, wide, 3), PAPER, np.uint8)
    for row, (word, ink) in enumerate(zip(words, INKS.values(), strict=False)):
        place = (round(wide * 0.1), round(high * (0.2 + 0.2 * row)))
        cv2.putText(
            paper,
            word,
            place,
            cv2.FONT_HERSHEY_DUPLEX,
            side / 420,
            ink,
            round(side / 110),
            cv2.LINE_AA,
        )
    return paper


def photo(
    turn: float = 0.0,
    tilt: float = 0.0,
    lean: float = 0.0,
    *,
    size: tuple[int, int] = (1280, 960),
    distance: float = 150.0,
    shade: float = 0.5,
    room: Any = None,
    paper: Any = None,
    seed: int = 3,
) -> Shot:
    """Seen by a camera that stands ``distance`` cm away, turned aside, tilted and held askew (degrees).

    ``shade``: how much darker the light is at one side than at the other.
    """
    width, height = size
    seen = _projected(turn, tilt, lean, distance, size)
    paper = sheet() if paper is None else paper
    high, wide = paper.shape[:2]
    own = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(own, seen.astype(np.float32) - 0.5)
    picture = _room(size) if room is None else room.copy()
    laid = cv2.warpPerspective(paper, matrix, size, flags=cv2.INTER_AREA)
    where = cv2.warpPerspective(np.full((high, wide), 255, np.uint8), matrix, size)[..., None] / 255
    picture = picture * (1 - where) + laid * where
    light = np.linspace(1, 1 - shade, width)[None, :, None]
    grain = np.random.default_rng(seed).normal(0, 3, (height, width, 1))
    return Shot((picture * light + grain).clip(0, 255).astype(np.uint8), seen / np.array(size))


def _projected(
    turn: float, tilt: float, lean: float, distance: float, size: tuple[int, int]
) -> np.ndarray:
    """Where the corners fall in a picture of a lens as in phones (26 mm on 36 × 24 mm)."""
    half = np.array(SHEET) / 2
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]) * np.array([*half, 0])
    for degrees, (a, b) in ((turn, (0, 2)), (tilt, (1, 2)), (lean, (0, 1))):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        first, second = corners[:, a] * c - corners[:, b] * s, corners[:, a] * s + corners[:, b] * c
        corners[:, a], corners[:, b] = first, second
    focal = 26 / 36 * max(size)
    return corners[:, :2] / (corners[:, 2:] + distance) * focal + np.array(size) / 2


def _room(size: tuple[int, int]) -> np.ndarray:
    """A wall, a floor, a window and the chart's stand."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    wall = np.stack([150 + 8 * np.sin(x / 90), 140 + 6 * np.sin(y / 70), 120 + 0 * x], -1)
    wall[y > height * 0.8] = (96, 72, 52)
    wall[: height // 2, : width // 6] = (205, 215, 225)
    for place in (0.3, 0.68):
        left = round(width * place)
        wall[:, left : left + width // 60] = (60, 60, 64)
    return wall
