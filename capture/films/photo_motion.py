"""Slow zoom over a photo, towards what matters or away from it, never cutting a face."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.analysis.face_detection import Box, faces_in
from capture.films.frames import FADE, RATE, frame_of, planes
from capture.imaging.document_scan import find_sheet
from capture.imaging.rendition_file import scaled

# Zoom factor while a photo is shown.
ZOOM = 1.09
# Margin around a face, as a share of its size.
AROUND = 0.25
# A photo that would lose more than this is shown whole, over a blurred copy of itself.
MOST_CUT = 0.3
# Faces are detected at this size: one smaller than a twentieth of it is not the photo's subject.
SEARCH = 640
# Share of the frame taken by a photo shown whole: it still fits with the zoom.
WHOLE = 0.9


@dataclass(frozen=True)
class CropRectangle:
    """A rectangle in a picture, in its pixels."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, other: CropRectangle) -> bool:
        """Whether another window lies inside."""
        return (
            self.x <= other.x + 1e-6
            and self.y <= other.y + 1e-6
            and self.x + self.width >= other.x + other.width - 1e-6
            and self.y + self.height >= other.y + other.height - 1e-6
        )


@dataclass(frozen=True)
class Framing:
    """How a photo is shown: its widest and its closest window; None where it is shown whole."""

    wide: CropRectangle
    near: CropRectangle


def open_photo(path: Path) -> Any:
    """Open a rendition as an RGB Pillow image. Raises OSError."""
    from PIL import Image

    with Image.open(path, formats=("JPEG",)) as image:
        return image.convert("RGB")


def what_matters(image: Any) -> list[Box]:
    """Detect faces and sheets of paper in an RGB Pillow image, as shares of it: none of them may
    be cut."""
    import numpy as np

    small = scaled(image, SEARCH)
    found = faces_in(small)
    corners = find_sheet(np.asarray(small))
    if corners is not None:
        across = np.array(corners, float) / small.size
        (x, y), (right, bottom) = across.min(axis=0), across.max(axis=0)
        found.append((float(x), float(y), float(right - x), float(bottom - y)))
    return found


def framing(size: tuple[int, int], faces: Sequence[Box], shape: tuple[int, int]) -> Framing | None:
    """Compute windows with the film's aspect ratio that contain all faces; None where the photo has
    to be shown whole for that.

    ``size`` in pixels, ``faces`` as shares of it, ``shape`` the width and height of the film.
    """
    wide, high = size
    share = min(wide / shape[0], high / shape[1])
    width, height = shape[0] * share, shape[1] * share
    if 1 - width * height / (wide * high) > MOST_CUT:
        return None
    held = _around(faces, size)
    if held is None:
        at = (wide / 2, high / 2)
        return Framing(
            _window(at, (width, height), size), _window(at, (width / ZOOM, height / ZOOM), size)
        )
    if held.width > width or held.height > height:
        return None
    widest = _holding(held, (width, height), size)
    nearest = _holding(held, (width / ZOOM, height / ZOOM), size)
    return Framing(widest, nearest if nearest.holds(held) else widest)


def _around(faces: Sequence[Box], size: tuple[int, int]) -> CropRectangle | None:
    """The bounding box of all faces, with a margin around each."""
    if not faces:
        return None
    wide, high = size
    grown = [
        (x - w * AROUND, y - h * AROUND, x + w * (1 + AROUND), y + h * (1 + AROUND))
        for x, y, w, h in faces
    ]
    left, top = (max(min(box[side] for box in grown), 0.0) for side in (0, 1))
    right, bottom = (min(max(box[side] for box in grown), 1.0) for side in (2, 3))
    return CropRectangle(left * wide, top * high, (right - left) * wide, (bottom - top) * high)


def _window(
    at: tuple[float, float], each: tuple[float, float], size: tuple[int, int]
) -> CropRectangle:
    """A window centred at a point, moved back into the picture."""
    x = min(max(at[0] - each[0] / 2, 0.0), size[0] - each[0])
    y = min(max(at[1] - each[1] / 2, 0.0), size[1] - each[1])
    return CropRectangle(x, y, each[0], each[1])


