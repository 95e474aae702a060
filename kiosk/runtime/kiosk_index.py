"""The kiosk's search index; full rebuilds run in a separate low-priority process.

Threads of one process share one interpreter. While one of them rebuilt an index of 10,000
takeaways, new arrivals became searchable half a second later instead of at once, and on a busy
machine after minutes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from capture.decoding.process_limits import limit_process
from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.search import Recipe, WhooshIndex
from reporter.search.changes import count_live
from reporter.search.protocol import Progress

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

log = logging.getLogger(__name__)

# Up to this many documents are indexed faster than a process starts.
FEW = 500
PRIORITY = 10


class KioskIndex(WhooshIndex):
    """A search index whose full rebuilds run in a separate process."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.folder / "index", Recipe.of(settings))
        self._settings = settings

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Rebuild as in WhooshIndex; a caller that wants progress has it rebuilt in this
        process."""
        if progress is not None or count_live(session) < FEW:
            return super().rebuild(session, progress)
        session.rollback()
        count = self._rebuild_aside()
        return super().rebuild(session) if count is None else count

    def _rebuild_aside(self) -> int | None:
        """Rebuild in another process; returns the number of documents, None where the process
        ended without an index."""
        from multiprocessing.context import SpawnContext

        from capture.isolation.quiet_process import QuietProcess

        answer, sender = SpawnContext().Pipe(duplex=False)
        process = QuietProcess(
            target=_rebuild, args=(self._settings, self.recipe, sender), name="index", daemon=True
        )
        process.start()
        sender.close()
        try:
            return int(answer.recv())
        except EOFError:
            return None
        finally:
            answer.close()
            process.join()
            if process.exitcode:
                log.warning("building the index ended with exit code %s", process.exitcode)


def _rebuild(settings: Settings, recipe: Recipe, sender: Connection) -> None:
    """The process's main function."""
    with suppress(OSError):
        limit_process(settings.kiosk.memory_mb, PRIORITY)
    index = WhooshIndex(settings.folder / "index", recipe)
    with open_session(settings) as session:
        sender.send(index.rebuild(session))
