"""Decoders in separate processes: a hostile file can crash a worker, never the kiosk."""

from __future__ import annotations

import errno
import logging
import math
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from capture.decoding.process_limits import OVER_MEMORY, limit_process
from capture.isolation.sandbox import Sandbox, enter
from reporter.errors import (
    DISK_READ_ONLY,
    DiskFull,
    MediaFailed,
    ReadOnlyDisk,
    ReporterError,
    attempt,
)
from reporter.messages import N_, Message

if TYPE_CHECKING:
    from pebble import ProcessPool

    from capture.isolation.quiet_process import QuietContext

log = logging.getLogger(__name__)

TOO_SLOW = Message("Opening this file took too long. Please send a shorter or smaller one.")
TOO_BIG = Message(
    "Opening this file needs more memory than the laptop has. Please send a smaller one."
)
CRASHED = Message(
    "This file crashes the program that opens it, so it is probably damaged. Please record or send it again."
)
UNREADABLE = Message("This file can't be opened. Please record or send it again.")
NO_ROOM = Message("The laptop's disk is full. Make room, and this goes on by itself.")
CLOSING = Message("The kiosk is being switched off. Please try again when it is back.")


class DecoderDied(MediaFailed):
    """The worker was stopped or died: timeout, out of memory, or a crash. A retry may succeed."""


class PoolBusy(ReporterError):
    """No worker became free in time; says nothing about the file."""

    status = 503
    title = N_("Too much at once")


@dataclass(frozen=True)
class _Outcome:
    """The result that a worker sends back. Never a foreign exception: some can't be unpickled, and
    that would break the pool."""

    value: Any = None
    error: ReporterError | None = None
    details: str = ""


class _Patience:
    """How long a caller waits."""

    def __init__(
        self, seconds: float | None, tick: Callable[[], None] | None, every: float
    ) -> None:
        self._end = math.inf if seconds is None else time.monotonic() + seconds
        self._tick, self._every = tick, math.inf if tick is None else every

    def wait(self, future: Future[_Outcome]) -> _Outcome:
        """Wait for the result; raises TimeoutError when the patience (or the task's own timeout) is
        used up."""
        while True:
            seconds = min(self._every, self._end - time.monotonic())
            try:
                return future.result(timeout=None if seconds == math.inf else max(seconds, 0))
            except TimeoutError:
                if future.done() or time.monotonic() >= self._end or self._tick is None:
                    raise
            self._tick()


