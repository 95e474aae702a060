"""Decodes JPEG 2000 with more than 8 bits, for which Pillow's decoder turns full white into
black."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# SOC and SIZ are adjacent (ITU-T T.800, A.5.1); the first component's depth comes 40 bytes later.
_SIZ, _DEPTH_AT, _MOST_HEAD = b"\xff\x4f\xff\x51", 42, 1 << 16


def deep_pixels(path: Path, image: Any) -> Any:
    """Decode an opened colour picture with OpenCV to an 8-bit RGB Pillow image; None where
    Pillow is correct."""
    if image.format != "JPEG2000" or image.mode != "RGB" or _depth(path) <= 8:
        return None
    import cv2
    import numpy as np
    from PIL import Image

    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        return None
    return Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels))


def _depth(path: Path) -> int:
    """Bits per sample; 0 where the codestream can't be found."""
    with path.open("rb") as file:
        head = file.read(_MOST_HEAD)
    at = head.find(_SIZ)
    # The highest bit marks signed samples (table A.11).
    return (head[at + _DEPTH_AT] & 0x7F) + 1 if 0 <= at < len(head) - _DEPTH_AT else 0
