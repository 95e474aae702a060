"""Parsers for caption files that count frames or fractions of seconds, as older players and speech recognition write
them: MicroDVD, MPL2, SubViewer 1 (all three .sub or .txt), SAMI (.smi), Whisper's and YouTube's JSON, Whisper's TSV.
Spruce's .stl, which does not say how many frames a second has, is refused.

Each gives (begin, end, words) with times in seconds; if the end is None, the next line gives it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import Any

from reporter.errors import BadInput
from reporter.media.timed_text import Timed

_MICRODVD = re.compile(r"\s*\{(\d{1,8})\}\s*\{(\d{0,8})\}(.*)")
_MPL2 = re.compile(r"\s*\[(\d{1,7})\]\s*\[(\d{0,7})\](.*)")
_TSV = re.compile(r"(\d{1,9})\t(\d{1,9})\t(.*)")
_LABEL = re.compile(r"(\d{1,6}[.,]\d{1,9})\t(\d{1,6}[.,]\d{1,9})\t(.*)")
_SUBVIEWER = re.compile(r"\s*\[(\d{1,2}):(\d{2}):(\d{2})\]\s*")
# Spruce STL: two time codes and the words, below lines of settings.
_SPRUCE = re.compile(r"\s*\d\d(?::\d\d){2}[:;.]\d\d\s*,\s*\d\d(?::\d\d){2}[:;.]\d\d\s*,.*")
_RATE = re.compile(r"\s*(\d{1,3}(?:[.,]\d{1,6})?)\s*")
_SYNC = re.compile(r"<sync\b[^<>]{0,200}?\bstart\s*=\s*[\"']?(\d{1,9})[^<>]{0,200}>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_MARK = re.compile(r"</?[a-z][^<>]*>|<!--.{0,1000}?-->", re.IGNORECASE | re.DOTALL)


def counted_lines(lines: Sequence[str]) -> list[Timed] | None:
    """Parse captions of these formats; None for others. Raises BadInput where times can't be known."""
    filled = [line for line in lines if line.strip()]
    first = filled[0] if filled else ""
    for fits, parse in _FORMATS:
        if fits(first, filled):
            return [*parse(filled)]
    return None


def _without_rate() -> BadInput:
    return BadInput(
        "These captions count pictures and don't say how many there are in a second. "
        "Save them as SubRip and choose that."
    )


def _spruce(_lines: Sequence[str]) -> Iterator[Timed]:
    raise _without_rate()


def _microdvd(lines: Sequence[str]) -> Iterator[Timed]:
    rate = 0.0
    for line in lines:
        if (found := _MICRODVD.fullmatch(line)) is None:
            continue
        stated_rate = _RATE.fullmatch(found[3])
        if not rate:
            # The first line gives the rate as its text.
            rate = float(stated_rate[1].replace(",", ".")) if stated_rate else 0.0
            if not 5 <= rate <= 240:
                raise _without_rate()
            continue
        end = int(found[2]) / rate if found[2] else None
        yield int(found[1]) / rate, end, found[3].replace("|", "\n")


def _mpl2(lines: Sequence[str]) -> Iterator[Timed]:
    for line in lines:
        if found := _MPL2.fullmatch(line):
            words = "\n".join(part.lstrip("/") for part in found[3].split("|"))
            yield int(found[1]) / 10, int(found[2]) / 10 if found[2] else None, words


def _subviewer(lines: Sequence[str]) -> Iterator[Timed]:
    """A time, a line of words, the time of their end."""
    begin, words = None, ""
    for line in lines:
        if found := _SUBVIEWER.fullmatch(line):
            at = float(int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]))
            if begin is not None and words:
                yield begin, at, words.replace("|", "\n")
            begin, words = at, ""
        else:
            words = f"{words}\n{line}" if words else line


def _tsv(lines: Sequence[str]) -> Iterator[Timed]:
    for line in lines:
        if found := _TSV.fullmatch(line):
            yield int(found[1]) / 1000, int(found[2]) / 1000, found[3]


def _labels(lines: Sequence[str]) -> Iterator[Timed]:
    """Audacity's labels, in seconds; a label at one moment has no end."""
    for line in lines:
        if found := _LABEL.fullmatch(line):
            begin, end = (float(part.replace(",", ".")) for part in found.groups()[:2])
            yield begin, end if end > begin else None, found[3]


def _sami(lines: Sequence[str]) -> Iterator[Timed]:
    """Each text stays until the next one, which may be empty."""
    _head, *parts = _SYNC.split("\n".join(lines))
    starts = [int(part) / 1000 for part in parts[::2]]
    ends = [*starts[1:], None][: len(starts)]
    for begin, end, markup in zip(starts, ends, parts[1::2], strict=True):
        words = _BREAK.sub("\n", " ".join(markup.split()))
        yield begin, end, unescape(_MARK.sub("", words)).strip(" \u00a0")


def _json(lines: Sequence[str]) -> Iterator[Timed]:
    try:
        document = json.loads("\n".join(lines))
        if "events" in document:
            yield from (_event(event) for event in document["events"] if event.get("segs"))
        # whisper.cpp
        for part in document.get("transcription", ()):
            times = part["offsets"]
            yield (
                _moment(times["from"]) / 1000,
                _moment(times["to"]) / 1000,
                str(part["text"]).strip(),
            )
        for part in document.get("segments", ()):
            yield _moment(part["start"]), _moment(part["end"]), str(part["text"]).strip()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadInput(
            "There are no captions in this file. Choose one in WebVTT or SubRip."
        ) from error


def _event(event: Any) -> Timed:
    begin = _moment(event["tStartMs"]) / 1000
    words = "".join(str(part.get("utf8", "")) for part in event["segs"])
    length = event.get("dDurationMs")
    return begin, None if length is None else begin + _moment(length) / 1000, words.strip()


def _moment(value: Any) -> float:
    """A number of a file; NaN and infinity, which JSON's readers accept, are none."""
    number = float(value)
    if not 0 <= number < 1e9:
        raise ValueError(f"no time: {number}")
    return number


def _has_spruce_times(_first: str, lines: Sequence[str]) -> bool:
    return any(_SPRUCE.fullmatch(line) for line in lines)


def _has_subviewer_times(_first: str, lines: Sequence[str]) -> bool:
    return sum(_SUBVIEWER.fullmatch(line) is not None for line in lines) >= 2


_FORMATS: tuple[
    tuple[Callable[[str, Sequence[str]], bool], Callable[[Sequence[str]], Iterator[Timed]]], ...
] = (
    (lambda first, _lines: _MICRODVD.fullmatch(first) is not None, _microdvd),
    (lambda first, _lines: _MPL2.fullmatch(first) is not None, _mpl2),
    (_has_subviewer_times, _subviewer),
    (_has_spruce_times, _spruce),
    (lambda first, _lines: first.strip() == "start\tend\ttext", _tsv),
    (lambda first, _lines: _LABEL.fullmatch(first) is not None, _labels),
    (lambda first, _lines: first.lstrip().lower().startswith("<sami"), _sami),
    (
        lambda first, _lines: (
            first.lstrip().startswith("{") and first.lstrip()[1:2] in ("", " ", '"')
        ),
        _json,
    ),
)
