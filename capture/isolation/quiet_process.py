"""Processes that Ctrl-C in the terminal never reaches; apart, since no kiosk starts one before its first page."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import context as mp
from typing import Any


class QuietProcess(mp.SpawnProcess):
    """A worker that Ctrl-C in the terminal never reaches, not even while its interpreter starts.

    The terminal sends SIGINT to the whole group; a worker inherits the blocked signal from the
    thread that starts it.
    """

    def start(self) -> None:
        with _interrupts_blocked():
            super().start()


class QuietContext(mp.SpawnContext):
    """Starts fresh interpreters: a forked one would inherit locks held by other threads of the
    kiosk."""

    def __init__(self) -> None:
        self._started: list[mp.SpawnProcess] = []

    def Process(self, *args: Any, **more: Any) -> mp.SpawnProcess:  # type: ignore[override]
        """Create a new worker and register it."""
        worker = QuietProcess(*args, **more)
        self._started = [w for w in self._started if w.is_alive()] + [worker]
        return worker

    def kill_all(self) -> None:
        """Kill all workers at once. The pool itself removes its locks before it stops workers, and
        one whose interpreter is still starting would then print errors on the terminal."""
        for worker in self._started:
            if worker.is_alive():
                worker.kill()
                worker.join()


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
