"""Stills beyond JPEG for tests, made with the usual libraries: TIFF, BMP, JPEG 2000, JPEG XL and the makers' raw files.

Raw files have the structure that their cameras write, a real JPEG inside, and nothing for the sensor's data.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.media.files import camera_exif
from tests.support.media.raw_files import RESERVED, Writer, jpeg_bytes, raw_file
from tests.support.media.scene import CAMERA, TAKEN_AT, image, made

# Lossless JPEG, as the sensor's own data are kept.
SENSOR = b"\xff\xd8\xff\xc3\0\x0b\x0e\0\x10\0\x10\x01\x01\x11\0" + bytes(9000)


def _saved(name: str, form: str, picture: Any, **options: Any) -> Path:
    return made(name, lambda path: picture.save(path, form, **options))


@functools.cache
def tiff(width: int = 600, height: int = 400, *, orientation: int = 1) -> Path:
    """A scanner's TIFF with EXIF; stored turned, as a sensor held so delivers it, for orientation 6 or 1."""
    picture = image(width, height)
    stored = picture.rotate(90, expand=True) if orientation == 6 else picture
    return _saved(f"scan-{width}-{orientation}.tif", "TIFF", stored, exif=camera_exif(orientation))


@functools.cache
def tiff_late(width: int = 600, height: int = 400) -> Path:
    """A TIFF with time and camera whose directories stand behind the picture, as most programs write it."""
    pixels = np.asarray(image(width, height))
    w = Writer("<", 8)
    at = w.add(pixels.tobytes())
    when = w.text(0x9003, TAKEN_AT.strftime("%Y:%m:%d %H:%M:%S"))
    exif = w.directory([when, w.text(0xA431, CAMERA[2])])
    first = w.directory(
        [
            w.text(0x010F, CAMERA[0]),
            w.text(0x0110, CAMERA[1]),
            w.long(0x8769, exif),
            w.long(0x0100, width),
            w.long(0x0101, height),
            (0x0102, 3, 3, struct.pack("<3H", 8, 8, 8)),
            w.short(0x0103, 1),
            w.short(0x0106, 2),
            w.long(0x0111, at),
            w.short(0x0115, 3),
            w.long(0x0116, height),
            w.long(0x0117, pixels.nbytes),
        ]
    )
    w.data[:8] = b"II*\0" + struct.pack("<I", first)
    return made(f"late-{width}.tif", lambda path: _write(path, bytes(w.data)))


@functools.cache
def bmp(width: int = 600, height: int = 400) -> Path:
    """A Windows bitmap."""
    return _saved(f"bitmap-{width}.bmp", "BMP", image(width, height))


@functools.cache
def jp2(width: int = 600, height: int = 400) -> Path:
    """A JPEG 2000 in its box format."""
    return _saved(f"archive-{width}.jp2", "JPEG2000", image(width, height))


@functools.cache
def j2k(width: int = 600, height: int = 400) -> Path:
    """A bare JPEG 2000 codestream."""
    return _saved(f"archive-{width}.j2k", "JPEG2000", image(width, height))


@functools.cache
def jxl(width: int = 600, height: int = 400, *, container: bool = True) -> Path:
    """A JPEG XL with EXIF in boxes, or a bare codestream."""
    from pillow_jxl import JpegXLImagePlugin

    assert JpegXLImagePlugin
    exif = {"exif": camera_exif().tobytes()} if container else {}
    name = f"new-{width}-{container}.jxl"
    return _saved(name, "JXL", image(width, height), quality=97, use_container=container, **exif)


def maker_raw(kind: str, picture: np.ndarray, taken: datetime, *, orientation: int = 1) -> bytes:
    """``kind`` is cr2, nef, arw, dng, rw2, orf, pef, srw, raf, cr3 or x3f."""
    if kind in _MAKERS_OWN:
        return _MAKERS_OWN[kind](picture, taken, orientation)
    return raw_file(kind, picture, taken, orientation=orientation)


def raw_path(kind: str, width: int = 900, height: int = 600) -> Path:
    """A raw file of a maker, taken at the usual time."""
    picture = np.asarray(image(width, height))
    return made(f"raw-{width}.{kind}", lambda p: _write(p, maker_raw(kind, picture, TAKEN_AT)))


