"""The kiosk's search index; full rebuilds, and long ways to catch up, run in a separate low-priority process.

Threads of one process share one interpreter. While one of them rebuilt an index of 10,000
takeaways, new arrivals became searchable half a second later instead of at once, and on a busy
machine after minutes. While one made the first index of 40,000, the start page took four times as
long (1.5 times the processor time).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from sqlalchemy.orm import Session

from capture.decoding.process_limits import limit_process
from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.search import Recipe, WhooshIndex
from reporter.search.changes import count_live
from reporter.search.protocol import Progress

# Up to this many documents are indexed faster than a process starts.
FEW = 500
# From so many changes on, catching up is left to a process. Decisions are changes too: one click makes hundreds.
MANY = 2_000
PRIORITY = 10
# Batches of rows that are committed together there. One batch a commit made segments that had to be merged, which took
# as long as all else.
BATCHES = 10
Work = Literal["rebuild", "sync"]


class KioskIndex(WhooshIndex):
    """A search index whose long work runs in a separate process."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.folder / "index", Recipe.of(settings))
        self._settings = settings

    def sync(self, session: Session, progress: Progress | None = None, *, batches: int = 1) -> int:
        """Index changed rows as in WhooshIndex; very many of them in another process."""
        if progress is None and self.behind(session) > MANY:
            session.rollback()
            count = self._work_aside("sync")
            if count:
                return count
        return super().sync(session, progress, batches=batches)

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Rebuild as in WhooshIndex; a caller that wants progress has it rebuilt in this
        process."""
        if progress is not None or count_live(session) < FEW:
            return super().rebuild(session, progress)
        session.rollback()
        count = self._work_aside("rebuild")
        return super().rebuild(session) if count is None else count

    def _work_aside(self, work: Work) -> int | None:
        """Do it in another process; returns the number of documents, None where the process
        ended without an answer."""
        from capture.isolation.quiet_process import run_aside

        return run_aside("index", _do, self._settings, self.recipe, work)


def _do(settings: Settings, recipe: Recipe, work: Work) -> int:
    """What the process does."""
    with suppress(OSError):
        limit_process(settings.kiosk.memory_mb, PRIORITY)
    index = WhooshIndex(settings.folder / "index", recipe)
    with open_session(settings) as session:
        return index.rebuild(session) if work == "rebuild" else index.sync(session, batches=BATCHES)
