"""Rendition files: written atomically, described, without metadata; and their sizes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A card on a phone, in device pixels.
THUMB = 640
VIEW = 1600
JPEG_QUALITY = 82


@dataclass(frozen=True)
class RenditionFile:
    """A finished rendition. ``duration`` is in seconds; ``width`` and ``height`` are pixels,
    None for audio."""

    name: str
    path: Path
    mime: str
    ext: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@contextmanager
def temporary_rendition(out_dir: Path, prefix: str, name: str, ext: str) -> Iterator[Path]:
    """A temporary path in ``out_dir``; renamed to ``{prefix}{name}{ext}`` at the end, removed on an
    error.

    Nobody ever sees an incomplete rendition. The worker's process id separates two workers that
    make the same one.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    temporary = out_dir / f".{prefix}{name}.{os.getpid()}.part"
    try:
        yield temporary
        os.replace(temporary, out_dir / f"{prefix}{name}{ext}")
    finally:
        temporary.unlink(missing_ok=True)


def describe(
    path: Path,
    name: str,
    mime: str,
    *,
    size: tuple[int | None, int | None] = (None, None),
    duration: float | None = None,
) -> RenditionFile:
    """Describe a rendition at its final path."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return RenditionFile(
        name=name,
        path=path,
        mime=mime,
        ext=path.suffix,
        bytes=path.stat().st_size,
        sha256=digest,
        width=size[0],
        height=size[1],
        duration=duration,
    )


def fit(width: int, height: int, longest: int) -> tuple[int, int]:
    """Scale a size so that its longer side is at most ``longest``; never enlarged, never less
    than a pixel."""
    share = min(1.0, longest / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def scaled(image: Any, longest: int) -> Any:
    """Scale a Pillow image down; returns the image itself when it is small enough.

    OpenCV's area filter takes a third of the time of Pillow's Lanczos (25 ms a photo, not 76); with
    transparency or ink, only Pillow weights the channels correctly.
    """
    from PIL import Image

    size = fit(image.width, image.height, longest)
    if size == image.size:
        return image
    if image.mode in ("RGB", "L"):
        import cv2
        import numpy as np

        smaller = cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA)
        return Image.fromarray(smaller)
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def save_poster(image: Any, out_dir: Path, *, prefix: str = "") -> list[RenditionFile]:
    """Write a recording's still pictures: ``poster`` and its small version, ``thumb``."""
    small = scaled(image, THUMB)
    return [
        save_jpeg(image, out_dir, "poster", prefix=prefix),
        save_jpeg(small, out_dir, "thumb", prefix=prefix),
    ]


def save_jpeg(image: Any, out_dir: Path, name: str, *, prefix: str = "") -> RenditionFile:
    """Write an RGB Pillow image as a JPEG without any metadata; no profile means sRGB."""
    # Pillow copies a JPEG's comment from the source into the saved file.
    image.info.clear()
    with temporary_rendition(out_dir, prefix, name, ".jpg") as path:
        image.save(path, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return describe(out_dir / f"{prefix}{name}.jpg", name, "image/jpeg", size=image.size)
