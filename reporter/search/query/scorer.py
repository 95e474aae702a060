"""Score documents against a query tree; 0 for no match."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from reporter.codes import is_valid, normalize
from reporter.search.query.dates import matching_days
from reporter.search.query.parser import All, Any, FieldTerm, Node, Not, Text
from reporter.search.reader import Floats, IndexReader
from reporter.search.text.highlight import Highlights
from reporter.search.text.languages import all_function_words
from reporter.search.text.tokenizer import Token, tokenize
from reporter.search.text.tokenizer import normalize as fold

# Weights of a match: the exact word, its stem, a word or stem of the session or tags, a prefix.
AS_WRITTEN, AS_STEM, AROUND, AROUND_STEM, AS_BEGINNING = 1.6, 1.0, 0.5, 0.4, 0.8
# Facets (kind, day …) only filter, words rank.
A_FACT = 0.01
KINDS = {
    "text": "note",
    "picture": "photo",
    "image": "photo",
    "photos": "photo",
    "videos": "video",
    "notes": "note",
    "voice": "audio",
    "sound": "audio",
}
HAS = {
    "picture": "photo",
    "image": "photo",
    "tags": "tag",
    "name": "author",
    "starred": "star",
    "alttext": "alt",
    "voice": "audio",
    "sound": "audio",
    "file": "media",
}


class Matching:
    """Scores of one query; collects in ``marks`` the terms to highlight."""

    def __init__(
        self,
        reading: IndexReader,
        languages: tuple[str, ...],
        today: date | None,
        unfinished_at: int = -1,
    ) -> None:
        """``unfinished_at``: where the query ends, if its last word is still being typed."""
        self.marks = Highlights()
        self._reading = reading
        self._languages = languages
        self._today = today
        self._unfinished_at = unfinished_at

    def scores(self, node: Node) -> Floats:
        """A score for each document, whatever its state."""
        match node:
            case Text():
                return self._text(node)
            case FieldTerm():
                return self._named(node)
            case Not():
                marks = self.marks
                found = self.scores(node.of)
                self.marks = marks
                return np.where(found > 0, 0, A_FACT).astype(np.float32)
            case Any():
                return _best([self.scores(part) for part in node.parts])
            case All():
                return self._all(node.parts)

    def _all(self, parts: tuple[Node, ...]) -> Floats:
        """Conjunction; words like "the" are optional, and not highlighted, if there are others."""
        slight = [part for part in parts if self._is_slight(part)]
        heavy = [part for part in parts if part not in slight] or slight
        scores = [self.scores(part) for part in heavy]
        matches = np.logical_and.reduce([score > 0 for score in scores])
        if heavy is not slight:
            marks = self.marks
            scores += [self.scores(part) for part in slight]
            self.marks = marks
        return np.where(matches, np.sum(scores, axis=0), 0).astype(np.float32)

    def _is_slight(self, node: Node) -> bool:
        if (
            not isinstance(node, Text)
            or node.phrase
            or node.prefix
            or node.end == self._unfinished_at
        ):
            return False
        return all(is_slight(word) for word in self._take_apart(node))

    def _take_apart(self, node: Text) -> list[Token]:
        return tokenize(node.text, self._languages, sure=True)

    def _text(self, node: Text, *, around: bool = True) -> Floats:
        words = self._take_apart(node)
        if not words:
            return self._nothing()
        if node.phrase and len(words) > 1:
            return self._phrase(words, around=around)
        beginning = node.prefix or node.end == self._unfinished_at
        scores = [self._run(run, around=around) for run in runs(words)]
        if beginning and not words[-1].pair:
            begun = self._beginning(words[-1].plain, around=around)
            scores[-1] = begun if node.prefix else np.maximum(scores[-1], begun)
        matches = np.logical_and.reduce([score > 0 for score in scores])
        return np.where(matches, np.sum(scores, axis=0), 0).astype(np.float32)

    def _run(self, run: list[Token], *, around: bool) -> Floats:
        """One word, or a run of characters without spaces, whose pairs must be consecutive."""
        if len(run) > 1:
            return self._phrase(run, around=around)
        return self._word(run[0], around=around)

    def _word(self, word: Token, *, around: bool) -> Floats:
        self.marks |= Highlights(frozenset({word.plain}), frozenset(word.stems))
        score = self._reading.score
        stems = word.stems if not word.pair or len(word.plain) == 1 else ()
        found = [AS_WRITTEN * score("word", word.plain)]
        found += [AS_STEM * score("stem", stem) for stem in stems]
        if around:
            found.append(AROUND * score("about", word.plain))
            found += [AROUND_STEM * score("about", stem) for stem in stems]
        return _best(found)

    def _phrase(self, words: list[Token], *, around: bool) -> Floats:
        plain = [word.plain for word in words]
        self.marks |= Highlights(frozenset(plain))
        total = np.sum([self._reading.score("word", word) for word in plain], axis=0)
        found = np.where(self._reading.phrase(plain), AS_WRITTEN * total, 0).astype(np.float32)
        if not around:
            return found
        # The context has no positions: all the words must match, in any order.
        near = [self._reading.score("about", word) for word in plain]
        together = np.logical_and.reduce([score > 0 for score in near])
        return np.maximum(found, np.where(together, AROUND * np.sum(near, axis=0), 0)).astype(
            np.float32
        )

    def _beginning(self, start: str, *, around: bool) -> Floats:
        self.marks |= Highlights(beginnings=(start,))
        reading = self._reading
        found = [AS_BEGINNING * reading.score("word", t) for t in reading.beginning("word", start)]
        if around:
            terms = reading.beginning("about", start)
            found += [AROUND * reading.score("about", term) for term in terms if ":" not in term]
        return _best(found) if found else self._nothing()

    def _named(self, node: FieldTerm) -> Floats:
        """A field's value. Unknown values find nothing, like unknown words."""
        fields: dict[str, Callable[[Text], Floats]] = {
            "session": self._session,
            "by": lambda value: self._words_of("by", value),
            "room": lambda value: self._words_of("room", value),
            "tag": self._tag,
            "day": self._day,
            "kind": lambda value: self._fact("kind", KINDS.get(fold(value.text), fold(value.text))),
            "has": lambda value: self._fact("has", HAS.get(fold(value.text), fold(value.text))),
            "text": lambda value: self._text(value, around=False),
        }
        return fields.get(node.field, lambda value: self._fact(node.field, fold(value.text)))(
            node.value
        )

    def _fact(self, name: str, value: str) -> Floats:
        return self._reading.has(name, value) * np.float32(A_FACT)

    def _session(self, value: Text) -> Floats:
        code = normalize(value.text)
        if is_valid(code) and len(self._reading.postings("session", code)[0]):
            return self._fact("session", code)
        return self._words_of("title", value)

    def _tag(self, value: Text) -> Floats:
        whole = self._fact("tag", fold(value.text))
        return np.maximum(whole, self._words_of("tag", value))

    def _day(self, value: Text) -> Floats:
        known = self._reading.terms("day")
        days = matching_days(value.text, known, self._today, self._languages)
        return _best([self._fact("day", day) for day in days]) if days else self._nothing()

    def _words_of(self, name: str, value: Text) -> Floats:
        """All words of the value in a field, in any form; the last one matches as a prefix while it is typed."""
        words = self._take_apart(value)
        if not words:
            return self._nothing()
        scores = [_best([self._fact(name, t) for t in (word.plain, *word.stems)]) for word in words]
        if value.prefix or value.end == self._unfinished_at:
            begun = self._reading.beginning(name, words[-1].plain)
            scores[-1] = _best([scores[-1], *(self._fact(name, term) for term in begun)])
        matches = np.logical_and.reduce([score > 0 for score in scores])
        return matches * np.float32(A_FACT)

    def _nothing(self) -> Floats:
        return np.zeros(self._reading.count, np.float32)


def is_slight(word: Token) -> bool:
    """Whether a query can do without the word: "the", a single letter."""
    return word.plain in all_function_words() or (len(word.plain) == 1 and not word.pair)


def runs(words: list[Token]) -> list[list[Token]]:
    """Group overlapping character pairs; every other word is a group of its own."""
    runs: list[list[Token]] = []
    for word in words:
        if word.pair and runs and runs[-1][-1].pair and word.start < runs[-1][-1].end:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _best(scores: list[Floats]) -> Floats:
    return np.maximum.reduce(scores)
