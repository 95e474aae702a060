"""Word embeddings in one space for all languages: a short vector and a significance per stem.

``data/words.npz`` was computed from words with a multilingual sentence encoder; see
``docs/themes.md``. It is loaded at first use, about 25 MB in memory; no encoder is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporter.themes.lexicon import foreign_stem

# Words outside the supported languages: names, terms and words of neighbouring languages, as written.
ANY = "any"
# Minimum length of a compound's parts, and of the common prefix of related words.
LEAST_PART, RELATIVE_CHARS = 4, 6
# Arabic writes particles, and who acts in which tense, as letters of the word; at most so many are taken
# off, and so many stay.
AR_BEFORE = ("", "و", "ف", "ب", "ل", "ك", "س", "ن", "ي", "ت", "ا")
AR_AFTER = ("", "ا", "ت", "نا", "وا", "تين", "ين", "ون")
MOST_CUT, LEAST_LEFT = 4, 3
# Four-bit numbers, two per byte, around this centre.
MIDDLE = 7.5


@dataclass(frozen=True)
class WordVectors:
    """``packed``: one row per word, two dimensions per byte; ``telling``: 0 to 1, by row; ``rows``:
    of stems by language."""

    packed: Any
    telling: Any
    rows: dict[str, dict[str, int]]
    beginnings: dict[str, dict[str, int]]

    @property
    def dimensions(self) -> int:
        """Number of dimensions of a vector."""
        return int(self.packed.shape[1]) * 2

    def find(
        self, written: str, plain: str, language: str, *, sure: bool = False
    ) -> tuple[int, ...]:
        """The row of a word; for a German compound those of its parts; empty if unknown.

        ``sure``: not that of a word which only begins alike.
        """
        own = self.rows[language].get(foreign_stem(written, plain, language))
        if own is None:
            own = self.rows[ANY].get(plain)
        if own is not None:
            return (own,)
        parts = self._parts(written) if language == "de" else ()
        bare = self._bare(plain) if language == "ar" else ()
        return parts or bare or (() if sure else self._relative(plain, language))

    def spoken_in(self, written: str, plain: str, language: str) -> str:
        """The language to look a word up in: another one than its text's where only that has it, as
        in sentences of two languages."""
        if self.find(written, plain, language, sure=True):
            return language
        others = (one for one in self.rows if one not in (ANY, language))
        found = (one for one in others if foreign_stem(written, plain, one) in self.rows[one])
        return next(found, language)

    def _bare(self, plain: str) -> tuple[int, ...]:
        """An Arabic word without a particle or a person's mark, the longest that is known."""
        table = self.rows["ar"]
        stems = (
            foreign_stem(bare, bare, "ar")
            for cut in range(1, MOST_CUT + 1)
            for bare in _without(plain, cut)
        )
        return next(((table[stem],) for stem in stems if stem in table), ())

    def _parts(self, written: str) -> tuple[int, ...]:
        """The longest known end of a German compound, and what precedes it."""
        table = self.rows["de"]
        word = foreign_stem(written, written, "de")
        for cut in range(LEAST_PART, len(word) - LEAST_PART + 1):
            tail = table.get(word[cut:])
            heads = (word[:cut], word[:cut].removesuffix("s"), word[:cut].removesuffix("n"))
            head = next((table[one] for one in heads if one in table), None)
            if head is not None and tail is not None:
                return (head, tail)
        return ()

    def _relative(self, plain: str, language: str) -> tuple[int, ...]:
        """The most frequent word of the same language with the same prefix."""
        found = self.beginnings[language].get(plain[:RELATIVE_CHARS])
        return () if found is None or len(plain) < RELATIVE_CHARS else (found,)

    def take(self, rows: Sequence[int]) -> Any:
        """Vectors of these rows: N × dimensions, float32, unit length."""
        import numpy as np

        packed = self.packed[list(rows)]
        both = np.stack([packed >> 4, packed & 15], axis=2).reshape(len(packed), -1)
        found = both.astype(np.float32) - MIDDLE
        return found / np.linalg.norm(found, axis=1, keepdims=True)


def _without(word: str, cut: int) -> Iterator[str]:
    """A word without ``cut`` letters of endings and beginnings that Arabic writes with it."""
    for before in AR_BEFORE:
        for after in AR_AFTER:
            left = word[len(before) : len(word) - len(after)]
            has_both = word.startswith(before) and word.endswith(after)
            if has_both and len(before) + len(after) == cut and len(left) >= LEAST_LEFT:
                yield left


@functools.cache
def word_vectors() -> WordVectors:
    """Load the data file."""
    import numpy as np

    with np.load(Path(__file__).parent / "data" / "words.npz") as data:
        packed, telling = data["packed"], data["telling"].astype(np.float32) / 255
        names = [name for name in data.files if name not in ("packed", "telling")]
        stems = {name: data[name].tobytes().decode().split("\n") for name in names}
    rows: dict[str, dict[str, int]] = {}
    beginnings: dict[str, dict[str, int]] = {}
    begin = 0
    for name, words in stems.items():
        rows[name] = {word: begin + number for number, word in enumerate(words)}
        begin += len(words)
        first: dict[str, int] = {}
        beginnings[name] = first
        if name != ANY:
            # The more frequent ones come first.
            for word in words:
                if len(word) >= RELATIVE_CHARS:
                    first.setdefault(word[:RELATIVE_CHARS], rows[name][word])
    return WordVectors(packed, telling, rows, beginnings)
