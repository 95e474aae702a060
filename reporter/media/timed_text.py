"""Parsers for caption formats besides WebVTT and SubRip: TTML (https://www.w3.org/TR/ttml1/),
YouTube's XML, LRC, SubStation Alpha.

Each parser returns (begin, end, words) with times in seconds; if the end is None, the next line
gives it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from reporter.errors import BadInput

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Timed = tuple[float, float | None, str]

# Besides TTML's own forms: decimal commas, and Apple's "3:58.640" and "19.764", without hours and without a unit.
_CLOCK = re.compile(r"(\d{1,3}):(\d{2}):(\d{2})(?:[.,](\d{1,9})|:(\d{1,3})(?:\.\d{1,9})?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:[.,]\d{1,12})?)(h|ms|m|s|f|t)")
_APPLE_TIME = re.compile(r"(?:(\d{1,3}):)?(\d{1,5}[.,]\d{1,9})")
_PREFIX = re.compile(r"[<\s/]([A-Za-z_][\w.-]{0,30}):[A-Za-z_]")
_DECLARED = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,30})\s*=")
_ROOT = re.compile(r"<(?:\w+:)?\w+\b")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LRC_STAMP = re.compile(r"\s*\[(\d{1,3}):(\d{2})(?:[.:](\d{1,3}))?\]")
_LRC_LINE = re.compile(
    r"\s*\[(?:\d{1,3}:\d{2}(?:[.:]\d{1,3})?\]|[a-z#]{1,12}:[^\[\]]*\]\s*$)", re.IGNORECASE
)
_LRC_WORD = re.compile(r"<\d{1,3}:\d{2}(?:[.:]\d{1,3})?>")
_LRC_TAG = re.compile(r"\s*\[[a-z#]{1,12}:", re.IGNORECASE)
# "[00:01:23]": minutes, seconds and hundredths in lyrics, hours, minutes and seconds in a transcript.
_THREE_PARTS = re.compile(r"\s*\[(\d{2}):([0-5]\d):([0-5]\d)\]")
_TIMES_LINE = re.compile(r"[\d\s:.,]+(?:--?>|[–—]>|→)\s*\d")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ASS_TIME = re.compile(r"\s*(\d{1,3}):(\d{1,2}):(\d{1,2})(?:[.:](\d{1,3}))?\s*")
# A time in WebVTT, SubRip and typed lines.
TIME = r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?"
# Speech recognition prints cues as "[00:01.000 --> 00:03.000] words"; people type one hyphen too few.
_PRINTED = re.compile(rf"\s*\[({TIME}\s*-->\s*{TIME})\][ \t]*(.*)")
_SHORT_ARROW = re.compile(rf"(\s*{TIME}\s*)(?:->|–>|—>|→)(\s*{TIME}\s*)")
# Drawn shapes instead of words.
_ASS_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}.*?(?=\{[^{}]*\\p0|$)")
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "l", "r", "v", "effect", "text")


def is_xml(text: str) -> bool:
    """Whether the captions are XML."""
    return (
        re.match(r"\s*(?:<!--.*?-->\s*)*<(?:\?xml|tt\b|\w+:tt\b|transcript\b|timedtext\b)", text)
        is not None
    )


def xml_lines(text: str) -> Iterator[Timed]:
    """Parse TTML (DFXP, EBU-TT, iTT) or YouTube's transcript. Raises BadInput for other XML."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(_with_prefixes(re.sub(r"^\s*<\?xml[^>]*\?>", "", text)))
    except (ParseError, DefusedXmlException) as error:
        raise BadInput("These captions can't be read: their XML is broken.") from error
    if _tag(root) == "transcript":
        for line in root.iter("text"):
            begin, length = _number(line.get("start", "0")), _number(line.get("dur", "0"))
            yield begin, begin + length, unescape("".join(line.itertext()))
    elif _tag(root) == "timedtext":
        for line in root.iter("p"):
            begin, length = _number(line.get("t", "0")) / 1000, _number(line.get("d", "0")) / 1000
            yield begin, begin + length if length else None, unescape("".join(line.itertext()))
    elif _tag(root) == "tt":
        rates = _rates(root)
        since = _start_of_programme(root, rates)
        for begin, end, words in _timed_parts(root, _Times(0.0, None), rates):
            # Broadcasters count from the tape's first hour; some files name that and count from zero.
            shift = since if begin >= since else 0.0
            yield round(begin - shift, 6), None if end is None else round(end - shift, 6), words


def _with_prefixes(text: str) -> str:
    """The document with a namespace for each prefix that it forgot to declare: only local names count here."""
    missing = {*_PREFIX.findall(text)} - {*_DECLARED.findall(text)} - {"xml", "xmlns"}
    names = "".join(f' xmlns:{prefix}="urn:undeclared"' for prefix in sorted(missing))
    return _ROOT.sub(lambda root: root[0] + names, text, count=1)


def _start_of_programme(root: Element, rates: _Rates) -> float:
    """The time code at which the programme begins (EBU Tech 3350), which is 0 for viewers."""
    codes = (one.text for one in root.iter() if _tag(one) == "documentStartOfProgramme")
    return _ttml_time(next(codes, ""), rates)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


