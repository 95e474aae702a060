"""One long-running task at a time, started at the desk: a thread, its progress, and its result in
plain words.

Only what a page displays is in memory here. All results of the task are files or rows; an
interrupted task is started again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from reporter.errors import Conflict, ReporterError
from reporter.messages import Message

log = logging.getLogger(__name__)

# (done, total, what)
Progress = Callable[[int, int, str], None]
# Does the work and returns the result: one sentence per line.
Work = Callable[[Progress], Sequence[str]]
RUNNING, DONE, FAILED = "running", "done", "failed"


class Warnings(list[str]):
    """A result that somebody should do something about, though the work was done."""


@dataclass
class Task:
    """A task and its progress."""

    kind: str
    state: str = RUNNING
    done: int = 0
    of: int = 0
    what: str = ""
    messages: list[str] = field(default_factory=list)
    warns: bool = False

    def as_json(self) -> dict[str, Any]:
        """As JSON for the page that displays it."""
        return {"kind": self.kind, "state": self.state, "done": self.done, "of": self.of}


class Tasks:
    """The running task, or the last one."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self.last: Task | None = None

    def begin(self, kind: str, work: Work) -> Task:
        """Start a task in a thread. Raises Conflict while another one runs."""
        with self._lock:
            self.need_none()
            task = self.last = Task(kind)
        threading.Thread(target=self._run, args=(task, work), name=kind, daemon=True).start()
        return task

    def need_none(self) -> None:
        """Raise Conflict while a task runs."""
        if self.last is not None and self.last.state == RUNNING:
            raise Conflict("Something else is still being done. Wait until it has ended.")

    def _run(self, task: Task, work: Work) -> None:
        def tell(done: int, of: int, what: str) -> None:
            task.done, task.of, task.what = done, of, what

        try:
            with self._app.app_context():
                result = work(tell)
            task.messages, task.warns = list(result), isinstance(result, Warnings)
            task.state = DONE
        except (ReporterError, OSError) as error:
            message = error.message if isinstance(error, ReporterError) else str(error)
            task.messages, task.state = [message], FAILED
        finally:
            if task.state == RUNNING:
                log.error("task %s ended without a result", task.kind)
                task.messages = [Message("It was broken off by an error of ours. Try it again.")]
                task.state = FAILED