def _holding(
    held: CropRectangle, each: tuple[float, float], size: tuple[int, int]
) -> CropRectangle:
    """A window that contains the faces: as close to the picture's centre as possible, eyes
    slightly above its own centre."""
    at = []
    for low, long, room, whole in (
        (held.x, held.width, each[0], size[0]),
        (held.y, held.height, each[1], size[1]),
    ):
        middle = low + long / 2
        least, most = low + long - room / 2, low + room / 2
        wanted = (middle + whole / 2) / 2
        at.append(min(max(wanted, least), most) if least <= most else middle)
    return _window((at[0], at[1]), each, size)


def photo_frames(
    image: Any,
    seconds: float,
    size: tuple[int, int],
    *,
    is_whole: bool = False,
    is_leaving: bool = False,
) -> Iterator[Any]:
    """Yield a photo's frames and ``FADE`` more. ``is_leaving``: zooms out, not in."""
    import numpy as np

    found = None if is_whole else framing(image.size, what_matters(image), size)
    if found is None:
        pixels = before_itself(image, (round(size[0] * ZOOM), round(size[1] * ZOOM)))
        middle = (pixels.shape[1] / 2, pixels.shape[0] / 2)
        whole = (pixels.shape[1], pixels.shape[0])
        found = Framing(
            CropRectangle(0, 0, *whole), _window(middle, (whole[0] / ZOOM, whole[1] / ZOOM), whole)
        )
    else:
        image, found = _reduced(image, found, size)
        pixels = np.asarray(image)
    frame = frame_of(pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2])
    way = (found.near, found.wide) if is_leaving else (found.wide, found.near)
    count = round(seconds * RATE) + FADE
    for number in range(count):
        yield _scaled_window(frame, _between(*way, number / max(count - 1, 1)), size)


def _reduced(image: Any, found: Framing, size: tuple[int, int]) -> tuple[Any, Framing]:
    """Scale the photo so that its close window has about the film's pixels: less work, and no
    flicker."""
    longest = round(max(image.size) * min(1.0, size[0] / found.near.width))
    small = scaled(image, longest)
    share = small.width / image.width
    windows = (
        CropRectangle(w.x * share, w.y * share, w.width * share, w.height * share)
        for w in (found.wide, found.near)
    )
    return small, Framing(*windows)


def before_itself(image: Any, size: tuple[int, int], share: float = WHOLE) -> Any:
    """A picture, whole, over a dark and blurred copy of itself that fills ``size``: H × W × 3."""
    import cv2
    import numpy as np

    wide, high = size
    source = np.asarray(image)
    tiny = cv2.resize(source, (48, max(2, round(48 * high / wide))), interpolation=cv2.INTER_AREA)
    tiny = cv2.GaussianBlur(tiny, (0, 0), 2)
    ground = (cv2.resize(tiny, size, interpolation=cv2.INTER_CUBIC) * 0.45).astype(np.uint8)
    fit = min(wide / source.shape[1], high / source.shape[0]) * share
    inner = (max(1, round(source.shape[1] * fit)), max(1, round(source.shape[0] * fit)))
    way = cv2.INTER_AREA if fit < 1 else cv2.INTER_LINEAR
    x, y = (wide - inner[0]) // 2, (high - inner[1]) // 2
    ground[y : y + inner[1], x : x + inner[0]] = cv2.resize(source, inner, interpolation=way)
    return ground


def _between(first: CropRectangle, second: CropRectangle, share: float) -> CropRectangle:
    """Interpolate between two windows, easing in and out."""
    eased = share * share * (3 - 2 * share)
    values = (
        a + (b - a) * eased
        for a, b in (
            (first.x, second.x),
            (first.y, second.y),
            (first.width, second.width),
            (first.height, second.height),
        )
    )
    return CropRectangle(*values)


def _scaled_window(frame: Any, window: CropRectangle, size: tuple[int, int]) -> Any:
    """Scale a window of a frame to a frame of ``size``."""
    import cv2
    import numpy as np

    made = np.empty((size[1] * 3 // 2, size[0]), np.uint8)
    step = window.width / size[0]
    for source, goal, part in zip(planes(frame), planes(made), (1, 2, 2), strict=True):
        shift = (window.x / part + step / 2 - 0.5, window.y / part + step / 2 - 0.5)
        way = np.array([[step, 0, shift[0]], [0, step, shift[1]]])
        goal[:] = cv2.warpAffine(
            source,
            way,
            goal.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return made
