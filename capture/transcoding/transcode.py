"""Tracks of a playable copy: each takes packets of one stream and gives packets for the MP4, copied or encoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from capture.decoding.probe import Probe, display_size
from capture.imaging.apply_edits import apply_edits
from capture.transcoding.loudness import Leveller
from reporter.media.edits import Edits

LONG_SIDE, SHORT_SIDE = 1280, 720
MOST_FRAMES = 31
# Two threads, on every machine: x264's output depends on their number, and a rebuilt file should be the same.
X264 = {
    "preset": "veryfast",
    "crf": "23",
    "maxrate": "4M",
    "bufsize": "8M",
    "threads": "2",
    "g": "60",
}
# A player can only jump to a key frame.
KEY_SECONDS = 2
CLOCK = Fraction(1, 90_000)
SOUND_RATE = 48_000


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
        for made in tracks[packet.stream_index].take(packet):
            out.mux(made)
            written += 1
    for track in tracks.values():
        for made in track.end():
            out.mux(made)
            written += 1
    return written


class CopyTrack:
    """Packets as they are, their clock moved so that the recording starts at zero."""

    def __init__(self, out: Any, stream: Any, start: Fraction) -> None:
        self._to = out.add_stream_from_template(stream)
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


class VideoTrack:
    """Decode, scale, turn, deinterlace, thin out to 30 pictures a second, mend, encode as H.264."""

    def __init__(
        self, out: Any, stream: Any, found: Probe, span: Span, *, edits: Edits | None = None
    ) -> None:
        stream.thread_type = "AUTO"
        self._stream, self._rotation, self._span = stream, found.rotation, span
        self._edits = edits or Edits()
        shown = display_size(stream.width, stream.height, stream.sample_aspect_ratio)
        self._size = _even_size(*shown, kept=max(self._edits.crop[2:]) if self._edits.crop else 1.0)
        turned = self._size[::-1] if found.rotation in (90, 270) else self._size
        if self._edits.seen:
            turned = mended_size(turned, self._edits)
        rate = min(stream.guessed_rate or Fraction(30), Fraction(30))
        self._to = out.add_stream("libx264", rate=max(rate, Fraction(1)), options=dict(X264))
        self._to.width, self._to.height = turned
        self._to.pix_fmt = "yuv420p"
        self._to.codec_context.time_base = CLOCK
        self._graph: Any = None
        self._shape: tuple[int, int, str] | None = None
        self._next: Any = Fraction(-1)
        self._last = -1
        self._key: int | None = None

    def take(self, packet: Any) -> Iterator[Any]:
        """What the encoder gives for one packet; damaged packets are passed over."""
        if self._span.is_over(packet):
            return
        for frame in _decode(packet):
            yield from self._frame(frame)

    def end(self) -> Iterator[Any]:
        """What decoder, filters and encoder still hold."""
        for frame in _drain(self._stream):
            yield from self._frame(frame)
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._encoded()
            yield from self._to.encode(None)

    def _frame(self, frame: Any) -> Iterator[Any]:
        if frame.pts is None or not self._is_due(frame.pts * frame.time_base - self._span.start):
            return
        frame.pts = round((frame.pts * frame.time_base - self._span.start) / CLOCK)
        frame.time_base = CLOCK
        shape = (frame.width, frame.height, frame.format.name)
        if shape != self._shape:
            # A browser's camera may change its size in the middle of a recording.
            self._graph, self._shape = self._build(frame), shape
        self._graph.vpush(frame)
        yield from self._encoded()

    def _encoded(self) -> Iterator[Any]:
        import av

        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                made = self._graph.vpull()
                if self._edits.seen:
                    made = mended_frame(made, self._edits)
                # Its neighbours may have been dropped: what was a key frame need not be one.
                made.pict_type = self._picture_type(made.pts)
                yield from self._to.encode(made)

    def _picture_type(self, pts: int) -> int:
        """A key frame (1) after two seconds at the latest, however few there are; else the encoder's choice."""
        if self._key is not None and (pts - self._key) * CLOCK < KEY_SECONDS:
            return 0
        self._key = pts
        return 1

    def _is_due(self, moment: Fraction) -> bool:
        """Thin out: of 60 pictures a second every other one is left."""
        if moment < max(self._next, 0) or round(moment / CLOCK) <= self._last:
            return False
        if self._span.length is not None and moment >= self._span.length:
            return False
        self._last = round(moment / CLOCK)
        # Never far behind: what comes late is no reason for a burst.
        step = Fraction(1, MOST_FRAMES)
        self._next = moment + step if self._next < 0 else max(self._next + step, moment)
        return True

    def _build(self, frame: Any) -> Any:
        import av

        graph = av.filter.Graph()
        # libswscale in one thread: its result then doesn't depend on the machine either.
        graph.threads = 1
        nodes = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK
            )
        ]
        if frame.interlaced_frame or self._stream.codec_context.field_order > 1:
            # "send_frame": one picture out for one in.
            nodes.append(graph.add("bwdif", "mode=send_frame:deint=all"))
        nodes.append(graph.add("scale", f"{self._size[0]}:{self._size[1]}:flags=bicubic"))
        nodes += [graph.add(*step) for step in _TURNS[self._rotation]]
        nodes += [graph.add("format", "yuv420p"), graph.add("setsar", "1"), graph.add("buffersink")]
        graph.link_nodes(*nodes).configure()
        return graph


