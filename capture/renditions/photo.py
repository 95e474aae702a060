"""Renditions of a photo: upright, in sRGB, small, and without metadata about place or author."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from capture.decoding.probe import MAX_PIXELS
from capture.decoding.safe_open import (
    BROKEN_PHOTO,
    PHOTO_ERRORS,
    RAW_MIMES,
    check_memory,
    jpeg_bytes,
    load_as_far_as_it_goes,
    open_photo,
    read_exif,
)
from capture.decoding.truncation.completion import (
    OTHER_FILLINGS,
    is_made_up,
    without_made_up,
)
from capture.decoding.truncation.detection import note_on
from capture.imaging.apply_edits import edited_image, needed
from capture.imaging.icc_profile import ADOBE_RGB, matrix_profile, to_srgb
from capture.imaging.rendition_file import (
    JPEG_QUALITY,
    THUMB,
    VIEW,
    RenditionFile,
    fit,
    save_jpeg,
    scaled,
    shrunk,
)
from capture.imaging.still_colour import coded_colour, map_image, png_profile
from capture.renditions.avif_pixels import video_range_pixels
from capture.renditions.jpeg2000_pixels import deep_pixels
from reporter.errors import MediaFailed
from reporter.media.edits import Edits

_ROWS = 256
# Nothing, or paper where a picture has no transparency.
_BLANK_OF: dict[str, Any] = {"RGBA": (0, 0, 0, 0), "LA": (0, 0), "RGB": (255, 255, 255), "L": 255}
# The spread of grey (of 255) in a picture of one colour, including JPEG noise.
BLANK = 2.0


def make_photo(
    src: Path,
    out_dir: Path,
    mime: str,
    *,
    prefix: str = "",
    max_pixels: int = MAX_PIXELS,
    edits: Edits | None = None,
) -> list[RenditionFile]:
    """Make ``thumb`` (longest side 640) and ``view`` (1600) as JPEG; a small photo is never
    enlarged.

    Applies orientation and edits, converts colours to sRGB and transparency to white, takes the
    first picture of animations, and removes all metadata. Raises MediaFailed for what can't be
    decoded.
    """
    view = open_view(src, mime, max_pixels=max_pixels, edits=edits or Edits())
    return save_photo(view, out_dir, prefix=prefix)


def open_view(src: Path, mime: str, *, max_pixels: int, edits: Edits) -> Any:
    """Open what ``view`` shows, as a Pillow image. Raises MediaFailed."""
    whole = open_upright(src, mime, longest=needed(edits, VIEW), max_pixels=max_pixels)
    return scaled(edited_image(whole, edits), VIEW)


def save_photo(view: Any, out_dir: Path, *, prefix: str = "") -> list[RenditionFile]:
    """Write ``view`` and ``thumb``."""
    thumb = scaled(view, THUMB)
    return [
        save_jpeg(view, out_dir, "view", prefix=prefix),
        save_jpeg(thumb, out_dir, "thumb", prefix=prefix),
    ]


def make_plain(src: Path, path: Path, mime: str, *, max_pixels: int = MAX_PIXELS) -> None:
    """Write ``view`` without edits to ``path``, for the edit page. Raises MediaFailed."""
    image = open_upright(src, mime, longest=VIEW, max_pixels=max_pixels)
    image.info.clear()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    image.save(part, "JPEG", quality=JPEG_QUALITY)
    part.replace(path)


def open_upright(src: Path, mime: str, *, longest: int, max_pixels: int = MAX_PIXELS) -> Any:
    """Open a photo as an RGB Pillow image: upright, in sRGB, its longer side at most
    ``longest``. Raises MediaFailed."""
    with open_photo(src, mime, max_pixels=max_pixels) as image:
        check_memory(image)
        exif, profile = read_exif(image), image.info.get("icc_profile")
        colour = coded_colour(src, mime, profile)
        if exif.adobe_rgb and not profile:
            profile = matrix_profile(ADOBE_RGB, 2.19921875, "Adobe RGB (1998) compatible")
        by_gamma = png_profile(src) if mime == "image/png" and not profile else None
        small = _flat(scaled(_decoded(src, mime, image, longest), longest))
        if is_made_up(src, mime):
            small = _without_made_up(src, mime, small, longest=longest, max_pixels=max_pixels)
        if note_on(src, mime) and _is_blank(small):
            raise MediaFailed(BROKEN_PHOTO)
        # Done last, because the picture is small by now.
        if colour is not None:
            shown = map_image(small.convert("RGB"), colour)
        elif by_gamma is not None:
            shown = to_srgb(small.convert("RGB"), by_gamma)
        else:
            shown = to_srgb(small, profile)
        return upright(shown, exif.orientation)


def _decoded(src: Path, mime: str, image: Any, longest: int) -> Any:
    small = _reduced_jpeg(src, mime, image, longest)
    # These read the file itself, not what it was filled up with.
    if small is None and not is_made_up(src, mime):
        small = video_range_pixels(src, image) or deep_pixels(src, image)
    if small is None:
        small = _fully_decoded(image, longest, partial(load_as_far_as_it_goes, path=src, mime=mime))
        small = _coarse(small, longest)
    return small


def _without_made_up(src: Path, mime: str, small: Any, *, longest: int, max_pixels: int) -> Any:
    """Remove what the decoder invented of a truncated picture, by decoding it with another filling."""
    for filling in OTHER_FILLINGS:
        with (
            suppress(MediaFailed),
            open_photo(src, mime, max_pixels=max_pixels, filling=filling) as image,
        ):
            other = _flat(scaled(_decoded(src, mime, image, longest), longest))
            return without_made_up(small, other)
    return small


def _is_blank(image: Any) -> bool:
    """Whether the picture is blank: decoders fill a file that was truncated too early with one
    colour."""
    import numpy as np

    return float(np.asarray(image.convert("L").resize((32, 32))).std()) < BLANK


def _coarse(image: Any, longest: int) -> Any:
    """Reduce a huge picture with Pillow in its own memory; OpenCV would need a copy first."""
    step = max(image.size) // (2 * longest)
    return image.reduce(step) if step > 1 else image


def _reduced_jpeg(src: Path, mime: str, image: Any, longest: int) -> Any:
    """Decode a JPEG at a half, a quarter or an eighth of its size, as the DCT allows (libjpeg-turbo
    by OpenCV).

    None where Pillow must do it: no JPEG, CMYK (OpenCV ignores its ink profile), and what OpenCV
    rejects. The orientation is not applied here, else it would be applied twice.
    """
    import cv2
    import numpy as np
    from PIL import Image

    if mime not in ("image/jpeg", *RAW_MIMES) or image.mode not in ("RGB", "L"):
        return None
    flags = {
        8: cv2.IMREAD_REDUCED_COLOR_8,
        4: cv2.IMREAD_REDUCED_COLOR_4,
        2: cv2.IMREAD_REDUCED_COLOR_2,
        1: cv2.IMREAD_COLOR,
    }
    step = next(n for n in flags if n == 1 or max(image.size) >= n * longest)
    data = np.frombuffer(jpeg_bytes(src, mime), dtype=np.uint8)
    pixels = cv2.imdecode(data, flags[step] | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None:
        return None
    size = fit(pixels.shape[1], pixels.shape[0], longest)
    if size != pixels.shape[1::-1]:
        pixels = shrunk(pixels, size)
    decoded = Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels))
    return decoded.convert("L") if image.mode == "L" else decoded


def _fully_decoded(image: Any, longest: int, load: Callable[[Any], None]) -> Any:
    if image.format == "JPEG":
        image.draft(image.mode, (longest, longest))
    load(image)
    if image.format == "PNG" and getattr(image, "default_image", False) and image.n_frames > 1:
        image = _first_of_animation(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return _eight_bits(image)
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("LA", "PA", "La") or "transparency" in image.info:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def _first_of_animation(image: Any) -> Any:
    """The picture after that of an animated PNG which is none of the animation, and which no browser shows; that one
    where the animation is damaged.

    The first of an animation covers nothing (APNG 1.0, fcTL), whereas Pillow lays it over the hidden one.
    """
    hidden = image.copy()
    try:
        if image.mode in _BLANK_OF:
            image.paste(_BLANK_OF[image.mode], (0, 0, *image.size))
        image.seek(1)
        image.load()
    except PHOTO_ERRORS:
        return hidden
    return image


def _eight_bits(image: Any) -> Any:
    """Convert deep grey to 8 bits, in strips, because floats take four times the memory (Pillow's own conversion clips
    everything over 255 to white)."""
    import numpy as np
    from PIL import Image

    grey = np.empty((image.height, image.width), np.uint8)
    is_short = image.mode.startswith("I;16")
    share = 0.0
    if not is_short:
        most = max(float(values.max()) for _top, values in _strips(image))
        share = 255 / _white_of(image.mode, most)
    for top, values in _strips(image):
        shown = values >> 8 if is_short else np.rint((values * share).clip(0, 255))
        grey[top : top + len(values)] = shown
    # TIFF 6.0, photometric interpretation: 0 is white. Pillow heeds it for 8 bits only.
    inverted = image.format == "TIFF" and image.tag_v2.get(0x0106) == 0
    return Image.fromarray(~grey if inverted else grey)


def _strips(image: Any) -> Iterator[tuple[int, Any]]:
    """(first row, values) of parts of a deep grey picture: whole numbers of 16 bits as they are, others as floats."""
    import numpy as np

    for top in range(0, image.height, _ROWS):
        values = np.asarray(image.crop((0, top, image.width, min(top + _ROWS, image.height))))
        if not image.mode.startswith("I;16"):
            values = np.nan_to_num(values.astype(np.float32), posinf=0)
        yield top, values


def _white_of(mode: str, most: float) -> float:
    """The value of white in whole numbers of 32 bits, or in floats, which have no rule: 1 (and lights above it), or
    as 8 or 16 bits have it."""
    steps = ((16.0, 1.0), (255.0, 255.0), (65_535.0, 65_535.0))
    return next((white for limit, white in steps[2 * (mode != "F") :] if most <= limit), most)


def _flat(image: Any) -> Any:
    from PIL import Image

    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def upright(image: Any, orientation: int) -> Any:
    """Apply EXIF orientation 1 to 8 (CIPA DC-008, 4.6.4): the sides of the picture on which row
    0 and column 0 are."""
    from PIL import Image

    turn = Image.Transpose
    steps = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }
    return image.transpose(steps[orientation]) if orientation in steps else image
