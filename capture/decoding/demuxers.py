"""FFmpeg's name for the format of each kept film and sound."""

from __future__ import annotations

from pathlib import Path

from capture.decoding.mime_sniff import AAC, FLAC, HEAD_BYTES, MediaType, sniff

# The demuxer is forced, so that no playlist or script format can open other files.
_DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "video/3gpp2": "mov",
    "audio/mp4": "mov",
    "image/avif": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "audio/webm": "matroska",
    "audio/x-matroska": "matroska",
    "video/mp2t": "mpegts",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    # FFmpeg's demuxer of all three layers.
    "audio/x-mp2": "mp3",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/amr": "amr",
    "audio/x-caf": "caf",
    "audio/aiff": "aiff",
    "audio/x-ms-wma": "asf",
    "video/x-ms-wmv": "asf",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpeg",
    "video/x-flv": "flv",
    "video/mxf": "mxf",
    "audio/basic": "au",
    "audio/x-wavpack": "wv",
    "audio/x-w64": "w64",
    "audio/x-dsf": "dsf",
}


def demuxer_of(path: Path, mime: str) -> str:
    """FFmpeg's name of the format of a file of that type."""
    if mime == "audio/mpeg":
        behind = _behind_id3(path)
        mime = behind.mime if behind in (AAC, FLAC) else mime
    return _DEMUXERS[mime]


def _behind_id3(path: Path) -> MediaType | None:
    """What follows an ID3 tag, whose cover may be longer than what was sniffed: also FLAC or AAC."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            return None
        # Seven bits a byte (ID3v2.4, 6.2).
        size = sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(head[6:]))
        file.seek(10 + size)
        return sniff(file.read(HEAD_BYTES).lstrip(b"\0"))
