"""Builds of an index in PostgreSQL: the live one, and others being built beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from reporter.enums import TakeawayState
from reporter.models import Takeaway
from reporter.search.documents import Facts, document, read_facts
from reporter.search.postgres.vectors import plain_words, vector
from reporter.search.recipe import Recipe

# Up to so many documents, checking each is faster than using the index.
FEW = 2_000
_PUT = text(
    "INSERT INTO search_document_here (build, takeaway_id, words, session, kind, intent, author, tags, state, day, "
    "seen, recorded) VALUES (:build, :id, CAST(:words AS tsvector), :session, :kind, :intent, :author, :tags, :state, "
    ":day, :seen, :recorded)"
)
_DROP = text(
    "DELETE FROM search_document_here WHERE build = :build AND takeaway_id = ANY(:ids)"
    " RETURNING takeaway_id"
)
_LEARN = text(
    "INSERT INTO search_word_here (build, word) SELECT :build, unnest(CAST(:words AS text[])) ON CONFLICT DO NOTHING"
)
_BEGIN = text(
    "INSERT INTO search_build_here (build, answers, made_for) SELECT coalesce(max(build), 0) + 1, :answers, "
    "CAST(:made_for AS jsonb) FROM search_build_here ON CONFLICT DO NOTHING RETURNING build"
)


@dataclass(frozen=True)
class Build:
    """A build, as of the time it was read."""

    number: int
    made_for: dict[str, Any]
    indexed_to: int
    taken_back: bool
    is_small: bool = False


def answering(connection: Connection, recipe: Recipe) -> Build:
    """The live build; an empty one is created if there is none."""
    query = text(
        "SELECT build, made_for, indexed_to, taken_back, NOT EXISTS (SELECT 1 FROM search_document_here AS one WHERE "
        "one.build = here.build OFFSET :few) AS is_small FROM search_build_here AS here WHERE answers"
    )
    row = connection.execute(query, {"few": FEW}).first()
    if row is None:
        _begin(connection, recipe, answers=True)
        row = connection.execute(query, {"few": FEW}).one()
    return Build(*row)


def begin_aside(connection: Connection, recipe: Recipe) -> Build:
    """Create an empty build that is not live yet."""
    return Build(_begin(connection, recipe, answers=False), recipe.as_json(), 0, False)


def _begin(connection: Connection, recipe: Recipe, *, answers: bool) -> int:
    values = {"answers": answers, "made_for": json.dumps(recipe.as_json())}
    return connection.scalar(_BEGIN, values) or 0


def take_in(connection: Connection, build: int, rows: Sequence[Takeaway], recipe: Recipe) -> None:
    """Index rows, and record the revision reached in the same transaction."""
    ids = [row.id for row in rows]
    dropped = set(connection.scalars(_DROP, {"build": build, "ids": ids}))
    live = [row for row in rows if row.state != TakeawayState.WITHDRAWN]
    documents = [document(row, recipe) for row in live]
    if documents:
        connection.execute(_PUT, [_values(build, one) for one in documents])
        words = sorted({word for one in documents for word in plain_words(one)})
        connection.execute(_LEARN, {"build": build, "words": words})
    note = text(
        "UPDATE search_build_here SET indexed_to = :upto, taken_back = taken_back OR :back WHERE build = :build"
    )
    back = any(row.id in dropped for row in rows if row.state == TakeawayState.WITHDRAWN)
    connection.execute(note, {"upto": rows[-1].revision, "back": back, "build": build})


def switch_to(connection: Connection, build: int) -> None:
    """Make this build live, and delete all others."""
    switch = (
        "UPDATE search_build_here SET answers = false WHERE answers",
        "UPDATE search_build_here SET answers = true WHERE build = :build",
        "DELETE FROM search_build_here WHERE build <> :build",
        "DELETE FROM search_document_here WHERE build <> :build",
        "DELETE FROM search_word_here WHERE build <> :build",
    )
    for statement in switch:
        connection.execute(text(statement), {"build": build})


def _values(build: int, one: dict[str, Any]) -> dict[str, Any]:
    facts = Facts(*read_facts(one["facts"]))
    return {
        "build": build,
        "id": one["id"],
        "words": vector(one),
        "session": facts.session,
        "kind": facts.kind,
        "intent": facts.intent,
        "author": facts.author,
        "tags": [tag for tag in facts.tags.split(",") if tag],
        "state": facts.state,
        "day": facts.day,
        "seen": facts.seen.split(),
        "recorded": int(facts.recorded),
    }
