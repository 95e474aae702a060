"""A real kiosk process with one session, to be measured."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reporter.clock import utc_now
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from tests.support.kiosk_process import KioskProcess

# A new interpreter: those of tests are forked from a process that has loaded everything.
REAL = ("-m", "kiosk")


@dataclass(frozen=True)
class BenchKiosk:
    """Its URL, the code of its session, its folder and its process."""

    url: str
    code: str
    folder: Path
    pid: int

    def cpu_ms(self) -> float:
        """CPU time of its main process so far, in milliseconds."""
        return own_cpu_ms(self.pid)


def own_cpu_ms(pid: int) -> float:
    """CPU time of a process so far, without its children, in milliseconds (Linux: /proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def bench_kiosk() -> Iterator[BenchKiosk]:
    """Run a kiosk on a new gathering; both are removed afterwards."""
    with tempfile.TemporaryDirectory() as name:
        rng = random.Random(3)
        settings = make_gathering(
            Path(name) / "g", "Bench", timezone="UTC", language="en", now=utc_now(), rng=rng
        )
        with open_session(settings) as session:
            code = add_session(session, "Bench", now=utc_now(), rng=rng).code
        process = KioskProcess(settings.folder, Path(name) / "secrets.json", program=REAL)
        try:
            url = process.start()
            yield BenchKiosk(url, code, settings.folder, process.pid)
        finally:
            process.kill()
