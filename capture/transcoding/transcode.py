"""Tracks of a playable copy: each takes packets of one stream and gives packets for the MP4, copied or encoded.

Here is what they have in common and the track that copies; those that encode: ``video_track``, ``audio_track``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from capture.imaging.colour import Colour
from reporter.media.edits import Edits

LIMITED = 1  # FFmpeg's AVCOL_RANGE_MPEG


@dataclass(frozen=True)
class Span:
    """What of a recording is kept, in seconds of its own clock: from ``start`` on, ``length`` or (None) to the end."""

    start: Fraction
    length: Fraction | None = None

    def is_over(self, packet: Any) -> bool:
        """Whether a packet comes so late that nothing of it is kept, whatever order pictures are coded in."""
        if self.length is None or packet.pts is None:
            return False
        return bool(packet.pts * packet.time_base - self.start > self.length + 2)


def span_of(start: Fraction, edits: Edits) -> Span:
    """What is kept of a recording whose clock begins at ``start``."""
    if edits.cut is None:
        return Span(start)
    begin, end = (Fraction(moment).limit_denominator(1000) for moment in edits.cut)
    return Span(start + begin, end - begin)


class Track(Protocol):
    """One stream on its way into a playable copy."""

    def take(self, packet: Any) -> Iterator[Any]:
        """The packets to write for one that was read."""

    def end(self) -> Iterator[Any]:
        """The packets that are still to be written when nothing more comes."""


def write_tracks(source: Any, out: Any, tracks: Mapping[int, Track]) -> int:
    """Move everything from ``source`` to ``out``; returns how many packets were written.

    Where the file breaks off or is damaged, what came before it is kept.
    """
    import av

    written = 0
    packets = source.demux([source.streams[index] for index in tracks])
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            break
        # The packets at the end, which are empty, carry the number 0 for every track.
        for made in tracks[packet.stream.index].take(packet):
            out.mux(made)
            written += 1
    for track in tracks.values():
        for made in track.end():
            out.mux(made)
            written += 1
    return written


class CopyTrack:
    """Packets as they are, their clock moved so that the recording starts at zero; colours are tagged anew."""

    def __init__(
        self, out: Any, stream: Any, start: Fraction, *, colour: Colour | None = None
    ) -> None:
        self._to = out.add_stream_from_template(stream)
        if colour is not None:
            tag(self._to.codec_context, colour)
        self._shift = round(start / stream.time_base)
        self._last: int | None = None

    def take(self, packet: Any) -> Iterator[Any]:
        """The packet, unless it has no time or would run backwards (a muxer refuses such)."""
        dts = packet.dts if packet.dts is not None else packet.pts
        if dts is None or packet.is_corrupt or (self._last is not None and dts <= self._last):
            return
        self._last = dts
        packet.dts = dts - self._shift
        packet.pts = (packet.pts if packet.pts is not None else dts) - self._shift
        packet.stream = self._to
        yield packet

    def end(self) -> Iterator[Any]:
        """Nothing is held back."""
        return iter(())


class EncodedTrack(ABC):
    """A stream that is decoded and encoded anew, as far as it is kept."""

    def __init__(self, stream: Any, span: Span) -> None:
        self._stream, self._span = stream, span

    def take(self, packet: Any) -> Iterator[Any]:
        """What the encoder gives for one packet; damaged packets are passed over."""
        if self._span.is_over(packet):
            return
        for frame in decode(packet):
            yield from self._frame(frame)

    def end(self) -> Iterator[Any]:
        """What decoder, filters and encoder still hold."""
        for frame in drain(self._stream):
            yield from self._frame(frame)
        yield from self._rest()

    @abstractmethod
    def _frame(self, frame: Any) -> Iterator[Any]:
        """The packets for one frame."""

    @abstractmethod
    def _rest(self) -> Iterator[Any]:
        """The packets that filters and encoder still hold."""


def tag(context: Any, colour: Colour) -> None:
    """Write into headers what the colours mean: without it each player guesses."""
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace = colour.matrix
    context.color_range = 2 if colour.is_full_range else LIMITED


def decode(packet: Any) -> list[Any]:
    """The frames of a packet; none of a damaged one."""
    import av

    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.EOFError):
        return []


def drain(stream: Any) -> list[Any]:
    """The frames that a decoder still holds when nothing more comes."""
    import av

    try:
        return list(stream.decode(None))
    except (av.error.InvalidDataError, av.error.EOFError):
        return []
