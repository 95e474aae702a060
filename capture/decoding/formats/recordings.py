"""Detects film and audio types of older cameras and of recorders by their structure."""

from __future__ import annotations

import struct

_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_STREAM = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_VIDEO = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
_ASF_AUDIO = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_AIFF_CHUNKS = frozenset(
    b"COMM FVER COMT SSND NAME AUTH ANNO MARK INST APPL CHAN MIDI SAXL AESD bext".split()
)
_PACK = b"\0\0\1\xba"
# SMPTE ST 377-1, 7.1: the key of a header partition pack, open or closed.
_MXF_KEY = bytes.fromhex("060e2b34020501010d01020101")
_W64_RIFF = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
_W64_WAVE = b"wave" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
_AU_ENCODINGS = range(1, 28)


def recording_mime(head: bytes) -> str:
    """Detect the format of a film or sound from the first bytes; returns the MIME type, else ''."""
    for mime, rule in (
        ("video/x-msvideo", _is_avi),
        ("video/mpeg", _is_program_stream),
        ("audio/x-caf", _is_caf),
        ("audio/aiff", _is_aiff),
        ("video/x-flv", _is_flv),
        ("video/mxf", _is_mxf),
        ("audio/basic", _is_au),
        ("audio/x-wavpack", _is_wavpack),
        ("audio/x-w64", _is_wave64),
        ("audio/x-dsf", _is_dsf),
    ):
        if rule(head):
            return mime
    return _asf(head)


def _is_avi(head: bytes) -> bool:
    """RIFF form AVI: a list ``hdrl`` whose first chunk is ``avih`` with 56 bytes (Microsoft, AVI
    RIFF reference)."""
    if head[:4] != b"RIFF" or head[8:12] not in (b"AVI ", b"AVIX"):
        return False
    header = head[12:16] == b"LIST" and head[20:28] == b"hdrlavih"
    return header and int.from_bytes(head[28:32], "little") >= 56


def _is_program_stream(head: bytes) -> bool:
    """ISO/IEC 13818-1, 2.5.3: a pack header, of MPEG-2 or MPEG-1, then a system header or a
    packet."""
    if head[:4] != _PACK or len(head) < 18:
        return False
    if head[4] >> 6 == 1:
        after = 14 + (head[13] & 7)
    elif head[4] >> 4 == 2:
        after = 12
    else:
        return False
    # Stream numbers begin at 0xBB; lower codes are of the video itself.
    return head[after : after + 3] == _PACK[:3] and head[after + 3] >= 0xBA


def _is_caf(head: bytes) -> bool:
    """Apple Core Audio Format 1.0: version 1, and the first chunk is the 32-byte description."""
    return head[:8] == b"caff\0\1\0\0" and head[8:20] == b"desc" + struct.pack(">q", 32)


def _is_aiff(head: bytes) -> bool:
    """EA IFF 85, form AIFF or AIFC (Apple 1989): the first chunk has a four-letter name."""
    return head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC") and head[12:16] in _AIFF_CHUNKS


def _is_flv(head: bytes) -> bool:
    """Flash Video 10.1, E.2: version 1, sound or picture or both, a header of 9 bytes."""
    return (
        head[:4] == b"FLV\1" and head[4:5] in (b"\1", b"\4", b"\5") and head[5:9] == b"\0\0\0\x09"
    )


def _is_mxf(head: bytes) -> bool:
    return head.startswith(_MXF_KEY) and head[13:14] == b"\2" and head[14:15] in b"\1\2\3\4"


def _is_au(head: bytes) -> bool:
    """Sun's audio: an offset of the sound, and a known encoding."""
    offset, encoding = int.from_bytes(head[4:8], "big"), int.from_bytes(head[12:16], "big")
    return head[:4] == b".snd" and 24 <= offset < 1 << 20 and encoding in _AU_ENCODINGS


def _is_wavpack(head: bytes) -> bool:
    """WavPack 4 and 5: a block of stream version 4."""
    return head[:4] == b"wvpk" and len(head) >= 32 and head[9] == 4 and head[8] in range(2, 0x11)


def _is_wave64(head: bytes) -> bool:
    return head.startswith(_W64_RIFF) and head[24:40] == _W64_WAVE


def _is_dsf(head: bytes) -> bool:
    """DSF 1.01: a first chunk of 28 bytes, then the format."""
    return head[:12] == b"DSD " + struct.pack("<Q", 28) and head[28:32] == b"fmt "


def _asf(head: bytes) -> str:
    """ASF 1.2, 3.1: a header object; its stream properties tell whether there is video."""
    if head[:16] != _ASF_HEADER or len(head) < 54 or head[28:30] != b"\1\2":
        return ""
    # Stream type: the field after the object's name and size.
    kinds = {head[at + 24 : at + 40] for at in _places(head, _ASF_STREAM)}
    if _ASF_VIDEO in kinds or not kinds & {_ASF_AUDIO}:
        return "video/x-ms-wmv"
    return "audio/x-ms-wma"


def _places(head: bytes, what: bytes) -> list[int]:
    found, at = [], head.find(what)
    while at >= 0:
        found.append(at)
        at = head.find(what, at + 1)
    return found
