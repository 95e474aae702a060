"""Captions as cues: parsed from typed text and from caption files, written as WebVTT.

Files: WebVTT (https://www.w3.org/TR/webvtt1/), SubRip (.srt), YouTube's .sbv, and those of
``timed_text`` and ``counted_text``. People type one line per sentence, after its time: ``0:03 Good
morning`` or ``0:03 - 0:06 Good morning``. Times are seconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from html import unescape

from reporter.charsets import decode_exactly
from reporter.errors import BadInput
from reporter.media.counted_text import counted_lines
from reporter.media.ebu_stl import ebu_lines, is_ebu_stl
from reporter.media.timed_text import (
    TIME,
    Timed,
    ass_lines,
    closed_up,
    is_ass,
    is_lrc,
    is_xml,
    lrc_lines,
    usual_lines,
    xml_lines,
)

# Letters that are shown; a file's markup, or fonts attached to it, may be many times that.
MOST_CHARS = 200_000
MOST_BYTES = 20 * MOST_CHARS
MOST_CUES = 2000
# Reading speed is about 15 letters a second; a shorter caption can't be read.
LETTERS_A_SECOND = 15.0
LEAST, MOST = 1.5, 7.0
# Only plain spaces separate a time from its words: a no-break space belongs to the words.
_LINE = re.compile(rf"[ \t]*\[?{TIME}(?:[ \t]*[-–][ \t]*{TIME})?\]?(?:[ \t]+([^ \t].*)|[ \t]*)")
_TIMING = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}(?:\s.*)?")
_SBV_TIMING = re.compile(
    r"\s*(\d{1,3}):(\d{2}):(\d{2})\.(\d{1,3}),(\d{1,3}):(\d{2}):(\d{2})\.(\d{1,3})\s*"
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# SubRip and WebVTT tags; any other "<" is literal.
_TAG = re.compile(
    r"</?(?:b|i|u|s|c|v|em|strong|font|span|lang|ruby|rt|color|size)(?:[.\s=][^<>\n]*)?/?>|<(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}>",
    re.IGNORECASE,
)
# Who speaks, in WebVTT (5.4: the voice span).
_VOICE = re.compile(r"<v(?:\.[^\s<>]+)*[ \t]+([^<>\n]+)>([^<\n]*)", re.IGNORECASE)
# SubStation Alpha tags, which SubRip files use too, and MicroDVD tags.
_OVERRIDE = re.compile(r"\{\\[^{}\n]*\}|\{[YyFfSsCcPpHh]:[^{}\n]*\}")
# Broadcasters' captions that are not read (EIA-608).
_SCENARIST = re.compile(rb"(?:\xef\xbb\xbf)?Scenarist_SCC")
_OTHER_FORMAT = re.compile(
    rb"%PDF|PK\x03\x04|\xd0\xcf\x11\xe0|\{\\rtf|\s*<(?:!doctype html|html)\b",
    re.IGNORECASE,
)
# Words that appear one by one, as speech recognition of YouTube writes them.
_WORD_BY_WORD = re.compile(r"<\d\d:\d\d:\d\d\.\d{3}><c>")
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")


@dataclass(frozen=True)
class Cue:
    """A caption's text with its start and end."""

    begin: float
    end: float
    text: str


def read_caption_file(data: bytes, language: str = "") -> list[Cue]:
    """Parse a file in any charset; ``language`` (such as ``de``) decides between charsets that fit equally well.

    Raises BadInput if the charset can't be determined, and what ``read_cues`` raises.
    """
    if len(data) > MOST_BYTES:
        raise BadInput("These captions are too long.")
    if _SCENARIST.match(data):
        raise BadInput(
            "%(format)s can't be opened here. Save it as %(instead)s and bring that in.",
            format="Scenarist (SCC)",
            instead="WebVTT",
        )
    if _OTHER_FORMAT.match(data):
        raise BadInput("There are no captions in this file. Choose one in WebVTT or SubRip.")
    broadcast = [*ebu_lines(data)] if is_ebu_stl(data) else []
    words = "\n".join(words for _, _, words in broadcast)
    text = words if is_ebu_stl(data) else decode_exactly(data, language)
    if text is None or "\ufffd" in text:
        raise BadInput(
            "The encoding of this file is uncertain. Save it as UTF-8 and choose it again."
        )
    cues = [*_timed(broadcast, _clean)] if is_ebu_stl(data) else read_cues(text)
    if not cues and (text.strip() or is_ebu_stl(data)):
        raise BadInput("There are no captions in this file. Choose one in WebVTT or SubRip.")
    return cues


