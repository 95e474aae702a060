"""The search index of a gathering: Whoosh in ``index/``, updated after the rows, searched as of the last commit."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.models import Takeaway
from reporter.search.changes import (
    BATCH,
    changed,
    count_changed,
    count_live,
    in_batches,
    latest,
    newest,
)
from reporter.search.documents import document
from reporter.search.index_files import (
    IndexGeneration,
    IndexGenerations,
    hold,
    whoosh_errors,
    writing,
)
from reporter.search.protocol import Progress, SearchRequest, SearchResult
from reporter.search.recipe import Recipe

if TYPE_CHECKING:
    from reporter.search.reader import IndexReader, Memory

log = logging.getLogger(__name__)

# Readers kept open for the next query; more threads than that open one of their own.
SPARE = 4
# Searches at once; others wait. They are Python alone, so more of them take no less time, only memory.
AT_ONCE = 2
# Rows that are indexed before their turn.
LATEST = 100
# The live index may be switched while it is opened.
ATTEMPTS = 6


class WhooshIndex:
    """One writer at a time (Whoosh's own lock file, across processes); readers see the last commit."""

    def __init__(self, folder: Path, recipe: Recipe | None = None) -> None:
        """``folder`` is the gathering's ``index/``; it may be missing or empty."""
        self.recipe = recipe or Recipe()
        self._builds = IndexGenerations(folder)
        self._spare: list[tuple[Path, IndexReader]] = []
        self._memory: Memory | None = None
        self._places = threading.BoundedSemaphore(AT_ONCE)
        # Up to which revision the latest rows were indexed before their turn, and in which folder.
        self._ahead: tuple[Path | None, int] = (None, 0)
        # The folder that was checked.
        self._sound: Path | None = None

    def sync(self, session: Session, progress: Progress | None = None, *, batches: int = 1) -> int:
        """Index rows above the last indexed revision; does nothing if another process is at it. Bounded memory.

        ``batches`` of rows are committed together: with more, an index of many rows has fewer segments.
        """
        if self._rests(session):
            return 0
        return self._catch_up(self._sound_build(), session, progress, batches=batches)

    def _rests(self, session: Session) -> bool:
        """Whether the index is up to date after a start, so that loading Whoosh can wait for a search or new row."""
        build = self._builds.usable()
        if build is None:
            return newest(session) == 0
        return (
            self._sound is None
            and build.is_intact
            and not build.suspect
            and build.indexed_to >= newest(session)
        )

    def _catch_up(
        self,
        build: IndexGeneration,
        session: Session,
        progress: Progress | None = None,
        *,
        batches: int = 1,
    ) -> int:
        written = 0
        total = count_changed(session, build.indexed_to) if progress else 0
        while True:
            self._write_latest(build, session)
            count = self._write(build, session, batches)
            if not count:
                return written
            written += count
            if progress:
                progress(written, total)

    def _write_latest(self, build: IndexGeneration, session: Session) -> None:
        """Where more rows wait than a commit takes, index what came in last first: somebody looks for it.

        Its turn comes again, in order, since only a revision up to which all is indexed is noted.
        """
        reached = build.indexed_to
        folder, ahead = self._ahead
        if newest(session) - reached <= BATCH:
            return
        rows = latest(session, max(reached, ahead if folder == build.folder else 0), LATEST)
        if not rows:
            return
        with writing(build) as writer:
            if writer is None:
                return
            for row in rows:
                self._put(build, writer, row)
        self._ahead = build.folder, rows[0].revision
        build.note(reached)
        session.rollback()

    def _write(self, build: IndexGeneration, session: Session, batches: int) -> int:
        """Index the next rows, in a single commit; how many. 0 also if somebody else is writing."""
        # A row that is changed meanwhile is left to the next commit: it would be in this one twice, and Whoosh finds
        # nothing to replace or delete that isn't committed.
        upto = newest(session)
        rows = changed(session, build.indexed_to, upto)
        if not rows:
            return 0
        count, revision = 0, 0
        with writing(build) as writer:
            if writer is None:
                return 0
            while rows:
                for row in rows:
                    self._put(build, writer, row)
                count, revision = count + len(rows), rows[-1].revision
                batches -= 1
                # Unchanged: release the rows, so that memory stays flat.
                session.rollback()
                rows = changed(session, revision, upto) if batches else []
        build.note(revision)
        return count

    def _put(self, build: IndexGeneration, writer: Any, row: Takeaway) -> None:
        if row.state != TakeawayState.WITHDRAWN:
            writer.update_document(**document(row, self.recipe))
        elif writer.delete_by_term("id", str(row.id)):
            build.note_taken_back()

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Rebuild beside the live index, then switch. Returns the number of documents.

        Changes in the meantime are indexed in both.
        """
        # Create one if missing, so that there is something to switch from.
        self._build()
        build = self._builds.aside(self.recipe)
        upto = newest(session)
        total, done = count_changed(session, 0), 0
        with writing(build) as writer:
            for rows in in_batches(session, upto):
                for row in rows:
                    if row.state != TakeawayState.WITHDRAWN:
                        writer.add_document(**document(row, self.recipe))
                done += len(rows)
                if progress:
                    progress(done, total)
        build.note(upto)
        self._catch_up(build, session)
        self._builds.switch(build)
        return build.count()

    def behind(self, session: Session) -> int:
        """Number of revisions not indexed yet."""
        build = self._builds.usable()
        return max(0, newest(session) - (build.indexed_to if build else 0))

    def outdated(self) -> bool:
        """Whether it was built for other settings (the live index stays in use)."""
        build = self._builds.usable()
        return build is not None and build.made_for() != self.recipe.as_json()

    def unclean(self) -> bool:
        """Whether withdrawn words may remain in its files; they are in no results any more."""
        build = self._builds.usable()
        return build is not None and build.taken_back

    def scattered(self) -> bool:
        """Whether it has so many segments that searches take longer."""
        build = self._builds.usable()
        return build is not None and build.is_scattered

    def ids(self) -> set[uuid.UUID]:
        """The indexed takeaways."""
        with self._build().open().searcher() as searcher:
            return {uuid.UUID(one["id"]) for one in searcher.reader().all_stored_fields()}

    def misses(self, session: Session) -> int:
        """Number of takeaways missing although all revisions are indexed (a power cut): then a rebuild is due."""
        build = self._builds.usable()
        if build is None:
            return 0
        upto, wanted = newest(session), count_live(session)
        known = build.noted_documents if self._sound is None else None
        indexed = build.count() if known is None else known
        return abs(wanted - indexed) if build.indexed_to >= upto == newest(session) else 0

    def search(self, ask: SearchRequest) -> SearchResult:
        """Search the last commit. An empty query, with or without filters, lists the newest.

        Unreadable files give an empty result; the next ``sync`` starts over.
        """
        from reporter.search.executor import answer

        started = time.perf_counter()
        with self._places, self._reading() as reading:
            found = (
                answer(reading, ask, self.recipe.languages) if reading else {"total": 0, "ids": []}
            )
        took = round((time.perf_counter() - started) * 1000, 2)
        return SearchResult(ask.query, took_ms=took, **found)

    @contextmanager
    def _reading(self) -> Iterator[IndexReader | None]:
        """A reader of the last commit, for this thread alone; None if it is unreadable."""
        opened = self._open_latest()
        if opened is None:
            yield None
            return
        try:
            yield opened[1]
        finally:
            self._spare.append(opened)
            while len(self._spare) > SPARE:
                self._spare.pop(0)[1].close()

    def _open_latest(self) -> tuple[Path, IndexReader] | None:
        """Retries: a commit removes files that were just listed, and a rebuild removes its predecessor."""
        for attempt in range(ATTEMPTS):
            build = self._build()
            try:
                generation = build.open().latest_generation()
                spare, former = self._take_spare(build.folder, generation)
                return build.folder, spare or self._open(build, former)
            except whoosh_errors() as error:
                # Only its text: the exception would keep Whoosh's half-read files open.
                failure = str(error)
                time.sleep(0.05 * attempt)
        log.warning("the index can't be read: %s", failure)
        build.note_suspect()
        return None

    def _take_spare(
        self, folder: Path, generation: int
    ) -> tuple[IndexReader | None, IndexReader | None]:
        """An open reader of this state, or one of an earlier state to take over from; all others are closed."""
        former = None
        while True:
            try:
                of, reading = self._spare.pop()
            except IndexError:
                return None, former
            if of == folder and reading.generation == generation:
                if former is not None:
                    former.close()
                return reading, None
            if of == folder and former is None:
                former = reading
            else:
                reading.close()

    def _open(self, build: IndexGeneration, former: IndexReader | None = None) -> IndexReader:
        from reporter.search.reader import IndexReader, Memory

        self._memory = self._memory or Memory()
        return IndexReader(build.open(), self._memory, former)

    def _build(self) -> IndexGeneration:
        """The live index; created if missing."""
        return self._builds.current(self.recipe)

    def _sound_build(self) -> IndexGeneration:
        """The live index, started over if its files are corrupt. Checked once, and after a failed search."""
        build = self._build()
        if self._sound == build.folder and build.is_there and not build.suspect:
            return build
        with hold(build) as free:
            # The holder of the lock is committing: a read error at this moment proves nothing.
            if free and not self._is_readable(build) and self._build().folder == build.folder:
                log.warning("the index is begun anew")
                build = self._builds.start_anew(self.recipe)
            if free:
                self._sound = build.folder
                build.clear_suspect()
        return build

    def _is_readable(self, build: IndexGeneration) -> bool:
        try:
            self._open(build).close()
        except whoosh_errors() as error:
            log.warning("the index can't be read: %s", str(error))
            return False
        return True
