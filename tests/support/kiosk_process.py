"""The product in tests: a clock to turn, a gathering to fill, a kiosk process to kill."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from kiosk.runtime.addresses import own_addresses
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.codes import make_receipt
from reporter.models import EventSession, Media, Tag, Takeaway
from reporter.moderation.decisions import bump_revision
from tests.support.commands.process import ROOT, CommandProcess, start_command

# One stream for all hands: ids of the same moment must still differ.
_CHANCE = random.Random(7)
START = datetime(2026, 3, 14, 14, 0, tzinfo=UTC)


@dataclass
class TurnableClock:
    """A clock that stands still until it is turned."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The moment that it shows."""
        return self.at

    def turn(self, **by: float) -> datetime:
        """Go on by timedelta(**by)."""
        self.at += timedelta(**by)
        return self.at


def actor(clock: TurnableClock, who: str = "desk") -> Actor:
    """An actor at this moment."""
    return Actor(now=clock(), rng=_CHANCE, who=who)


def add_takeaway(
    session: Session, event: EventSession, rng: random.Random, **values: Any
) -> Takeaway:
    """A takeaway without media, committed; ``tags`` is a list of words."""
    moment = values.pop("recorded_at", START)
    tags = [Tag(name=name) for name in values.pop("tags", [])]
    row = Takeaway(
        id=new_id(moment, rng),
        receipt=make_receipt(rng),
        session=event,
        recorded_at=moment,
        received_at=moment,
        tags=tags,
        **{
            "kind": "note",
            "text": "Compost stays warm",
            "audience": "public",
            "state": "new",
            **values,
        },
    )
    with session.no_autoflush:
        bump_revision(session, row)
    session.add(row)
    session.commit()
    return row


def new_media(rng: random.Random, **values: Any) -> Media:
    """A photo's row, not yet in a session; ``values`` are columns that differ."""
    columns = {
        "id": new_id(START, rng),
        "sha256": f"{rng.getrandbits(256):064x}",
        "kind": "photo",
        "type": "image/jpeg",
        "ext": ".jpg",
        "bytes": 3,
        "due_at": START,
        "received_at": START,
    }
    return Media(**{**columns, **values})


def free_port() -> int:
    """A port that nobody listens on at this moment.

    It is none of those that systems give to outgoing connections (32768 and above on Linux, 49152 elsewhere): else it
    could be taken while a kiosk is down.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 50):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


@dataclass
class KioskProcess:
    """The real ``reporter kiosk`` as a process of its own."""

    gathering: Path
    secrets: Path
    arguments: tuple[str, ...] = ()
    # Another way to start it: for tests that have it killed at one certain place, or that look at the start itself.
    program: tuple[str, ...] = ()
    port: int = 0
    url: str = ""
    lines: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | CommandProcess | None = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> str:
        """Start it and wait until it says where it listens; the same port again after a restart."""
        # Not 0: with a port of its own choice the server sets no SO_REUSEADDR, and a restart would find it in use.
        self.port = self.port or free_port()
        words = ["--gathering", str(self.gathering), "kiosk"]
        words += ["--host", "127.0.0.1", "--port", str(self.port), "--no-open", *self.arguments]
        self._process = self._begun(words)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("listening on "):
                break
        else:
            raise AssertionError("the kiosk ended: " + "\n".join(self.lines))
        self.url = self.lines[-1].removeprefix("listening on ").rstrip("/")
        threading.Thread(target=self._drain, args=(self._process,), daemon=True).start()
        return self.url

    def _begun(self, words: list[str]) -> subprocess.Popen[str] | CommandProcess:
        environment = {**os.environ, "REPORTER_SECRETS_FILE": str(self.secrets)}
        if not self.program:
            return start_command(words, environment)
        return subprocess.Popen(
            [sys.executable, *self.program, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )

    def start_for_phones(self) -> str:
        """Start it where phones reach it, if this machine has an address of its own: plain http to such an address is
        no secure context, so a page has to do with what a phone really gives it.
        """
        self.arguments = ("--host", "0.0.0.0", *self.arguments)
        self.start()
        addresses = own_addresses()
        if addresses:
            self.url = f"http://{addresses[0].ip}:{self.port}"
        return self.url

    def _drain(self, process: subprocess.Popen[str] | CommandProcess) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())

    def kill(self) -> None:
        """kill -9, its worker processes with it: as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        return self._end(signal.SIGINT)

    def hang_up(self) -> int:
        """Close its terminal; the exit code."""
        return self._end(signal.SIGHUP)

    def _end(self, number: int) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        if process.poll() is None:
            if number == signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        try:
            return process.wait(timeout=120)
        finally:
            # Whatever is left must not outlive the test. Only then its output can be closed: a reader holds it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
