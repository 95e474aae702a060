"""Demuxed packets: those without data, and those of Ogg files in a chain as one recording.

Such a file follows another within the same (RFC 3533, section 4), and counts its time from zero, so
that what was trimmed off one would be found in the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from capture.decoding.formats.decoders import length_of

# In seconds. Within one file, times at the edges of pages may go back by less.
_SEAM = Fraction(1, 10)


def packets_of(container: Any, *streams: Any) -> Iterator[Any]:
    """Demux ``streams``; the files of an Ogg chain follow each other in time."""
    packets = container.demux(*streams)
    return _continued(packets) if container.format.name == "ogg" else packets


def is_repetition(packet: Any) -> bool:
    """Whether a packet with a time has no data: the last picture stays (Theora, 2.3; AVI's dropped frames).

    Decoders raise at it. The empty packets without a time, at the end, flush them.
    """
    return not packet.size and packet.pts is not None


def _continued(packets: Iterator[Any]) -> Iterator[Any]:
    shift = end = Fraction(0)
    # The last time of each stream, in the clock of the file of the chain.
    last: dict[int, Fraction] = {}
    for packet in packets:
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is not None:
            moment, index = ticks * packet.time_base, packet.stream.index
            if moment < last.get(index, moment) - _SEAM:
                shift, last = end - moment, {}
            last[index] = moment
            end = max(end, shift + moment + length_of(packet) * packet.time_base)
            if shift:
                steps = round(shift / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts + steps
                packet.dts = None if packet.dts is None else packet.dts + steps
        yield packet
