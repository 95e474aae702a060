"""Scans flip charts, whiteboards and sheets on a wall: detects them in a photo, rectifies them, and
cleans paper and ink.

Pure functions over pixels (H×W×3, uint8; the order of the channels is kept). Corners are four (x,
y) in shares of width and height of the upright picture, clockwise from the sheet's top left. The
original is never changed: the result is a rendition.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from reporter.errors import BadInput

Pixels = NDArray[np.uint8]
Corners = tuple[tuple[float, float], ...]

# Sheets are detected at this size: it hides a marker's strokes but keeps a sheet's edge.
SEARCH = 640
# A sheet smaller than this share of the photo is not its subject.
LEAST_AREA = 0.12
# Share of the outline that has to be an edge in the photo.
LEAST_EDGE = 0.72
# How far a corner may lie outside the photo: a chart cut off by the picture's edge.
OUTSIDE = 0.25
# Weight of an outline with all its sides in the photo, or with one along the photo's border: two
# posts make no sheet.
_FRAMED = {4: 1.0, 3: 0.75}
# Focal length of a phone's main camera (26 mm on 36 mm film), in shares of the photo's longer side.
_FOCAL = 0.72
# Least slope (the tangent of nine degrees) about both axes at which an outline gives the focal
# length.
_TILT = 0.16
# Edge threshold in Sobel levels; and the search distance from an outline in pixels.
_STEEP = 40
_BESIDE = 7
# Wide enough for a box filled with ink, as a share of the longer side.
_FILLED = 1 / 12
_WORK = 600


def find_sheet(pixels: Pixels) -> Corners | None:
    """Find the corners of the sheet that fills most of the photo; None where no outline is clear
    enough.

    A proposal for a person to correct, never a guarantee.
    """
    import cv2

    height, width = pixels.shape[:2]
    share = SEARCH / max(height, width, 1)
    if min(height, width) * min(share, 1.0) < 32:
        return None
    small = pixels
    if share < 1:
        small = cast(
            Pixels, cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        )
    steep = _steepness(small)
    smeared = cast(NDArray[np.float32], cv2.dilate(steep, np.ones((5, 5), np.uint8)))
    scored = [(_score(quad, smeared), quad) for quad in _candidates(small)]
    score, quad = max(scored, key=lambda pair: pair[0], default=(0.0, np.empty((0, 2))))
    if score <= 0:
        return None
    shares = (_on_the_edge(quad, steep) + 0.5) / np.array(small.shape[1::-1])
    return tuple((float(x), float(y)) for x, y in shares.clip(0, 1))


def checked_corners(corners: object) -> Corners:
    """Validate corners from a form or a file, and return them as floats; raises BadInput for an
    impossible outline."""
    try:
        points = tuple((float(x), float(y)) for x, y in cast(Iterable[Any], corners))
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput("The corners of the sheet must be four points.") from error
    if len(points) != 4:
        raise BadInput("The corners of the sheet must be four points.")
    if not all(-OUTSIDE <= value <= 1 + OUTSIDE for point in points for value in point):
        raise BadInput("The corners of the sheet must lie in the picture.")
    if not _is_convex(points):
        raise BadInput(
            "The corners of the sheet must go around it: top left, top right, bottom right, bottom left."
        )
    return points


def flatten_sheet(pixels: Pixels, corners: object, *, clean: bool = True) -> Pixels:
    """Rectify the sheet and, unless told otherwise, clean it. Raises BadInput for wrong corners.

    The result never has more pixels than the photo has along its sides: no upscaling, no unbounded
    growth.
    """
    straight = straighten(pixels, checked_corners(corners))
    return clean_sheet(straight) if clean else straight


def straighten(pixels: Pixels, corners: Corners) -> Pixels:
    """Remove the perspective. True aspect ratio: Zhang and He, "Whiteboard scanning and image
    enhancement", 2007."""
    import cv2

    height, width = pixels.shape[:2]
    source = np.array(corners, np.float32) * np.array([width, height], np.float32)
    wide, high = _size(source.astype(np.float64), width, height)
    goal = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    # Pixels have a centre: the corner of a picture is half a pixel away from that of the first one.
    matrix = cv2.getPerspectiveTransform(source - 0.5, goal - 0.5)
    warped = cv2.warpPerspective(
        pixels, matrix, (wide, high), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return cast(Pixels, warped)


def clean_sheet(pixels: Pixels) -> Pixels:
    """Even out the light, make the paper white and the ink strong; pen colours stay."""
    import cv2

    even = cast(Pixels, cv2.divide(pixels, np.maximum(_paper(pixels), 1), scale=255))
    grey = cv2.cvtColor(even, cv2.COLOR_RGB2GRAY)
    # The darkest hundredth is ink; on an empty sheet that is paper, which must not be stretched
    # into noise.
    dark = min(float(np.percentile(grey, 1)), 150.0)
    light = max(min(float(np.median(grey)) - 8, 245.0), dark + 60)
    levels = (np.arange(256) - dark) * (255 / (light - dark))
    return cast(Pixels, cv2.LUT(even, levels.clip(0, 255).astype(np.uint8)))


def _paper(pixels: Pixels) -> Pixels:
    """Estimate the empty sheet under this light: the local maximum brightness, smoothed."""
    import cv2

    height, width = pixels.shape[:2]
    share = min(1.0, _WORK / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    # Before the maximum is taken: a speck of glare is not paper.
    small = cv2.medianBlur(small, 5)
    reach = max(3, round(max(size) * _FILLED)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel)
    paper = cv2.blur(paper, (reach, reach), borderType=cv2.BORDER_REPLICATE)
    return cast(Pixels, cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR))


def _candidates(small: Pixels) -> Iterator[NDArray[np.float64]]:
    """Find outlines with four corners, from edges and from bright areas."""
    import cv2

    least = LEAST_AREA * small.shape[0] * small.shape[1]
    for mask in _masks(small):
        outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for outline in sorted(outlines, key=cv2.contourArea, reverse=True)[:12]:
            hull = cv2.convexHull(outline)
            if cv2.contourArea(hull) < least:
                continue
            for tolerance in (0.02, 0.04, 0.07):
                quad = cv2.approxPolyDP(hull, tolerance * cv2.arcLength(hull, True), True)
                if len(quad) == 4:
                    yield _clockwise(quad.reshape(4, 2).astype(np.float64))
                    break


def _masks(small: Pixels) -> Iterator[Pixels]:
    import cv2

    calm = cv2.bilateralFilter(small, 7, 40, 7)
    kernel = np.ones((3, 3), np.uint8)
    grey = cv2.cvtColor(calm, cv2.COLOR_RGB2GRAY)
    for low, high in ((20, 60), (50, 130)):
        edges: Pixels = np.zeros(grey.shape, np.uint8)
        for channel in cv2.split(calm):
            edges = cast(Pixels, cv2.bitwise_or(edges, cv2.Canny(channel, low, high)))
        yield cast(Pixels, cv2.dilate(edges, kernel, iterations=2))
    _, bright = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Close over the strokes on the paper; open where the paper touches something else that is
    # bright.
    closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    yield cast(Pixels, closed)
    yield cast(Pixels, cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((25, 25), np.uint8)))


