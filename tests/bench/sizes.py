"""Sizes of the benchmarks. Smaller for a trial run: ``BENCH_PHOTOS=6,12 BENCH_SECONDS=4 python -m
tests.bench cards video``.
"""

from __future__ import annotations

import os

TWELVE_MEGAPIXELS = (4000, 3000)


def photo_counts() -> list[int]:
    """Numbers of photos on the cards: ``BENCH_PHOTOS``."""
    return [int(word) for word in os.environ.get("BENCH_PHOTOS", "60,1000").split(",")]


def photo_size() -> tuple[int, int]:
    """Width and height: ``BENCH_SIZE``, as 800x600."""
    wide, _, high = os.environ.get("BENCH_SIZE", "").partition("x")
    return (int(wide), int(high)) if high else TWELVE_MEGAPIXELS


def seconds() -> float:
    """Length of the video note: ``BENCH_SECONDS``."""
    return float(os.environ.get("BENCH_SECONDS", "60"))


def megapixels(size: tuple[int, int]) -> str:
    """Megapixels, for a row's name."""
    return f"{size[0] * size[1] / 1_000_000:.3g} megapixels"


def photos_on_the_line() -> int:
    """Number of photos sent over an interrupted connection: ``BENCH_LINE_PHOTOS``."""
    return int(os.environ.get("BENCH_LINE_PHOTOS", "40"))


def film_bytes() -> int:
    """Size of the film sent over it: ``BENCH_LINE_FILM``, in megabytes."""
    return int(float(os.environ.get("BENCH_LINE_FILM", "20")) * 1_000_000)


def stories() -> int:
    """Stories for a blog: ``BENCH_STORIES``."""
    return int(os.environ.get("BENCH_STORIES", "20"))


def story_photos() -> int:
    """Photos per story: ``BENCH_STORY_PHOTOS``."""
    return int(os.environ.get("BENCH_STORY_PHOTOS", "10"))
