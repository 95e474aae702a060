"""Applies edits to pixels: the same for a photo, a film's frames and the preview at the desk.

Pixels are H×W×3, uint8, of the upright original at any size: edits are given as shares of it (see
``reporter.media.edits``).
"""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from capture.imaging.rendition_file import JPEG_QUALITY, VIEW, scaled
from reporter.media.edits import Edits, Four, Region

# Cells along the longer side of a blurred region. A face reduced to five by five mean colours,
# smoothed, can't be recognized.
CELLS = 5
# Largest longer side in pixels: 150 MB as an array, of which there are several copies at times.
MOST_LONG = 8000
WHOLE: Four = (0.0, 0.0, 1.0, 1.0)


def apply_edits(pixels: Any, edits: Edits) -> Any:
    """Apply the edits and return a new array: blurred, then cropped, then rotated."""
    from capture.imaging.document_scan import flatten_sheet

    made = pixels.copy() if edits.blur else pixels
    for region in edits.blur:
        _blur(made, region)
    if edits.sheet:
        corners = list(zip(edits.sheet[::2], edits.sheet[1::2], strict=True))
        made = flatten_sheet(made, corners, clean=edits.clean)
    elif edits.crop is not None or edits.tilt:
        made = _cut_out(made, edits.crop or WHOLE, edits.tilt)
    return _turned(made, edits.turn)


def edited_image(image: Any, edits: Edits) -> Any:
    """``apply_edits`` for an RGB Pillow image."""
    import numpy as np
    from PIL import Image

    if not edits.changes_picture:
        return image
    return Image.fromarray(np.ascontiguousarray(apply_edits(np.asarray(image), edits)))


def needed(edits: Edits, longest: int) -> int:
    """The longer side needed before edits, so that the crop still has ``longest``.

    Limited by memory: small crops of huge photos come out smaller.
    """
    share = max(edits.crop[2:]) if edits.crop is not None else 1.0
    if edits.sheet:
        xs, ys = edits.sheet[::2], edits.sheet[1::2]
        share = min(1.0, max(max(xs) - min(xs), max(ys) - min(ys)))
    return max(longest, min(round(longest / max(share, 0.01)), MOST_LONG))


def preview(plain: Path, edits: Edits, longest: int) -> bytes:
    """Render an unedited copy with these edits as a JPEG: runs in a worker."""
    from PIL import Image

    with Image.open(plain, formats=("JPEG",)) as opened:
        image = scaled(opened.convert("RGB"), min(needed(edits, longest), VIEW))
    out = io.BytesIO()
    scaled(edited_image(image, edits), longest).save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def sheet_in(plain: Path) -> list[float] | None:
    """Find the sheet in an unedited copy: its corners as eight numbers, None without one. Runs
    in a worker."""
    import numpy as np
    from PIL import Image

    from capture.imaging.document_scan import find_sheet

    with Image.open(plain, formats=("JPEG",)) as opened:
        found = find_sheet(np.asarray(opened.convert("RGB")))
    return None if found is None else [value for corner in found for value in corner]


def _blur(pixels: Any, region: Region) -> None:
    """Replace a region by mean colours; no pixel at its edge is left out."""
    import cv2
    import numpy as np

    high, wide = pixels.shape[:2]
    x, y, width, height = region.place
    left, top = math.floor(x * wide), math.floor(y * high)
    right, bottom = math.ceil((x + width) * wide), math.ceil((y + height) * high)
    part = pixels[top:bottom, left:right]
    size = right - left, bottom - top
    share = CELLS / max(size)
    cells = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    few = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(few, size, interpolation=cv2.INTER_LINEAR)
    if region.kind == "oval":
        mask = np.zeros(part.shape[:2], np.uint8)
        centre, axes = (size[0] // 2, size[1] // 2), (size[0] // 2 + 1, size[1] // 2 + 1)
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
        smooth = np.where(mask[..., None] > 0, smooth, part)
    part[:] = smooth


def _cut_out(pixels: Any, crop: Four, tilt: float) -> Any:
    """Cut out the crop's rectangle, tilted so that the picture in it rotates by ``tilt`` degrees
    clockwise.

    A rectangle that would extend beyond the picture shrinks around its centre.
    """
    import cv2
    import numpy as np

    high, wide = pixels.shape[:2]
    x, y, width, height = crop[0] * wide, crop[1] * high, crop[2] * wide, crop[3] * high
    if not tilt:
        left, top = round(x), round(y)
        return pixels[top : max(top + 1, round(y + height)), left : max(left + 1, round(x + width))]
    centre = x + width / 2, y + height / 2
    share = fitting(centre, (width, height), tilt, (wide, high))
    size = max(1, round(width * share)), max(1, round(height * share))
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    middle = (size[0] - 1) / 2, (size[1] - 1) / 2
    # Inverse mapping of each result pixel: rotated back around the centre.
    matrix = np.array(
        [
            [cos, sin, centre[0] - 0.5 - cos * middle[0] - sin * middle[1]],
            [-sin, cos, centre[1] - 0.5 + sin * middle[0] - cos * middle[1]],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def fitting(
    centre: tuple[float, float],
    size: tuple[float, float],
    tilt: float,
    picture: tuple[float, float],
) -> float:
    """The factor by which a tilted rectangle has to shrink to fit into the picture: 1 where it
    fits."""
    cos, sin = abs(math.cos(math.radians(tilt))), abs(math.sin(math.radians(tilt)))
    reach = size[0] * cos + size[1] * sin, size[0] * sin + size[1] * cos
    room = (2 * min(c, p - c) for c, p in zip(centre, picture, strict=True))
    return min(1.0, *(r / max(n, 1e-9) for r, n in zip(room, reach, strict=True)))


def _turned(pixels: Any, degrees: int) -> Any:
    import numpy as np

    # numpy counts quarter turns counterclockwise.
    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90)) if degrees else pixels
