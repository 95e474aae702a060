"""Downscaled copies of the site's pictures for responsive images, so that phones load less.

They are made from the published renditions (blurred, without metadata), and equal pictures give equal bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from publish.posts.model import PostMedia
from reporter.enums import Kind

# Widths in pixels: a card on a laptop, a phone's screen; anything larger uses the file itself.
WIDTHS = (480, 960)
_QUALITY = 76
Picture = tuple[str, bytes]


def smaller_key(key: str, width: int) -> str:
    """Key of a smaller copy among a page's links."""
    return f"{key}-w{width}"


def smaller_widths(media: PostMedia) -> tuple[int, ...]:
    """Widths worth making a copy for; none if it is not a picture."""
    known = media.width if media.kind == Kind.PHOTO else None
    return tuple(width for width in WIDTHS if known and known > width * 1.2)


def smaller_files(media: PostMedia) -> Iterator[Picture]:
    """(file name, JPEG) of each smaller copy; nothing if the file can't be read as a picture."""
    for name, make in smaller_copies(media):
        if data := make():
            yield name, data


def smaller_copies(media: PostMedia) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """(file name, function producing the JPEG) of each smaller copy; b"" if the file can't be read as a picture."""
    for width in smaller_widths(media) if media.path.is_file() else ():
        yield f"{smaller_key(media.key, width)}.jpg", partial(_scaled, media.path, width)


def _scaled(path: Path, width: int) -> bytes:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (width, width))
            size = (width, max(1, round(picture.height * width / picture.width)))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    except (OSError, UnidentifiedImageError):
        return b""
    # Otherwise Pillow copies a JPEG's comment.
    small.info.clear()
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def srcset(key: str, url: str, width: int | None, links: Mapping[str, str]) -> str:
    """``srcset`` of a picture: its linked smaller copies, then the picture itself; '' without copies."""
    copies = [(links.get(smaller_key(key, w), ""), w) for w in WIDTHS]
    there = [f"{address} {w}w" for address, w in copies if address]
    return ", ".join([*there, f"{url} {width}w"]) if there and width else ""


def poster_of(key: str, links: Mapping[str, str]) -> str:
    """URL of a film's still: a copy large enough for a column, else the still itself."""
    return links.get(smaller_key(key, WIDTHS[-1])) or links[key]


def smaller_names(filename: str) -> dict[str, str]:
    """Possible keys of a file's copies -> their file names; none if it is not a JPEG."""
    path = PurePosixPath(filename)
    if path.suffix != ".jpg":
        return {}
    keys = (smaller_key(path.stem, width) for width in WIDTHS)
    return {key: str(path.with_name(f"{key}.jpg")) for key in keys}
