"""The order in which a kiosk makes an upload last, seen from outside: ``python -m tests.reliability.system_calls``.

``strace`` writes down what the kiosk asks of the kernel while one form with one photo comes in. The bytes have to be
on the disk before they get their name, the name before the row, the row before the answer.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from reporter.clock import utc_now
from reporter.config import save_settings
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.sessions import add_session
from tests.reliability.crash_rounds import say
from tests.reliability.world import client_id, photo
from tests.support.kiosk_process import KioskProcess

CALLS = "openat,write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,link,linkat"
# A finished call; what strace splits because another thread came between is put together first.
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")


@dataclass(frozen=True)
class Call:
    """A system call that succeeded, with the file that it was about (as ``strace -y`` tells)."""

    name: str
    text: str


STEPS: tuple[tuple[str, Callable[[Call], bool]], ...] = (
    ("the photo's bytes are written", lambda c: "write" in c.name and "/incoming/" in c.text),
    ("fsync of the file", lambda c: c.name in ("fsync", "fdatasync") and "/incoming/" in c.text),
    (
        "it gets its name among the originals",
        lambda c: c.name.startswith(("link", "rename")) and "/media/" in c.text,
    ),
    (
        "fsync of that folder",
        lambda c: c.name == "fsync" and re.search(r"/media/..>", c.text) is not None,
    ),
    ("the rows are written", lambda c: "write" in c.name and "reporter.db-wal" in c.text),
    (
        "fsync of the log",
        lambda c: c.name in ("fsync", "fdatasync") and "reporter.db-wal" in c.text,
    ),
    ("the phone is thanked", lambda c: "HTTP/1.1 201" in c.text),
)


def can_trace() -> str:
    """Why nothing can be traced here; '' where it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "this process may not trace others"


def calls(trace: str) -> Iterator[Call]:
    """The calls of a trace in the order in which they ended."""
    begun: dict[tuple[str, str], str] = {}
    for line in trace.splitlines():
        if found := _BEGUN.match(line):
            begun[found[1], found[2]] = found[3]
        elif (found := _RESUMED.match(line)) and int(found[4]) >= 0:
            yield Call(found[2], begun.pop((found[1], found[2]), "") + found[3])
        elif (found := _LINE.match(line)) and int(found[4]) >= 0:
            yield Call(found[2], found[3])


def order_of(trace: str) -> list[str]:
    """The steps in the order in which they were found, each after the one before; as many as there are."""
    wanted, found = list(STEPS), []
    for call in calls(trace):
        if wanted and wanted[0][1](call):
            found.append(wanted.pop(0)[0])
    return found


@contextmanager
def traced(pid: int, goal: Path) -> Iterator[None]:
    """Write down what a process and its threads ask of the kernel meanwhile."""
    asked = [
        "strace",
        "-f",
        "-y",
        "-s",
        "80",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(goal),
        "-p",
        str(pid),
    ]
    with subprocess.Popen(asked, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        tracer.stderr.readline()
        time.sleep(0.3)
        try:
            yield
        finally:
            tracer.terminate()


def trace_upload(root: Path) -> str:
    """The trace of one form with one photo at a real kiosk."""
    rng, now = random.Random(1), utc_now()
    settings = make_gathering(
        root / "gathering", "Spring", timezone="UTC", language="en", now=now, rng=rng
    )
    save_settings(settings.folder, {"limits": {"keep_free_mb": 0}})
    with open_session(settings) as session:
        code = add_session(session, "Gardens", now=now, rng=rng).code
    kiosk, goal = KioskProcess(settings.folder, root / "secrets.json"), root / "trace"
    try:
        url = kiosk.start()
        with httpx.Client(base_url=url, timeout=60) as http:
            http.get("/healthz")
            with traced(kiosk.pid, goal):
                answer = http.post(
                    f"/s/{code}/takeaways",
                    data={"client_id": client_id(1), "text": "t"},
                    files={"file": ("a.jpg", photo(1))},
                    headers={"Accept": "application/json"},
                )
                assert answer.status_code == 201, answer.text
    finally:
        kiosk.kill()
    return goal.read_text("utf-8", "replace")


def main() -> None:
    """Exit code 1 when the order is another; 0 with a reason where nothing can be traced."""
    if reason := can_trace():
        say(f"nothing can be traced here: {reason}")
        return
    root = Path(tempfile.mkdtemp(prefix="system-calls-"))
    try:
        trace = trace_upload(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    found = order_of(trace)
    print(
        json.dumps(
            {"order": found, "missing": [name for name, _ in STEPS if name not in found]}, indent=2
        )
    )
    sys.exit(len(found) != len(STEPS))


if __name__ == "__main__":
    main()
