"""Which of several sounds and pictures is played: that which players play, not one that its maker switched off."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from capture.decoding.film import real_audio, real_video

RATE = 48_000


def of_two(path: Path, enabled: int | None) -> Path:
    """Two pictures and two sounds, of which only the ``enabled`` ones are switched on; None: nothing is said."""
    with av.open(str(path), "w") as out:
        films = [out.add_stream("mpeg4", rate=25) for _ in range(2)]
        sounds = [out.add_stream("aac", rate=RATE) for _ in range(2)]
        for number, (film, sound) in enumerate(zip(films, sounds, strict=True)):
            film.width, film.height, film.pix_fmt = 64 * (number + 1), 64, "yuv420p"
            sound.layout = "mono"
            if enabled is not None:
                kind = Disposition.default if number == enabled else Disposition(0)
                film.disposition = sound.disposition = kind
        for film, sound in zip(films, sounds, strict=True):
            picture = av.VideoFrame.from_ndarray(
                np.full((64, film.width, 3), 90, np.uint8), format="rgb24"
            )
            silence = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            silence.sample_rate, silence.pts, silence.time_base = RATE, 0, Fraction(1, RATE)
            for packet in (
                *film.encode(picture),
                *film.encode(None),
                *sound.encode(silence),
                *sound.encode(None),
            ):
                out.mux(packet)
    return path


@pytest.mark.parametrize("name", ["two.mp4", "two.mov", "two.mkv"])
@pytest.mark.parametrize(("enabled", "chosen"), [(0, 0), (1, 1), (None, 0)])
def test_a_track_that_is_switched_off_is_not_played(
    name: str, enabled: int | None, chosen: int, tmp_path: Path
) -> None:
    with av.open(str(of_two(tmp_path / name, enabled))) as film:
        assert real_video(film).width == 64 * (chosen + 1)
        assert real_audio(film).index == film.streams.audio[chosen].index
