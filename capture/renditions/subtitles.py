"""Read the subtitles that a film brings along as a track of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from capture.decoding.safe_open import open_media
from reporter.errors import BadInput, MediaFailed
from reporter.media.webvtt import MOST_CHARS, MOST_CUES, Cue, cue_text, webvtt

# What drones and dash cams write there: place, exposure, counters of frames.
_TELEMETRY = re.compile(
    r"\bGPS\b|latitude|longitude|\bHOME\s?\(|\bISO\s?:?\s?\d|\bFrameCnt\b|\bSrtCnt\b|\bkm/h\b", re.I
)
_CODECS = ("mov_text", "srt", "subrip", "text", "webvtt", "ass", "ssa")
# ReadOrder, Layer, Style, Name, three margins and Effect stand before the words.
_ASS_FIELDS = 8


def brought_subtitles(src: Path, mime: str, start: float, language: str = "") -> str:
    """The track of text that says most likely what is spoken, as WebVTT on the film's timeline; "" if there is none.

    ``start``: the time of the film's first picture in the file, in seconds. ``language``: that of the
    session (BCP 47), whose track comes first, as do full ones before those of single words on signs
    ("forced"), and the film's default. Telemetry, which cameras and drones store as subtitles, is no
    text. Never raises for a track that can't be read.
    """
    try:
        with open_media(src, mime) as container:
            tracks = [one for one in container.streams.subtitles if _is_text(one)]
            if not tracks:
                return ""
            tracks.sort(key=lambda one: _rank(one, language))
            return _best(_read(container, tracks), start)
    except (MediaFailed, BadInput):
        return ""


def _is_text(stream: Any) -> bool:
    context = stream.codec_context
    return context is not None and context.name in _CODECS


def _rank(track: Any, language: str) -> tuple[bool, bool, bool, int]:
    from av.stream import Disposition

    spoken = _primary(language)
    flags = track.disposition
    return (
        bool(flags & Disposition.forced),
        spoken != "" and _primary(track.language or "") != spoken,
        not flags & Disposition.default,
        track.index,
    )


def _primary(language: str) -> str:
    """The language's subtag of two letters; films have three ("deu", or "ger" in Matroska)."""
    from babel.core import get_global

    code = re.split(r"[-_,; ]", language.strip().lower())[0]
    return str(get_global("language_aliases").get(code, code))


def _read(container: Any, tracks: list[Any]) -> dict[int, list[Cue]]:
    """The cues of each track, by its number in the file."""
    found: dict[int, list[Cue]] = {one.index: [] for one in tracks}
    letters = 0
    for packet in container.demux(tracks):
        words = _words(bytes(packet), packet.stream.codec_context.name)
        cues = found[packet.stream.index]
        letters += len(words)
        if letters > MOST_CHARS or len(cues) >= MOST_CUES:
            break
        if words and packet.pts is not None:
            begin = float(packet.pts * packet.time_base)
            cues.append(Cue(begin, begin + float((packet.duration or 0) * packet.time_base), words))
    return found


def _words(data: bytes, codec: str) -> str:
    if codec == "mov_text":
        # The length of the text, the text, boxes of its style (3GPP TS 26.245, 5.17).
        data = data[2 : 2 + int.from_bytes(data[:2], "big")]
    text = data.decode("utf-16" if data[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8", "replace")
    if codec in ("ass", "ssa"):
        text = text.split(",", _ASS_FIELDS)[-1].replace("\\N", "\n").replace("\\n", "\n")
    return cue_text(text)


def _best(found: dict[int, list[Cue]], start: float) -> str:
    for cues in found.values():
        if cues and not _is_telemetry(cues):
            return webvtt(_on_timeline(cues, start))
    return ""


def _is_telemetry(cues: list[Cue]) -> bool:
    """Whether most of the cues are measurements; so are those without a single word."""
    some = cues[:200]
    odd = sum(
        1 for cue in some if _TELEMETRY.search(cue.text) or not re.search(r"[^\W\d_]{2}", cue.text)
    )
    return 2 * odd >= len(some)


def _on_timeline(cues: list[Cue], start: float) -> Iterator[Cue]:
    for cue in cues:
        begin, end = max(0.0, cue.begin - start), cue.end - start
        if end > begin:
            yield Cue(begin, end, cue.text)
