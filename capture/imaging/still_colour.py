"""Colour system of still pictures that give it by numbers instead of an ICC profile: AVIF, HEIF,
PNG; mainly HDR."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from capture.imaging.colour import (
    BT601,
    BT709,
    BT1886,
    HLG,
    OTHER_CURVES,
    PQ,
    UNSPECIFIED,
    Colour,
)
from capture.imaging.icc_profile import matrix_profile
from capture.imaging.iso_boxes import box_bodies

# Real metadata are far smaller; a broken size must not request more.
_MOST_META = 8 << 20
_TELEVISION = (BT709, BT601, 14, 15)
_ROWS = 64
_SRGB_CORNERS = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def coded_colour(path: Path, mime: str, profile: bytes | None) -> Colour | None:
    """The colour system of a picture that is neither sRGB nor described by its profile, None for
    all others.

    The numbers of a PNG take precedence over its profile (Third Edition, 11.3.2.6). In other formats
    the profile does, except where the numbers say HDR: few programs write a profile for that.
    """
    numbers = _png_numbers(path) if mime == "image/png" else None
    if numbers is not None:
        # Also for plain sRGB, so that no profile is applied.
        colour = _colour_of(numbers)
        return colour if profile or _differs(colour) else None
    numbers = _profile_numbers(profile) if profile else None
    if numbers is None and mime in ("image/avif", "image/heic", "image/heif"):
        numbers = _heif_numbers(path)
    if numbers is None:
        return None
    colour = _colour_of(numbers)
    return colour if colour.is_hdr or (not profile and _differs(colour)) else None


def _colour_of(numbers: tuple[int, int]) -> Colour:
    primaries, transfer = (BT709 if n == UNSPECIFIED else n for n in numbers)
    return Colour(primaries, transfer)


def _differs(colour: Colour) -> bool:
    """Whether code values mean other colours than in sRGB."""
    return colour.primaries != BT709 or colour.transfer in (*OTHER_CURVES, PQ, HLG)


def map_image(image: Any, colour: Colour) -> Any:
    """Convert an RGB Pillow image of that system to sRGB; in strips, because floats take eight
    times the memory."""
    import numpy as np
    from PIL import Image

    from capture.imaging.tone_mapping import to_srgb_codes

    pixels = np.array(image)
    for top in range(0, len(pixels), _ROWS):
        strip = pixels[top : top + _ROWS].astype(np.float32) / 255
        pixels[top : top + _ROWS] = np.rint(to_srgb_codes(strip, colour) * 255)
    return Image.fromarray(pixels)


def _profile_numbers(profile: bytes) -> tuple[int, int] | None:
    """ICC.1:2022, 9.2.17 (cicpTag): how programs store HDR in a profile."""
    count = int.from_bytes(profile[128:132], "big")
    for at in range(132, 132 + 12 * min(count, 100), 12):
        if profile[at : at + 4] == b"cicp":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            tag = profile[start : start + 12]
            return (tag[8], tag[9]) if len(tag) == 12 else None
    return None


def _png_numbers(path: Path) -> tuple[int, int] | None:
    """PNG (Third Edition), 11.3.2.6: cICP precedes the picture's data."""
    data = _png_chunks(path).get(b"cICP", b"")
    if len(data) < 4:
        return None
    # In a still Chromium 140 takes television's curves for those of its screens (measured).
    return data[0], BT1886 if data[1] in _TELEVISION else data[1]


def png_profile(path: Path) -> bytes | None:
    """Build an ICC profile from the gAMA and cHRM chunks of a PNG; None where they mean sRGB, or
    another chunk takes precedence.

    PNG (Third Edition), 11.3.2: cICP, iCCP and sRGB take precedence over them.
    """
    chunks = _png_chunks(path)
    gamma = chunks.get(b"gAMA", b"")
    if len(gamma) != 4 or chunks.keys() & {b"cICP", b"iCCP", b"sRGB"}:
        return None
    share, corners = int.from_bytes(gamma, "big") / 100_000, _corners(chunks.get(b"cHRM", b""))
    distance = max(
        abs(a - b) for a, b in zip(sum(corners, ()), sum(_SRGB_CORNERS, ()), strict=True)
    )
    if not 0.1 <= share <= 2 or (distance < 0.01 and abs(share * 2.2 - 1) < 0.05):
        return None
    return matrix_profile(corners, 1 / share, "PNG gAMA and cHRM")


def _corners(chunk: bytes) -> tuple[tuple[float, float], ...]:
    """x and y of red, green and blue; sRGB's where the chunk is missing. White comes first in
    it."""
    numbers = [n / 100_000 for n in struct.unpack(">8I", chunk)] if len(chunk) == 32 else [0.0]
    if not all(0 < n < 1 for n in numbers):
        return _SRGB_CORNERS
    return tuple(zip(numbers[2::2], numbers[3::2], strict=True))


def _png_chunks(path: Path) -> dict[bytes, bytes]:
    """The first bytes of the chunks before the picture's data, by name."""
    chunks: dict[bytes, bytes] = {}
    with path.open("rb") as file:
        file.seek(8)
        for _ in range(100):
            head = file.read(8)
            size, name = int.from_bytes(head[:4], "big"), head[4:]
            if len(head) < 8 or name == b"IDAT":
                break
            chunks[name] = file.read(min(size, 32))
            file.seek(size - len(chunks[name]) + 4, 1)
    return chunks


def _heif_numbers(path: Path) -> tuple[int, int] | None:
    """ISO/IEC 23008-12 and 14496-12, 12.1.5: the ``nclx`` of the primary item."""
    meta = _meta(path)
    boxes = dict(box_bodies(meta[4:]))
    inner = dict(box_bodies(boxes.get(b"iprp", b"")))
    properties = list(box_bodies(inner.get(b"ipco", b"")))
    wanted = _associated(boxes.get(b"pitm", b""), inner.get(b"ipma", b""))
    for number in wanted or range(1, len(properties) + 1):
        name, body = properties[number - 1] if 0 < number <= len(properties) else (b"", b"")
        if name == b"colr" and body[:4] == b"nclx" and len(body) >= 10:
            primaries, transfer = struct.unpack(">HH", body[4:8])
            return primaries, transfer
    return None


def _meta(path: Path) -> bytes:
    with path.open("rb") as file:
        for _ in range(32):
            head = file.read(8)
            size, name = int.from_bytes(head[:4], "big"), head[4:]
            if len(head) < 8 or size < 8:
                return b""
            if name == b"meta":
                return file.read(min(size - 8, _MOST_META))
            file.seek(size - 8, 1)
    return b""


def _associated(pitm: bytes, ipma: bytes) -> list[int]:
    """The property indexes (from 1) of the primary item (ISO/IEC 23008-12, 9.3); none where that
    is broken."""
    try:
        primary = struct.unpack(">I" if pitm[0] else ">H", pitm[4 : 8 if pitm[0] else 6])[0]
        wide, long = ipma[0] > 0, ipma[3] & 1
        at = 8
        for _ in range(int.from_bytes(ipma[4:8], "big")):
            item = int.from_bytes(ipma[at : at + (4 if wide else 2)], "big")
            at += 4 if wide else 2
            count, at, step = ipma[at], at + 1, 2 if long else 1
            if item == primary:
                ends = range(at, at + count * step, step)
                return [
                    int.from_bytes(ipma[n : n + step], "big") & (0x7FFF if long else 0x7F)
                    for n in ends
                ]
            at += count * step
    except (IndexError, struct.error):
        pass
    return []
