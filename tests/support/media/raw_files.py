"""Camera raw files for tests: the structure that cameras write, a real JPEG inside, nothing for the sensor's data."""

from __future__ import annotations

import struct
from datetime import datetime
from io import BytesIO

import numpy as np

Field = tuple[int, int, int, bytes]
RESERVED = 1024


def jpeg_bytes(picture: np.ndarray, quality: int = 85) -> bytes:
    """A plain JPEG without EXIF, as a preview is."""
    from PIL import Image

    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


class Writer:
    """Lays out directories and what they point to; offsets are absolute, as in TIFF."""

    def __init__(self, order: str, start: int) -> None:
        self.order, self.data = order, bytearray(start)

    def add(self, data: bytes) -> int:
        """Append; where it stands."""
        at = len(self.data)
        self.data += data + b"\0" * (len(data) % 2)
        return at

    def long(self, tag: int, *values: int) -> Field:
        """Whole numbers of 32 bits."""
        return tag, 4, len(values), struct.pack(f"{self.order}{len(values)}I", *values)

    def short(self, tag: int, value: int) -> Field:
        """A whole number of 16 bits."""
        return tag, 3, 1, struct.pack(f"{self.order}H", value)

    def text(self, tag: int, words: str) -> Field:
        """ASCII with its NUL."""
        data = words.encode() + b"\0"
        return tag, 2, len(data), data

    def directory(self, fields: list[Field], following: int = 0) -> int:
        """A directory and its long values at the end of the file; where it stands."""
        at = len(self.data)
        self.data += self._directory(fields, following, at)
        return at

    def first(self, fields: list[Field], following: int = 0) -> int:
        """The same in the room that was left at the beginning, where cameras have it."""
        made = self._directory(fields, following, 16)
        assert len(made) <= RESERVED - 16
        self.data[16 : 16 + len(made)] = made
        return 16

    def _directory(self, fields: list[Field], following: int, at: int) -> bytes:
        entries, values = b"", b""
        behind = at + 2 + 12 * len(fields) + 4
        for tag, kind, count, data in sorted(fields):
            value = data.ljust(4, b"\0")
            if len(data) > 4:
                value = struct.pack(f"{self.order}I", behind + len(values))
                values += data + b"\0" * (len(data) % 2)
            entries += struct.pack(f"{self.order}HHI", tag, kind, count) + value
        number = struct.pack(f"{self.order}H", len(fields))
        return number + entries + struct.pack(f"{self.order}I", following) + values


def raw_file(kind: str, picture: np.ndarray, taken: datetime, *, orientation: int = 1) -> bytes:
    """``kind`` is cr2, nef, arw or dng: a small thumbnail, a large preview and lossless sensor data in their places."""
    order = ">" if kind == "nef" else "<"
    maker = {"cr2": "Canon", "nef": "NIKON CORPORATION", "arw": "SONY", "dng": "Fielding"}[kind]
    w = Writer(order, RESERVED)
    preview, thumb = jpeg_bytes(picture), jpeg_bytes(picture[::8, ::8])
    # Lossless JPEG (SOF3), larger than the preview: must be passed over.
    sensor = b"\xff\xd8\xff\xc3\0\x0b\x0e\0\x10\0\x10\x01\x01\x11\0" + bytes(len(preview) + 999)
    at, small, raw = w.add(preview), w.add(thumb), w.add(sensor)
    when = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif = w.directory([w.text(0x9003, when), w.text(0xA431, f"SN-{kind}")])
    common = [
        w.short(0x0112, orientation),
        w.text(0x010F, maker),
        w.text(0x0110, f"{maker} 5"),
        w.long(0x8769, exif),
    ]
    as_strip = [w.short(0x0103, 6), w.long(0x0111, at), w.long(0x0117, len(preview))]
    as_jpeg = [w.long(0x0201, at), w.long(0x0202, len(preview))]
    thumbnail = [w.long(0x0201, small), w.long(0x0202, len(thumb))]
    lossless = [w.short(0x0103, 7), w.long(0x0111, raw), w.long(0x0117, len(sensor))]
    if kind == "cr2":
        first = w.first(common + as_strip, w.directory(thumbnail, w.directory(lossless)))
    elif kind == "arw":
        first = w.first(
            [*common, *as_jpeg, w.long(0x014A, w.directory(lossless))], w.directory(thumbnail)
        )
    else:
        version = [(0xC612, 1, 4, b"\x01\x04\0\0")] if kind == "dng" else []
        held = w.directory([w.short(0x0103, 7), *as_strip[1:]] if kind == "dng" else as_jpeg)
        first = w.first([*common, *version, w.long(0x014A, w.directory(lossless), held)])
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", first)
    mark = b"CR\x02\0" + bytes(4) if kind == "cr2" else bytes(8)
    w.data[:16] = head + mark
    return bytes(w.data)