def _clockwise(quad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Order corners clockwise from the top left; for a tilted sheet, start at the corner closest
    to the picture's."""
    centre = quad.mean(axis=0)
    angles = np.arctan2(quad[:, 1] - centre[1], quad[:, 0] - centre[0])
    turned = quad[np.argsort(angles)]
    return np.roll(turned, -int(np.argmin(turned.sum(axis=1))), axis=0)


def _steepness(small: Pixels) -> NDArray[np.float32]:
    """Gradient magnitude at each pixel: the largest of the channels'."""
    import cv2

    calm = cv2.GaussianBlur(small, (5, 5), 0)
    across = cv2.Sobel(calm, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(calm, cv2.CV_32F, 0, 1, ksize=3)
    return cast(NDArray[np.float32], np.sqrt(across * across + down * down).max(axis=2))


def _on_the_edge(quad: NDArray[np.float64], steep: NDArray[np.float32]) -> NDArray[np.float64]:
    """Snap the outline to the strongest gradient: contours run a few pixels beside it."""
    lines = [_edge_line(quad[i], quad[(i + 1) % 4], steep) for i in range(4)]
    refined = quad.copy()
    for i in range(4):
        (a, b), (c, d) = lines[i - 1], lines[i]
        # a + s·b = c + t·d
        system = np.column_stack([b, -d])
        if abs(np.linalg.det(system)) > 1e-6:
            corner = a + b * np.linalg.solve(system, c - a)[0]
            if np.abs(corner - quad[i]).max() <= 2 * _BESIDE:
                refined[i] = corner
    return refined


def _edge_line(
    start: NDArray[np.float64], end: NDArray[np.float64], steep: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a line through the strongest gradients beside a side (total least squares): a point
    and a direction."""
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-9)
    across = np.array([-along[1], along[0]])
    offsets = np.arange(-_BESIDE, _BESIDE + 1)
    middles = start + (end - start) * np.linspace(0.08, 0.92, 60)[:, None]
    places = middles[:, None] + across * offsets[:, None]
    high, wide = steep.shape
    x, y = places[..., 0].round().astype(int), places[..., 1].round().astype(int)
    slopes = steep[y.clip(0, high - 1), x.clip(0, wide - 1)]
    found = places[np.arange(len(places)), slopes.argmax(axis=1)].round()
    clear = found[slopes.max(axis=1) > _STEEP]
    if len(clear) < 20:
        return start, along
    # Letters beside the edge have gradients too: use the median, not the mean.
    aside = (clear - start) @ across
    clear = clear[np.abs(aside - np.median(aside)) <= 2.5]
    centre = clear.mean(axis=0)
    _, _, axes = np.linalg.svd(clear - centre, full_matrices=False)
    return centre, axes[0]


def _score(quad: NDArray[np.float64], steep: NDArray[np.float32]) -> float:
    """Share of the outline that is an edge, weighted by the area; 0 for what can't be a sheet."""
    height, width = steep.shape
    share = _area(quad) / (height * width)
    if share < LEAST_AREA or not _is_convex(quad.tolist()) or not _plausible(quad):
        return 0.0
    sides = [_edge_share(quad[i], quad[(i + 1) % 4], steep) for i in range(4)]
    # No edge is visible along the picture's border; an outline of nothing but borders does not
    # count.
    seen = [side for side in sides if side is not None]
    if len(seen) < 3 or min(seen) < 0.5 or sum(seen) / len(seen) < LEAST_EDGE:
        return 0.0
    return (sum(seen) / len(seen)) ** 2 * math.sqrt(share) * _FRAMED[len(seen)]


def _edge_share(
    start: NDArray[np.float64], end: NDArray[np.float64], steep: NDArray[np.float32]
) -> float | None:
    """The share of a side with an edge in the photo; None for a side along the picture's border."""
    height, width = steep.shape
    steps = np.linspace(0.04, 0.96, 48)[:, None]
    places = start + (end - start) * steps
    x = places[:, 0].round().astype(int).clip(0, width - 1)
    y = places[:, 1].round().astype(int).clip(0, height - 1)
    if np.all((x <= 3) | (x >= width - 4)) or np.all((y <= 3) | (y >= height - 4)):
        return None
    return float(np.mean(steep[y, x] > _STEEP))


def _plausible(quad: NDArray[np.float64]) -> bool:
    """Whether a rectangle could look like this from a standing person's view: no needle, no
    nearly flat corner."""
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    if sides.min() < 0.12 * sides.max():
        return False
    before, after = np.roll(quad, 1, axis=0) - quad, np.roll(quad, -1, axis=0) - quad
    cosines = (before * after).sum(axis=1) / (
        np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    )
    return bool(np.abs(cosines).max() < 0.75)


def _area(quad: NDArray[np.float64]) -> float:
    x, y = quad[:, 0], quad[:, 1]
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def _is_convex(points: Sequence[Sequence[float]]) -> bool:
    """Clockwise on the screen, without dents or crossings, each corner a real one."""
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = points[i], points[(i + 1) % 4], points[(i + 2) % 4]
        turn = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        reach = math.hypot(bx - ax, by - ay) * math.hypot(cx - bx, cy - by)
        # Five degrees; a NaN fails the comparison too.
        if not turn > 0.087 * reach or reach == 0:
            return False
    return True


def _size(quad: NDArray[np.float64], width: int, height: int) -> tuple[int, int]:
    """Width and height of the rectified sheet in pixels: its true aspect ratio, at the photo's
    resolution."""
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    wide, high = max(sides[0], sides[2]), max(sides[1], sides[3])
    aspect = _true_aspect(quad, width, height)
    # Twice the sides' own ratio means a chart seen from sixty degrees aside, which is unreadable.
    if 0.5 < aspect / (wide / high) < 2.0:
        wide, high = max(wide, high * aspect), max(high, wide / aspect)
    share = min(1.0, max(width, height) / max(wide, high))
    return max(1, round(wide * share)), max(1, round(high * share))


def _true_aspect(quad: NDArray[np.float64], width: int, height: int) -> float:
    """Width over height of the rectangle that a camera with square pixels and a centred lens saw as
    ``quad``.

    Zhang and He, equations 11 to 21, with their point order: 1 top left, 2 top right, 3 bottom
    left, 4 bottom right. NaN or nonsense where the points are no rectangle's.
    """
    flat = np.column_stack([quad - np.array([width / 2, height / 2]), np.ones(4)])
    one, two, four, three = flat
    with np.errstate(all="ignore"):
        k2 = np.dot(np.cross(one, four), three) / np.dot(np.cross(two, four), three)
        k3 = np.dot(np.cross(one, four), two) / np.dot(np.cross(three, four), two)
        n2, n3 = k2 * two - one, k3 * three - one
        focal = _focal(n2, n3, max(width, height))
        scale = np.array([1 / focal**2, 1 / focal**2, 1.0])
        return float(np.sqrt((n2 * n2 * scale).sum() / (n3 * n3 * scale).sum()))


def _focal(n2: NDArray[np.float64], n3: NDArray[np.float64], longest: int) -> float:
    """Estimate the lens's focal length in pixels from the outline.

    Seen from nearly straight ahead, or rotated about one axis only, the outline doesn't give it:
    then a phone's is used.
    """
    tilts = [abs(n[2]) * _FOCAL * longest / np.hypot(n[0], n[1]) for n in (n2, n3)]
    if min(tilts) > _TILT:
        squared = float(-(n2[0] * n3[0] + n2[1] * n3[1]) / (n2[2] * n3[2]))
        if (0.5 * longest) ** 2 < squared < (2.0 * longest) ** 2:
            return math.sqrt(squared)
    return _FOCAL * longest
