"""A 12-megapixel JPEG to its two renditions, beside Pillow's full decode of the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from capture.steps_photo import make_photo
from tests.bench.rows import Row, pairs
from tests.media_files import jpeg


def measure() -> list[Row]:
    """One row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = jpeg(4000, 3000, orientation=6)

        def ours() -> None:
            make_photo(source, folder, "image/jpeg")

        def pillow() -> None:
            with Image.open(source) as image:
                image.load()
                upright = ImageOps.exif_transpose(image)
                for size in (1600, 400):
                    small = upright.copy()
                    small.thumbnail((size, size), Image.Resampling.LANCZOS)
                    small.save(folder / f"p{size}.jpg", quality=85)

        return [
            pairs(
                "12-megapixel JPEG to view and thumb",
                ours,
                pillow,
                peer="Pillow, full decode",
                runs=9,
            )
        ]
