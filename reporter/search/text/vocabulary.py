"""The words of a segment, arranged so that those near a misspelt one are found by arithmetic.

Whoosh builds an automaton of each word for each segment and field, and follows it from term to term: 20 to 60 ms for
each word that nobody has written, before a search can answer that it finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

# Letters are counted in so many classes, up to so many of each.
_CLASSES, _MOST_COUNTED = 16, 127


class Vocabulary:
    """Immutable. About 30 bytes a word: how often it has letters of each class, and its text."""

    def __init__(self, words: Iterable[str]) -> None:
        kept = list(words)
        self._letters = _classes(kept)
        encoded = [word.encode() for word in kept]
        self._text = b"".join(encoded)
        self._ends = np.cumsum([0, *map(len, encoded)], dtype=np.uint32)

    def near(self, word: str, most: int) -> Iterator[str]:
        """The words within an edit distance of ``most``, in the order given."""
        # An insertion or deletion changes one count by one, a substitution two, a transposition none.
        differ = np.abs(self._letters - _classes([word])).sum(axis=1, dtype=np.int64)
        for number in np.flatnonzero(differ <= 2 * most).tolist():
            other = self._text[self._ends[number] : self._ends[number + 1]].decode()
            if distance(word, other, most) <= most:
                yield other


def _classes(words: list[str]) -> NDArray[np.int8]:
    """For each word how often it has letters of each class."""
    letters = np.frombuffer("".join(words).encode("utf-32-le"), "<u4").astype(np.int64) % _CLASSES
    numbers = np.repeat(np.arange(len(words)), [len(word) for word in words])
    counts = np.bincount(numbers * _CLASSES + letters, minlength=len(words) * _CLASSES)
    return np.minimum(counts, _MOST_COUNTED).astype(np.int8).reshape(-1, _CLASSES)


def distance(one: str, other: str, most: int) -> int:
    """Edit distance between two words: an insertion, deletion, substitution or transposition counts one.

    ``most + 1`` if it is more than ``most``. Optimal string alignment (Damerau 1964).
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    far = most + 1
    before, last = [far] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        # Farther from the diagonal than ``most`` nothing is near.
        row = [far] * (len(other) + 1)
        row[0] = i
        for j in range(max(1, i - most), min(len(other), i + most) + 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other[j - 1]))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == other[j - 1]:
                cost = min(cost, before[j - 2] + 1)
            row[j] = cost
        if min(row) > most:
            return far
        before, last = last, row
    return min(last[-1], far)
