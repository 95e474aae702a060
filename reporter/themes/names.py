"""Names of themes: words that are frequent in the theme and rarer elsewhere. Nothing is invented."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from reporter.search.text.languages import function_words
from reporter.themes.lexicon import LANGUAGES
from reporter.themes.texts import Prepared, Term, meaning
from reporter.themes.word_vectors import word_vectors

NAME_WORDS = 3
BETWEEN = " · "
# What a word of one member alone counts beside one that several use; and the exponent of how near it is to the theme.
ALONE, NEARNESS = 0.25, 4
# What a word of another language than the gathering's counts, and one that only begins sentences: "Ask", "Label".
FOREIGN, FIRST = 0.4, 0.4
# What a word as "they" of one language counts in a text that is taken for one of another.
FUNCTION = 0.02
# A theme's meaning is that of so many of its members; so many words are compared with it.
MEANT_BY, LOOKED_AT = 100, 40
SENTENCE_ENDS = '.!?…:¡¿«»“”„"()-–\n'
# The cosine from which two words say the same.
ALIKE = 0.7


def name_themes(groups: Sequence[Sequence[Prepared]], language: str) -> list[str]:
    """A name for each group, in the gathering's language if its members use it. Empty if there are no words.

    Two or three words. No two groups have the same name, unless their members use the same few words and no others.
    """
    everywhere = Counter(
        concept for group in groups for text in group for concept in {t.concept for t in text.terms}
    )
    total = sum(map(len, groups)) or 1
    names: list[str] = []
    for group, middle in zip(groups, _middles(groups), strict=True):
        candidates = [_candidate(concept, uses, language) for concept, uses in _uses(group).items()]
        words = _ranked(candidates, everywhere, middle, (len(group), total))
        names.append(_name(_different(words), names))
    return names


class _Use(NamedTuple):
    """A member's number, its text, and the word in it."""

    number: int
    text: Prepared
    term: Term


def _uses(group: Sequence[Prepared]) -> dict[str, list[_Use]]:
    """Where members mention each concept."""
    found: dict[str, list[_Use]] = {}
    for number, text in enumerate(group):
        for term in text.terms:
            found.setdefault(term.concept, []).append(_Use(number, text, term))
    return found


def _middles(groups: Sequence[Sequence[Prepared]]) -> list[Any]:
    """The direction of each group's meaning that the others lack; zeros if there is none."""
    import numpy as np

    none = np.zeros(word_vectors().dimensions)
    sums = [
        sum((_unit(meaning(text)) for text in group[:MEANT_BY]), none.copy()) for group in groups
    ]
    sizes = [min(len(group), MEANT_BY) or 1 for group in groups]
    common = sum(sums, none) / (sum(sizes) or 1)
    return [_unit(mean / size - common) for mean, size in zip(sums, sizes, strict=True)]


def _unit(vector: Any) -> Any:
    import numpy as np

    return vector / (np.linalg.norm(vector) + 1e-9)


@dataclass(frozen=True)
class _Candidate:
    """A concept of a group: the spelling to show, how many members mention it, and what a reader gets from it."""

    concept: str
    word: str
    count: int
    term: Term
    clarity: float


def _candidate(concept: str, uses: Sequence[_Use], language: str) -> _Candidate:
    """The members' spelling: in the gathering's language if they use it, else the most frequent."""
    frequency = Counter(
        _Spelling(text.language == language, _begins_sentence(text, term.written), term.written)
        for _number, text, term in uses
    )
    best = min(frequency, key=lambda one: (not one.is_local, one.is_first, -frequency[one], one))
    term = next(use.term for use in uses if use.term.written == best.written)
    clarity = (1.0 if best.is_local else FOREIGN) * (FIRST if best.is_first else 1.0)
    if _is_function_word(best.written):
        clarity *= FUNCTION
    return _Candidate(concept, best.written, len({use.number for use in uses}), term, clarity)


def _is_function_word(written: str) -> bool:
    """In any language: a sentence within a text of another keeps its own."""
    return any(written.casefold() in function_words(language) for language in LANGUAGES)


def _nearness(term: Term, middle: Any) -> float:
    """0 to 1; that of a word without a vector, as names are, stands between."""
    if not term.rows or not middle.any():
        return 0.5**NEARNESS
    return float((1 + _direction(term) @ middle) / 2) ** NEARNESS


def _direction(term: Term) -> Any:
    return _unit(word_vectors().take(term.rows).sum(axis=0))


def _ranked(
    candidates: Sequence[_Candidate],
    everywhere: Counter[str],
    middle: Any,
    sizes: tuple[int, int],
) -> list[_Candidate]:
    """Words that the group uses and the others use less, the most telling first. ``sizes``: of the group and of all."""
    size, total = sizes

    def points(one: _Candidate) -> float:
        here = one.count / size
        elsewhere = (everywhere[one.concept] - one.count + 1) / total
        mentions = one.count if one.count > 1 else ALONE
        return one.term.weight * one.clarity * mentions * math.log(1 + here / elsewhere)

    likely = sorted(candidates, key=lambda one: (-points(one), one.concept))[:LOOKED_AT]
    return sorted(likely, key=lambda one: (-points(one) * _nearness(one.term, middle), one.concept))


def _different(ranked: Sequence[_Candidate]) -> Iterator[str]:
    """The words, each once; those that mean much the same as one before come last."""
    seen: list[_Candidate] = []
    repeated: list[_Candidate] = []
    for one in ranked:
        if any(one.word.casefold() == other.word.casefold() for other in seen + repeated):
            continue
        if len(seen) < NAME_WORDS and any(_is_alike(one.term, other.term) for other in seen):
            repeated.append(one)
            continue
        seen.append(one)
        yield one.word
    yield from (one.word for one in repeated)


def _is_alike(one: Term, other: Term) -> bool:
    """Whether two words are translations or forms of each other, as far as vectors tell."""
    if not one.rows or not other.rows:
        return False
    return float(_direction(one) @ _direction(other)) > ALIKE


def _name(words: Iterator[str], taken: Sequence[str]) -> str:
    """The first words; if another theme is called so, a later word stands for the last of them."""
    *first, last = chosen = list(islice(words, NAME_WORDS)) or [""]
    others = (BETWEEN.join([*first, word]) for word in chain([last], words))
    return next((name for name in others if name not in taken), BETWEEN.join(chosen))


class _Spelling(NamedTuple):
    is_local: bool
    is_first: bool
    written: str


def _begins_sentence(text: Prepared, written: str) -> bool:
    """Whether a word has a capital for no other reason than that it is the first of a sentence."""
    if text.language == "de" or not written[:1].isupper() or written.isupper():
        return False
    before = text.text.partition(written)[0].rstrip()
    return not before or before[-1] in SENTENCE_ENDS
