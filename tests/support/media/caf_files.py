"""Core Audio files as iPhones send voice messages: packets of Opus or AAC, which FFmpeg does not write into CAF.

Apple, Core Audio Format Specification 1.0: chunks desc, kuki, data, pakt.
"""

from __future__ import annotations

import struct
from pathlib import Path

from tests.support.media.scene import made


def caf_of(source: Path, codec: bytes, name: str, *, frames: int) -> Path:
    """The packets of a sound's file in a CAF; ``frames`` is how many samples each of them holds."""
    import av

    with av.open(str(source)) as sound:
        stream = sound.streams.audio[0]
        rate, extra = stream.rate or 48_000, stream.codec_context.extradata or b""
        packets = [bytes(packet) for packet in sound.demux(stream) if packet.size]
        channels = stream.codec_context.channels
    head = struct.pack(">d4sIIIII", rate, codec, 0, 0, frames, channels, 0)
    sizes = b"".join(_variable(len(packet)) for packet in packets)
    table = struct.pack(">qqii", len(packets), len(packets) * frames, 0, 0) + sizes
    chunks = _chunk(b"desc", head)
    if codec == b"aac ":
        chunks += _chunk(b"kuki", bytes(4) + _aac_cookie(extra))
    chunks += _chunk(b"data", bytes(4) + b"".join(packets)) + _chunk(b"pakt", table)
    return made(name, lambda path: _write(path, b"caff\0\1\0\0" + chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack(">q", len(data)) + data


def _variable(number: int) -> bytes:
    """Seven bits a byte, the highest bit says that more follow."""
    groups = [number & 127]
    while number := number >> 7:
        groups.append(128 | (number & 127))
    return bytes(reversed(groups))


def _aac_cookie(config: bytes) -> bytes:
    """An ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5) around the decoder's configuration."""
    decoder = bytes([0x40, 0x15, 0, 0, 0]) + bytes(8) + bytes([5, len(config)]) + config
    inner = bytes(3) + bytes([4, len(decoder)]) + decoder + bytes([6, 1, 2])
    return bytes([3, len(inner)]) + inner


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
