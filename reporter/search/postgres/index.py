"""The index of a gathering in PostgreSQL, for as many processes as there are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from reporter.search.changes import changed, count_changed, count_live, in_batches, newest
from reporter.search.postgres.answer import answer
from reporter.search.postgres.builds import Build, answering, begin_aside, switch_to, take_in
from reporter.search.protocol import Progress, SearchRequest, SearchResult
from reporter.search.recipe import Recipe

# One writer for each gathering: the lock ends with its transaction. The first number is any that nobody else uses.
_LOCK = text(
    "SELECT pg_try_advisory_xact_lock(7375, hashtext(current_setting('app.gathering', true)))"
)


class PostgresIndex:
    """One writer at a time; readers see the last commit. Transactions have to say for which gathering they work."""

    def __init__(self, engine: Engine, recipe: Recipe | None = None) -> None:
        """``engine`` of a database that has the tables of ``reporter.search.postgres.tables``."""
        self.recipe = recipe or Recipe()
        self._engine = engine

    def sync(self, session: Session, progress: Progress | None = None) -> int:
        """Index rows with a revision above the last one taken in; another process at it: do nothing. Bounded memory."""
        return self._catch_up(self._build().number, session, progress)

    def _catch_up(self, number: int, session: Session, progress: Progress | None = None) -> int:
        written = 0
        total = count_changed(session, self._reached(number)) if progress else 0
        while True:
            with self._writing() as connection:
                if connection is None:
                    return written
                rows = changed(session, _reached(connection, number))
                if not rows:
                    return written
                take_in(connection, number, rows, self.recipe)
                written += len(rows)
            if progress:
                progress(written, total)
            # Nothing was changed: give the rows back, so that memory stays flat.
            session.rollback()

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Build it again beside the one that goes on answering, then switch. How many documents it has."""
        self._build()
        with self._engine.begin() as connection:
            number = begin_aside(connection, self.recipe).number
        upto, done = newest(session), 0
        total = count_changed(session, 0)
        for rows in in_batches(session, upto):
            with self._engine.begin() as connection:
                take_in(connection, number, rows, self.recipe)
            done += len(rows)
            if progress:
                progress(done, total)
        self._catch_up(number, session)
        with self._engine.begin() as connection:
            switch_to(connection, number)
            return self._count(connection, number)

    def behind(self, session: Session) -> int:
        """Revisions that the index has not seen yet."""
        return max(0, newest(session) - self._build().indexed_to)

    def outdated(self) -> bool:
        """Whether it was made for other settings (the one that answers goes on)."""
        return self._build().made_for != self.recipe.told()

    def unclean(self) -> bool:
        """Whether words that were taken back may still stand in the list of words; no answer has them any more."""
        return self._build().taken_back

    def ids(self) -> set[uuid.UUID]:
        """The takeaways that are in it."""
        query = text("SELECT takeaway_id FROM search_document_here WHERE build = :build")
        with self._reading() as connection:
            number = answering(connection, self.recipe).number
            return set(connection.scalars(query, {"build": number}))

    def misses(self, session: Session) -> int:
        """How many takeaways are not in it though it has seen all revisions: then a rebuild is due."""
        upto = newest(session)
        with self._reading() as connection:
            build = answering(connection, self.recipe)
            wanted, indexed = count_live(session), self._count(connection, build.number)
        return abs(wanted - indexed) if build.indexed_to >= upto == newest(session) else 0

    def search(self, ask: SearchRequest) -> SearchResult:
        """Answer from the last commit. An empty query with or without filters lists the newest."""
        started = time.perf_counter()
        with self._reading() as connection:
            build = answering(connection, self.recipe)
            found: dict[str, Any] = answer(connection, build, ask, self.recipe.languages)
        took = round((time.perf_counter() - started) * 1000, 2)
        return SearchResult(ask.query, took_ms=took, **found)

    def _build(self) -> Build:
        with self._engine.begin() as connection:
            return answering(connection, self.recipe)

    def _reached(self, number: int) -> int:
        with self._engine.begin() as connection:
            return _reached(connection, number)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment: a build that answers is never gone before its documents are read."""
        self._build()
        with self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection | None]:
        """A transaction of the only writer; None when somebody else is at it."""
        with self._engine.begin() as connection:
            yield connection if connection.scalar(_LOCK) else None

    def _count(self, connection: Connection, number: int) -> int:
        query = text("SELECT count(*) FROM search_document_here WHERE build = :build")
        return connection.scalar(query, {"build": number}) or 0


def _reached(connection: Connection, number: int) -> int:
    query = text("SELECT indexed_to FROM search_build_here WHERE build = :build")
    return connection.scalar(query, {"build": number}) or 0
