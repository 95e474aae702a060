"""The search index of a gathering in PostgreSQL, for any number of processes."""

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

# Advisory lock for one writer per gathering, released with its transaction. The first number is any
# that nobody else uses.
_LOCK = text(
    "SELECT pg_try_advisory_xact_lock(7375, hashtext(current_setting('app.gathering', true)))"
)


class PostgresIndex:
    """One writer at a time; readers see the last commit. Transactions have to set their gathering."""

    def __init__(self, engine: Engine, recipe: Recipe | None = None) -> None:
        """``engine`` of a database with the tables of ``reporter.search.postgres.tables``."""
        self.recipe = recipe or Recipe()
        self._engine = engine

    def sync(self, session: Session, progress: Progress | None = None) -> int:
        """Index rows above the last indexed revision; does nothing if another process is at it. Bounded memory."""
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
            # Unchanged: release the rows, so that memory stays flat.
            session.rollback()

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Rebuild beside the live index, then switch. Returns the number of documents."""
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
        """Number of revisions not indexed yet."""
        return max(0, newest(session) - self._build().indexed_to)

    def outdated(self) -> bool:
        """Whether it was built for other settings (the live index stays in use)."""
        return self._build().made_for != self.recipe.as_json()

    def scattered(self) -> bool:
        """The database keeps its index in order by itself."""
        return False

    def unclean(self) -> bool:
        """Whether withdrawn words may remain in the word list; they are in no results any more."""
        return self._build().taken_back

    def ids(self) -> set[uuid.UUID]:
        """The indexed takeaways."""
        query = text("SELECT takeaway_id FROM search_document_here WHERE build = :build")
        with self._reading() as connection:
            number = answering(connection, self.recipe).number
            return set(connection.scalars(query, {"build": number}))

    def misses(self, session: Session) -> int:
        """Number of takeaways missing although all revisions are indexed: then a rebuild is due."""
        upto = newest(session)
        with self._reading() as connection:
            build = answering(connection, self.recipe)
            wanted, indexed = count_live(session), self._count(connection, build.number)
        return abs(wanted - indexed) if build.indexed_to >= upto == newest(session) else 0

    def search(self, ask: SearchRequest) -> SearchResult:
        """Search the last commit. An empty query, with or without filters, lists the newest."""
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
        """A transaction with a consistent snapshot: a live build is never deleted before its documents are read."""
        self._build()
        with self._engine.connect() as connection:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection | None]:
        """A transaction of the only writer; None if somebody else is writing."""
        with self._engine.begin() as connection:
            yield connection if connection.scalar(_LOCK) else None

    def _count(self, connection: Connection, number: int) -> int:
        query = text("SELECT count(*) FROM search_document_here WHERE build = :build")
        return connection.scalar(query, {"build": number}) or 0


def _reached(connection: Connection, number: int) -> int:
    query = text("SELECT indexed_to FROM search_build_here WHERE build = :build")
    return connection.scalar(query, {"build": number}) or 0
