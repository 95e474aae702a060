"""Reads QR codes in pictures: a photo of a marker card, a webcam frame, a picture from a camera
card.

The steps, cheapest first: zxing-cpp at half size (which also smooths noise), zxing-cpp at full
size (the other way round in small pictures), then regions that OpenCV's two detectors find,
straightened and sharpened. OpenCV only locates candidates: a text counts when zxing-cpp reads it
there, or when both of OpenCV's decoders read the same, since a wrong session is worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capture.decoding.mime_sniff import sniff
from capture.decoding.safe_open import open_photo
from reporter.errors import BadInput, MediaFailed

MAX_PIXELS = 100_000_000  # decoded whole: PNG, HEIC, …
MAX_JPEG_PIXELS = 400_000_000  # JPEG is decoded at a half, quarter or eighth
WORKING_PIXELS = 26_000_000  # enough for a code of a twentieth of the width
DETECTOR_SIDE = 1600  # OpenCV's detectors get slow above, not better
PATCH_SIDE = 480
# A picture of less than this is read whole first: half of it, which noise may need, only where nothing was read.
SMALL_SIDE = 400

Grey = NDArray[np.uint8]
Corners = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Code:
    """A decoded QR code.

    ``corners`` are 4×2 pixels (x, y) of the full-size picture, upright by its EXIF orientation: top
    left, top right, bottom right, bottom left of the code itself, whatever its rotation in the
    picture. ``width`` is the mean length of its upper and lower edge as a share of the picture's
    width.
    """

    text: str
    corners: Corners
    width: float


def read_codes(image: str | Path | NDArray[np.uint8], *, thorough: bool = True) -> list[Code]:
    """Read all QR codes in a picture, sorted from left to right; an empty list for none.

    ``image`` is the path of a photo, or an array H×W×3 (RGB or BGR) or H×W (grey) of ``uint8``.
    Without ``thorough`` the slow last step is left out, as for frames that arrive ten times a
    second, and a small picture in which a code was read isn't searched for others. Raises BadInput
    for a file that is no readable photo, and for an array of another shape or type.
    """
    grey, scale = _grey_of(image) if isinstance(image, np.ndarray) else _grey_file(Path(image))
    found: list[tuple[str, Corners]] = []
    is_small = min(grey.shape) < SMALL_SIDE
    rungs = [_full, _half] if is_small else [_half, _full]
    for rung in [*rungs, _what_is_left] if thorough else rungs:
        if is_small and found and not thorough:
            break
        for text, corners in rung(grey, found):
            if not _was_read_before(text, corners, found):
                found.append((text, corners))
    width = grey.shape[1]
    codes = [Code(text, corners * scale, _edge(corners) / width) for text, corners in found]
    return sorted(codes, key=lambda code: tuple(code.corners.mean(axis=0)))


# Opening --------------------------------------------------------------------------------------


def _grey_of(image: NDArray[Any]) -> tuple[Grey, float]:
    import cv2

    if image.dtype != np.uint8 or image.size == 0:
        raise BadInput("This picture can't be read: it has no pixels of 8 bits.")
    if image.ndim == 2:
        return np.ascontiguousarray(image), 1.0
    if image.ndim == 3 and image.shape[2] in (3, 4):
        colours = np.ascontiguousarray(image[:, :, :3])
        return np.asarray(cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY), np.uint8), 1.0
    raise BadInput("This picture can't be read: its shape is %(shape)s.", shape=image.shape)


def _grey_file(path: Path) -> tuple[Grey, float]:
    """Load the photo in grey and upright, with the factor by which it was reduced."""
    from PIL import ImageOps

    mime = _photo_type(path)
    limit = MAX_JPEG_PIXELS if mime == "image/jpeg" else MAX_PIXELS
    try:
        with open_photo(path, mime, max_pixels=limit) as photo:
            full = photo.width
            _shrink_on_load(photo)
            scale = full / photo.width
            flat = _on_white(photo)
            upright = ImageOps.exif_transpose(flat)
            return np.asarray(upright, np.uint8), scale
    except MediaFailed as error:
        raise BadInput(error.message) from error


def _photo_type(path: Path) -> str:
    try:
        with path.open("rb") as file:
            kind = sniff(file.read(8192))
    except OSError as error:
        raise BadInput(
            "The picture %(name)s can't be opened: %(what)s.",
            name=path.name,
            what=error.strerror or "unknown reason",
        ) from error
    if kind is None or kind.kind != "photo":
        raise BadInput("%(name)s is not a photo that can be opened here.", name=path.name)
    return kind.mime


def _shrink_on_load(photo: Any) -> None:
    """Let the JPEG decoder skip detail that is not needed (Pillow's ``draft``)."""
    step = 1
    while photo.width * photo.height / step**2 > WORKING_PIXELS and step < 8:
        step *= 2
    photo.draft("L", (math.ceil(photo.width / step), math.ceil(photo.height / step)))


def _on_white(photo: Any) -> Any:
    """Convert to grey, transparent parts white: a code on a transparent background is black on
    white."""
    if not photo.has_transparency_data:
        return photo.convert("L")
    from PIL import Image

    layers = photo.convert("LA")
    white = Image.new("L", photo.size, 255)
    white.paste(layers.getchannel("L"), mask=layers.getchannel("A"))
    white.info.update(photo.info)
    white.getexif().update(photo.getexif())
    return white


# The ladder -----------------------------------------------------------------------------------

Found = list[tuple[str, Corners]]


def _half(grey: Grey, found: Found) -> Iterator[tuple[str, Corners]]:
    import cv2

    if min(grey.shape) < 200:
        return
    height, width = grey.shape
    half = cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    for text, corners in _zxing(np.asarray(half, np.uint8)):
        yield text, corners * (width / half.shape[1], height / half.shape[0])


def _full(grey: Grey, found: Found) -> Iterator[tuple[str, Corners]]:
    yield from _zxing(grey)


def _zxing(grey: Grey) -> Iterator[tuple[str, Corners]]:
    import zxingcpp

    codes = zxingcpp.read_barcodes(
        grey,
        formats=zxingcpp.barcode_formats_from_str("QRCode"),
        text_mode=zxingcpp.TextMode.Plain,
    )
    for code in codes:
        at = code.position
        points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        yield code.text, np.array([(point.x, point.y) for point in points], np.float64)


def _what_is_left(grey: Grey, found: Found) -> Iterator[tuple[str, Corners]]:
    """Yield regions that OpenCV's detectors find and that no step has read yet, straightened and
    sharpened."""
    for quad in _suspects(grey):
        if any(_inside(quad.mean(axis=0), corners) for _, corners in found):
            continue
        text = _read_patch(_straightened(grey, quad))
        if text:
            yield text, quad


def _suspects(grey: Grey) -> Iterator[Corners]:
    import cv2

    scale = max(1.0, max(grey.shape) / DETECTOR_SIDE)
    size = (round(grey.shape[1] / scale), round(grey.shape[0] / scale))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale > 1 else grey
    for detector in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
        try:
            seen, quads = detector.detectMulti(small)
        except cv2.error:  # odd geometry makes the detectors' own assertions fail
            continue
        for quad in quads if seen else ():
            corners = np.asarray(quad, np.float64).reshape(4, 2) * scale
            if np.isfinite(corners).all() and _edge(corners) >= 15:
                yield corners


def _straightened(grey: Grey, quad: Corners) -> Grey:
    """Rectify the code to a square of ``PATCH_SIDE`` pixels, with room for its white border."""
    import cv2

    margin = PATCH_SIDE * 0.14
    low, high = margin, PATCH_SIDE - margin
    target = np.array([(low, low), (high, low), (high, high), (low, high)], np.float32)
    view = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    patch = cv2.warpPerspective(
        grey, view, (PATCH_SIDE, PATCH_SIDE), flags=cv2.INTER_CUBIC, borderValue=(255,)
    )
    return np.asarray(patch, np.uint8)


def _read_patch(patch: Grey) -> str:
    for treated in _treatments(patch):
        texts = {text for text, _ in _zxing(treated)}
        if len(texts) == 1:
            return texts.pop()
    return _agreed(patch)


def _treatments(patch: Grey) -> Iterator[Grey]:
    import cv2

    yield patch
    for sigma in (2.0, 4.0, 7.0):
        soft = cv2.GaussianBlur(patch, (0, 0), sigma)
        yield np.asarray(cv2.addWeighted(patch, 2.6, soft, -1.6, 0), np.uint8)
    yield np.asarray(cv2.createCLAHE(3.0, (6, 6)).apply(patch), np.uint8)


def _agreed(patch: Grey) -> str:
    """The text that both of OpenCV's decoders read, if it is plain ASCII as session codes are."""
    import cv2

    read = [
        _text_by(detector.detectAndDecode, patch)
        for detector in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco())
    ]
    plain = read[0].isascii() and read[0].isprintable()
    return read[0] if read[0] == read[1] and plain else ""


def _text_by(decode: Callable[[Grey], Any], patch: Grey) -> str:
    import cv2

    try:
        return str(decode(patch)[0])
    # Texts that are not UTF-8 raise in the binding; odd geometry fails an assertion.
    except (UnicodeDecodeError, cv2.error):
        return ""


# Geometry -------------------------------------------------------------------------------------


def _was_read_before(text: str, corners: Corners, found: Found) -> bool:
    """Whether the code was read before: same text, and one lies inside the other."""
    middle = corners.mean(axis=0)
    return any(
        text == other and (_inside(middle, quad) or _inside(quad.mean(axis=0), corners))
        for other, quad in found
    )


def _inside(point: NDArray[np.float64], quad: Corners) -> bool:
    import cv2

    where = (float(point[0]), float(point[1]))
    return bool(cv2.pointPolygonTest(quad.astype(np.float32), where, measureDist=False) >= 0)


def _edge(corners: Corners) -> float:
    """The mean length of the upper and the lower edge, in pixels."""
    upper = np.linalg.norm(corners[1] - corners[0])
    lower = np.linalg.norm(corners[2] - corners[3])
    return float(upper + lower) / 2
