"""Maps words of other languages to English stems, so that a word is the same in all of them.

``data/lexicon.npz`` holds facts taken from free dictionaries; see ``docs/themes.md``. It is loaded
at first use.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from reporter.search.text.languages import ARABIC_LIGHT, is_arabic, stem
from reporter.search.text.tokenizer import normalize

LANGUAGES = ("en", "de", "es", "fr", "pt", "ar")
# Short prefixes say little; words that share a prefix of this length are taken as related.
RELATIVE_CHARS = 6
Senses = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Lexicon:
    """``numbers``: row numbers of English stems; ``foreign``: English stems by language and stem; see ``senses``."""

    numbers: dict[str, int]
    foreign: dict[str, dict[str, str]]
    beginnings: dict[str, int]

    def senses(self, written: str, plain: str, language: str) -> Senses:
        """The English stems for a word, as (row, share); shares add up to one. Empty if unknown."""
        found = self._own(written, plain, language) or (
            self._parts(written, language) if language == "de" else ()
        )
        if found or language in ("en", "ar"):
            return found
        return self._relative(plain)

    def _own(self, written: str, plain: str, language: str) -> Senses:
        if language == "en":
            number = self.numbers.get(normalize(stem(written.lower(), "en")))
            return () if number is None else ((number, 1.0),)
        return _shares(self.foreign[language].get(foreign_stem(written, plain, language), ""))

    def _parts(self, written: str, language: str) -> Senses:
        """The meanings of a German compound's two parts."""
        word = normalize(stem(written.lower(), language))
        table = self.foreign[language]
        for cut in range(3, len(word) - 3):
            heads = (word[:cut], word[:cut].removesuffix("s"), word[:cut].removesuffix("n"))
            head = next((table[h] for h in heads if h in table), "")
            tail = table.get(word[cut:], "")
            if head and tail:
                halves = (*_shares(head), *_shares(tail))
                return tuple((number, share / 2) for number, share in halves)
        return ()

    def _relative(self, plain: str) -> Senses:
        """The same or a similarly beginning English word: Latin and Greek words occur in many languages."""
        number = self.numbers.get(normalize(stem(plain, "en")))
        if number is None and len(plain) >= RELATIVE_CHARS:
            number = self.beginnings.get(plain[:RELATIVE_CHARS])
        return () if number is None else ((number, 1.0),)


def foreign_stem(written: str, plain: str, language: str) -> str:
    """The form under which a word of this language is listed."""
    if language == "ar":
        return normalize(stem(plain, ARABIC_LIGHT))
    return normalize(stem(written.lower(), language))


def _shares(line: str) -> Senses:
    pairs = [entry.split(":") for entry in line.split()]
    total = sum(int(points) for _row, points in pairs)
    return tuple((int(row), int(points) / total) for row, points in pairs)


@functools.cache
def lexicon() -> Lexicon:
    """Load the data file."""
    import numpy as np

    with np.load(Path(__file__).parent / "data" / "lexicon.npz") as data:
        words = data["words"].tobytes().decode().split("\n")
        foreign = {name: _table(data[name].tobytes()) for name in LANGUAGES if name != "en"}
    beginnings: dict[str, int] = {}
    for number, word in enumerate(words):
        if len(word) >= RELATIVE_CHARS:
            # The more frequent ones come first.
            beginnings.setdefault(word[:RELATIVE_CHARS], number)
    numbers = {word: number for number, word in enumerate(words)}
    return Lexicon(numbers, foreign, beginnings)


def _table(data: bytes) -> dict[str, str]:
    return dict(line.split(" ", 1) for line in data.decode().split("\n"))


def script_language(plain: str, guessed: str) -> str:
    """The language to look a word up in: words in Arabic letters are Arabic whatever the text is."""
    if is_arabic(plain):
        return "ar"
    return "en" if guessed == "ar" else guessed
