"""The video track of a playable copy: decoded, scaled, rotated, converted to colours that every
player shows, as H.264."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from capture.decoding.film import FilmTracks, PictureTrack
from capture.imaging.apply_edits import apply_edits
from capture.imaging.colour import Colour
from capture.imaging.frame_pixels import MATRIX_NAMES
from capture.imaging.tone_mapping import write_cube
from capture.transcoding.transcode import LIMITED, EncodedTrack, TimeRange, tag
from reporter.media.edits import Edits

LONG_SIDE, SHORT_SIDE = 1280, 720
MOST_FRAMES = 31
# Always two threads: x264's output depends on their number, and a rebuilt file should be the same.
X264 = {
    "preset": "veryfast",
    "crf": "23",
    "maxrate": "4M",
    "bufsize": "8M",
    "threads": "2",
    "g": "60",
}
# Players can only seek to a key frame.
KEY_SECONDS = 2
# A picture that stays longer than this is no ordinary one: a screen recording has none while nothing moves.
STANDS = Fraction(1, 12)
# More would make a 4K film hold more pictures than the memory limit allows.
MOST_THREADS = 4
CLOCK = Fraction(1, 90_000)


class VideoTrack(EncodedTrack):
    """Decode, scale, rotate, deinterlace, reduce to 30 frames per second, edit, encode as H.264."""

    def __init__(
        self,
        out: Any,
        stream: Any,
        film: FilmTracks,
        span: TimeRange,
        *,
        edits: Edits | None = None,
    ) -> None:
        if film.picture is None:
            raise ValueError("a film without a picture")
        stream.codec_context.thread_count = min(os.cpu_count() or 1, MOST_THREADS)
        stream.thread_type = "AUTO"
        super().__init__(stream, span)
        self._picture = film.picture
        self._edits = edits or Edits()
        kept = max(self._edits.crop[2:]) if self._edits.crop else 1.0
        self._size = _even_size(*film.picture.display_size, kept=kept)
        turned = self._size[::-1] if film.picture.rotation in (90, 270) else self._size
        if self._edits.changes_picture:
            turned = edited_size(turned, self._edits)
        self._to = _encoder(out, film.picture, turned)
        self._graph: Any = None
        self._shape: tuple[int, int, str] | None = None
        self._next: Any = Fraction(-1)
        self._last = -1
        self._until = Fraction(0)
        self._begins = film.start
        self._before: Any = None
        self._key: int | None = None
        self._delay = -1

    def _rest(self) -> Iterator[Any]:
        if self._before is not None and self._is_due(Fraction(0)):
            yield from self._shown(self._before, Fraction(0))
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._encoded()
            rest = list(self._delayed(self._to.encode(None)))
            if rest:
                self._set_end(rest[-1])
            yield from rest

    def _set_end(self, last: Any) -> None:
        """Give the packet that is decoded last the times from which the muxer takes the length of the film.

        It counts decoding times. Where pictures stand for long, the encoder's lag behind: of the
        last packets by the time between the last pictures, of the first by that between the first.
        """
        if self._end() - self._last * CLOCK > STANDS:
            last.duration = round(self._end() / last.time_base) - last.pts
        last.dts = max(last.dts, last.pts - self._delay)

    def _delayed(self, packets: Any) -> Iterator[Any]:
        """The encoder's packets, of which the first shows how far decoding precedes showing."""
        for packet in packets:
            if self._delay < 0:
                self._delay = packet.pts - packet.dts
            yield packet

    def _repeat(self, packet: Any) -> None:
        ends = (packet.pts + (packet.duration or 0)) * packet.time_base - self._span.start
        self._until = max(self._until, ends)

    def _end(self) -> Fraction:
        """When the last picture's time is over, counted from the start of the span."""
        # By the picture itself, for a file that breaks off has the length of the whole.
        return self._until if self._span.length is None else min(self._until, self._span.length)

    def _frame(self, frame: Any) -> Iterator[Any]:
        # AVI has only decoding timestamps.
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is None:
            return
        moment = pts * frame.time_base - self._span.start
        if moment < 0:
            # What stands while the span begins is shown, never what an edit list hides.
            self._before = frame if pts * frame.time_base >= self._begins else None
            return
        before, self._before = self._before, None
        if before is not None and moment > STANDS and self._is_due(Fraction(0)):
            yield from self._shown(before, Fraction(0))
        if self._is_due(moment):
            yield from self._shown(frame, moment)

    def _shown(self, frame: Any, moment: Fraction) -> Iterator[Any]:
        begins = frame.pts if frame.pts is not None else frame.dts
        ends = (begins + (frame.duration or 0)) * frame.time_base - self._span.start
        # A decoder with several threads gives pictures after the repetitions that follow them.
        self._until = max(self._until, ends)
        frame.pts, frame.time_base = round(moment / CLOCK), CLOCK
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
                if self._edits.changes_picture:
                    made = edited_frame(made, self._edits)
                # Neighbouring frames may have been dropped, so the source's key frames don't apply.
                made.pict_type = self._picture_type(made.pts)
                yield from self._delayed(self._to.encode(made))

    def _picture_type(self, pts: int) -> int:
        """A key frame (1) after two seconds at the latest, however few frames there are; else
        the encoder's choice."""
        if self._key is not None and (pts - self._key) * CLOCK < KEY_SECONDS:
            return 0
        self._key = pts
        return 1

    def _is_due(self, moment: Fraction) -> bool:
        """Whether to keep a frame when reducing the rate: of 60 per second every other one is
        dropped."""
        if moment < max(self._next, 0) or round(moment / CLOCK) <= self._last:
            return False
        if self._span.length is not None and moment >= self._span.length:
            return False
        self._last = round(moment / CLOCK)
        # Limit the lag: a late frame must not cause a burst.
        step = Fraction(1, MOST_FRAMES)
        self._next = moment + step if self._next < 0 else max(self._next + step, moment)
        return True

    def _build(self, frame: Any) -> Any:
        import av

        graph = av.filter.Graph()
        # libswscale in one thread: its result then doesn't depend on the machine either.
        graph.threads = 1
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK
        )
        size = self._size_of(frame)
        with colour_steps(self._picture.colour, size) as steps:
            border = _border_steps(self._size) if size != self._size else []
            turn = _turn_steps(self._picture)
            steps = [*_shape_steps(self._picture), *steps, *border, *turn]
            nodes = [source, *(graph.add(*step) for step in steps), graph.add("buffersink")]
            graph.link_nodes(*nodes).configure()
        return graph

    def _size_of(self, frame: Any) -> tuple[int, int]:
        """The size of a frame in the copy: a phone that is turned while its browser records changes
        the shape of the pictures, and they keep it."""
        picture = self._picture
        if (frame.width, frame.height) == (picture.width, picture.height):
            return self._size
        wide, high = frame.width * picture.pixel_aspect, frame.height
        share = min(self._size[0] / wide, self._size[1] / high)
        return max(2, round(wide * share / 2) * 2), max(2, round(high * share / 2) * 2)


