"""Detects possible faces: a proposal for a person to correct, never a guarantee. Runs in workers.

OpenCV's cascades (Viola and Jones, 2001): faces seen from the front, and from both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture.decoding.film import real_video
from capture.decoding.probe import MAX_PIXELS, Probe, probe
from capture.decoding.safe_open import decoded, open_media
from capture.imaging.rendition_file import scaled
from capture.renditions.photo import open_upright

# Faces are detected at this size; the smallest detected face is 24 pixels, a fortieth of the longer
# side. Side views use a smaller size, which takes half the time: 0.4 s of a core for the front,
# twice 0.2 s for the sides.
SEARCH, SIDE_SEARCH = 960, 640
SMALLEST = 24
# Overlapping detections needed for a face. Low: a false face costs a person a glance, a missed one
# goes unnoticed.
AGREEING = 3
# Key frames of films are inspected at this interval, and at most this many of them.
EVERY_SECONDS, MOST_FRAMES = 3.0, 20
# Two boxes with a larger overlap than this are the same face.
SAME = 0.3
Box = tuple[float, float, float, float]


def find_faces(path: Path, mime: str, *, max_pixels: int = MAX_PIXELS) -> list[Box]:
    """Detect faces in a photo or film: x, y, width and height, as shares of the upright
    original. Raises MediaFailed."""
    if mime.startswith("image/"):
        return faces_in(open_upright(path, mime, longest=SEARCH, max_pixels=max_pixels))
    found: list[Box] = []
    for image in _frames(path, probe(path, mime)):
        found += [box for box in faces_in(image) if not any(_same(box, known) for known in found)]
    return found


def faces_in(image: Any) -> list[Box]:
    """Detect the faces in an upright RGB Pillow image."""
    import cv2
    import numpy as np

    small, smaller = scaled(image, SEARCH), scaled(image, SIDE_SEARCH)
    front, side = (cv2.cvtColor(np.asarray(one), cv2.COLOR_RGB2GRAY) for one in (small, smaller))
    mirrored = _boxes("profileface", cv2.flip(side, 1))
    proposed = [
        *_boxes("frontalface_alt2", front),
        *_boxes("profileface", side),
        *((1 - x - width, y, width, height) for x, y, width, height in mirrored),
    ]
    found: list[Box] = []
    for box in proposed:
        if not any(_same(box, known) for known in found):
            found.append(box)
    return found


def _boxes(cascade: str, grey: Any) -> list[Box]:
    import cv2

    even, least = cv2.equalizeHist(grey), (SMALLEST, SMALLEST)
    high, wide = grey.shape
    found = _cascade(cascade).detectMultiScale(even, 1.1, AGREEING, minSize=least)
    return [
        (float(x / wide), float(y / high), float(width / wide), float(height / high))
        for x, y, width, height in found
    ]


def _cascade(name: str) -> Any:
    import cv2
    import cv2.data

    return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_{name}.xml")


def _frames(path: Path, found: Probe) -> Iterator[Any]:
    """Yield key frames of a film, upright."""
    with open_media(path, found.mime) as container:
        stream = real_video(container)
        stream.codec_context.skip_frame = "NONKEY"
        stream.thread_type = "AUTO"
        last, count = float("-inf"), 0
        for frame in decoded(container, stream):
            moment = frame.time if frame.time is not None else last + EVERY_SECONDS
            if moment - last < EVERY_SECONDS:
                continue
            last, count = moment, count + 1
            yield _upright(frame.to_image(), found)
            if count == MOST_FRAMES:
                return


def _upright(image: Any, found: Probe) -> Any:
    from PIL.ImageOps import mirror

    if found.film and found.film.picture and found.film.picture.is_mirrored:
        image = mirror(image)
    return image.rotate(found.rotation, expand=True) if found.rotation else image


def _same(a: Box, b: Box) -> bool:
    """Whether two boxes overlap strongly (intersection over union)."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(wide, 0.0) * max(high, 0.0)
    return common > SAME * (a[2] * a[3] + b[2] * b[3] - common)
