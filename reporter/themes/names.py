"""Names of themes: words that are frequent in the theme and rarer elsewhere. Nothing is invented."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from reporter.themes.texts import Prepared

NAME_WORDS = 3
BETWEEN = " · "


def name_themes(groups: Sequence[Sequence[Prepared]], language: str) -> list[str]:
    """A name for each group, in the gathering's language if its members use it. Empty if there are no words.

    No two groups have the same name, unless their members use the same few words and no others.
    """
    sizes = [_spread(group) for group in groups]
    everywhere: Counter[str] = sum(sizes, Counter())
    total = sum(map(len, groups)) or 1
    names: list[str] = []
    for group, own in zip(groups, sizes, strict=True):
        words = _telling_words(group, own, everywhere, total, language=language)
        names.append(_name(words, names))
    return names


def _spread(group: Sequence[Prepared]) -> Counter[str]:
    """How many members mention each concept."""
    return Counter(concept for text in group for concept in {t.concept for t in text.terms})


def _name(words: Iterator[str], taken: Sequence[str]) -> str:
    """The first words; if another theme is called so, a later word stands for the last of them."""
    *first, last = chosen = list(islice(words, NAME_WORDS)) or [""]
    others = (BETWEEN.join([*first, word]) for word in chain([last], words))
    return next((name for name in others if name not in taken), BETWEEN.join(chosen))


def _telling_words(  # one place where all that a name depends on comes together
    group: Sequence[Prepared],
    own: Counter[str],
    everywhere: Counter[str],
    total: int,
    *,
    language: str,
) -> Iterator[str]:
    """Words that the group uses and the others use less, the most telling first, each once."""
    weights = {term.concept: term.weight for text in group for term in text.terms}
    points = {
        concept: weights[concept]
        * count
        * math.log(1 + (count / len(group)) / ((everywhere[concept] - count + 1) / total))
        for concept, count in own.items()
    }
    seen: set[str] = set()
    for concept in sorted(points, key=lambda one: (-points[one], one)):
        word = _common_spelling(group, concept, language)
        if word.casefold() not in seen:
            seen.add(word.casefold())
            yield word


def _common_spelling(group: Sequence[Prepared], concept: str, language: str) -> str:
    """The members' spelling of a concept: in the gathering's language if they use it, else the most frequent."""
    forms = Counter(
        (text.language == language, term.written)
        for text in group
        for term in text.terms
        if term.concept == concept
    )
    best = min(forms, key=lambda form: (not form[0], -forms[form], form[1]))
    return best[1]