def _encoder(out: Any, picture: PictureTrack, size: tuple[int, int]) -> Any:
    rate = max(min(picture.frame_rate, Fraction(30)), Fraction(1))
    stream = out.add_stream("libx264", rate=rate, options=dict(X264))
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    # PyAV's default is slices: then each picture waits for the one before, and cores are idle
    # meanwhile.
    stream.codec_context.thread_type = "FRAME"
    stream.codec_context.time_base = CLOCK
    tag(stream.codec_context, picture.colour.shown())
    return stream


def _shape_steps(picture: PictureTrack) -> list[tuple[str, str]]:
    # "send_frame": one output picture per input picture.
    return [("bwdif", "mode=send_frame:deint=all")] if picture.is_interlaced else []


def _border_steps(size: tuple[int, int]) -> list[tuple[str, str]]:
    """Black at both sides."""
    return [("format", "yuv420p"), ("pad", f"{size[0]}:{size[1]}:(ow-iw)/2:(oh-ih)/2")]


def _turn_steps(picture: PictureTrack) -> list[tuple[str, str]]:
    mirror = [("hflip", "")] if picture.is_mirrored else []
    end = [("format", "yuv420p"), ("setsar", "1")]
    return [*mirror, *_TURNS[picture.rotation], *end]


@contextmanager
def colour_steps(colour: Colour, size: tuple[int, int]) -> Iterator[list[tuple[str, str]]]:
    """Filters that scale a picture to ``size`` and convert its colours to ``colour.shown()``, valid
    within the context.

    Common colour systems are only converted to limited range. All others use a 3D lookup table:
    libswscale's own conversion took many times as long (286 ms for a 720p picture, not 10).
    """
    scale = f"{size[0]}:{size[1]}:in_color_matrix={MATRIX_NAMES.get(colour.matrix, 'bt709')}"
    scale += f":in_range={'full' if colour.is_full_range else 'limited'}"
    if colour.is_common:
        kept = f"out_color_matrix={MATRIX_NAMES[colour.matrix]}:out_range=limited"
        yield [("scale", f"{scale}:{kept}:flags=bicubic")]
        return
    with tempfile.TemporaryDirectory() as folder:
        cube = Path(folder) / "table.cube"
        write_cube(cube, colour)
        name = re.sub(r"([:'])", r"\\\1", cube.as_posix())
        yield [
            ("scale", f"{scale}:out_range=full:flags=bilinear"),
            # For this depth and for 16 bits the filter's code is three times as fast as for all
            # others.
            ("format", "gbrpf32le"),
            ("lut3d", f"{name}:interp=tetrahedral"),
            ("scale", "flags=bilinear:in_range=full:out_color_matrix=bt709:out_range=limited"),
        ]


_TURNS: dict[int, tuple[tuple[str, str], ...]] = {
    0: (),
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}


def _even_size(width: int, height: int, *, kept: float = 1.0) -> tuple[int, int]:
    """At most 1280 × 720, portrait or landscape, never enlarged, both sides even as yuv420p needs
    it.

    ``kept``: the share that a crop keeps, which then has that size.
    """
    share = min(1.0, LONG_SIDE / max(width, height) / kept, SHORT_SIDE / min(width, height) / kept)
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def edited_size(size: tuple[int, int], edits: Edits) -> tuple[int, int]:
    """Width and height of a frame after its edits."""
    import numpy as np

    high, wide = _even(apply_edits(np.zeros((size[1], size[0], 3), np.uint8), edits)).shape[:2]
    return wide, high


def edited_frame(frame: Any, edits: Edits) -> Any:
    """Apply edits to a yuv420p frame; returns a new frame with the same timestamp."""
    import av
    import numpy as np

    pixels = _even(apply_edits(frame.to_ndarray(format="rgb24"), edits))
    made = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    made = made.reformat(format="yuv420p", dst_colorspace=frame.colorspace, dst_color_range=LIMITED)
    made.pts, made.time_base = frame.pts, frame.time_base
    return made


def _even(pixels: Any) -> Any:
    """Drop the last row or column where their number is odd; a single one is doubled."""
    import numpy as np

    high, wide = pixels.shape[:2]
    if min(high, wide) < 2:
        pixels = np.repeat(np.repeat(pixels, 2, axis=0), 2, axis=1)
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]
