"""Measures loudness and normalizes playable copies to -16 LUFS (EBU R 128, ITU-R BS.1770).

Two passes: the sound is measured, then gets one constant gain and a limiter for the peaks. So the
dynamics of a voice stay as they were, which an adaptive gain would lose.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from capture.decoding.film import real_audio, sounds_beside
from capture.decoding.formats.chains import packets_of
from capture.decoding.formats.sound_samples import Mixer, audible
from capture.decoding.safe_open import decoded, open_media
from capture.transcoding.transcode import decode

TARGET = -16.0  # LUFS
# A smaller difference is inaudible: the sound is then copied where its codec is compatible.
CLOSE_ENOUGH = 1.0
# A room in which nobody speaks. Amplified it would only be louder noise.
SILENCE = -50.0
MOST_GAIN = 20.0
# ebur128 counts no more than 10 LUFS; recorders of 32-bit float write far above full scale.
_MOST_MEASURED, _QUIETER = 9.0, 30.0
# In dBFS. The limiter sees samples; between them, and through AAC, peaks rise by about 1 dB.
CEILING = -2.0


@dataclass(frozen=True)
class Loudness:
    """``integrated`` in LUFS (-70 for silence), ``peak`` the true peak in dBFS."""

    integrated: float
    peak: float


def measure(path: Path, mime: str) -> Loudness:
    """Measure the loudness of a file's first audio track; no sound, or too short to tell (0.4
    s), counts as silent."""
    found = _measured(path, mime, 0.0)
    if found.integrated < _MOST_MEASURED:
        return found
    quiet = _measured(path, mime, -_QUIETER)
    return Loudness(quiet.integrated + _QUIETER, quiet.peak + _QUIETER)


def _measured(path: Path, mime: str, decibels: float) -> Loudness:
    with open_media(path, mime) as container:
        stream = real_audio(container)
        if stream is None:
            return Loudness(-70.0, -120.0)
        meter = LoudnessMeter(decibels)
        for frame in _heard(container, [stream, *sounds_beside(stream)]):
            meter.take(frame)
        return meter.end()


def _heard(container: Any, streams: list[Any]) -> Iterator[Any]:
    """All frames of a track, or of the mix of several."""
    if len(streams) == 1:
        yield from decoded(container, streams[0])
        return
    mixer, numbers = Mixer(len(streams)), {one.index: n for n, one in enumerate(streams)}
    for packet in packets_of(container, *streams):
        for frame in decode(packet):
            yield from mixer.take(numbers[packet.stream.index], frame)
    yield from mixer.end()


def gain_for(found: Loudness) -> float:
    """The gain in dB that gives ``TARGET``; 0 where it is close enough, or where there is only
    silence."""
    wanted = TARGET - found.integrated
    if found.integrated < SILENCE or abs(wanted) < CLOSE_ENOUGH:
        return 0.0
    return min(wanted, MOST_GAIN)


class LoudnessMeter:
    """libavfilter's ``ebur128`` over decoded frames of any shape, after a gain of ``decibels``."""

    def __init__(self, decibels: float = 0.0) -> None:
        import av

        self._resampler = av.AudioResampler("flt", "stereo", 48_000)
        steps = [("volume", f"{decibels:.2f}dB:precision=float")] if decibels else []
        self._graph = _graph("flt", "stereo", [*steps, ("ebur128", "metadata=1:peak=true")])
        self._written = 0
        self._metadata: dict[str, str] = {}

    def take(self, frame: Any) -> None:
        """Measure one more frame."""
        for made in self._resampler.resample(audible(frame)):
            self._push(made)

    def end(self) -> Loudness:
        """The loudness of all frames."""
        from math import log10

        for made in self._resampler.resample(None):
            self._push(made)
        self._graph.push(None)
        self._pull()
        integrated = float(self._metadata.get("lavfi.r128.I", -70))
        peak = float(self._metadata.get("lavfi.r128.true_peak", 0))
        return Loudness(integrated, 20 * log10(max(peak, 1e-6)))

    def _push(self, frame: Any) -> None:
        # Gaps don't count: without a timestamp each frame follows the last.
        frame.pts, frame.time_base = self._written, Fraction(1, 48_000)
        self._written += frame.samples
        self._graph.push(frame)
        self._pull()

    def _pull(self) -> None:
        for frame in _pulled(self._graph):
            self._metadata = frame.metadata or self._metadata


class Leveller:
    """Applies one gain to all frames (fltp, 48 kHz), then a limiter; outputs frames of 1024
    samples, as AAC takes them."""

    def __init__(self, decibels: float, layout: str) -> None:
        limit = 10 ** (CEILING / 20)
        self._graph = _graph(
            "fltp",
            layout,
            [
                ("volume", f"{decibels:.2f}dB:precision=float"),
                # level=0: no make-up gain. latency=1: the look-ahead doesn't delay the sound.
                ("alimiter", f"limit={limit:.4f}:attack=5:release=60:level=0:latency=1"),
                ("aformat", "sample_fmts=fltp"),
                ("asetnsamples", "n=1024:p=0"),
            ],
        )

    def take(self, frame: Any) -> Iterator[Any]:
        """Process a frame and return the finished ones; None flushes the rest."""
        self._graph.push(frame)
        yield from _pulled(self._graph)


def _graph(sample_format: str, layout: str, steps: list[tuple[str, str]]) -> Any:
    import av

    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=48_000, format=sample_format, layout=layout, time_base=Fraction(1, 48_000)
    )
    nodes = [source, *(graph.add(*step) for step in steps), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    return graph


def _pulled(graph: Any) -> Iterator[Any]:
    import av

    with suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            yield graph.pull()
