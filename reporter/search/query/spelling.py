"""Spelling correction: the nearest words that occur in results visible to the searcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reporter.search.query.parser import Node, Text, texts_of
from reporter.search.text.tokenizer import tokenize
from reporter.search.text.vocabulary import distance

MOST_TRIED = 6
MOST_WORDS = 6
# Candidates near a misspelt word, each with the number of documents that have it.
Near = Callable[[str], Iterable[tuple[str, int]]]


def respell(
    query: str,
    node: Node,
    near: Near,
    finds: Callable[[Text], bool],
    *,
    languages: tuple[str, ...],
) -> str:
    """Correct the words that find nothing; '' if no word is wrong or none is near.

    ``finds`` tells whether words alone find anything visible to the searcher: words that occur only
    in hidden texts are not disclosed.
    """
    pieces, at = [], 0
    for text in list(texts_of(node))[:MOST_WORDS]:
        for word in tokenize(text.text, languages, sure=True):
            if word.pair or finds(Text(word.plain)):
                continue
            better = _nearest(word.plain, near, finds)
            if not better:
                return ""
            start = text.start + word.start
            pieces += [query[at:start], better]
            at = text.start + word.end
    return "".join([*pieces, query[at:]]) if pieces else ""


def _nearest(word: str, near: Near, finds: Callable[[Text], bool]) -> str:
    if len(word) < 3:
        return ""
    most = 1 if len(word) < 5 else 2
    ranked = sorted(
        (slips, -count, term)
        for term, count in near(word)
        if len(term) > 2 and 0 < (slips := distance(word, term, most)) <= most
    )
    return next((term for _d, _n, term in ranked[:MOST_TRIED] if finds(Text(term))), "")
