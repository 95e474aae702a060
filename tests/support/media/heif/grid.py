"""HEIC and AVIF as phones write them: a grid of tiles, put together from pictures that the usual libraries encode."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

_BRANDS = {"HEIF": (b"heic", b"hvc1", b"hvcC"), "AVIF": (b"avif", b"av01", b"av1C")}


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and bodies (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def box(name: bytes, *parts: bytes) -> bytes:
    """A box."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def full_box(name: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with a version."""
    return box(name, bytes([version]) + flags.to_bytes(3, "big"), *parts)


def grid(picture: Any, form: str = "HEIF", *, tile: int = 64, turn: int = 0) -> bytes:
    """A picture in tiles with sides of ``tile``, whole tiles only; ``turn``: quarters anticlockwise, as ``irot``."""
    brand, kind, config = _BRANDS[form]
    across, down = picture.width // tile, picture.height // tile
    places = [(x * tile, y * tile) for y in range(down) for x in range(across)]
    tiles = [_encoded(picture.crop((x, y, x + tile, y + tile)), form) for x, y in places]
    count = len(tiles)
    whole = struct.pack(">4B2H", 0, 0, down - 1, across - 1, picture.width, picture.height)
    properties = [
        next(body for name, body in _properties(tiles[0]) if name == config),
        struct.pack(">3I", 0, tile, tile),
        struct.pack(">3I", 0, picture.width, picture.height),
        bytes([turn]),
    ]
    names = (config, b"ispe", b"ispe", b"irot")
    ipco = box(b"ipco", *(box(n, body) for n, body in zip(names, properties, strict=True)))
    rows = [struct.pack(">HB2B", item + 1, 2, 0x81, 2) for item in range(count)]
    rows.append(struct.pack(">HB2B", count + 1, 2, 3, 0x84))
    ipma = full_box(b"ipma", 0, 0, struct.pack(">I", count + 1), *rows)
    items = [_item(item + 1, kind, hidden=True) for item in range(count)]
    items.append(_item(count + 1, b"grid"))
    parts = (
        full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
        full_box(b"pitm", 0, 0, struct.pack(">H", count + 1)),
        full_box(b"iinf", 0, 0, struct.pack(">H", count + 1), *items),
        full_box(
            b"iref",
            0,
            0,
            box(b"dimg", struct.pack(f">{count + 2}H", count + 1, count, *range(1, count + 1))),
        ),
        box(b"iprp", ipco, ipma),
        box(b"idat", whole),
    )
    data = [_pixels(encoded) for encoded in tiles]
    ftyp = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    size = len(full_box(b"meta", 0, 0, *parts, _places(data, 0, len(whole))))
    places_box = _places(data, len(ftyp) + size + 8, len(whole))
    return ftyp + full_box(b"meta", 0, 0, *parts, places_box) + box(b"mdat", *data)


def _item(number: int, kind: bytes, *, hidden: bool = False) -> bytes:
    return full_box(b"infe", 2, int(hidden), struct.pack(">HH", number, 0), kind, b"\0")


def _places(data: list[bytes], at: int, derived: int) -> bytes:
    """Tiles in the file itself, the grid's own few bytes in ``idat``."""
    rows = b""
    for item, piece in enumerate(data, 1):
        rows += struct.pack(">4H2I", item, 0, 0, 1, at, len(piece))
        at += len(piece)
    rows += struct.pack(">4H2I", len(data) + 1, 1, 0, 1, 0, derived)
    return full_box(b"iloc", 1, 0, b"\x44\0", struct.pack(">H", len(data) + 1), rows)


def _encoded(picture: Any, form: str) -> bytes:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    out = BytesIO()
    options = {} if form == "HEIF" else {"autotiling": False}
    picture.save(out, form, quality=90, **options)
    return out.getvalue()


def _properties(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    meta = dict(boxes(dict(boxes(encoded))[b"meta"][4:]))
    return boxes(dict(boxes(meta[b"iprp"]))[b"ipco"])


def _pixels(encoded: bytes) -> bytes:
    """The data of a file with one picture."""
    return dict(boxes(encoded))[b"mdat"]
