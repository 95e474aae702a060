"""Frames of a film: uint8 arrays of H * 3/2 rows (YUV 4:2:0, planar), BT.709 in limited range.

All effects work on this format, so that no frame has to be converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from capture.imaging.colour import BT709
from capture.transcoding.transcode import LIMITED

# Frames per second, and the number of frames that two pieces share in a cross-fade.
RATE = 30
FADE = 12


def frame_of(pixels: Any) -> Any:
    """Convert an RGB picture, H × W × 3 uint8 with even sides, to a frame."""
    import av
    import numpy as np

    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    made = picture.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED)
    return made.to_ndarray()


def planes(frame: Any) -> tuple[Any, Any, Any]:
    """Views of the three planes: luma (H × W), and two of chroma (H/2 × W/2)."""
    high, wide = frame.shape[0] * 2 // 3, frame.shape[1]
    half = (high // 2, wide // 2)
    quarter = high // 4 if high % 4 == 0 else None
    if quarter is None:
        flat = frame.reshape(-1)
        size = half[0] * half[1]
        first = flat[high * wide : high * wide + size].reshape(half)
        return frame[:high], first, flat[high * wide + size :].reshape(half)
    first, second = frame[high : high + quarter], frame[high + quarter :]
    return frame[:high], first.reshape(half), second.reshape(half)


def black(size: tuple[int, int]) -> Any:
    """A black frame."""
    import numpy as np

    wide, high = size
    frame = np.full((high * 3 // 2, wide), 128, np.uint8)
    frame[:high] = 16
    return frame


def mixed(first: Any, second: Any, share: float) -> Any:
    """Blend ``first`` with a share of ``second`` over it."""
    import cv2

    return cv2.addWeighted(first, 1 - share, second, share, 0)


def faded(pieces: Iterable[Iterator[Any]], start: Any) -> Iterator[Any]:
    """Yield the frames of all pieces, each cross-fading into the next, fading in from ``start`` and
    back to it.

    A piece yields ``FADE`` frames more than its length: those that it shares with the next one.
    """
    held = [start] * FADE
    for piece in pieces:
        waiting: list[Any] = []
        for number, frame in enumerate(piece):
            if number < FADE:
                # A short previous piece may have had fewer.
                below = held[min(number, len(held) - 1)]
                frame = mixed(below, frame, (number + 1) / (FADE + 1))
            waiting.append(frame)
            if len(waiting) > FADE:
                yield waiting.pop(0)
        held = waiting or held
    for number, frame in enumerate(held):
        yield mixed(frame, start, (number + 1) / len(held))
