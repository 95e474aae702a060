"""Names of months and weekdays in many languages, from Unicode CLDR through Babel."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

_LOCALES = (
    "en en_GB en_AU en_CA de de_AT fr fr_CA es es_MX pt pt_BR it nl sv da nb fi is pl cs sk hu ro hr sl sr_Latn "
    "sr uk ru bg el tr ca eu gl lt lv et he ar ar_SY ar_MA ar_DZ fa hi bn ur ta mr sw id ms vi af sq cy ga bs mk "
    "be ja zh zh_Hant ko th"
)
# Additional abbreviations used in spreadsheets.
_MORE_MONTHS = {
    "sept": 9,
    "mrz": 3,
    "mär": 3,
    "jän": 1,
    "febr": 2,
    "okt": 10,
    "dez": 12,
    "set": 9,
} | {
    # Spellings of Hindi that are as common as those of the dictionary.
    **{"फरवरी": 2, "सितम्बर": 9, "अक्टूबर": 10, "नवम्बर": 11, "दिसम्बर": 12}
}
_MORE_DAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "mie": 2}

_STROKES = str.maketrans("łøđıðþ", "lodidp")
# Vowel signs of Hindi, Thai and others are part of words; ``\\w`` excludes them.
MARKS = "".join(chr(c) for c in range(0x300, 0x1100) if unicodedata.category(chr(c))[0] == "M")

Names = Mapping[str, frozenset[int]]


def months_called(word: str) -> frozenset[int]:
    """The months (1 to 12) with this name in any language, with or without accents; often one, or none."""
    return _called(word, "months")


def weekdays_called(word: str) -> frozenset[int]:
    """The weekdays (Monday is 0) with this name in any language, with or without accents."""
    return _called(word, "days")


def _called(word: str, kind: str) -> frozenset[int]:
    bare = bare_word(word)
    # Hebrew attaches "in" to the month's name as a letter.
    for spelling in (bare, without_accents(bare), bare.removeprefix("ב")):
        # English first: loading the other languages takes a second.
        found = _names("en", kind).get(spelling) or _names(_LOCALES, kind).get(spelling)
        if found:
            return found
    return frozenset()


@lru_cache(maxsize=4)
def _names(locales: str, kind: str) -> Names:
    found: dict[str, set[int]] = {}
    for name, number in _cldr(locales, kind):
        found.setdefault(name, set()).add(number)
    more = _MORE_MONTHS if kind == "months" else _MORE_DAYS
    for name, number in more.items():
        found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def _cldr(locales: str, kind: str) -> Iterator[tuple[str, int]]:
    from babel import Locale

    for code in locales.split():
        tables = getattr(Locale.parse(code), kind)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated", "short"):
                for number, name in tables[context].get(width, {}).items():
                    for spelling in _spellings(name):
                        yield spelling, number


def _spellings(name: str) -> Iterator[str]:
    """The name normalized by ``bare_word``, and without its accents; none for a single letter or digits."""
    bare = bare_word(name).removeprefix("de ").removeprefix("d’")
    for part in (bare, without_accents(bare)):
        if len(part) > 1 and not any(c.isdigit() or c.isspace() for c in part):
            yield part


def bare_word(word: str) -> str:
    """The word in lower case, without the dot of an abbreviation."""
    return unicodedata.normalize("NFKC", word.casefold()).strip(" .’'")


def without_accents(word: str) -> str:
    """The word without accents, including those that are strokes."""
    parted = unicodedata.normalize("NFKD", word.translate(_STROKES))
    return "".join(c for c in parted if not unicodedata.combining(c))
