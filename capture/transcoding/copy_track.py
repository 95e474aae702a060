"""Copies a track's packets as they are, with their clock shifted so that the recording starts at zero."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from capture.imaging.colour import Colour
from capture.transcoding.transcode import tag

# H.264 reorders at most 16 pictures (ITU-T H.264, A.3.1).
_MOST_REORDERED = 17


class CopyTrack:
    """Copies packets, with new colour tags; whatever is damaged is left out up to the next key
    frame."""

    def __init__(
        self, out: Any, stream: Any, start: Fraction, *, colour: Colour | None = None
    ) -> None:
        self._to = out.add_stream_from_template(stream)
        if colour is not None:
            tag(self._to.codec_context, colour)
        self._shift = round(start / stream.time_base)
        self._prefix = _length_bytes(stream.codec_context)
        self._last: int | None = None
        self._undated: list[Any] = []
        self._is_broken = False

    def take(self, packet: Any) -> Iterator[Any]:
        """Return the packets to write, unless they have no timestamp or go back in time (muxers
        reject such).

        Matroska has no decoding times: with reordered pictures FFmpeg knows them only after the
        first few packets, which wait until then.
        """
        may_wait = self._last is None and len(self._undated) < _MOST_REORDERED
        if packet.dts is None and packet.pts is not None and may_wait:
            self._undated.append(packet)
            return
        waited, self._undated = self._undated, []
        if packet.dts is not None:
            for back, one in enumerate(reversed(waited), 1):
                one.dts = packet.dts - back * max(one.duration or 1, 1)
        for one in (*waited, packet):
            yield from self._shifted(one)

    def end(self) -> Iterator[Any]:
        """The packets of a recording so short that no decoding time was known."""
        for packet in self._undated:
            yield from self._shifted(packet)

    def _shifted(self, packet: Any) -> Iterator[Any]:
        dts = packet.dts if packet.dts is not None else packet.pts
        if dts is None or not self._is_usable(packet):
            return
        if self._last is not None and dts <= self._last:
            return
        self._last = dts
        packet.dts = dts - self._shift
        packet.pts = (packet.pts if packet.pts is not None else dts) - self._shift
        packet.stream = self._to
        yield packet

    def _is_usable(self, packet: Any) -> bool:
        """Whether a player can decode it: a picture that refers to a damaged one can't be."""
        if packet.is_corrupt or not is_intact(bytes(packet), self._prefix):
            self._is_broken = True
        elif packet.is_keyframe:
            self._is_broken = False
        return not self._is_broken


def is_intact(data: bytes, prefix: int = 0) -> bool:
    """Whether a packet is well-formed: a file that was copied from a failing card has runs of zeros.

    ``prefix``: the size in bytes of the length before each NAL unit (ISO/IEC 14496-15, 5.3.3), 0 for
    packets that are not made of such.
    """
    if not prefix:
        return any(data)
    at = 0
    while at + prefix < len(data):
        length = int.from_bytes(data[at : at + prefix], "big")
        # The first bit of a NAL unit is 0 (ITU-T H.264, 7.4.1).
        if length == 0 or data[at + prefix] & 0x80:
            return False
        at += prefix + length
    return at == len(data)


def _length_bytes(context: Any) -> int:
    config = context.extradata or b""
    # AVCDecoderConfigurationRecord, version 1.
    if context.name != "h264" or len(config) < 7 or config[0] != 1:
        return 0
    return (config[4] & 3) + 1
