"""Captions as cues: read from what a person types, from WebVTT or SubRip, written as WebVTT.

WebVTT: https://www.w3.org/TR/webvtt1/. People type one line a sentence, with the time before it: ``0:03 Good morning``
or ``0:03 - 0:06 Good morning``. Times are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape

from reporter.errors import BadInput

MOST_CHARS = 200_000
MOST_CUES = 2000
# Who reads needs about a second for 15 letters, and a caption shorter than that is none.
LETTERS_A_SECOND = 15.0
LEAST, MOST = 1.5, 7.0
_TIME = r"(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?"
_LINE = re.compile(rf"\s*{_TIME}(?:\s*[-–]\s*{_TIME})?\s+(\S.*)")
_TIMING = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?")
_SHORT_TIMING = re.compile(r"-->")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Cue:
    """Words, and from when to when they are shown."""

    begin: float
    end: float
    text: str


def read_cues(text: str) -> list[Cue]:
    """Typed lines, WebVTT or SubRip; in the order of their times. Raises BadInput, with the line it is about."""
    if len(text) > MOST_CHARS:
        raise BadInput("These captions are too long.")
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = list(_blocks(lines) if any("-->" in line for line in lines) else _typed(lines))
    if len(cues) > MOST_CUES:
        raise BadInput("These captions are too long.")
    return sorted(cues, key=lambda cue: (cue.begin, cue.end))


def _typed(lines: Sequence[str]) -> Iterable[Cue]:
    found: list[tuple[float, float | None, str]] = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is not None:
            end = _seconds(match.groups()[4:8], number) if match[6] else None
            found.append((_seconds(match.groups()[:4], number), end, match[9].strip()))
        elif line.strip() and found:
            begin, end, words = found[-1]
            found[-1] = (begin, end, f"{words}\n{line.strip()}")
        elif line.strip():
            raise BadInput(f"Line {number} has no time before it, as in “0:03 Good morning”.")
    for this, following in zip(found, [*found[1:], None], strict=False):
        begin, end, words = this
        cue = Cue(begin, _end(begin, end, words, following), _clean(words))
        if cue.text:
            yield cue


def _end(
    begin: float, end: float | None, words: str, following: tuple[float, float | None, str] | None
) -> float:
    if end is not None and end > begin:
        return end
    reading = begin + min(MOST, max(LEAST, len(words) / LETTERS_A_SECOND))
    # The next one takes its place, unless it begins at the same moment.
    if following is not None and begin < following[0]:
        return min(reading, following[0])
    return reading


def _blocks(lines: Sequence[str]) -> Iterable[Cue]:
    """The cues of WebVTT or SubRip; styles, notes, names and numbers are left out."""
    at = 0
    while at < len(lines):
        if not _SHORT_TIMING.search(lines[at]):
            at += 1
            continue
        match = _TIMING.fullmatch(lines[at])
        if match is None:
            raise BadInput(f"The times in line {at + 1} can't be read.")
        begin, end = (
            _seconds(match.groups()[:4], at + 1),
            _seconds(match.groups()[4:], at + 1),
        )
        words = []
        at += 1
        while at < len(lines) and lines[at].strip() and "-->" not in lines[at]:
            words.append(lines[at])
            at += 1
        text = _clean(unescape(_TAG.sub("", "\n".join(words))))
        if text and end > begin:
            yield Cue(begin, end, text)


def _seconds(parts: Sequence[str | None], line: int) -> float:
    hours, minutes, seconds, rest = parts
    if int(seconds or 0) > 59:
        raise BadInput(f"The times in line {line} can't be read.")
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + float(f"0.{rest}" if rest else 0)


def _clean(text: str) -> str:
    """Without control characters, empty lines, and what would end a cue."""
    kept = "".join(letter for letter in text if letter.isprintable() or letter == "\n")
    lines = (" ".join(line.replace("-->", "→").split()) for line in kept.split("\n"))
    return "\n".join(line for line in lines if line)


def webvtt(cues: Iterable[Cue]) -> str:
    """As a WebVTT file; empty for none."""
    parts = [f"{_stamp(cue.begin)} --> {_stamp(cue.end)}\n{_escaped(cue.text)}" for cue in cues]
    return "WEBVTT\n\n" + "\n\n".join(parts) + "\n" if parts else ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _stamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def typed(cues: Iterable[Cue]) -> str:
    """As lines for a person."""
    return "\n".join(f"{_short(cue.begin)} - {_short(cue.end)} {cue.text}" for cue in cues)


def _short(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes}:{rest // 10:02}" + (f".{rest % 10}" if rest % 10 else "")


def spoken(cues: Iterable[Cue]) -> str:
    """The words alone."""
    return "\n".join(cue.text for cue in cues)


def clipped(cues: Iterable[Cue], begin: float, end: float) -> list[Cue]:
    """What is left of them in a piece of the recording, in the time of that piece."""
    return [
        Cue(max(0.0, cue.begin - begin), min(cue.end, end) - begin, cue.text)
        for cue in cues
        if cue.end > begin and cue.begin < end
    ]


def moved(cues: Iterable[Cue], by: float) -> list[Cue]:
    """The same, later by so many seconds."""
    return [replace(cue, begin=cue.begin + by, end=cue.end + by) for cue in cues]
