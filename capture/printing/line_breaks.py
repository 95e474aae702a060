"""Possible line breaks: between words, at hyphens, and inside words of scripts without spaces.

After UAX 14 (https://www.unicode.org/reports/tr14/), as far as titles and short sentences need it.
BudouX segments Thai, Japanese and Chinese into words; Pyphen's patterns (Hunspell's) hyphenate
other languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from reporter.languages import hyphenated_as

# A space without "no-break" in its name, or a zero width space.
_SPACE = re.compile(r"[ \t\n\r\u1680\u2000-\u2006\u2008-\u200b\u205f\u3000]+")
# A hyphen or dash inside a word, and path separators.
_DASH = re.compile(r"(?<=\w)[-‐–—/](?=\w)|[—–](?=\S)")
_THAI = re.compile("[\u0e00-\u0e7f]+")
_CJK = re.compile(
    "[\u2e80-\u2fdf\u3001-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uffee\U00020000-\U0003ffff]+"
)
_KANA = re.compile("[\u3040-\u30ff]")
# Scripts without spaces and without a dictionary here: a line may break after each syllable.
_SYLLABLES = re.compile("[\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff]+")
# Lao vowels that are written before their consonant.
_LEADING = frozenset("\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4")
_NEVER_FIRST = frozenset(
    "、。，．・·：；？！゛゜ヽヾゝゞ々ー’”）〕］｝〉》」』】°′″℃¢％‰,.:;?!)]}…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ"
)
_NEVER_LAST = frozenset("‘“（〔［｛〈《「『【([{")
# French separates quotation marks by a space; they stay with the quoted words.
_QUOTED = re.compile(r".*(?<!\w)[«‹]\s?\||.*\|[»›](?!\w)")
_WORD = re.compile(r"[^\W\d_]{8,}")
# Web and mail addresses: a hyphen in one would be read as part of it.
_ADDRESS = re.compile(r"\S*(?:://|@|\w\.\w)\S*")
# Letters that stay together before and after an inserted hyphen.
_KEPT = 3
_JOINERS = "\u200d\u2060"
# They open an isolated part, and belong to its first letter.
_OPENING = "\u2066\u2067\u2068"
_REGIONAL = ("\U0001f1e6", "\U0001f1ff")


def break_points(text: str, language: str) -> list[int]:
    """Indices into the text before which a line may break without a hyphen."""
    found = {match.end() for match in _SPACE.finditer(text)}
    found |= {match.end() for match in _DASH.finditer(text)}
    for pattern, divide in (
        (_THAI, _thai),
        (_CJK, _east_asian(language)),
        (_SYLLABLES, _syllables),
    ):
        for match in pattern.finditer(text):
            found |= _inside(match, divide)
    found |= _edges(text)
    letters = set(letter_points(text))
    return sorted(at for at in found if at in letters and _may_break(text, at))


def _inside(match: re.Match[str], divide: Callable[[str], list[str]]) -> set[int]:
    at, found = match.start(), set()
    for part in divide(match.group())[:-1]:
        at += len(part)
        found.add(at)
    return found


def _edges(text: str) -> set[int]:
    """Boundaries between an ideograph and a letter of a script with spaces."""
    edges = {edge for match in _CJK.finditer(text) for edge in match.span()}
    return {at for at in edges if 0 < at < len(text)}


def _may_break(text: str, at: int) -> bool:
    if not 0 < at < len(text) or _QUOTED.match(text[max(0, at - 3) : at] + "|" + text[at : at + 2]):
        return False
    return (
        text[at] not in _NEVER_FIRST and text[at - 1] not in _NEVER_LAST and not text[at].isspace()
    )


def hyphen_points(text: str, language: str) -> list[int]:
    """Indices at which a line may break with a hyphen, by the patterns of the language, for a German
    compound by those of German; none for a language without patterns."""
    found = [match.start() + 1 for match in re.finditer("\u00ad", text)]
    words = _ADDRESS.sub(lambda address: " " * len(address.group()), text)
    for match in _WORD.finditer(words):
        length = len(match.group())
        patterns = _patterns(hyphenated_as(match.group(), language))
        for at in patterns.positions(match.group()) if patterns is not None else ():
            # A break that changes letters (Hungarian "könnyebb": "köny-nyebb") is left out.
            if _KEPT <= at <= length - _KEPT and not getattr(at, "data", None):
                found.append(match.start() + at)
    return sorted(found)


def unbroken(text: str, language: str) -> str:
    """The text with a word joiner wherever a line could break, except at spaces."""
    places = [at for at in break_points(text, language) if not text[at - 1].isspace()]
    return "\u2060".join(text[a:b] for a, b in pairwise([0, *places, len(text)]))


def letter_points(text: str) -> Iterator[int]:
    """All boundaries between user-perceived characters (grapheme clusters, UAX 29)."""
    for at in range(1, len(text)):
        if not _is_joined(text, at):
            yield at


def _is_joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before in _OPENING or after in _OPENING:
        return before in _OPENING or before in _JOINERS
    if (
        unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    ):
        return after != "\u200b" or before in _JOINERS
    if before in _JOINERS or after in _JOINERS or after == "\u0e33":
        return True
    # A virama joins two consonants; a pair of regional indicators is a flag.
    if unicodedata.combining(before) == 9:
        return True
    if _REGIONAL[0] <= after <= _REGIONAL[1]:
        earlier = re.search("[\U0001f1e6-\U0001f1ff]*$", text[:at])
        return earlier is not None and len(earlier.group()) % 2 == 1
    return False


def _thai(run: str) -> list[str]:
    return list(_parser("thai").parse(run))


def _east_asian(language: str) -> Callable[[str], list[str]]:
    def divide(run: str) -> list[str]:
        if _KANA.search(run):
            return list(_parser("japanese").parse(run))
        old = language.lower().startswith(
            ("zh-tw", "zh-hk", "zh-hant", "zh_tw", "zh_hk", "zh_hant")
        )
        return list(_parser("traditional_chinese" if old else "simplified_chinese").parse(run))

    return divide


def _syllables(run: str) -> list[str]:
    places = [at for at in letter_points(run) if run[at - 1] not in _LEADING]
    return [run[a:b] for a, b in pairwise([0, *places, len(run)])]


@cache
def _parser(name: str) -> Any:
    import budoux

    return getattr(budoux, f"load_default_{name}_parser")()


@cache
def _patterns(language: str) -> Any:
    import pyphen

    found = pyphen.language_fallback(language.replace("-", "_"))
    return pyphen.Pyphen(lang=found) if found else None
