"""Looking at finished films: frames at moments, a census of colours; films that are made quickly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import av
import numpy as np

from capture.films.film_maker import MadeFilm, make_film
from reporter.films.script import SIZES, Script

Rgb = tuple[int, int, int]


def frames(path: Path, every: int = 1) -> Iterator[tuple[float, Any]]:
    """(seconds, RGB pixels) of every n-th frame."""
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(video=0)):
            if number % every == 0:
                assert frame.time is not None
                yield frame.time, frame.to_ndarray(format="rgb24")


def share_of(pixels: Any, colour: Rgb, near: int = 40) -> float:
    """Which share of a picture has a colour."""
    away = np.abs(pixels.astype(np.int16) - np.array(colour, np.int16)).max(axis=2)
    return float((away < near).mean())


def most_of(path: Path, colours: dict[str, Rgb], every: int = 3) -> dict[str, float]:
    """For each colour the largest share that it has in a frame of the film."""
    found = dict.fromkeys(colours, 0.0)
    for _moment, pixels in frames(path, every):
        small = pixels[::4, ::4]
        for name, colour in colours.items():
            found[name] = max(found[name], share_of(small, colour))
    return found


def make_small_film(script: Script, path: Path, progress: Path | None = None) -> MadeFilm:
    """As ``make_film``, with a sixteenth of its pixels: who is in it, and when, does not depend on them."""
    small = {shape: (width // 4, height // 4) for shape, (width, height) in SIZES.items()}
    with mock.patch.dict(SIZES, small):
        return make_film(script, path, progress)
