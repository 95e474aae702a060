"""The audio track of a playable copy: resampled, levelled, as AAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from capture.decoding.formats.sound_samples import Mixer, audible
from capture.transcoding.loudness import Leveller
from capture.transcoding.transcode import EncodedTrack, TimeRange, decode

SOUND_RATE = 48_000


class AudioTrack(EncodedTrack):
    """Decode, resample to 48 kHz and at most two channels, apply ``gain`` dB, encode as AAC."""

    def __init__(self, out: Any, stream: Any, span: TimeRange, *, gain: float = 0.0) -> None:
        import av

        channels = min(stream.codec_context.channels or 1, 2)
        layout = "stereo" if channels == 2 else "mono"
        super().__init__(stream, span)
        self._to = out.add_stream("aac", rate=SOUND_RATE, layout=layout)
        self._to.bit_rate = 64_000 * channels + 32_000
        self._leveller = Leveller(gain, layout) if gain else None
        pieces = None if gain else 1024
        self._resampler = av.AudioResampler("fltp", layout, SOUND_RATE, frame_size=pieces)
        self._next = 0
        self._begun = False

    def _rest(self) -> Iterator[Any]:
        if self._begun:
            yield from self._encoded(None)
            yield from self._to.encode(None)

    def _frame(self, frame: Any) -> Iterator[Any]:
        if frame.pts is not None:
            moment = frame.pts * frame.time_base - self._span.start
            if not self._is_kept(moment, Fraction(frame.samples, frame.sample_rate)):
                return
            frame.time_base = Fraction(1, frame.sample_rate)
            frame.pts = round(moment * frame.sample_rate)
        self._begun = True
        yield from self._encoded(audible(frame))

    def _is_kept(self, moment: Fraction, seconds: Fraction) -> bool:
        length = self._span.length
        return length is None or (moment + seconds > 0 and moment < length)

    def _encoded(self, frame: Any) -> Iterator[Any]:
        for levelled in self._levelled(frame):
            # The muxer would reject a timestamp that repeats or goes back.
            begins = (
                self._next
                if levelled.pts is None
                else levelled.pts * (levelled.time_base or 0) * SOUND_RATE
            )
            levelled.pts, levelled.time_base = (
                max(round(begins), self._next),
                Fraction(1, SOUND_RATE),
            )
            self._next = levelled.pts + levelled.samples
            yield from self._to.encode(levelled)

    def _levelled(self, frame: Any) -> Iterator[Any]:
        for levelled in self._resampler.resample(frame):
            if self._leveller is None:
                yield levelled
            else:
                yield from self._leveller.take(levelled)
        if frame is None and self._leveller is not None:
            yield from self._leveller.take(None)


class MixedAudioTrack(AudioTrack):
    """The mix of several tracks of one microphone each; takes the packets of all of them."""

    def __init__(
        self, out: Any, streams: Sequence[Any], span: TimeRange, *, gain: float = 0.0
    ) -> None:
        super().__init__(out, streams[0], span, gain=gain)
        self._mixer = Mixer(len(streams))
        self._numbers = {stream.index: number for number, stream in enumerate(streams)}

    def take(self, packet: Any) -> Iterator[Any]:
        """Return the encoder's output for one packet; damaged packets are skipped."""
        if self._span.is_over(packet):
            return
        for frame in decode(packet):
            for mixed in self._mixer.take(self._numbers[packet.stream.index], frame):
                yield from self._frame(mixed)

    def end(self) -> Iterator[Any]:
        """Mix what is left of longer tracks, and flush filters and encoder."""
        for mixed in self._mixer.end():
            yield from self._frame(mixed)
        yield from self._rest()
