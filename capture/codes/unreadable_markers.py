"""Detects unreadable markers: an out-of-focus or shaken shot still shows a square on white
paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Working size: here a blur of two modules is a pixel or two.
SIDE = 240
# Size in pixels of the rectified square; codes of session addresses have 25 to 33 modules.
PATCH = 60
CORNER = PATCH // 4
# Share of the contrast between paper and the square's mean: lower is a plain dark thing, higher
# would have been readable.
TEXTURE, DARKER = (0.12, 0.6), 0.02
Corners = NDArray[np.float64]


def find_squares(grey: NDArray[np.uint8]) -> list[Corners]:
    """Find the corners (4×2 pixels) of apparent QR codes that are too blurred or covered to be
    read.

    A square with light paper all around it, neither plain nor in clear black and white: three of
    its corners are darker than the rest, due to the finder patterns of a code (ISO/IEC 18004,
    6.3.3).
    """
    import cv2

    scale = max(1.0, max(grey.shape) / SIDE)
    size = (round(grey.shape[1] / scale), round(grey.shape[0] / scale))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    found: list[Corners] = []
    for quad in _quads(small):
        if _looks_like_code(small, quad) and not any(_same(quad * scale, other) for other in found):
            found.append(quad * scale)
    return found


def _quads(small: NDArray[np.uint8]) -> Iterator[Corners]:
    """Find nearly square blobs at several grey thresholds."""
    import cv2

    kernel = np.ones((3, 3), np.uint8)
    for level in (90, 120, 150, 180, 205):
        dark = cv2.morphologyEx(
            (small < level).astype(np.uint8), cv2.MORPH_CLOSE, kernel, iterations=2
        )
        contours, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            rect = cv2.minAreaRect(contour)
            short, long = sorted(rect[1])
            if short < 0.08 * max(small.shape) or long > 1.3 * short:
                continue
            if cv2.contourArea(contour) > 0.8 * short * long:
                yield np.asarray(cv2.boxPoints(rect), np.float64)


def _looks_like_code(small: NDArray[np.uint8], quad: Corners) -> bool:
    margin = PATCH // 8
    patch = _warped(small, quad, margin)
    inner = patch[margin:-margin, margin:-margin]
    ring = np.concatenate(
        [
            patch[: margin // 2].ravel(),
            patch[-(margin // 2) :].ravel(),
            patch[:, : margin // 2].ravel(),
            patch[:, -(margin // 2) :].ravel(),
        ]
    )
    contrast = float(np.median(ring)) - float(inner.mean())
    if contrast < 30 or float(np.percentile(ring, 15)) < float(inner.mean()) + 0.6 * contrast:
        return False
    middle = inner[4:-4, 4:-4]
    if not TEXTURE[0] <= float(middle.std()) / contrast <= TEXTURE[1]:
        return False
    edge = slice(2, CORNER), slice(-CORNER, -2)
    corners = sorted(float(inner[y, x].mean()) for y in edge for x in edge)
    rest = float(inner[CORNER:-CORNER, CORNER:-CORNER].mean())
    return sum(corners[:3]) / 3 < rest - DARKER * contrast


def _warped(small: NDArray[np.uint8], quad: Corners, margin: int) -> Any:
    import cv2

    low, high = margin, margin + PATCH
    goal = np.array([(low, low), (high, low), (high, high), (low, high)], np.float32)
    view = cv2.getPerspectiveTransform(quad.astype(np.float32), goal)
    side = PATCH + 2 * margin
    return cv2.warpPerspective(small, view, (side, side), borderMode=cv2.BORDER_REPLICATE).astype(
        float
    )


def _same(quad: Corners, other: Corners) -> bool:
    return float(np.abs(quad.mean(axis=0) - other.mean(axis=0)).max()) < 20