_MARKS = {
    "rw2": (b"IIU\0", "Panasonic"),
    "orf": (b"IIRO", "OLYMPUS CORPORATION"),
    "pef": (b"MM\0*", "PENTAX Corporation"),
    "srw": (b"II*\0", "SAMSUNG"),
    "3fr": (b"II*\0", "Hasselblad"),
}


def _tiff_like(kind: str, picture: np.ndarray, taken: datetime, orientation: int) -> bytes:
    """A directory with maker and time in front; the preview somewhere no tag of TIFF 6.0 leads to."""
    mark, maker = _MARKS[kind]
    order = ">" if mark.startswith(b"MM") else "<"
    w = Writer(order, RESERVED)
    small = w.add(jpeg_bytes(picture[::8, ::8]))
    w.add(SENSOR)
    w.add(jpeg_bytes(picture))
    sensor = w.directory([w.short(0x0103, 7)])
    when = w.text(0x9003, taken.strftime("%Y:%m:%d %H:%M:%S"))
    exif = w.directory([when, w.text(0xA431, f"SN-{kind}")])
    fields = [
        w.long(0x00FE, 1),
        w.short(0x0106, 32803),
        w.text(0x010F, maker),
        w.text(0x0110, f"{maker} 5"),
        w.short(0x0112, orientation),
        w.long(0x014A, sensor),
        w.long(0x8769, exif),
    ]
    thumbnail = w.directory([w.long(0x0201, small), w.long(0x0202, 9)])
    first = w.first(fields, thumbnail)
    w.data[:16] = mark + struct.pack(f"{order}I", first) + bytes(8)
    return bytes(w.data)


def _jpeg_with_exif(picture: np.ndarray, taken: datetime, orientation: int) -> bytes:
    from io import BytesIO

    from PIL import Image

    exif = camera_exif(orientation)
    exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _raf(picture: np.ndarray, taken: datetime, orientation: int) -> bytes:
    """Fuji: a header that says where the JPEG is, the JPEG, the sensor's data."""
    preview = _jpeg_with_exif(picture, taken, orientation)
    head = b"FUJIFILMCCD-RAW 0201FF393101Model 7".ljust(84, b"\0")
    return head + struct.pack(">II", 148, len(preview)) + bytes(56) + preview + SENSOR


def _x3f(picture: np.ndarray, taken: datetime, orientation: int) -> bytes:
    """Sigma: a header, the sensor's data, the JPEG, a directory at the end."""
    return b"FOVb\0\0\2\0" + bytes(256) + SENSOR + _jpeg_with_exif(picture, taken, orientation)


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def _cr3(picture: np.ndarray, taken: datetime, orientation: int) -> bytes:
    """Canon since 2018: boxes of ISO/IEC 14496-12; directories and preview without EXIF in boxes of their own."""

    def directory(fields: Callable[[Writer], list[Any]]) -> bytes:
        w = Writer("<", 8)
        at = w.directory(fields(w))
        w.data[:8] = b"II*\0" + struct.pack("<I", at)
        return bytes(w.data)

    when = taken.strftime("%Y:%m:%d %H:%M:%S")
    first = directory(
        lambda w: [w.short(0x0112, orientation), w.text(0x010F, "Canon"), w.text(0x0110, "EOS R")]
    )
    details = directory(lambda w: [w.text(0x9003, when), w.text(0xA431, "SN-cr3")])
    meta = _box(b"uuid", bytes(16) + _box(b"CMT1", first) + _box(b"CMT2", details))
    data = _box(b"mdat", jpeg_bytes(picture) + SENSOR)
    return _box(b"ftyp", b"crx \0\0\0\1crx isom") + _box(b"moov", meta) + data


_MAKERS_OWN: dict[str, Callable[[np.ndarray, datetime, int], bytes]] = {
    **{kind: functools.partial(_tiff_like, kind) for kind in _MARKS},
    "raf": _raf,
    "x3f": _x3f,
    "cr3": _cr3,
}


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
