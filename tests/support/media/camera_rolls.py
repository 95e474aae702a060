"""Made cards: photos of several cameras with EXIF, posters and marker cards in the picture at any size."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from capture.printing.print_pack import qr_matrix, session_url
from reporter.models import EventSession
from tests.support.media.scene import scene

BASE = "http://192.168.4.1:8000"
SIZE = (1000, 750)


def code_of(event: EventSession | str) -> str:
    """The text of a poster's QR code; ``END`` for the card that ends a session."""
    if isinstance(event, EventSession):
        return session_url(BASE, event.code)
    return f"{BASE.upper()}/S/{event}"


def with_code(
    text: str,
    share: float,
    *,
    at: tuple[float, float] = (0.5, 0.5),
    size: tuple[int, int] = SIZE,
    blur: float = 0.0,
    turn: float = 0.0,
) -> np.ndarray:
    """The scene with a QR code on white paper; its edge is ``share`` of the longer side, ``at`` its middle (0 to 1).

    ``blur`` is a radius in modules, ``turn`` degrees.
    """
    import cv2

    picture = scene(*size).copy()
    edge = round(share * max(size))
    matrix = np.array(qr_matrix(text), np.uint8)
    modules = len(matrix)
    paper = np.pad(1 - matrix, 4, constant_values=1) * 235 + 12
    side = round(edge * (modules + 8) / modules)
    sheet = cv2.resize(paper.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    if turn:
        sheet = np.pad(sheet, side // 5, constant_values=247)
        side = len(sheet)
        spin = cv2.getRotationMatrix2D((side / 2, side / 2), turn, 1)
        sheet = cv2.warpAffine(sheet, spin, (side, side), borderValue=(247,))
    left, top = round(at[0] * size[0] - side / 2), round(at[1] * size[1] - side / 2)
    x, y = max(left, 0), max(top, 0)
    seen = sheet[y - top : size[1] - top, x - left : size[0] - left]
    picture[y : y + seen.shape[0], x : x + seen.shape[1]] = seen[..., None]
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), blur * edge / modules)
    return np.asarray(picture, np.uint8)


def exif_of(camera: tuple[str, str, str], taken: datetime | None, offset: str = "") -> Any:
    """EXIF as a camera writes it."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = camera[0], camera[1]
    details = exif.get_ifd(0x8769)
    if taken is not None:
        details[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    details[0xA431] = camera[2]
    if offset:
        details[0x9011] = offset
    return exif


@functools.lru_cache(maxsize=2)
def _plain(size: tuple[int, int]) -> np.ndarray:
    return scene(*size)


@dataclass
class Camera:
    """A camera with its own (wrong) clock and its own counter, shooting onto a card."""

    card: Path
    name: tuple[str, str, str] = ("Fielding", "Model 7", "SN-0042")
    # Added to the true local time.
    wrong: timedelta = timedelta(0)
    prefix: str = "IMG_"
    folder: str = "DCIM/100FIELD"
    number: int = 0
    offset: str = ""
    size: tuple[int, int] = SIZE
    files: list[str] = field(default_factory=list)

    def shoot(self, at: datetime, picture: np.ndarray | None = None, *, ext: str = ".JPG") -> str:
        """A photo at a true local time; its path on the card. Every photo has different bytes."""
        from PIL import Image

        self.number += 1
        array = _plain(self.size) if picture is None else picture
        out = BytesIO()
        exif = exif_of(self.name, at + self.wrong, self.offset)
        exif.get_ifd(0x8769)[0xA420] = f"{self.name[2]}-{self.prefix}{self.number}"
        Image.fromarray(array).save(out, "JPEG", quality=80, exif=exif)
        return self.write(f"{self.folder}/{self.prefix}{self.number:04}{ext}", out.getvalue(), at)

    def write(self, name: str, data: bytes, at: datetime) -> str:
        """Any file, with the time of the camera's clock."""
        path = self.card / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        moment = (at + self.wrong).timestamp()
        os.utime(path, (moment, moment))
        self.files.append(name)
        return name

    def marker(self, at: datetime, event: EventSession | str, share: float = 0.45) -> str:
        """A photo of a marker card."""
        return self.shoot(at, with_code(code_of(event), share, size=self.size))


def snapshot(folder: Path) -> dict[str, tuple[int, float, bytes]]:
    """Everything in a folder: {name: size, time, bytes}; what was not touched is the same afterwards."""
    return {
        path.relative_to(folder).as_posix(): (stat.st_size, stat.st_mtime, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for stat in [path.stat()]
    }
