"""Convert documents and queries to PostgreSQL's tsvector and tsquery.

Words are tokenized by our own code, as for Whoosh, so both find the same. A prefix gives a lexeme's
type: ``w/`` a word as written, with its position; a stem has none (``en:garden``); ``a/`` and
``A/`` a word and a stem of the context (session, people, tags); ``f.kind/note`` a facet or a word
of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from typing import Any as Whatever

from reporter.codes import is_valid, normalize
from reporter.search.documents import FIELDS
from reporter.search.query.dates import matching_days
from reporter.search.query.parser import All, Any, FieldTerm, Node, Not, Text
from reporter.search.query.scorer import HAS, KINDS, is_slight, runs
from reporter.search.text.highlight import Highlights
from reporter.search.text.tokenizer import Token, tokenize
from reporter.search.text.tokenizer import normalize as fold

# PostgreSQL's limit of positions in a text.
MOST_PLACES = 16_383
# Matches every document: the negation of a lexeme that none has.
EVERYTHING = "!'*'"


def quoted(lexeme: str) -> str:
    """Quote a lexeme for a tsvector or tsquery."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''").replace("\x00", "") + "'"


def vector(document: dict[str, Whatever]) -> str:
    """The tsvector of a ``reporter.search.documents`` document. Weights: A words, B stems, C and D the context's."""
    places: dict[str, list[str]] = {}
    kinds = (
        ("A", (f"w/{word}" for word in document["word"])),
        ("B", iter(document["stem"])),
        ("C", (f"a/{one}" for one in document["about"] if ":" not in one)),
        ("D", (f"A/{one}" for one in document["about"] if ":" in one)),
    )
    for weight, lexemes in kinds:
        for place, lexeme in enumerate(lexemes, 1):
            places.setdefault(lexeme, []).append(f"{min(place, MOST_PLACES)}{weight}")
    for name in FIELDS:
        for value in document[name]:
            places.setdefault(f"f.{name}/{value}", [])
    return " ".join(
        quoted(lexeme) + (":" + ",".join(where[:255]) if where else "")
        for lexeme, where in places.items()
    )


