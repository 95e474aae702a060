"""Decoded sound as it can be heard: samples that are no numbers become silence, and every track of a recorder counts.

Recorders of 32-bit float write what their converters gave, and editing programs what a division by
zero left: not-a-number and infinity, which FFmpeg's AAC encoder refuses together with all that
follows, and single values of 10³⁸, which make everything else inaudible.

Recorders of several tracks write them into one file without saying which loudspeaker each is for.
FFmpeg takes them for 5.1 and the like, and drops what it takes for the deep tones: of three tracks
the third.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

# 60 dB above full scale: louder than any recorder's range, softer than noise in the exponent.
_MOST = 1000.0
_UNNAMED = re.compile(r"(\d+) channels")


def audible(frame: Any) -> Any:
    """The frame, or a copy with 0 for samples that are no sound, and with unnamed channels mixed to one."""
    unnamed = _UNNAMED.fullmatch(frame.layout.name)
    channels = int(unnamed[1]) if unnamed else 0
    # PyAV 18 counts the planes of eight channels and more beyond the frame's memory.
    if frame.format.is_planar and frame.layout.nb_channels >= 8:
        return frame
    if channels <= 2 and not frame.format.name.startswith(("flt", "dbl")):
        return frame
    import numpy as np

    samples = frame.to_ndarray()
    if samples.dtype.kind == "f":
        # Comparisons with not-a-number are false.
        sound = np.abs(samples) <= _MOST
        if sound.all() and channels <= 2:
            return frame
        samples = np.where(sound, samples, 0).astype(samples.dtype)
    if channels <= 2:
        return _like(frame, samples, frame.format.name, frame.layout.name)
    tracks = samples if frame.format.is_planar else samples.reshape(-1, channels).T
    # Tracks of different microphones add up like noise.
    mixed = _floats(tracks).sum(axis=0, keepdims=True) / np.float32(channels**0.5)
    return _like(frame, mixed, "fltp", "mono")


class Mixer:
    """Mixes tracks of one microphone each, which have one rate and begin together, to frames of one channel."""

    def __init__(self, tracks: int) -> None:
        self._waiting: list[list[Any]] = [[] for _ in range(tracks)]
        self._begins: Fraction | None = None
        self._made, self._rate = 0, 48_000

    def take(self, track: int, frame: Any) -> Iterator[Any]:
        """Take the next frame of a track; give the mix as far as all tracks have come."""
        if self._begins is None:
            self._begins = (frame.pts or 0) * (frame.time_base or Fraction(1))
            self._rate = frame.sample_rate
        self._waiting[track].append(_floats(audible(frame).to_ndarray()).reshape(-1))
        yield from self._mixed(min(map(_samples, self._waiting)))

    def end(self) -> Iterator[Any]:
        """What is left of the longer tracks."""
        yield from self._mixed(max(map(_samples, self._waiting)))

    def _mixed(self, count: int) -> Iterator[Any]:
        import av
        import numpy as np

        if not count:
            return
        whole = np.zeros((1, count), np.float32)
        for track, waiting in enumerate(self._waiting):
            samples = np.concatenate(waiting) if waiting else np.zeros(0, np.float32)
            whole[0, : len(samples)] += samples[:count]
            self._waiting[track] = [samples[count:]] if len(samples) > count else []
        # Tracks of different microphones add up like noise.
        whole /= np.float32(len(self._waiting) ** 0.5)
        made = av.AudioFrame.from_ndarray(whole, format="fltp", layout="mono")
        made.sample_rate, made.time_base = self._rate, Fraction(1, self._rate)
        made.pts = round((self._begins or Fraction(0)) * self._rate) + self._made
        self._made += count
        yield made


def _samples(waiting: list[Any]) -> int:
    return sum(len(samples) for samples in waiting)


def _floats(samples: Any) -> Any:
    import numpy as np

    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    middle = 128 if samples.dtype == np.uint8 else 0
    return (samples.astype(np.float32) - middle) / (1 << (8 * samples.dtype.itemsize - 1))


def _like(frame: Any, samples: Any, form: str, layout: str) -> Any:
    import av
    import numpy as np

    made = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format=form, layout=layout)
    made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
    return made
