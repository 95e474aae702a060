"""Sound of several unnamed channels, in each of the forms that decoders give."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from capture.decoding.formats.sound_samples import audible

FORMS: dict[str, Any] = {
    "u8": np.uint8,
    "s16": np.int16,
    "s16p": np.int16,
    "s32": np.int32,
    "fltp": np.float32,
    "dbl": np.float64,
}


def frame_of(tracks: np.ndarray, form: str, layout: str) -> av.AudioFrame:
    """A frame of ``tracks`` (channels × samples, -1 to 1)."""
    kind = FORMS[form]
    whole = tracks
    if np.issubdtype(kind, np.integer):
        whole = tracks * (127 if form == "u8" else np.iinfo(kind).max) + (
            128 if form == "u8" else 0
        )
    samples = whole.astype(kind) if form.endswith("p") else whole.T.reshape(1, -1).astype(kind)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=form, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 960, Fraction(1, 48_000)
    return frame


# PyAV can't fill planar frames of eight channels; recorders' files have none.
MADE = [(f, n) for f in FORMS for n in (3, 4, 6, 8, 12) if n < 8 or not f.endswith("p")]


@pytest.mark.parametrize(("form", "channels"), MADE)
def test_each_track_of_a_recorder_is_heard(form: str, channels: int) -> None:
    for track in range(channels):
        tracks = np.zeros((channels, 512))
        tracks[track] = 0.5
        made = audible(frame_of(tracks, form, f"{channels} channels"))
        assert (made.layout.name, made.samples, made.pts) == ("mono", 512, 960)
        assert made.to_ndarray() == pytest.approx(0.5 / channels**0.5, abs=0.01)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "quad"])
def test_named_channels_stay_as_they_are(layout: str) -> None:
    channels = av.AudioLayout(layout).nb_channels
    for form in FORMS:
        frame = frame_of(np.full((channels, 64), 0.25), form, layout)
        assert audible(frame) is frame


def test_what_is_no_number_is_silence() -> None:
    tracks = np.full((2, 8), 0.25)
    tracks[0, :3] = np.nan, np.inf, -1e30
    made = audible(frame_of(tracks, "fltp", "stereo"))
    assert made.to_ndarray().tolist() == [[0, 0, 0, *[0.25] * 5], [0.25] * 8]
    assert (made.layout.name, made.pts, made.sample_rate) == ("stereo", 960, 48_000)
