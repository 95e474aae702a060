"""Files that are made to hurt: bombs, lies, loops. All small; what they would unpack to is not."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

HUGE = 200 << 20
SCRIPT = b"<html><script>alert(document.cookie)</script></html>"


def all_files() -> dict[str, bytes]:
    """Names (their extensions are what a browser would send) and bytes."""
    picture = _jpeg()
    return {
        "pixels.png": _png(60_000, 60_000),
        "overflow.png": _png(0x7FFFFFFF, 0x7FFFFFFF),
        "profile.png": _png(8, 8, _chunk(b"iCCP", b"x\0\0" + _bomb())),
        "words.png": _png(8, 8, _chunk(b"zTXt", b"Comment\0\0" + _bomb())),
        "canvas.gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b"," + b"\0" * 9,
        "frames.gif": _many_frames(),
        "cut.jpg": picture[: len(picture) // 2],
        "head-alone.jpg": picture[:24],
        "metadata.jpg": picture[:2] + _exif_segments(20) + picture[2:],
        "polyglot.jpg": picture + SCRIPT,
        "page.jpg": SCRIPT,
        "script.gif": b"GIF89a/*" + SCRIPT,
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "loop.tif": _tiff_loop(),
        "deep.heic": _box(b"ftyp", b"heic\0\0\0\0heicmif1") + _nested(b"meta", 400),
        "deep.mp4": _box(b"ftyp", b"isom\0\0\2\0isommp41") + _nested(b"moov", 400),
        "length.mp4": _box(b"ftyp", b"isom\0\0\2\0isommp41")
        + struct.pack(">I4sQ", 1, b"mdat", 1 << 62),
        "length.webm": bytes.fromhex("1A45DFA3A34286810142F7810142F2810442F381084282847765626D")
        + bytes.fromhex("18538067" + "01" + "FF" * 7)
        + b"\0" * 64,
        "length.wav": b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\xff\xff\xff\xff\xff\xff"
        + b"\xff" * 8,
        "tag.mp3": b"ID3\4\0\0\x7f\x7f\x7f\x7f" + b"\0" * 500,
        "zeros.jpg": b"\0" * 4096,
    }


def _jpeg() -> bytes:
    out = BytesIO()
    Image.effect_noise((160, 120), 60).save(out, "JPEG")
    return out.getvalue()


def _bomb() -> bytes:
    """200 MB of zeros, packed into 200 KB."""
    packer = zlib.compressobj(9)
    piece = b"\0" * (1 << 20)
    return b"".join(packer.compress(piece) for _ in range(HUGE >> 20)) + packer.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, more: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * min(25 * height, 1 << 20))
    chunks = _chunk(b"IHDR", head) + more + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _many_frames() -> bytes:
    frame = b"!\xf9\x04\0\0\0\0\0," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2D\1\0"
    screen = struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + frame * 15_000 + b";"


def _exif_segments(count: int) -> bytes:
    """An APP1 segment again and again, each with a directory that claims 65535 entries."""
    body = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 20_000
    return (b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body) * count


def _tiff_loop() -> bytes:
    """A directory whose next directory is itself."""
    entry = struct.pack("<HHII", 0x0100, 3, 1, 8)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def _nested(kind: bytes, depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _box(kind, data)
    return data
