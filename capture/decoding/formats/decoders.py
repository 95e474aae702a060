"""Decoders to use where FFmpeg's choice for a format can't decode all of it."""

from __future__ import annotations

from typing import Any

# FFmpeg's own decoders of AMR raise at the pauses in which a phone saved space
# (findings/pyav-amr-pauses.sh).
_WHOLE = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}


def length_of(packet: Any) -> int:
    """The length of a packet in its time base; 0 where it is unknown or negative.

    FFmpeg counts it without a sign: in an Ogg file that ends before its last packet begins, it is nearly 2**32
    (findings/pyav-ogg-last-packet-length.sh).
    """
    length = int(packet.duration or 0)
    return length if length < 1 << 31 else 0


def decoder_of(stream: Any) -> Any:
    """The codec context to decode a stream's packets with, until the end of the stream.

    It is the stream's own unless another decoder, which this FFmpeg has to contain, can do more.
    """
    import av

    own = stream.codec_context
    name = _WHOLE.get(own.name)
    if name is None or name not in av.codecs_available:
        return own
    other: Any = av.CodecContext.create(name, "r")
    other.sample_rate, other.layout = own.sample_rate, own.layout
    return other
