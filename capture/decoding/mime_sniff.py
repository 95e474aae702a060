"""Detects a file's type from its first bytes alone: names and MIME types from phones are often
wrong or missing.

Each rule checks the structure of the format as well as its magic number, so that text that starts
like a picture, or an archive disguised as one, is rejected. Whether an MP4, WebM or Ogg contains
video is determined later by capture.decoding.probe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from capture.decoding.formats.jpeg_start import is_jpeg, stray_bytes
from capture.decoding.formats.media_type import MediaType
from capture.decoding.formats.recordings import recording_mime
from capture.decoding.formats.stills import (
    RAW_TYPES,
    STILL_TYPES,
    sniff_bmp,
    sniff_jpeg2000,
    sniff_jxl,
    sniff_raw,
    sniff_tiff,
)

__all__ = ["HEAD_BYTES", "MEDIA_TYPES", "RAW_TYPES", "MediaType", "sniff"]

HEAD_BYTES = 8192


JPEG = MediaType("photo", "image/jpeg", ".jpg")
PNG = MediaType("photo", "image/png", ".png")
GIF = MediaType("photo", "image/gif", ".gif")
WEBP = MediaType("photo", "image/webp", ".webp")
HEIC = MediaType("photo", "image/heic", ".heic")
HEIF = MediaType("photo", "image/heif", ".heif")
AVIF = MediaType("photo", "image/avif", ".avif")
MP4 = MediaType("video", "video/mp4", ".mp4")
MOV = MediaType("video", "video/quicktime", ".mov")
GP3 = MediaType("video", "video/3gpp", ".3gp")
GP3_2 = MediaType("video", "video/3gpp2", ".3g2")
WEBM = MediaType("video", "video/webm", ".webm")
MKV = MediaType("video", "video/x-matroska", ".mkv")
MTS = MediaType("video", "video/mp2t", ".mts")
OGV = MediaType("video", "video/ogg", ".ogv")
AVI = MediaType("video", "video/x-msvideo", ".avi")
MPG = MediaType("video", "video/mpeg", ".mpg")
WMV = MediaType("video", "video/x-ms-wmv", ".wmv")
FLV = MediaType("video", "video/x-flv", ".flv")
MXF = MediaType("video", "video/mxf", ".mxf")
M4A = MediaType("audio", "audio/mp4", ".m4a")
OGG = MediaType("audio", "audio/ogg", ".ogg")
WAV = MediaType("audio", "audio/wav", ".wav")
MP3 = MediaType("audio", "audio/mpeg", ".mp3")
AAC = MediaType("audio", "audio/aac", ".aac")
FLAC = MediaType("audio", "audio/flac", ".flac")
AMR = MediaType("audio", "audio/amr", ".amr")
CAF = MediaType("audio", "audio/x-caf", ".caf")
AIFF = MediaType("audio", "audio/aiff", ".aiff")
WMA = MediaType("audio", "audio/x-ms-wma", ".wma")
AU = MediaType("audio", "audio/basic", ".au")
WAVPACK = MediaType("audio", "audio/x-wavpack", ".wv")
WAVE64 = MediaType("audio", "audio/x-w64", ".w64")
MP2 = MediaType("audio", "audio/x-mp2", ".mp2")
DSF = MediaType("audio", "audio/x-dsf", ".dsf")
_BY_STRUCTURE = (AVI, MPG, WMV, CAF, AIFF, WMA, FLV, MXF, AU, WAVPACK, WAVE64, DSF)

MEDIA_TYPES = (
    JPEG,
    PNG,
    GIF,
    WEBP,
    HEIC,
    HEIF,
    AVIF,
    *STILL_TYPES,
    MP4,
    MOV,
    GP3,
    GP3_2,
    WEBM,
    MKV,
    MTS,
    OGV,
    M4A,
    OGG,
    WAV,
    MP3,
    MP2,
    AAC,
    FLAC,
    AMR,
    *_BY_STRUCTURE,
)


def sniff(head: bytes) -> MediaType | None:
    """Detect the type from the first 4 to 8 KB of a file; None for anything that is not kept.

    A shorter head is fine when the whole file is shorter. Decodes nothing and raises nothing.
    """
    for rule in _RULES:
        if found := rule(head):
            return found
    return None


def _jpeg(head: bytes) -> MediaType | None:
    return JPEG if is_jpeg(head) else None


def _jpeg_behind(head: bytes) -> MediaType | None:
    return JPEG if stray_bytes(head) else None


def _png(head: bytes) -> MediaType | None:
    """PNG, 5.2 and 11.2.2: signature, then IHDR with 13 bytes."""
    return PNG if head[:16] == b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" else None


def _gif(head: bytes) -> MediaType | None:
    """GIF89a: screen descriptor, colour table if flagged, then an extension or an image, never
    text."""
    if head[:6] not in (b"GIF87a", b"GIF89a") or len(head) < 14:
        return None
    flags = head[10]
    block = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    return GIF if head[block : block + 1] in (b"\x21", b"\x2c") else None


def _riff(head: bytes) -> MediaType | None:
    """RIFF: WebP (RFC 9649) or WAVE (RF64 is its form for long recordings)."""
    form, first = head[8:12], head[12:16]
    if head[:4] == b"RIFF" and form == b"WEBP":
        return WEBP if first in (b"VP8 ", b"VP8L", b"VP8X") else None
    if head[:4] in (b"RIFF", b"RF64") and form == b"WAVE":
        return WAV if b"fmt " in head[12:] else None
    return None


_IMAGE_BRANDS = {
    b"avif": AVIF,
    b"avis": AVIF,
    b"heic": HEIC,
    b"heix": HEIC,
    b"heim": HEIC,
    b"heis": HEIC,
    b"hevc": HEIC,
    b"hevx": HEIC,
}
_GENERIC_IMAGES = (b"mif1", b"mif2", b"msf1")
_MP4_BRAND = re.compile(rb"(iso[m2-9a-z]|mp4[12]|avc1|M4V[ PH]|MSNV|XAVC|dash|f4v |mmp4|kddi|ndxc)")


def _iso_media(head: bytes) -> MediaType | None:
    """ISO/IEC 14496-12, 4.3: the major brand decides; where it is a generic one, the compatible
    brands do."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or not 16 <= size <= 1024 or size % 4 or not _box_follows(head, size):
        return None
    major = head[8:12]
    # Canon's raw photos and raw films share a container that names MP4, too; the photos were found before.
    if major == b"crx ":
        return None
    compatible = [head[at : at + 4] for at in range(16, min(size, len(head)), 4)]
    if major in _GENERIC_IMAGES:
        return next((_IMAGE_BRANDS[b] for b in compatible if b in _IMAGE_BRANDS), HEIF)
    return _by_brand(major) or next((t for b in compatible if (t := _by_brand(b))), None)


