"""Tokenizer for any script: words, folded, with their stems; character pairs where no spaces are written."""

from __future__ import annotations

import functools
import itertools
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reporter.search.text.languages import ALWAYS, ARABIC_LIGHT, ARABIC_ROOT, guess, is_arabic, stem

# Chinese, Japanese, Thai, Lao, Burmese, Khmer are written without spaces; Korean attaches particles to words.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003134f"
)
# Letters that NFD doesn't decompose.
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "þ": "th",
        "ð": "d",
        "ى": "ي",
        "ة": "ه",
        "ک": "ك",
        "ی": "ي",
        "ٱ": "ا",
        "ـ": None,
    }
)
# Accents in Latin, Greek, Cyrillic, Hebrew and Arabic script are optional; marks of the scripts from here on are not.
_FIRST_NEEDED_MARK = "\u0900"
_FIRST_BEYOND_LATIN = "\u0370"
# Scripts whose words are stemmed in any gathering, by the ranges of their letters.
_SCRIPTS = (
    (range(0x370, 0x400), "el"),
    (range(0x400, 0x500), "ru"),
    (range(0x530, 0x590), "hy"),
    (range(0x900, 0x980), "hi"),
    (range(0xB80, 0xC00), "ta"),
)
# Two spellings of each in Hindi: a nasal before a consonant of its place is written as a letter or as a dot, the
# sign above a vowel as a dot or with its moon, and the dot below a borrowed sound is often left out.
_NASALS = re.compile("ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])")
_HINDI_MARKS = str.maketrans({"\u093c": None, "\u0901": "\u0902"})
# Joiners change how letters look, and are not typed by everybody.
_JOINERS = str.maketrans({"\u200c": None, "\u200d": None})
MOST_CHARS = 60


@dataclass(frozen=True)
class Token:
    """A word of a text, or two characters of a script without spaces.

    ``start`` and ``end`` are its position; ``plain`` is folded; ``stems`` are stems with their
    language, as ``en:garden``. ``pair``: a two-character token (or a single character that stands
    alone).
    """

    start: int
    end: int
    plain: str
    stems: tuple[str, ...] = ()
    pair: bool = False


def tokenize(text: str, languages: Sequence[str], *, sure: bool = False) -> list[Token]:
    """The words of a text in order. Stems are in the text's language if that is detected, else in all.

    ``sure`` False: detect the language; a query is too short for that, so it is stemmed in all
    languages (True).
    """
    raw = list(_pieces(text))
    own = tuple(languages) if sure else guess([plain for _s, _e, plain, _p in raw], languages)
    return [
        Token(start, end, plain, _stems(text[start:end], plain, own, pair), pair)
        for start, end, plain, pair in raw
    ]


def _pieces(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """(start, end, folded, whether it is a pair of characters)."""
    for found in _word_pattern().finditer(text):
        start, end = found.span()
        if found.lastgroup == "word":
            if plain := normalize(found.group()[:MOST_CHARS]):
                yield start, end, plain, False
            continue
        # Characters with their combining marks.
        spans = [
            (start + m.start(), start + m.end()) for m in _letter_pattern().finditer(found.group())
        ]
        pairs = list(itertools.pairwise(spans)) or [(spans[0], spans[0])]
        for (first, _), (_, last) in pairs:
            yield first, last, normalize(text[first:last]), True


def _stems(written: str, plain: str, languages: Sequence[str], pair: bool) -> tuple[str, ...]:
    if pair:
        # Single characters match pairs.
        return tuple(dict.fromkeys(f"1:{letter}" for letter in plain))
    if plain.isdecimal():
        return ()
    written = written.lower()[:MOST_CHARS]
    tagged = (_tagged(written, plain, language) for language in _of_script(plain, languages))
    return tuple(dict.fromkeys(itertools.chain.from_iterable(tagged)))


def _of_script(plain: str, languages: Sequence[str]) -> Sequence[str]:
    """Those languages that are written in the word's script."""
    if is_arabic(plain):
        return ("ar", ARABIC_ROOT, ARABIC_LIGHT)
    if (last := max(plain)) >= _FIRST_BEYOND_LATIN:
        own = [language for language in languages if language not in ALWAYS]
        usual = next((language for letters, language in _SCRIPTS if ord(last) in letters), "")
        return list(dict.fromkeys([*own, usual])) if usual and "sr" not in own else own
    return [language for language in languages if language != "ar"]


# Bounded so that all words that were ever used stay below 30 MB in five languages.
@functools.lru_cache(maxsize=50_000)
def _tagged(written: str, plain: str, language: str) -> tuple[str, ...]:
    """Stems of a word as written, and without accents, as some people type it."""
    return tuple({f"{language}:{normalize(stem(form, language))}" for form in {written, plain}})


@functools.lru_cache(maxsize=20_000)
def normalize(word: str) -> str:
    """Fold a word: no case, accents or compatibility forms.

    >>> fold("Café"), fold("STRASSE"), fold("straße")
    ('cafe', 'strasse', 'strasse')
    >>> fold("١٢"), fold("مدرسة") == fold("مدرسه")
    ('12', True)
    """
    whole = unicodedata.normalize("NFKC", word.translate(_JOINERS)).casefold()
    apart = unicodedata.normalize("NFD", whole)
    kept = (
        letter
        for letter in apart
        if letter >= _FIRST_NEEDED_MARK or not unicodedata.combining(letter)
    )
    plain = unicodedata.normalize("NFC", "".join(kept)).translate(_PLAIN)
    if "\u0900" <= max(plain, default="") <= "\u097f":
        plain = _NASALS.sub("\u0902", plain.translate(_HINDI_MARKS))
    return plain if plain.isascii() else "".join(map(_plain_digit, plain))


def _plain_digit(letter: str) -> str:
    """Map a digit of any script, such as ١ or १, to ASCII; everything else is unchanged."""
    number = unicodedata.decimal(letter, None)
    return letter if number is None else str(number)


@functools.cache
def _marks() -> str:
    """Combining marks as a part of a character class: Python's ``\\w`` excludes them."""
    ranges: list[list[int]] = []
    for number in range(0x300, min(0x1F000, sys.maxunicode)):
        if unicodedata.category(chr(number)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
    # Half-width katakana have voice marks of their own.
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "\uff9e\uff9f"


@functools.cache
def _word_pattern() -> re.Pattern[str]:
    # Zero-width joiners occur inside Persian and Indic words.
    mark = _marks() + "\u200c\u200d"
    unspaced = f"[{_UNSPACED}][{_UNSPACED}{mark}]*"
    return re.compile(
        f"(?P<unspaced>{unspaced})|(?P<word>(?:(?![{_UNSPACED}])[^\\W_])(?:(?![{_UNSPACED}])[^\\W_]|[{mark}])*)"
    )


@functools.cache
def _letter_pattern() -> re.Pattern[str]:
    return re.compile(f"[^{_marks()}][{_marks()}]*|[{_marks()}]+")