def read_cues(text: str) -> list[Cue]:
    """Parse typed lines or a caption file, sorted by time. Raises BadInput, naming the line."""
    if len(text) > MOST_BYTES:
        raise BadInput("These captions are too long.")
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = list(_cues(lines))
    if len(cues) > MOST_CUES or sum(len(cue.text) for cue in cues) > MOST_CHARS:
        raise BadInput("These captions are too long.")
    return sorted(cues, key=lambda cue: (cue.begin, cue.end))


def _cues(lines: Sequence[str]) -> Iterable[Cue]:
    if is_xml("\n".join(lines[:3])):
        return _timed([*xml_lines("\n".join(lines))], _clean)
    if is_ass(lines):
        return [cue for cue in _timed([*ass_lines(lines)], _clean) if cue.end > cue.begin]
    counted = counted_lines(lines)
    if counted is not None:
        return _timed(counted, _without_marks_clean)
    lines = [part for line in lines for part in usual_lines(line)]
    is_vtt = re.match(r"WEBVTT(?:\s|$)", next(filter(str.strip, lines), "")) is not None
    if is_vtt or any("-->" in line for line in lines):
        # An empty line between each cue's times and its words: no program means a file without any words.
        cues = [*_blocks(lines, is_vtt=is_vtt)] or [*_blocks(closed_up(lines), is_vtt=is_vtt)]
        return _unrolled(cues) if any(map(_WORD_BY_WORD.search, lines)) else cues
    if any(_SBV_TIMING.fullmatch(line) for line in lines):
        return _sbv(lines)
    if is_lrc(lines):
        return _timed(lrc_lines(lines), _clean)
    return _typed(lines)


def check_letters(text: str) -> None:
    """Raise BadInput if a program has replaced letters that it could not decode."""
    for number, line in enumerate(text.split("\n"), 1):
        if "\ufffd" in line:
            raise BadInput(
                "A letter is lost in line %(line)s (�). Correct it, or choose the file again.",
                line=number,
            )


def _typed(lines: Sequence[str]) -> Iterable[Cue]:
    found: list[tuple[float, float | None, str]] = []
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is not None:
            end = _seconds(match.groups()[4:8], number) if match[6] else None
            words = (match[9] or "").strip(" \t")
            found.append((_seconds(match.groups()[:4], number), end, words))
        elif line.strip() and found:
            begin, end, words = found[-1]
            found[-1] = (begin, end, f"{words}\n{_continuation(line)}")
        elif line.strip():
            raise BadInput(
                "Line %(line)s has no time before it, as in “0:03 Good morning”.", line=number
            )
    yield from _timed(found, _clean)


def _continuation(line: str) -> str:
    """A continuation line of a caption; a backslash escapes something that looks like a time."""
    line = line.strip(" \t")
    return line[1:] if line.startswith("\\") and _looks_typed(line.lstrip("\\")) else line


def _looks_typed(line: str) -> bool:
    return _LINE.fullmatch(line) is not None


def _end(
    begin: float, end: float | None, words: str, following: tuple[float, float | None, str] | None
) -> float:
    if end is not None and end > begin:
        return end
    reading = begin + min(MOST, max(LEAST, len(words) / LETTERS_A_SECOND))
    # The next cue replaces it, unless it begins at the same moment.
    if following is not None and begin < following[0]:
        return min(reading, following[0])
    return reading