def _box_follows(head: bytes, at: int) -> bool:
    name = head[at + 4 : at + 8]
    return len(head) < at + 8 or re.fullmatch(rb"[A-Za-z0-9 _\xa9-]{4}", name) is not None


def _by_brand(brand: bytes) -> MediaType | None:
    if brand in _IMAGE_BRANDS:
        return _IMAGE_BRANDS[brand]
    if brand == b"qt  ":
        return MOV
    if brand in (b"M4A ", b"M4B "):
        return M4A
    if brand[:3] == b"3gp":
        return GP3
    if brand[:3] == b"3g2":
        return GP3_2
    return MP4 if _MP4_BRAND.fullmatch(brand) else None


def _old_quicktime(head: bytes) -> MediaType | None:
    """QuickTime files from before 2001, and those of some cameras, begin without ``ftyp``: walk the
    first atoms."""
    at = 0
    seen: list[bytes] = []
    while at + 8 <= len(head) and len(seen) < 4:
        size, name = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        if name not in (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot") or size == 0:
            return None
        seen.append(name)
        at += int.from_bytes(head[at + 8 : at + 16], "big") if size == 1 else max(size, 8)
    return MOV if b"moov" in seen or b"mdat" in seen else None


def _matroska(head: bytes) -> MediaType | None:
    """RFC 8794, 11.2: the DocType in the EBML header is webm or matroska."""
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    size, at = _vint(head, 4)
    end = min(at + size, len(head))
    while at + 2 < end:
        width = 1 if head[at] & 0x80 else 2
        identity = head[at : at + width]
        length, at = _vint(head, at + width)
        if identity == b"\x42\x82":
            return {b"webm": WEBM, b"matroska": MKV}.get(head[at : at + length].rstrip(b"\0"))
        at += length
    return None


def _vint(head: bytes, at: int) -> tuple[int, int]:
    """Read an EBML size (RFC 8794, 4) and its end offset; a broken one gives a size too large to
    continue."""
    first = head[at] if at < len(head) else 0
    if not first:
        return len(head), len(head)
    width = 9 - first.bit_length()
    value = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return value, at + width


def _ogg(head: bytes) -> MediaType | None:
    """RFC 3533: a first page that begins a stream; its packet names the codec."""
    if head[:5] != b"OggS\0" or len(head) < 28 or not head[5] & 2:
        return None
    packet = head[27 + head[26] :]
    if packet.startswith((b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")):
        return OGG
    return OGV if packet.startswith((b"\x80theora", b"fishead\0")) else None


def _flac(head: bytes) -> MediaType | None:
    """RFC 9639, 8: the first metadata block is STREAMINFO, 34 bytes long."""
    return FLAC if head[:4] == b"fLaC" and head[4:8] in (b"\0\0\0\x22", b"\x80\0\0\x22") else None


def _amr(head: bytes) -> MediaType | None:
    """RFC 4867, 5: narrow and wide band, one channel."""
    return AMR if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")) and len(head) > 9 else None


_RECORDINGS = {kind.mime: kind for kind in _BY_STRUCTURE}


def _recording(head: bytes) -> MediaType | None:
    return _RECORDINGS.get(recording_mime(head))


def _transport_stream(head: bytes) -> MediaType | None:
    """ISO/IEC 13818-1: packets of 188 bytes; on AVCHD cards 192, with a timestamp before each.

    A recording whose beginning was lost may start within a packet: then more of them are wanted.
    """
    for stride, usual in ((188, 0), (192, 4)):
        for start in (usual, *range(stride)):
            packets = range(start, len(head) - 3, stride)
            enough = len(packets) >= (3 if start == usual else _PACKETS_WITHIN)
            if enough and all(_is_packet(head, at) for at in packets):
                return MTS
    return None


_PACKETS_WITHIN = 16


def _is_packet(head: bytes, at: int) -> bool:
    # No transport error, and an adaptation field or a payload: a page filled with the letter G has
    # neither.
    return head[at] == 0x47 and not head[at + 1] & 0x80 and bool(head[at + 3] & 0x30)


_MP3_RATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP2_RATES = {
    3: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    2: _MP3_RATES[2],
}
_SAMPLE_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def _id3(head: bytes) -> MediaType | None:
    """ID3v2, 3.1: a tag before MPEG audio; where the tag ends within the head, the audio is checked
    too."""
    if head[:3] != b"ID3" or len(head) < 10 or head[3] not in (2, 3, 4) or head[4] == 0xFF:
        return None
    if head[5] & 0x0F or max(head[6:10]) > 0x7F:
        return None
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    rest = head[10 + size :].lstrip(b"\0")
    return MP3 if len(rest) < 4 else _flac(rest) or _mpeg_audio(rest)


def _mpeg_audio(head: bytes) -> MediaType | None:
    """Bare MP3 or MP2 (ISO/IEC 11172-3) or ADTS AAC (ISO/IEC 13818-7): three consecutive frames."""
    for measure, found in ((_mp3_frame, MP3), (_mp2_frame, MP2), (_adts_frame, AAC)):
        frames = list(_frames(head, measure))
        if len(frames) >= 3:
            return found
    return None


def _frames(head: bytes, measure: Callable[[bytes], int]) -> Iterator[int]:
    at = 0
    while at + 7 <= len(head) and (size := measure(head[at : at + 7])):
        yield at
        at += size


def _mp3_frame(header: bytes) -> int:
    """Bytes of a frame of layer III, 0 for anything else."""
    version = header[1] >> 3 & 3
    samples = 1152 if version == 3 else 576
    return _mpeg_frame(header, layer=1, rates=_MP3_RATES, samples=samples)


def _mp2_frame(header: bytes) -> int:
    """Bytes of a frame of layer II, as broadcasters' recorders write it; 0 for anything else."""
    return _mpeg_frame(header, layer=2, rates=_MP2_RATES, samples=1152)


def _mpeg_frame(
    header: bytes, *, layer: int, rates: Mapping[int, tuple[int, ...]], samples: int
) -> int:
    version, found = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate_index, sample_index = header[2] >> 4, header[2] >> 2 & 3
    sync = header[0] == 0xFF and header[1] & 0xE0 == 0xE0
    if not sync or found != layer or version == 1 or rate_index in (0, 15) or sample_index == 3:
        return 0
    bit_rate = rates[3 if version == 3 else 2][rate_index] * 1000
    return samples // 8 * bit_rate // _SAMPLE_RATES[version][sample_index] + (header[2] >> 1 & 1)


def _adts_frame(header: bytes) -> int:
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size >= 7 else 0


_RULES: tuple[Callable[[bytes], MediaType | None], ...] = (
    _jpeg,
    _png,
    _gif,
    _riff,
    sniff_raw,
    sniff_tiff,
    sniff_bmp,
    sniff_jpeg2000,
    sniff_jxl,
    _iso_media,
    _old_quicktime,
    _matroska,
    _ogg,
    _flac,
    _amr,
    _id3,
    _recording,
    _transport_stream,
    _mpeg_audio,
    _jpeg_behind,
)
