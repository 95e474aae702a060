"""Remove place, time and device metadata from originals without re-encoding: pixel data stays bit-identical.

Supports only formats whose every part is known: JPEG (ITU-T T.81, Annex B) and PNG (RFC 2083). For
other formats the rendition is published instead.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

_PNG = b"\x89PNG\r\n\x1a\n"
# PNG chunks for pixels and colour (Third Edition, 11). Any other chunk may hold text or the
# uncropped picture: programs store previews, layers and signed edit histories in chunks of their
# own.
_SHOWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
_SOI, _EOI, _SOS, _APP0 = 0xD8, 0xD9, 0xDA, 0xE0
# A JFIF segment including its marker, without a thumbnail.
_JFIF_BYTES = 18
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# End of entropy-coded data: a marker that is not a stuffed byte, a fill byte or a restart marker.
_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Consecutive slices of a file, without copying.
Parts = list[bytes | memoryview]


def stripped(data: bytes) -> Parts | None:
    """The same picture with only orientation and colour profile as metadata; None if this can't be guaranteed."""
    if data.startswith(b"\xff\xd8\xff"):
        return _strip_jpeg(data)
    if data.startswith(_PNG):
        return _strip_png(data)
    return None


def _strip_jpeg(data: bytes) -> Parts | None:
    kept: Parts = [b"\xff\xd8"]
    orientation = _orientation(data)
    if orientation > 1:
        kept.append(_orientation_segment(orientation))
    for marker, segment in _segments(data):
        if marker == _EOI:
            # Data after the end marker is dropped (a phone's second picture, a video clip).
            return [*kept, segment]
        if not _tells(marker, segment):
            kept.append(_without_thumbnail(segment) if marker == _APP0 else segment)
    return None


def _without_thumbnail(segment: memoryview) -> bytes | memoryview:
    """Remove the JFIF 1.02 thumbnail after byte 18: it may show what was cropped from the picture."""
    if len(segment) <= _JFIF_BYTES:
        return segment
    return b"\xff\xe0" + struct.pack(">H", _JFIF_BYTES - 2) + bytes(segment[4:16]) + b"\0\0"


def _tells(marker: int, segment: memoryview) -> bool:
    """Whether a segment may hold metadata: comments and application data except JFIF, ICC profile
    and Adobe's colour marker.
    """
    if marker == 0xFE:
        return True
    if not 0xE0 <= marker <= 0xEF:
        return False
    return not bytes(segment[4:16]).startswith((b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"))


def _segments(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield (marker, whole segment) up to the end; coded data belongs to its SOS segment. Stops at malformed data."""
    at, view = 2, memoryview(data)
    while at + 2 <= len(data):
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI or marker in _ALONE:
            yield marker, view[at : at + 2]
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            end = _end_of_scan(data, end)
        yield marker, view[at:end]
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """Offset of the marker that ends the coded data."""
    found = _NEXT.search(data, at)
    return found.start() if found else len(data)


def _orientation(data: bytes) -> int:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(data)) as picture:
            value = picture.getexif().get(0x0112, 1)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _orientation_segment(value: int) -> bytes:
    """Build an EXIF segment with one entry: tag 0x0112, type SHORT, count 1."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, value, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _strip_png(data: bytes) -> Parts | None:
    kept: Parts = [_PNG]
    at, view = len(_PNG), memoryview(data)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        name, end = data[at + 4 : at + 8], at + 12 + size
        chunk = view[at:end]
        if len(chunk) < 12 + size or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            return None
        if name in _SHOWN:
            kept.append(chunk)
        if name == b"IEND":
            return kept
        at = end
    return None