_TURNS: dict[int, tuple[tuple[str, ...], ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip",), ("vflip",)),
    270: (("transpose", "clock"),),
}


def _even_size(width: int, height: int, *, kept: float = 1.0) -> tuple[int, int]:
    """At most 1280 × 720, upright or lying, never enlarged, both sides even as yuv420p needs it.

    ``kept``: the share that a crop leaves, which then has that size.
    """
    share = min(1.0, LONG_SIDE / max(width, height) / kept, SHORT_SIDE / min(width, height) / kept)
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def mended_size(size: tuple[int, int], edits: Edits) -> tuple[int, int]:
    """Width and height of a frame after its edits."""
    import numpy as np

    high, wide = _even(apply_edits(np.zeros((size[1], size[0], 3), np.uint8), edits)).shape[:2]
    return wide, high


def mended_frame(frame: Any, edits: Edits) -> Any:
    """A yuv420p frame with edits, as another one with the same time."""
    import av
    import numpy as np

    pixels = _even(apply_edits(frame.to_ndarray(format="rgb24"), edits))
    made = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    made = made.reformat(format="yuv420p", dst_colorspace=frame.colorspace)
    made.pts, made.time_base = frame.pts, frame.time_base
    return made


def _even(pixels: Any) -> Any:
    """Without the last row or column where there is an odd number of them; a single one is doubled."""
    import numpy as np

    high, wide = pixels.shape[:2]
    if min(high, wide) < 2:
        pixels = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]


class AudioTrack:
    """Decode, resample to 48 kHz and at most two channels, make louder or softer by ``gain`` dB, encode as AAC."""

    def __init__(self, out: Any, stream: Any, span: Span, *, gain: float = 0.0) -> None:
        import av

        channels = min(stream.codec_context.channels or 1, 2)
        layout = "stereo" if channels == 2 else "mono"
        self._stream, self._span = stream, span
        self._to = out.add_stream("aac", rate=SOUND_RATE, layout=layout)
        self._to.bit_rate = 64_000 * channels + 32_000
        self._leveller = Leveller(gain, layout) if gain else None
        pieces = None if gain else 1024
        self._resampler = av.AudioResampler("fltp", layout, SOUND_RATE, frame_size=pieces)
        self._next = 0
        self._begun = False

    def take(self, packet: Any) -> Iterator[Any]:
        """What the encoder gives for one packet; damaged packets are passed over."""
        if self._span.is_over(packet):
            return
        for frame in _decode(packet):
            yield from self._frame(frame)

    def end(self) -> Iterator[Any]:
        """What decoder, resampler and encoder still hold."""
        for frame in _drain(self._stream):
            yield from self._frame(frame)
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
        yield from self._encoded(frame)

    def _is_kept(self, moment: Fraction, seconds: Fraction) -> bool:
        length = self._span.length
        return length is None or (moment + seconds > 0 and moment < length)

    def _encoded(self, frame: Any) -> Iterator[Any]:
        for made in self._levelled(frame):
            # A clock that stands still or jumps back would be refused by the muxer.
            begins = (
                self._next if made.pts is None else made.pts * (made.time_base or 0) * SOUND_RATE
            )
            made.pts, made.time_base = max(round(begins), self._next), Fraction(1, SOUND_RATE)
            self._next = made.pts + made.samples
            yield from self._to.encode(made)

    def _levelled(self, frame: Any) -> Iterator[Any]:
        for made in self._resampler.resample(frame):
            if self._leveller is None:
                yield made
            else:
                yield from self._leveller.take(made)
        if frame is None and self._leveller is not None:
            yield from self._leveller.take(None)


def _decode(packet: Any) -> list[Any]:
    import av

    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.EOFError):
        return []


def _drain(stream: Any) -> list[Any]:
    import av

    try:
        return list(stream.decode(None))
    except (av.error.InvalidDataError, av.error.EOFError):
        return []