def _blocks(lines: Sequence[str], *, is_vtt: bool) -> Iterable[Cue]:
    """Parse WebVTT or SubRip cues; styles, notes, names and numbers are skipped."""
    at = 0
    while at < len(lines):
        if is_vtt and lines[at].startswith("NOTE") and lines[at][4:5] in ("", " ", "\t"):
            at = next((n for n in range(at, len(lines)) if not lines[n].strip()), len(lines))
            continue
        if "-->" not in lines[at]:
            at += 1
            continue
        match = _TIMING.fullmatch(lines[at])
        if match is None:
            raise BadInput("The times in line %(line)s can't be read.", line=at + 1)
        begin, end = (
            _seconds(match.groups()[:4], at + 1),
            _seconds(match.groups()[4:], at + 1),
        )
        last = _block_end(lines, at + 1, is_vtt=is_vtt)
        text = _clean(_without_marks("\n".join(lines[at + 1 : last])))
        at = last
        # A browser never shows a cue of WebVTT without a length; words of SubRip are not lost for a wrong end.
        if text and (end > begin or not is_vtt):
            yield Cue(begin, _end(begin, end, text, None), text)


def _unrolled(cues: Iterable[Cue]) -> Iterable[Cue]:
    """Captions that roll up, each line once: YouTube repeats the line before above each new one."""
    before = ""
    for cue in cues:
        lines = cue.text.split("\n")
        new = lines[1:] if lines[0] == before else lines
        before = lines[-1]
        if new:
            yield replace(cue, text="\n".join(new))


def _block_end(lines: Sequence[str], at: int, *, is_vtt: bool) -> int:
    """The line after a cue's text. SubRip has empty lines in it; there the next cue number marks the end. In WebVTT
    only a line without any character ends it: YouTube's cues have lines of one space."""
    while at < len(lines) and "-->" not in lines[at]:
        if not is_vtt and lines[at].strip().isdecimal() and "-->" in _next_filled(lines, at):
            return at
        is_over = is_vtt and (not lines[at] or _names_block(lines, at))
        if not lines[at].strip(" \t") and (is_over or _begins_block(lines, at)):
            return at
        at += 1
    return at


def _next_filled(lines: Sequence[str], at: int) -> str:
    return next((line for line in lines[at + 1 : at + 4] if line.strip()), "")


def _names_block(lines: Sequence[str], at: int) -> bool:
    """Whether after this empty line the next thing is the name of a cue, or a note."""
    following = next((n for n in range(at, len(lines)) if lines[n].strip()), len(lines))
    name, below = (*lines[following : following + 2], "", "")[:2]
    return "-->" in below or name.startswith("NOTE")


def _begins_block(lines: Sequence[str], at: int) -> bool:
    """Whether after this empty line the next thing is a number followed by times, or the end of the file."""
    at = next((n for n in range(at, len(lines)) if lines[n].strip()), len(lines))
    below = _next_filled(lines, at)
    return (
        at == len(lines) or "-->" in lines[at] or (lines[at].strip().isdecimal() and "-->" in below)
    )


def _sbv(lines: Sequence[str]) -> Iterable[Cue]:
    at = 0
    while at < len(lines):
        match = _SBV_TIMING.fullmatch(lines[at])
        at += 1
        if match is None:
            continue
        words = []
        while at < len(lines) and lines[at].strip():
            words.append(lines[at])
            at += 1
        begin, end = _seconds(match.groups()[:4], at), _seconds(match.groups()[4:], at)
        text = _clean("\n".join(words).replace("[br]", "\n"))
        if text and end > begin:
            yield Cue(begin, end, text)


def _timed(found: Sequence[Timed], clean: Callable[[str], str]) -> Iterable[Cue]:
    """Build cues from (begin, end, words); a missing end is the start of the next."""
    for this, following in zip(found, [*found[1:], None], strict=False):
        begin, end, words = this
        cue = Cue(begin, _end(begin, end, words, following), clean(words))
        if cue.text and cue.end > begin:
            yield cue


def _without_marks_clean(text: str) -> str:
    return _clean(_without_marks(text))


def _without_marks(text: str) -> str:
    plain = _TAG.sub("", _VOICE.sub(_spoken_by, _BREAK.sub("\n", text)))
    return _REFERENCE.sub(lambda found: unescape(found[0]), plain)


