"""Evaluate a query in PostgreSQL: one statement matches, filters, counts and sorts."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any as Whatever

from sqlalchemy import Connection, text

from reporter.search.documents import place_word
from reporter.search.postgres.builds import Build
from reporter.search.postgres.vectors import EVERYTHING, Question, quoted, word_lexemes
from reporter.search.protocol import FACETS, THEME, Relaxation, SearchRequest, Sort
from reporter.search.query.loosening import prefixed, some_of
from reporter.search.query.parser import All, Node, Text, parse, texts_of
from reporter.search.query.scorer import is_slight
from reporter.search.query.spelling import respell
from reporter.search.text.highlight import Highlights
from reporter.search.text.tokenizer import tokenize

MOST_LIKE, FEWEST_LIKE, MOST_TOLD_APART = 14, 2, 60
# A word in more documents than this is common in any case.
MOST_COUNTED = 5_000
# Minimum trigram similarity of words before they are compared letter by letter (pg_trgm; swapping
# two letters of a short word leaves less than its default of 0.3).
SIMILARITY, MOST_SIMILAR = 0.15, 60
# Weights D, C, B, A: stems and words of the context (session, people, tags), stems and words of the text (see scorer).
_WEIGHTS = "{0.25, 0.31, 0.63, 1.0}"
_PLAIN = tuple(name for name in FACETS if name != "tag")
_ORDERS = {
    Sort.RELEVANCE: "rank DESC, recorded DESC, takeaway_id DESC",
    Sort.NEWEST: "recorded DESC, takeaway_id DESC",
    Sort.OLDEST: "recorded, takeaway_id",
}


def answer(
    connection: Connection, build: Build, ask: SearchRequest, languages: tuple[str, ...]
) -> dict[str, Whatever]:
    """The fields of ``SearchResult`` except query and time."""
    return _Search(connection, build, ask, languages).run()


class _Search:
    """One query against one build of an index."""

    def __init__(
        self, connection: Connection, build: Build, ask: SearchRequest, languages: tuple[str, ...]
    ) -> None:
        self._connection, self._ask, self._languages = connection, ask, languages
        self._filters, self._values = _filters(ask)
        self._values["build"] = build.number
        self._few = build.is_small
        self._match = EVERYTHING
        self._weighing: list[str] = []
        self._marks = Highlights()
        self._suggestion = ""
        self._loosened = Relaxation.NOT

    def run(self) -> dict[str, Whatever]:
        """Evaluate the query; relax it if that finds nothing."""
        if self._ask.like:
            return self._alike()
        node = parse(self._ask.query)
        if node is None:
            return self._results()
        self._take(node, self._ask.query)
        found = self._results()
        if found["total"] or not any(True for _ in texts_of(node)):
            return found
        return self._results() if self._loosen(node) else found

    def _alike(self) -> dict[str, Whatever]:
        """Documents that share at least two of the rarest words of a text; not the takeaway itself."""
        words = _telling_words(
            self._connection, self._values["build"], self._ask.query, self._languages
        )
        self._match = " | ".join(f"({lexeme})" for lexeme in words)
        self._filters += [
            "takeaway_id <> CAST(:own AS uuid)",
            "(SELECT count(*) FROM unnest(CAST(:lexemes AS tsquery[])) AS one WHERE words @@ one) >= :fewest",
        ]
        self._values |= {
            "own": self._ask.like,
            "lexemes": list(words),
            "weights": list(words.values()),
            "fewest": min(FEWEST_LIKE, len(words)),
        }
        rank = (
            "(SELECT sum(weight) FROM unnest(CAST(:lexemes AS tsquery[]), CAST(:weights AS float[])) AS o (one, weight)"
            " WHERE words @@ one)"
        )
        return self._results(rank)

    def _take(self, node: Node, query: str = "") -> str:
        """Make a tree the current query; returns its tsquery."""
        ends = len(query) if self._ask.unfinished and query else -1
        question = self._question(ends)
        self._match = question.match(node)
        self._weighing, self._marks = question.weighing, question.marks
        return self._match

    def _question(self, ends: int = -1) -> Question:
        return Question(
            self._languages, lambda: self._days, today=self._ask.today, unfinished_at=ends
        )

    def _loosen(self, node: Node) -> bool:
        """Fallbacks: prefixes of words, then spelling correction, then any of the words; returns
        whether one finds anything."""
        if self._try(prefixed(node)):
            self._loosened = Relaxation.BEGINNINGS
            return True
        spelled = respell(self._ask.query, node, self._near, self._finds, languages=self._languages)
        better = parse(spelled) if spelled else None
        if better is not None and self._try(better):
            self._suggestion, self._loosened = spelled, Relaxation.SPELLING
            return True
        if isinstance(node, All) and self._try(some_of(node, self._languages)):
            self._suggestion, self._loosened = spelled, Relaxation.SOME_WORDS
            return True
        return False

    def _try(self, node: Node) -> bool:
        """Adopt a tree if it finds anything."""
        before = self._match, self._weighing, self._marks
        if self._any(self._take(node)):
            return True
        self._match, self._weighing, self._marks = before
        return False

    def _finds(self, one: Text) -> bool:
        return self._any(self._question().match(one))

    def _any(self, match: str) -> bool:
        # For the first of many rows the planner would check one document after the other; if none
        # matches, that means all of them. A materialized query is planned for all of its rows, and
        # still stops at the first one.
        query = f"WITH hit AS MATERIALIZED (SELECT 1 {self._from(match)}) SELECT EXISTS (TABLE hit)"
        return bool(
            match and self._connection.scalar(text(query), {**self._values, "match": match})
        )

    def _from(self, match: str) -> str:
        matching = [] if match == EVERYTHING else [_matching(few=self._few)]
        return " AND ".join(
            ("FROM search_document_here WHERE build = :build", *matching, *self._filters)
        )

    def _near(self, word: str) -> list[tuple[str, int]]:
        """Similar words, and how many documents have them in their texts."""
        self._connection.execute(
            text("SELECT set_config('pg_trgm.similarity_threshold', :least, true)"),
            {"least": str(SIMILARITY)},
        )
        query = text(
            "SELECT word FROM search_word_here WHERE build = :build AND word % :word "
            "ORDER BY similarity(word, :word) DESC, word LIMIT :most"
        )
        values = {"build": self._values["build"], "word": word, "most": MOST_SIMILAR}
        words = list(self._connection.scalars(query, values))
        counts = _counts(self._connection, self._values["build"], [quoted(f"w/{w}") for w in words])
        return list(zip(words, counts, strict=True))

    @cached_property
    def _days(self) -> list[str]:
        query = text("SELECT DISTINCT day FROM search_document_here WHERE build = :build")
        return list(self._connection.scalars(query, {"build": self._values["build"]}))

    def _results(self, rank: str = "") -> dict[str, Whatever]:
        """Run the current query."""
        values = {**self._values, "match": self._match}
        if not rank:
            rank, weighing = self._ranking()
            values |= weighing
        return {
            **self._ask_all(rank, values),
            "suggestion": self._suggestion,
            "loosened": self._loosened,
            "marks": self._marks,
        }

    def _ranking(self) -> tuple[str, dict[str, Whatever]]:
        if not self._weighing or self._ask.sort is not Sort.RELEVANCE:
            return "0", {}
        # Normalization 1: divided by 1 + the logarithm of the length.
        rank = f"ts_rank('{_WEIGHTS}', words, CAST(:weighing AS tsquery), 1)"
        return rank, {"weighing": " | ".join(dict.fromkeys(self._weighing))}

    def _ask_all(self, rank: str, values: dict[str, Whatever]) -> dict[str, Whatever]:
        facets = {name: dict[str, int]() for name in FACETS}
        if not values["match"]:
            return {"total": 0, "ids": [], "facets": {**facets, THEME: {}}}
        where = self._from(str(values["match"]))
        statement = _statement(where, rank, _ORDERS[self._ask.sort])
        values |= {"limit": self._ask.limit, "offset": self._ask.offset} | _themes(self._ask)
        total, page = 0, list[tuple[int, str]]()
        themes: dict[str, int] = {}
        for what, value, count in self._connection.execute(text(statement), values):
            match what:
                case "total":
                    total = count
                case "page":
                    page.append((count, value))
                case "theme":
                    themes[value] = count
                case _:
                    facets[what][value] = count
        sorted_facets = {
            name: dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
            for name, counts in facets.items()
        }
        by_count = dict(sorted(themes.items(), key=lambda pair: -pair[1]))
        return {
            "total": total,
            "ids": [one for _n, one in sorted(page)],
            "facets": {**sorted_facets, THEME: by_count},
        }


def _matching(*, few: bool) -> str:
    """The condition on words. In a small build each document is checked: the index has the words of
    all gatherings, so a prefix or a frequent word costs as much as in all of them. (``IS TRUE``
    prevents the use of the index.)"""
    matching = "words @@ CAST(:match AS tsquery)"
    return f"({matching}) IS TRUE" if few else matching


def _statement(where: str, rank: str, order: str) -> str:
    """All results for the matching rows at once: (what, value, count) in rows; the page in its order."""
    plain = ", ".join(_PLAIN)
    sets = ", ".join(f"({name})" for name in _PLAIN)
    # GROUPING has a bit for each column that a row is not grouped by.
    every = (1 << len(_PLAIN)) - 1
    names = " ".join(
        f"WHEN {every ^ (1 << (len(_PLAIN) - 1 - at))} THEN '{name}'"
        for at, name in enumerate(_PLAIN)
    )
    return f"""
        WITH hit AS MATERIALIZED (SELECT takeaway_id, {plain}, tags, recorded, {rank} AS rank {where}),
        page AS (SELECT takeaway_id, row_number() OVER () AS place FROM
                 (SELECT takeaway_id FROM hit ORDER BY {order} LIMIT :limit OFFSET :offset) AS top)
        SELECT 'page' AS what, takeaway_id::text AS value, place AS count FROM page
        UNION ALL SELECT 'total', '', count(*) FROM hit
        UNION ALL SELECT * FROM (
            SELECT CASE GROUPING({plain}) {names} END, coalesce({plain}) AS value, count(*)
            FROM hit GROUP BY GROUPING SETS ({sets})) AS facet WHERE value <> ''
        UNION ALL SELECT 'tag', tag, count(*) FROM hit, unnest(tags) AS tag GROUP BY tag
        UNION ALL SELECT 'theme', theme, count(*)
            FROM unnest(CAST(:themes AS text[]), CAST(:members AS uuid[])) AS own (theme, takeaway_id)
            JOIN hit USING (takeaway_id) GROUP BY theme
    """  # noqa: S608 - the parts are fixed words of this module


def _themes(ask: SearchRequest) -> dict[str, list[str]]:
    pairs = [(theme, member) for theme, members in ask.themes.items() for member in sorted(members)]
    return {"themes": [theme for theme, _m in pairs], "members": [member for _t, member in pairs]}


def _filters(ask: SearchRequest) -> tuple[list[str], dict[str, Whatever]]:
    """Filters besides the query: conditions, and their values."""
    conditions, values = [], dict[str, Whatever]()
    if ask.place is not None:
        conditions.append("CAST(:seen AS text) = ANY(seen)")
        values["seen"] = place_word(ask.place, ask.new_too)
    for name, wanted in ask.filters.items():
        if not wanted:
            continue
        if name == "tag":
            conditions.append("CAST(:tag AS text) = ANY(tags)")
        elif name in FACETS:
            conditions.append(f"{name} = :{name}")
        elif name == THEME:
            conditions.append("takeaway_id = ANY(CAST(:theme AS uuid[]))")
            wanted = sorted(ask.themes.get(wanted, frozenset()))  # type: ignore[assignment]
        values[name] = wanted
    return conditions, values


def _counts(connection: Connection, build: int, lexemes: list[str]) -> list[int]:
    """How many documents have each of these, or MOST_COUNTED."""
    query = text(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM search_document_here WHERE build = :build AND words @@ one "
        "LIMIT :most) AS seen) FROM unnest(CAST(:lexemes AS tsquery[])) WITH ORDINALITY AS all_of (one, place) "
        "ORDER BY place"
    )
    values = {"build": build, "lexemes": lexemes, "most": MOST_COUNTED}
    return list(connection.scalars(query, values))


def _telling_words(
    connection: Connection, build: int, text_of: str, languages: tuple[str, ...]
) -> dict[str, float]:
    """The rarest words of a text that occur elsewhere too, as tsqueries with their weights."""
    words = {word.plain: word for word in tokenize(text_of, languages) if not is_slight(word)}
    lexemes = [
        " | ".join(word_lexemes(word, around=False))
        for word in list(words.values())[:MOST_TOLD_APART]
    ]
    counted = zip(_counts(connection, build, lexemes), lexemes, strict=True)
    # Its own document has the word too: one that occurs nowhere else connects nothing.
    chosen = sorted(one for one in counted if one[0] > 1)[:MOST_LIKE]
    return {lexeme: 1 / math.log(1 + count) for count, lexeme in chosen}
