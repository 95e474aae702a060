"""A real kiosk with 100,000 takeaways by HTTP, beside one with 1,000: its pages, start and memory.

Its search index is still being built while the pages are asked for, as after a start from a copy. Photos are rows
alone. The gathering has just been: of one from months ago, retention would announce and forget much in its first turn.
``BENCH_GROWTH=1000,40000`` chooses the sizes.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from reporter.clock import utc_now
from tests.bench.data.seeded import seed
from tests.bench.kiosk_process import REAL, own_cpu_ms
from tests.bench.rows import Row, Work, pairs
from tests.bench.web.startup import memory_mb
from tests.support.kiosk_process import KioskProcess

FEW, MANY = (int(count) for count in os.environ.get("BENCH_GROWTH", "1000,100000").split(","))
RUNS, ASKS = 5, 5
PAGES = (
    ("start page", "/"),
    ("review", "/desk/review"),
    ("look-alikes", "/desk/review?state=approved&alike=1"),
    ("coverage", "/desk/coverage"),
    ("publish", "/desk/publish"),
    ("search", "/search?q=compost"),
    ("wall", "/wall"),
    ("cards of the wall", "/wall/cards"),
)


def measure() -> Iterator[Row]:
    """A row for the start, two for each page, one for memory (MB, of all processes)."""
    with ExitStack() as stack:
        few, many = (stack.enter_context(_kiosk(count)) for count in (FEW, MANY))
        peer = f"{FEW} takeaways"
        yield pairs(
            f"`reporter kiosk` with {MANY} takeaways, from start to the first page",
            lambda: _start(many),
            lambda: _start(few),
            peer=peer,
            runs=3,
            self_timed=True,
        )
        for words, path in PAGES:
            yield pairs(
                f"{words} by HTTP, {MANY} takeaways",
                _ask(many, path),
                _ask(few, path),
                peer=peer,
                runs=RUNS,
                note=f"{ASKS} times, one after another.",
            )
            yield pairs(
                f"{words} by HTTP, {MANY} takeaways, processor time",
                _ask_timed(many, path),
                _ask_timed(few, path),
                peer=peer,
                runs=3,
                self_timed=True,
                note="of the main process, for each of 20.",
            )
        yield pairs(
            f"`reporter kiosk` with {MANY} takeaways: memory, MB",
            lambda: memory_mb(many.pid),
            lambda: memory_mb(few.pid),
            peer=peer,
            runs=3,
            self_timed=True,
            note="proportional set size of all processes, after these pages.",
        )


@contextmanager
def _kiosk(count: int) -> Iterator[KioskProcess]:
    """A kiosk that does not run yet."""
    with tempfile.TemporaryDirectory() as name:
        settings = seed(
            Path(name) / "g", count, photos=1, files=False, begins=utc_now() - timedelta(days=3)
        )
        process = KioskProcess(settings.folder, Path(name) / "secrets.json", program=REAL)
        try:
            yield process
        finally:
            process.kill()


def _start(process: KioskProcess) -> float:
    """Milliseconds from the start to the first page; one that ran before is stopped first."""
    if process.url:
        process.kill()
    started = time.perf_counter()
    httpx.get(process.start() + "/", timeout=120).raise_for_status()
    return (time.perf_counter() - started) * 1000


def _ask(process: KioskProcess, path: str) -> Work:
    client = httpx.Client(base_url=process.url, timeout=120)

    def work() -> None:
        for _ in range(ASKS):
            client.get(path).raise_for_status()

    return work


def _ask_timed(process: KioskProcess, path: str) -> Callable[[], float]:
    """Milliseconds of the main process for each request: what makes the index is another one."""
    work = _ask(process, path)

    def timed() -> float:
        before = own_cpu_ms(process.pid)
        for _ in range(20 // ASKS):
            work()
        return (own_cpu_ms(process.pid) - before) / 20

    return timed
