"""Word embeddings in one space for all languages: a short vector and a significance per stem.

``data/words.npz`` was computed word by word with a multilingual sentence encoder; see
``docs/themes.md``. It is loaded at first use, about 20 MB in memory; no encoder is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporter.themes.lexicon import foreign_stem

# Words outside the supported languages: names, terms and words of neighbouring languages, as written.
ANY = "any"
# Minimum length of a compound's parts, and of the common prefix of related words.
LEAST_PART, RELATIVE_CHARS = 4, 6
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

    def find(self, written: str, plain: str, language: str) -> tuple[int, ...]:
        """The row of a word; for a German compound those of its parts; empty if unknown."""
        own = self.rows[language].get(foreign_stem(written, plain, language))
        if own is None:
            own = self.rows[ANY].get(plain)
        if own is not None:
            return (own,)
        parts = self._parts(written) if language == "de" else ()
        return parts or self._relative(plain, language)

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
