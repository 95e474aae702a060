"""Inspects a card's file in a worker: reads its headers and detects a marker. Opens each file
once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capture.codes.qr_reader import Code, read_codes
from capture.codes.qr_writer import END, EPOCH
from capture.codes.unreadable_markers import find_squares
from capture.decoding.film import real_video
from capture.decoding.motion_photo import INNER_FILM, has_inner_film
from capture.decoding.probe import MAX_PIXELS, Probe, probe
from capture.decoding.safe_open import (
    RAW_MIMES,
    TooMuchMemory,
    check_memory,
    jpeg_bytes,
    open_media,
    open_photo,
    read_exif,
)
from capture.decoding.truncation.detection import note_on
from capture.renditions.photo import upright
from reporter.codes import ALPHABET, is_valid, normalize
from reporter.enums import Mark
from reporter.errors import MediaFailed

# Shares of the picture's longer side. A poster that fills the picture's height measures 0.17 and
# more, a marker card 0.4; a poster on the wall behind people, three metres away, 0.02 to 0.05.
SURE, MAYBE = 0.10, 0.06
# Largest distance of a code's centre from the picture's centre, as a share of width and height:
# whoever photographs a poster aims at it.
ASIDE = 0.32
# Longer videos that begin with a marker also contain other footage.
MARKER_SECONDS = 10.0
# The times in a video's first seconds at which frames are inspected.
GLANCES = (0.0, 0.7, 1.5, 2.5, 3.5)
WORKING_SIDE = 2400
PICTURE_SIDE = 480
_ADDRESS = re.compile(
    r"https?://[^/\s]+(?:/[^?#\s]*)?/S/([A-Z0-9]{3,8})(?:/AT/([A-Z0-9]{4,8}))?/?", re.I
)
_BARE = re.compile(r"[A-Z0-9]{6}", re.I)

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class MarkerReading:
    """The marker in a picture. ``code``: the session's, for SESSION and SMALL. ``size``: its edge
    as a share of the picture's longer side. ``kiosk_at``: the kiosk's time, where its screen was
    photographed."""

    mark: Mark = Mark.NONE
    code: str = ""
    size: float = 0.0
    kiosk_at: datetime | None = None
    # A small JPEG for the person who decides; only where there is a marker.
    picture: bytes | None = None
    # Contains nothing but a marker: no takeaway.
    only: bool = False


@dataclass(frozen=True)
class Inspection:
    """What a file's headers say, and its marker reading. ``note``: a sentence for people about it,
    else ''.

    ``whole``: False for a picture whose file is truncated and may still be being copied.
    """

    probe: Probe
    seen: MarkerReading
    note: str = ""
    whole: bool = True


def glance(path: Path, mime: str) -> Probe | None:
    """Read the headers of a file on the card; None where they can't be read, which reading the copy
    will report again."""
    try:
        return probe(path, mime)
    except MediaFailed:
        return None


def inspect_shot(path: Path, mime: str, *, max_pixels: int = MAX_PIXELS) -> Inspection:
    """Read headers and marker of a copied file. Runs in a decoder process. Raises MediaFailed."""
    found = probe(path, mime, max_pixels=max_pixels)
    if found.kind == "photo":
        cut = note_on(path, mime)
        note = cut or (INNER_FILM if has_inner_film(path, mime) else "")
        return Inspection(found, _photo(path, mime, max_pixels), note, whole=not cut)
    if found.kind == "video":
        return Inspection(found, _video(path, found))
    return Inspection(found, MarkerReading())


def _photo(path: Path, mime: str, max_pixels: int) -> MarkerReading:
    """Detect a marker in a photo; a photo that can't be decoded here is kept all the same, as no
    marker."""
    try:
        return judge(open_grey(path, mime, max_pixels=max_pixels))
    except TooMuchMemory:
        return MarkerReading()


def open_grey(path: Path, mime: str, *, max_pixels: int = MAX_PIXELS) -> Grey:
    """Open a photo in greyscale and upright, its longer side at most about ``WORKING_SIDE`` × 2;
    JPEGs are decoded at reduced size."""
    with open_photo(path, mime, max_pixels=max_pixels) as image:
        check_memory(image)
        exif = read_exif(image)
        small = _reduced(path, mime, max(image.size))
        if small is None:
            image.draft("L", (WORKING_SIDE, WORKING_SIDE))
            small = np.asarray(_on_white(image), np.uint8)
        return np.ascontiguousarray(np.asarray(upright(_pillow(small), exif.orientation), np.uint8))


def _pillow(grey: Grey) -> Any:
    from PIL import Image

    return Image.fromarray(grey)


def _on_white(image: Any) -> Any:
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("L")
    layers = image.convert("LA")
    white = Image.new("L", image.size, 255)
    white.paste(layers.getchannel("L"), mask=layers.getchannel("A"))
    return white


def _reduced(path: Path, mime: str, longest: int) -> Grey | None:
    """Decode with libjpeg-turbo at a half or a quarter, the cheapest way: 20 ms for 12
    megapixels."""
    import cv2

    if mime != "image/jpeg" and mime not in RAW_MIMES:
        return None
    flags = {
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
        2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
        1: cv2.IMREAD_GRAYSCALE,
    }
    step = next(n for n in flags if n == 1 or longest >= n * 1600)
    data = np.frombuffer(jpeg_bytes(path, mime), np.uint8)
    pixels = cv2.imdecode(data, flags[step] | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def judge(grey: Grey) -> MarkerReading:
    """Detect a marker in an upright greyscale picture (H×W)."""
    longest = max(grey.shape)
    best = MarkerReading()
    for code in read_codes(grey, thorough=False):
        seen = _weigh(code, grey)
        if _rank(seen) > _rank(best):
            best = seen
    if best.mark == Mark.NONE:
        size = max((_edge(q) / longest for q in find_squares(grey) if _aimed(q, grey)), default=0.0)
        best = MarkerReading(Mark.UNREAD, size=size) if size >= SURE else best
    if best.mark == Mark.NONE:
        return best
    sure = best.mark in (Mark.SESSION, Mark.END)
    return MarkerReading(best.mark, best.code, best.size, best.kiosk_at, _thumb(grey), only=sure)


def _rank(seen: MarkerReading) -> tuple[int, float]:
    order = (Mark.NONE, Mark.UNREAD, Mark.SMALL, Mark.SESSION, Mark.END)
    return order.index(seen.mark), seen.size


def _weigh(code: Code, grey: Grey) -> MarkerReading:
    read = read_marker(code.text)
    if read is None:
        return MarkerReading()
    size = _edge(code.corners) / max(grey.shape)
    if size < MAYBE:
        return MarkerReading()
    sure = size >= SURE and _aimed(code.corners, grey)
    if read.code == END:
        return MarkerReading(Mark.END, size=size) if sure else MarkerReading()
    if not is_valid(read.code):
        return MarkerReading(Mark.UNREAD, size=size) if sure else MarkerReading()
    return MarkerReading(Mark.SESSION if sure else Mark.SMALL, read.code, size, read.kiosk_at)


def _aimed(corners: NDArray[np.float64], grey: Grey) -> bool:
    """Whether a code is centred in the picture."""
    height, width = grey.shape
    x, y = corners.mean(axis=0)
    return abs(x / width - 0.5) <= ASIDE and abs(y / height - 0.5) <= ASIDE


def _edge(corners: NDArray[np.float64]) -> float:
    around = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    return float(around.mean())


@dataclass(frozen=True)
class Read:
    """The content of a marker's code: a session's code or END, and the kiosk's time where there is
    one."""

    code: str
    kiosk_at: datetime | None = None


def read_marker(text: str) -> Read | None:
    """Parse the text of a QR code as a marker: the address of a session's page (any host), or a
    bare code; else None."""
    bare = _BARE.fullmatch(text.strip())
    if bare:
        return Read(normalize(text)) if is_valid(text) else None
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        return None
    if found[1].upper() == END:
        return Read(END)
    return Read(normalize(found[1]), _moment(found[2]) if found[2] else None)


def _moment(stamp: str) -> datetime | None:
    seconds = 0
    for symbol in normalize(stamp):
        if symbol not in ALPHABET:
            return None
        seconds = seconds << 5 | ALPHABET.index(symbol)
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        # Eight symbols reach beyond the year 9999: not the laptop's clock.
        return None


def _video(path: Path, found: Probe) -> MarkerReading:
    """Find the best marker in the first seconds. A long video continues after it, so it is a
    takeaway as well."""
    best = MarkerReading()
    for grey in _first_frames(path, found):
        seen = judge(grey)
        # Video frames look like many things: only decoded codes count.
        if seen.mark != Mark.UNREAD and _rank(seen) > _rank(best):
            best = seen
        if best.only:
            break
    short = found.duration is not None and found.duration <= MARKER_SECONDS
    return MarkerReading(
        best.mark, best.code, best.size, best.kiosk_at, best.picture, best.only and short
    )


def _first_frames(path: Path, found: Probe) -> Iterator[Grey]:
    """Decode frames near each of ``GLANCES``, upright, in greyscale."""
    from capture.decoding.safe_open import decoded

    waiting = list(GLANCES)
    with open_media(path, found.mime) as container:
        stream = real_video(container)
        if stream is None:
            return
        stream.thread_type = "AUTO"
        start: float | None = None
        for frame in decoded(container, stream):
            start = frame.time if start is None else start
            if frame.time is None or frame.time - (start or 0.0) < waiting[0]:
                continue
            waiting.pop(0)
            grey = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
            yield np.ascontiguousarray(np.rot90(grey, found.rotation // 90))
            if not waiting:
                return


def _thumb(grey: Grey) -> bytes:
    picture = _pillow(grey)
    picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    out = BytesIO()
    picture.save(out, "JPEG", quality=70)
    return out.getvalue()