def _spoken_by(found: re.Match[str]) -> str:
    """The words behind the name of who speaks, on a line of their own; browsers show no names by themselves."""
    name, words = found[1].strip(), found[2].lstrip(" \t")
    named = words.casefold().startswith(f"{name}:".casefold())
    return f"\n{words}" if named else f"\n{name}: {words}"


def _seconds(parts: Sequence[str | None], line: int) -> float:
    hours, minutes, seconds, rest = parts
    if int(seconds or 0) > 59:
        raise BadInput("The times in line %(line)s can't be read.", line=line)
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + float(f"0.{rest}" if rest else 0)


def _clean(text: str) -> str:
    """Remove control characters, empty lines, and whatever would end a cue.

    No-break spaces, joiners and direction marks are part of words and kept.
    """
    while _OVERRIDE.search(text):
        text = _OVERRIDE.sub("", text)
    text = re.sub("[\u2028\u2029\x85\v\f]", "\n", text)
    kept = "".join(letter for letter in text if letter == "\n" or _is_kept(letter))
    lines = (
        re.sub("[ \t]+", " ", line.replace("-->", "→")).strip(" ") for line in kept.split("\n")
    )
    return "\n".join(line for line in lines if line.strip())


def _is_kept(letter: str) -> bool:
    if letter.isprintable() or letter == "\t":
        return True
    return unicodedata.category(letter) not in ("Cc", "Cs") and letter != "\ufeff"


def cue_text(text: str) -> str:
    """The text of a cue of WebVTT or SubRip without its marks."""
    return _clean(_without_marks(text))


def webvtt(cues: Iterable[Cue]) -> str:
    """Serialize as WebVTT; empty without cues."""
    parts = [f"{_stamp(cue.begin)} --> {_stamp(cue.end)}\n{_escaped(cue.text)}" for cue in cues]
    return "WEBVTT\n\n" + "\n\n".join(parts) + "\n" if parts else ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _stamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"


def editable_lines(cues: Iterable[Cue]) -> str:
    """Format as lines for a person to edit, which ``read_cues`` parses back to the same cues."""
    return "\n".join(
        f"{_short(cue.begin)} - {_short(cue.end)} {_typed_text(cue.text)}" for cue in cues
    )


def _typed_text(text: str) -> str:
    first, *more = text.split("\n")
    return "\n".join([first, *(_guarded(line) for line in more)])


def _guarded(line: str) -> str:
    return f"\\{line}" if _looks_typed(line.lstrip("\\")) else line


def _short(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 1000), 60_000)
    thousandths = f".{rest % 1000:03}".rstrip("0") if rest % 1000 else ""
    # More minutes are not read as such.
    whole = f"{minutes // 60}:{minutes % 60:02}" if minutes > 999 else str(minutes)
    return f"{whole}:{rest // 1000:02}{thousandths}"


def spoken_text(cues: Iterable[Cue]) -> str:
    """The text without times."""
    return "\n".join(cue.text for cue in cues)


def clipped(cues: Iterable[Cue], begin: float, end: float) -> list[Cue]:
    """The cues within a part of the recording, on that part's timeline."""
    return [
        Cue(max(0.0, cue.begin - begin), min(cue.end, end) - begin, cue.text)
        for cue in cues
        if cue.end > begin and cue.begin < end
    ]


def moved(cues: Iterable[Cue], by: float) -> list[Cue]:
    """The cues shifted by so many seconds."""
    return [replace(cue, begin=cue.begin + by, end=cue.end + by) for cue in cues]


def from_first_hour(cues: Sequence[Cue], length: float) -> list[Cue]:
    """The cues counted from the full hour before the first, as in broadcasters' files, where only that fits ``length``.

    ``length``: of the recording, in seconds.
    """
    since = cues[0].begin // 3600 * 3600 if cues else 0.0
    if not since or cues[0].begin <= length or cues[-1].begin - since > length:
        return [*cues]
    return moved(cues, -since)
