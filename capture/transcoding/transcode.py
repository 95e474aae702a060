"""Tracks of a playable copy: each takes packets of one stream and returns packets for the MP4,
copied or encoded.

Contains the common parts; the copying track is in ``copy_track``, the encoding ones are in
``video_track`` and ``audio_track``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from capture.decoding.formats.chains import is_repetition, packets_of
from capture.decoding.formats.decoders import decoder_of
from capture.imaging.colour import Colour
from reporter.media.edits import Edits

LIMITED = 1  # FFmpeg's AVCOL_RANGE_MPEG


@dataclass(frozen=True)
class TimeRange:
    """The kept part of a recording, in seconds of its own clock: from ``start``, for ``length``
    or (None) to the end."""

    start: Fraction
    length: Fraction | None = None

    def is_over(self, packet: Any) -> bool:
        """Whether a packet is past the end of the span, whatever the coding order of pictures."""
        if self.length is None or packet.pts is None:
            return False
        return bool(packet.pts * packet.time_base - self.start > self.length + 2)


def span_of(start: Fraction, edits: Edits) -> TimeRange:
    """The kept part of a recording whose clock begins at ``start``."""
    if edits.cut is None:
        return TimeRange(start)
    begin, end = (Fraction(moment).limit_denominator(1000) for moment in edits.cut)
    return TimeRange(start + begin, end - begin)


class Track(Protocol):
    """One stream of a playable copy."""

    def take(self, packet: Any) -> Iterator[Any]:
        """Process a packet and return the packets to write."""

    def end(self) -> Iterator[Any]:
        """Flush: return the remaining packets at the end of the input."""


def write_tracks(source: Any, out: Any, tracks: Mapping[int, Track]) -> int:
    """Process everything from ``source`` to ``out``; returns how many packets were written.

    Where the file is truncated or damaged, what came before it is kept.
    """
    import av

    written = 0
    packets = packets_of(source, *(source.streams[index] for index in tracks))
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            break
        # The empty packets at the end have the stream index 0 for every track.
        for output in tracks[packet.stream.index].take(packet):
            out.mux(output)
            written += 1
    # A mix is the track of several streams.
    for track in dict.fromkeys(tracks.values()):
        for output in track.end():
            out.mux(output)
            written += 1
    return written


class EncodedTrack(ABC):
    """A stream whose kept part is decoded and encoded again."""

    def __init__(self, stream: Any, span: TimeRange) -> None:
        self._stream, self._span = stream, span
        self._decoder = decoder_of(stream)

    def take(self, packet: Any) -> Iterator[Any]:
        """Return the encoder's output for one packet; damaged packets are skipped."""
        if self._span.is_over(packet):
            return
        if is_repetition(packet):
            self._repeat(packet)
            return
        for frame in decode(packet, self._decoder):
            yield from self._frame(frame)

    def end(self) -> Iterator[Any]:
        """Flush decoder, filters and encoder."""
        for frame in decode(None, self._decoder):
            yield from self._frame(frame)
        yield from self._rest()

    @abstractmethod
    def _frame(self, frame: Any) -> Iterator[Any]:
        """Encode one frame to packets."""

    def _repeat(self, packet: Any) -> None:
        """Let the last frame stay for the time of a packet without data; of sound there is none."""
        del packet

    @abstractmethod
    def _rest(self) -> Iterator[Any]:
        """Flush filters and encoder."""


def tag(context: Any, colour: Colour) -> None:
    """Write the colour tags into the headers: without them each player guesses."""
    context.color_primaries, context.color_trc = colour.primaries, colour.transfer
    context.colorspace = colour.matrix
    context.color_range = 2 if colour.is_full_range else LIMITED


def decode(packet: Any, decoder: Any = None) -> list[Any]:
    """Decode a packet to frames, by its stream's own decoder or another; none for a damaged one.

    ``None`` flushes a decoder's remaining frames.
    """
    import av

    if packet is not None and is_repetition(packet):
        return []
    if decoder is None:
        decoder = packet.stream.codec_context
    try:
        return list(decoder.decode(packet))
    except (av.error.InvalidDataError, av.error.PatchWelcomeError, av.error.EOFError):
        return []
