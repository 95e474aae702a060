"""Evaluate a query: match, filter, count, sort; with fallbacks if nothing is found."""

from __future__ import annotations

from typing import Any as Whatever

import numpy as np

from reporter.search.documents import place_word
from reporter.search.protocol import FACETS, THEME, Relaxation, SearchRequest, Sort
from reporter.search.query.loosening import prefixed, some_of
from reporter.search.query.parser import All, Node, Text, parse, texts_of
from reporter.search.query.scorer import Matching, is_slight
from reporter.search.query.spelling import respell
from reporter.search.reader import Bools, Floats, IndexReader
from reporter.search.text.highlight import Highlights
from reporter.search.text.tokenizer import tokenize

# Columns of the documents by filter and facet name.
_COLUMNS = {"tag": "tags"}
MOST_LIKE, FEWEST_LIKE = 14, 2


def answer(
    reading: IndexReader, ask: SearchRequest, languages: tuple[str, ...]
) -> dict[str, Whatever]:
    """The fields of ``SearchResult`` except query and time."""
    allowed = _allowed(reading, ask)
    found = _Search(reading, ask, languages, allowed).run()
    matching = (found.scores > 0) & allowed
    numbers = np.flatnonzero(matching)
    ordered = _sorted(reading, ask, numbers, found.scores)
    page = ordered[ask.offset : ask.offset + ask.limit]
    return {
        "total": len(numbers),
        "ids": [reading.id_of(int(number)) for number in page],
        "facets": {
            **{name: _counts(reading, name, numbers) for name in FACETS},
            THEME: _theme_counts(reading, ask, matching),
        },
        "suggestion": found.suggestion,
        "loosened": found.loosened,
        "marks": found.marks,
    }


class _Search:
    """One query; after ``run`` the scores of all documents, and the fallbacks used."""

    def __init__(
        self, reading: IndexReader, ask: SearchRequest, languages: tuple[str, ...], allowed: Bools
    ) -> None:
        self._reading, self._ask, self._languages, self._allowed = reading, ask, languages, allowed
        self.scores: Floats = np.ones(reading.count, np.float32)
        self.marks = Highlights()
        self.suggestion = ""
        self.loosened = Relaxation.NOT

    def run(self) -> _Search:
        """Evaluate the query; relax it if that finds nothing."""
        if self._ask.like:
            self.scores, self.marks = like(self._reading, self._ask, self._languages)
            return self
        node = parse(self._ask.query)
        if node is not None and not self._try(node, self._ask.query):
            self._loosen(node)
        return self

    def _try(self, node: Node, query: str = "") -> bool:
        """Adopt a query tree if it finds anything (or if it is the original query)."""
        ends = len(query) if self._ask.unfinished and query else -1
        matching = Matching(self._reading, self._languages, self._ask.today, ends)
        scores = matching.scores(node)
        any_found = bool(((scores > 0) & self._allowed).any())
        if any_found or query == self._ask.query:
            self.scores, self.marks = scores, matching.marks
        return any_found

    def _loosen(self, node: Node) -> None:
        """Fallbacks: prefixes of words, then spelling correction, then any of the words."""
        if not any(True for _ in texts_of(node)):
            return
        if self._try(prefixed(node)):
            self.loosened = Relaxation.BEGINNINGS
            return
        spelled = respell(
            self._ask.query, node, self._reading.near, self._finds, languages=self._languages
        )
        better = parse(spelled) if spelled else None
        if better is not None and self._try(better):
            self.suggestion, self.loosened = spelled, Relaxation.SPELLING
        elif isinstance(node, All) and self._try(some_of(node, self._languages)):
            self.loosened = Relaxation.SOME_WORDS
            self.suggestion = spelled

    def _finds(self, text: Text) -> bool:
        scores = Matching(self._reading, self._languages, self._ask.today).scores(text)
        return bool(((scores > 0) & self._allowed).any())


def like(
    reading: IndexReader, ask: SearchRequest, languages: tuple[str, ...]
) -> tuple[Floats, Highlights]:
    """Scores of documents that share at least two of the rarest words of ``ask.query`` (a whole text).

    The takeaway ``ask.like`` itself is excluded.
    """
    total, shared = np.zeros(reading.count, np.float32), np.zeros(reading.count, np.int64)
    words = {word.plain: word for word in tokenize(ask.query, languages) if not is_slight(word)}
    scored = []
    for word in words.values():
        terms = [("word", word.plain), *(("stem", stem) for stem in word.stems if not word.pair)]
        score = np.maximum.reduce([reading.score(*term) for term in terms])
        # Its own document has the word too: one that occurs nowhere else connects nothing.
        if np.count_nonzero(score) > 1:
            scored.append((float(score.max()), word.plain, score))
    chosen = sorted(scored, key=lambda one: one[:2], reverse=True)[:MOST_LIKE]
    for _weight, _plain, score in chosen:
        total += score
        shared += score > 0
    total[shared < min(FEWEST_LIKE, len(chosen))] = 0
    if (own := reading.number_of(ask.like)) is not None:
        total[own] = 0
    return total, Highlights()


def _allowed(reading: IndexReader, ask: SearchRequest) -> Bools:
    """Documents that exist, are visible to the searcher, and pass the filters."""
    mask = reading.alive.copy()
    if ask.place is not None:
        word = place_word(ask.place, ask.new_too)
        mask &= _where(reading, "seen", lambda value: word in value.split(" "))
    for name, wanted in ask.filters.items():
        if wanted and name == "tag":
            mask &= _where(reading, "tags", lambda value, tag=wanted: tag in value.split(","))
        elif wanted and name in FACETS:
            mask &= _where(reading, name, lambda value, wanted=wanted: value == wanted)
        elif wanted and name == THEME:
            mask &= reading.among(ask.themes.get(wanted, frozenset()))
    return mask


def _where(reading: IndexReader, name: str, holds: Whatever) -> Bools:
    """Evaluate once per distinct value, not per document."""
    column = reading.facts[name]
    true = np.array([holds(value) for value in column.values], np.bool_)
    return true[column.codes] if len(true) else np.zeros(reading.count, np.bool_)


def _sorted(
    reading: IndexReader, ask: SearchRequest, numbers: Whatever, scores: Floats
) -> Whatever:
    recorded = reading.recorded[numbers]
    weighs = ask.like or ask.query.strip()
    if ask.sort is Sort.OLDEST:
        return numbers[np.argsort(recorded, kind="stable")]
    newest_first = -recorded
    if ask.sort is Sort.RELEVANCE and weighs:
        # lexsort uses the last key first.
        return numbers[np.lexsort((newest_first, -scores[numbers]))]
    return numbers[np.argsort(newest_first, kind="stable")]


def _theme_counts(reading: IndexReader, ask: SearchRequest, matching: Bools) -> dict[str, int]:
    counts = {
        theme: int((reading.among(members) & matching).sum())
        for theme, members in ask.themes.items()
    }
    found = ((theme, count) for theme, count in counts.items() if count)
    return dict(sorted(found, key=lambda pair: -pair[1]))


def _counts(reading: IndexReader, name: str, numbers: Whatever) -> dict[str, int]:
    """Counts by value, most frequent first; documents without a value are omitted."""
    column = reading.facts[_COLUMNS.get(name, name)]
    counted = np.bincount(column.codes[numbers], minlength=len(column.values))
    counts: dict[str, int] = {}
    for code in np.flatnonzero(counted).tolist():
        values = column.values[code].split(",") if name == "tag" else [column.values[code]]
        for value in filter(None, values):
            counts[value] = counts.get(value, 0) + int(counted[code])
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
