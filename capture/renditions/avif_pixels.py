"""Decodes AVIF in video range, for which Pillow's decoder makes blue too weak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.decoding.safe_open import decoded, open_media
from capture.imaging.colour import BT709, BT2020
from capture.imaging.frame_pixels import rgb_pixels
from reporter.errors import MediaFailed

# H.273, 8.3: sample values end at 235 and 240 of 255.
_VIDEO_RANGE = 1


def video_range_pixels(path: Path, image: Any) -> Any:
    """Decode an opened AVIF with FFmpeg to an 8-bit RGB Pillow image; None where Pillow is correct,
    or FFmpeg can't decode it.

    libavif converts with libyuv, whose factor from Cb to blue is limited to 2.0; the matrices of
    BT.709 and BT.2020 need 2.11 and 2.14 in video range, so that pure blue comes out as 243 and
    239. Tiled, transparent and animated pictures are left to Pillow.
    """
    from PIL import Image

    if image.format != "AVIF" or image.mode != "RGB" or getattr(image, "is_animated", False):
        return None
    try:
        frame = _frame(path, image.size)
    except MediaFailed:
        return None
    if frame is None or frame.color_range != _VIDEO_RANGE:
        return None
    if frame.colorspace not in (BT709, BT2020):
        return None
    return Image.fromarray(rgb_pixels(frame, matrix=frame.colorspace, is_full_range=False))


def _frame(path: Path, size: tuple[int, int]) -> Any:
    """The single picture of a file, None if it has another size."""
    with open_media(path, "image/avif") as container:
        streams = container.streams.video
        if len(streams) != 1 or (streams[0].width, streams[0].height) != size:
            return None
        return next(decoded(container, streams[0]), None)
