"""Processes that Ctrl-C in the terminal never reaches; apart, since no kiosk starts one before its first page."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import context as mp
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


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


def run_aside(
    name: str,
    work: Callable[Arguments, Result],
    *args: Arguments.args,
    **more: Arguments.kwargs,
) -> Result | None:
    """Do long work in a process of its own; returns its result, None where the process ended without one.

    Threads of one process share one interpreter: pages would wait. ``name`` tells in the log what ended badly.
    """
    results, sender = mp.SpawnContext().Pipe(duplex=False)
    process = QuietProcess(
        target=_send_result, args=(sender, work, args, more), name=name, daemon=True
    )
    process.start()
    sender.close()
    try:
        result: Result = results.recv()
    except EOFError:
        return None
    finally:
        results.close()
        process.join()
        if process.exitcode:
            log.warning("the process for %s ended with exit code %s", name, process.exitcode)
    return result


def _send_result(
    sender: Connection, work: Callable[..., object], args: tuple[Any, ...], more: dict[str, Any]
) -> None:
    """The process's main function."""
    sender.send(work(*args, **more))


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
