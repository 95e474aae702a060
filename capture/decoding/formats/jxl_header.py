"""Reads width and height of a JPEG XL before any decoder does: its library decodes as soon as it
opens a file."""

from __future__ import annotations

# ISO/IEC 18181-1, 9.2.2 (SizeHeader): the ratio's number -> (numerator, denominator) of width to height.
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_BITS = (9, 13, 18, 30)
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
MAX_SIDE = 1 << 30


class _Bits:
    """Reads bits, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), len(data) * 8

    def read(self, count: int) -> int:
        """Read the next ``count`` bits; raises ValueError at the end."""
        if count > self._left:
            raise ValueError("too short")
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return found


def read_jxl_size(data: bytes) -> tuple[int, int] | None:
    """Read (width, height) of a JPEG XL codestream or container as stored; None for other or
    truncated data."""
    codestream = _codestream(data)
    if codestream is None or codestream[:2] != b"\xff\x0a":
        return None
    try:
        return _size(_Bits(codestream[2:14]))
    except ValueError:
        return None


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.read(1)
    height = _side(bits, small)
    ratio = bits.read(3)
    if ratio == 0:
        return _side(bits, small), height
    numerator, denominator = _RATIOS[ratio]
    return height * numerator // denominator, height


def _side(bits: _Bits, small: int) -> int:
    if small:
        return (bits.read(5) + 1) * 8
    return bits.read(_BITS[bits.read(2)]) + 1


def _codestream(data: bytes) -> bytes | None:
    """Find the start of the codestream: the file itself, or the ``jxlc`` or first ``jxlp`` box of a
    container."""
    if not data.startswith(_CONTAINER):
        return data
    at = 0
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        start = at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if name == b"jxlc":
            return data[start:]
        if name == b"jxlp":
            return data[start + 4 :]
        if size < 8:
            return None
        at += size
    return None