@dataclass(frozen=True)
class _Rates:
    """Frames and ticks per second. ``counted``: frames in a second of the time code, which at 29.97 a second takes
    longer than a second (SMPTE ST 12-1); 0 where times are those of a clock. ``drops``: the numbers that it leaves out
    to keep up: how many, how often in minutes. ``absolute``: each time counts from the start of the file."""

    frames: float
    ticks: float
    counted: float = 0.0
    drops: tuple[int, int] = (0, 1)
    absolute: bool = False

    def seconds(self, whole: int, frames: int) -> float:
        """The time of a time code of whole seconds and frames (TTML1, appendix N)."""
        if not self.counted:
            return whole + frames / self.frames
        count, every = self.drops
        periods = whole // 60 // every
        # Not in every tenth of these minutes.
        dropped = count * (periods - periods // 10)
        return (whole * self.counted + frames - dropped) / self.frames


_DROPS = {"dropNTSC": (2, 1), "dropPAL": (4, 2)}


def _rates(root: Element) -> _Rates:
    attributes = {name.rpartition("}")[2]: value.strip() for name, value in root.attrib.items()}
    above, _, below = attributes.get("frameRateMultiplier", "1 1").replace(":", " ").partition(" ")
    counted = _number(attributes.get("frameRate", "30")) or 30.0
    frames = counted * _number(above) / (_number(below or "1") or 1) or 30.0
    ticks = _number(attributes.get("tickRate", "1")) or 1.0
    if attributes.get("timeBase") != "smpte":
        # Apple's lyrics, whose lines and words count from the start, although TTML counts from what encloses them.
        is_apple = any(name.startswith("{http://music.apple.com/") for name in root.attrib)
        return _Rates(frames, ticks, absolute=is_apple)
    return _Rates(frames, ticks, counted, _DROPS.get(attributes.get("dropMode", ""), (0, 1)))


def _number(text: str) -> float:
    if re.fullmatch(r"\s*[0-9]{1,12}(?:\.[0-9]{0,12})?\s*", text):
        return float(text)
    raise BadInput("The time “%(time)s” in these captions can't be read.", time=text[:40])


@dataclass(frozen=True)
class _Times:
    """When an element is shown. ``end`` None: until something else says. ``is_timed``: whether it or what encloses it
    has times at all."""

    begin: float
    end: float | None
    is_timed: bool = False


def _children(element: Element, around: _Times, rates: _Rates) -> Iterator[tuple[Element, _Times]]:
    """Each part of an element with its times, relative to the element, or to the part before (TTML1, 10.2)."""
    in_turn = element.get("timeContainer") == "seq"
    since = 0.0 if rates.absolute else around.begin
    for part in element:
        begin = since + _ttml_time(part.get("begin"), rates)
        ends = [around.end] if around.end is not None else []
        if part.get("dur"):
            ends = [begin + _ttml_time(part.get("dur"), rates)]
        elif part.get("end"):
            ends = [since + _ttml_time(part.get("end"), rates)]
        end = ends[0] if ends and ends[0] > begin else None
        is_timed = around.is_timed or any(part.get(name) for name in ("begin", "end", "dur"))
        yield part, _Times(begin, end, is_timed)
        if in_turn:
            since = begin if end is None else end


def _timed_parts(element: Element, around: _Times, rates: _Rates) -> Iterator[Timed]:
    """The paragraphs that have times, or are in something that has; those of their timed spans are shown one by one."""
    for part, times in _children(element, around, rates):
        if _tag(part) not in ("p", "span"):
            yield from _timed_parts(part, times, rates)
            continue
        # Each word has a time in lyrics, which are sung, and read, as lines.
        spans = [] if rates.absolute else [*_timed_spans(part, times, rates)]
        for span, shown in spans:
            others = frozenset(other for other, _ in spans if other is not span)
            yield shown.begin, shown.end, _words(part, others)
        if times.is_timed and not spans:
            yield times.begin, times.end, _words(part)


def _timed_spans(part: Element, around: _Times, rates: _Rates) -> Iterator[tuple[Element, _Times]]:
    for span, times in _children(part, around, rates):
        inner = [*_timed_spans(span, times, rates)]
        if inner:
            yield from inner
        elif any(span.get(name) for name in ("begin", "end", "dur")):
            yield span, times


def _words(element: Element, without: Set[Element] = frozenset()) -> str:
    """The text, a line for each "br", without that of the parts named."""
    text = re.sub(r"\s+", " ", element.text or "")
    for part in element:
        if _tag(part) == "br":
            text += "\n"
        elif _tag(part) != "metadata" and part not in without:
            text += _words(part, without)
        text += re.sub(r"\s+", " ", part.tail or "")
    return text


def _ttml_time(text: str | None, rates: _Rates) -> float:
    if not text:
        return 0.0
    if found := _CLOCK.fullmatch(text.strip()):
        whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
        return rates.seconds(whole, int(found[5] or 0)) + float(f"0.{found[4] or 0}")
    if found := _OFFSET.fullmatch(text.strip()):
        unit = {**_SECONDS, "f": 1 / rates.frames, "t": 1 / rates.ticks}[found[2]]
        return float(found[1].replace(",", ".")) * unit
    if found := _APPLE_TIME.fullmatch(text.strip()):
        return int(found[1] or 0) * 60 + float(found[2].replace(",", "."))
    raise BadInput("The time “%(time)s” in these captions can't be read.", time=text[:40])


def is_lrc(lines: Sequence[str]) -> bool:
    """Whether these are song lyrics with times (LRC)."""
    filled = [line for line in lines if line.strip()]
    return bool(filled) and all(_LRC_LINE.match(line) for line in filled)


def lrc_lines(lines: Sequence[str]) -> list[Timed]:
    """Parse LRC, sorted by time; metadata and empty lines are skipped."""
    found: list[Timed] = []
    offset = 0.0
    filled = [line for line in lines if line.strip()]
    if all(map(_THREE_PARTS.match, filled)) and not any(map(_LRC_TAG.match, filled)):
        lines = [_THREE_PARTS.sub(_in_minutes, line, count=1) for line in lines]
    for line in lines:
        if offset_tag := re.fullmatch(r"\s*\[offset:\s*([+-]?\d{1,6})\]\s*", line, re.IGNORECASE):
            offset = int(offset_tag[1]) / 1000
        stamps: list[float] = []
        while stamp := _LRC_STAMP.match(line):
            stamps.append(int(stamp[1]) * 60 + int(stamp[2]) + float(f"0.{stamp[3] or 0}"))
            line = line[stamp.end() :]
        words = _sung_words(line)
        found += [(max(0.0, at - offset), None, words) for at in stamps]
    return sorted(found, key=lambda one: one[0])


def _in_minutes(found: re.Match[str]) -> str:
    hours, minutes, seconds = map(int, found.groups())
    return f"[{hours * 60 + minutes}:{seconds:02}]"


def _sung_words(line: str) -> str:
    """The words of a line without the times of syllables; where nothing separates words but these, with spaces."""
    bare = _LRC_WORD.sub("", line)
    apart = " " in bare.strip() or _SPACELESS.search(bare)
    return " ".join((bare if apart else _LRC_WORD.sub(" ", line)).split())


def _tidy_times(line: str) -> str:
    """A line of times, or a cue's number, without invisible marks, and its times without the spaces and colons that
    translation programs put there."""
    bare = "".join(c for c in line if unicodedata.category(c) != "Cf")
    if bare.strip().isdecimal() or not bare.strip():
        return bare
    if not _TIMES_LINE.match(bare):
        return line
    bare = re.sub(r"(?<=\d)[ \t]*([:.,])[ \t]*(?=\d)", r"\1", bare)
    return re.sub(r"(\d:\d\d:\d\d):(\d{3})(?!\d)", r"\1.\2", bare)


def closed_up(lines: Sequence[str]) -> list[str]:
    """Without the empty lines that some programs put between a caption's times and its words."""
    above = ("", *lines)
    return [line for at, line in enumerate(lines) if line.strip() or "-->" not in above[at]]


def usual_lines(line: str) -> list[str]:
    """A line with times as WebVTT and SubRip have it."""
    if printed := _PRINTED.fullmatch(line):
        return [printed[1], printed[printed.re.groups], ""]
    line = _tidy_times(line)
    short = _SHORT_ARROW.fullmatch(line)
    return [f"{short[1]}-->{short[6]}"] if short else [line]


def is_ass(lines: Sequence[str]) -> bool:
    """Whether this is SubStation Alpha, of which some programs leave only the dialogue."""
    first = next(filter(str.strip, lines), "").strip().lower()
    # Fonts attached to such a file are lines of any letters, arrows included.
    return first == "[script info]" or any(line.lstrip().startswith("Dialogue:") for line in lines)


def ass_lines(lines: Sequence[str]) -> Iterator[Timed]:
    """Parse dialogue lines, in the field order given by the file's Format line."""
    order: tuple[str, ...] = _ASS_FIELDS
    is_events = False
    for number, line in enumerate(map(str.lstrip, lines), 1):
        if line.startswith("["):
            is_events = line.strip().lower() == "[events]"
        elif line.startswith("Format:") and is_events:
            order = tuple(field.strip().lower() for field in line.partition(":")[2].split(","))
        elif line.startswith("Dialogue:") and {"start", "end", "text"} <= set(order):
            fields = line.removeprefix("Dialogue:").split(",", len(order) - 1)
            if len(fields) == len(order):
                dialogue = dict(zip(order, fields, strict=True))
                words = re.sub(r"\\[Nn]", "\n", _ASS_DRAWING.sub("", dialogue["text"]))
                begin, end = (_ass_seconds(dialogue[name], number) for name in ("start", "end"))
                yield begin, end, words.replace("\\h", "\u00a0")


def _ass_seconds(text: str, line: int) -> float:
    found = _ASS_TIME.fullmatch(text)
    if found is None or int(found[3]) > 59:
        raise BadInput("The times in line %(line)s can't be read.", line=line)
    whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
    return whole + float(f"0.{found[4] or 0}")