class Question:
    """Converts a query tree to a tsquery; collects terms to highlight (``marks``) and to rank by (``weighing``)."""

    def __init__(
        self,
        languages: tuple[str, ...],
        days: Callable[[], Collection[str]],
        *,
        today: date | None = None,
        unfinished_at: int = -1,
    ) -> None:
        self.marks = Highlights()
        self.weighing: list[str] = []
        self._languages, self._days, self._today = languages, days, today
        self._unfinished_at = unfinished_at

    def match(self, node: Node) -> str:
        """The tsquery; "" if nothing can match."""
        match node:
            case Text():
                return self._text(node)
            case FieldTerm():
                return self._named(node)
            case Not():
                found = self._aside(node.of)
                return f"!{found}" if found else EVERYTHING
            case Any():
                return _any(self.match(part) for part in node.parts)
            case All():
                return self._all(node.parts)

    def _aside(self, node: Node) -> str:
        """The tsquery of a tree, without highlighting or ranking by it."""
        marks, weighing = self.marks, list(self.weighing)
        found = self.match(node)
        self.marks, self.weighing = marks, weighing
        return found

    def _all(self, parts: tuple[Node, ...]) -> str:
        """Conjunction; words like "the" are optional if there are others, but count for ranking."""
        slight = [part for part in parts if self._is_slight(part)]
        heavy = [part for part in parts if part not in slight] or slight
        found = _all(self.match(part) for part in heavy)
        if heavy is not slight:
            marks = self.marks
            for part in slight:
                self.match(part)
            self.marks = marks
        return found

    def _is_slight(self, node: Node) -> bool:
        if not isinstance(node, Text) or node.phrase or node.prefix:
            return False
        return node.end != self._unfinished_at and all(map(is_slight, self._take_apart(node)))

    def _take_apart(self, node: Text) -> list[Token]:
        return tokenize(node.text, self._languages, sure=True)

    def _text(self, node: Text, *, around: bool = True) -> str:
        words = self._take_apart(node)
        if not words:
            return ""
        if node.phrase and len(words) > 1:
            return self._phrase(words, around=around)
        found = [self._run(run, around=around) for run in runs(words)]
        if (node.prefix or node.end == self._unfinished_at) and not words[-1].pair:
            begun = self._beginning(words[-1].plain, around=around)
            found[-1] = begun if node.prefix else _any((found[-1], begun))
        return _all(found)

    def _run(self, run: list[Token], *, around: bool) -> str:
        if len(run) > 1:
            return self._phrase(run, around=around)
        word = run[0]
        self.marks |= Highlights(frozenset({word.plain}), frozenset(word.stems))
        return self._weigh(word_lexemes(word, around=around))

    def _weigh(self, lexemes: list[str]) -> str:
        self.weighing += lexemes
        return _any(lexemes)

    def _phrase(self, words: list[Token], *, around: bool) -> str:
        plain = [word.plain for word in words]
        self.marks |= Highlights(frozenset(plain))
        written = [quoted(f"w/{word}") for word in plain]
        self.weighing += written
        found = f"({' <-> '.join(written)})"
        if not around:
            return found
        near = [quoted(f"a/{word}") for word in plain]
        self.weighing += near
        return _any((found, _all(near)))

    def _beginning(self, start: str, *, around: bool) -> str:
        self.marks |= Highlights(beginnings=(start,))
        kinds = ("w/", "a/") if around else ("w/",)
        return self._weigh([f"{quoted(kind + start)}:*" for kind in kinds])

    def _named(self, node: FieldTerm) -> str:
        value = node.value
        match node.field:
            case "session":
                code = normalize(value.text)
                own = _fact("session", code) if is_valid(code) else ""
                return _any((own, self._words_of("title", value)))
            case "by" | "room":
                return self._words_of(node.field, value)
            case "tag":
                return _any((_fact("tag", fold(value.text)), self._words_of("tag", value)))
            case "day":
                days = matching_days(value.text, self._days(), self._today, self._languages)
                return _any(_fact("day", day) for day in sorted(days))
            case "text":
                return self._text(value, around=False)
        word = fold(value.text)
        known = {"kind": KINDS, "has": HAS}.get(node.field, {})
        return _fact(node.field, known.get(word, word))

    def _words_of(self, name: str, value: Text) -> str:
        words = self._take_apart(value)
        found = [_any(_fact(name, form) for form in (word.plain, *word.stems)) for word in words]
        if words and (value.prefix or value.end == self._unfinished_at):
            begun = f"{_fact(name, words[-1].plain)}:*"
            found[-1] = _any((found[-1], begun))
        return _all(found)


def word_lexemes(word: Token, *, around: bool) -> list[str]:
    """The lexemes a word is found by: as written, its stems, and in the context."""
    stems = word.stems if not word.pair or len(word.plain) == 1 else ()
    found = [f"w/{word.plain}", *stems]
    if around:
        found += [f"a/{word.plain}", *(f"A/{stem}" for stem in stems)]
    return [quoted(lexeme) for lexeme in found]


def _fact(name: str, value: str) -> str:
    return quoted(f"f.{name}/{value}")


def _any(parts: Iterable[str]) -> str:
    real = list(filter(None, parts))
    return f"({' | '.join(real)})" if len(real) > 1 else "".join(real)


def _all(parts: Iterable[str]) -> str:
    real = list(parts)
    if not real or not all(real):
        return ""
    return f"({' & '.join(real)})" if len(real) > 1 else real[0]


def plain_words(document: dict[str, Whatever]) -> Iterator[str]:
    """Candidates for spelling correction: words of the texts and of the context, without stems."""
    for word in {*document["word"], *document["about"]}:
        if ":" not in word and len(word) > 2:
            yield word