class DecoderPool:
    """Worker processes with limits on time and memory, started by the first task.

    A worker is replaced after ``tasks_per_worker`` tasks, and at once when it dies. Thread-safe.
    Callers that must not wait behind an hour of transcoding use a separate pool.

    How the memory limit is enforced depends on the system: see capture.decoding.process_limits.
    """

    def __init__(
        self,
        workers: int = 2,
        memory_mb: int = 3000,
        *,
        tasks_per_worker: int = 100,
        priority: int = 10,
        sandbox: Sandbox | None = None,
    ) -> None:
        """``sandbox``: what workers may read and write; without one they lose only network and
        system calls."""
        self._workers, self._tasks = workers, tasks_per_worker
        self._setup = (memory_mb, priority, sandbox)
        self._pool: ProcessPool | None = None
        self._context: QuietContext | None = None
        self._waiting: set[Future[_Outcome]] = set()
        self._mutex = threading.Lock()
        self._closed = False

    def run(
        self,
        function: Callable[..., Any],
        *args: Any,
        timeout: float,
        patience: float | None = None,
        tick: Callable[[], None] | None = None,
        every: float = 15.0,
    ) -> Any:
        """Run a module-level ``function`` in a worker and return its result.

        ``timeout`` in seconds counts from the start of the task, ``patience`` from now: PoolBusy
        when there is no result by then. While waiting, calls ``tick`` ``every`` so many seconds.
        Raises DecoderDied for a task that took too long or too much memory, or killed its worker,
        and MediaFailed (or another ReporterError that the task raised) for a file that it couldn't
        read.
        """
        future = self._schedule(function, args, timeout)
        try:
            return _unpack(self._wait(future, _Patience(patience, tick, every)), function)
        finally:
            with self._mutex:
                self._waiting.discard(future)

    def _wait(self, future: Future[_Outcome], patience: _Patience) -> _Outcome:
        from concurrent.futures.process import BrokenProcessPool

        from pebble import ProcessExpired

        try:
            return patience.wait(future)
        except TimeoutError as error:
            if future.done():
                raise DecoderDied(TOO_SLOW) from error
            future.cancel()
            raise PoolBusy("The laptop is busy. Please try again in a moment.") from error
        except ProcessExpired as error:
            log.warning("a decoder died with exit code %s", error.exitcode)
            raise DecoderDied(TOO_BIG if error.exitcode == OVER_MEMORY else CRASHED) from error
        except BrokenProcessPool as error:
            self._forget()
            raise DecoderDied(CRASHED) from error
        except CancelledError as error:
            raise PoolBusy(CLOSING) from error
        except BaseException:
            # Ctrl-C: nobody needs the result any more.
            future.cancel()
            raise

    def stop(self) -> None:
        """Stop all workers, busy ones too, and wait until they have ended. No tasks are accepted
        afterwards."""
        with self._mutex:
            self._closed = True
            waiting = list(self._waiting)
        # A stopped pool would leave its callers waiting forever: release them first.
        for future in waiting:
            future.cancel()
        self._forget()

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _schedule(
        self, function: Callable[..., Any], args: tuple[Any, ...], timeout: float
    ) -> Future[_Outcome]:
        with self._mutex:
            try:
                future = self._started_pool().schedule(
                    _guarded, args=(function, args), timeout=timeout
                )
            except RuntimeError:
                # The pool broke (every worker died on start, say for lack of memory): create a new
                # one.
                if self._pool is not None:
                    self._pool.join()
                    self._pool = None
                future = self._started_pool().schedule(
                    _guarded, args=(function, args), timeout=timeout
                )
            self._waiting.add(future)
        return future

    def _started_pool(self) -> ProcessPool:
        if self._closed:
            raise PoolBusy(CLOSING)
        if self._pool is None:
            from pebble import ProcessPool

            from capture.isolation.quiet_process import QuietContext

            self._context = self._context or QuietContext()
            self._pool = ProcessPool(
                max_workers=self._workers,
                max_tasks=self._tasks,
                initializer=_prepare_worker,
                initargs=self._setup,
                context=self._context,
            )
        return self._pool

    def _forget(self) -> None:
        with self._mutex:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            if self._context is not None:
                self._context.kill_all()
            pool.join()


def _unpack(outcome: _Outcome, function: Callable[..., Any]) -> Any:
    if outcome.error is None:
        return outcome.value
    if outcome.details:
        log.warning("%r failed in a worker:\n%s", function, outcome.details)
    raise outcome.error


def _guarded(function: Callable[..., Any], args: tuple[Any, ...]) -> _Outcome:
    """Run a task in the worker and convert any exception of a decoder into a message."""
    value = attempt(lambda: function(*args))
    return _failure(value) if isinstance(value, Exception) else _Outcome(value=value)


def _failure(error: Exception) -> _Outcome:
    if isinstance(error, ReporterError):
        return _Outcome(error=error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _Outcome(error=DiskFull(NO_ROOM))
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        # It waits for disk space; nothing is wrong with the file.
        return _Outcome(error=ReadOnlyDisk(DISK_READ_ONLY))
    if isinstance(error, MemoryError):
        return _Outcome(error=DecoderDied(TOO_BIG))
    sentence = TOO_BIG if _is_memory(error) else UNREADABLE
    kind = DecoderDied if _is_memory(error) else MediaFailed
    return _Outcome(error=kind(sentence), details="".join(traceback.format_exception(error)))


def _is_memory(error: Exception) -> bool:
    """Whether an error means out of memory; OpenCV and FFmpeg have their own ways to report it."""
    return (
        getattr(error, "errno", None) == errno.ENOMEM or "insufficient memory" in str(error).lower()
    )


def _prepare_worker(memory_mb: int, priority: int, sandbox: Sandbox | None) -> None:
    """Initialize a worker: memory limit, no core dumps, low priority, killable at once,
    sandboxed."""
    # A thread pool for matrices would only use up the scarce address space.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # The pool's own handler is Python code, which never runs while a decoder hangs.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(OSError):
        limit_process(memory_mb, priority)
    enter(sandbox)
