"""The kiosk as a process of its own, beside a window: started, listened to, ended as Ctrl-C would."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

# What begins the lines of the kiosk that its window reads; an address follows.
LISTENING, PHONES, RUNNING = "listening on ", "phones on the same Wi-Fi: ", "already running: "
# It ends its workers and closes the database first; phones that send are not waited for.
_PATIENCE = 20.0


def own_program() -> list[str]:
    """The words that start this very program; a one-folder application is its own interpreter."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "kiosk"]


def kiosk_command(folder: Path, port: int) -> list[str]:
    """The command line that runs this program's kiosk."""
    return [*own_program(), "--gathering", str(folder), "kiosk", "--port", str(port)]


class KioskChild:
    """A running kiosk. Its lines are read in a thread, since a window must not wait."""

    def __init__(self, command: Sequence[str]) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            creationflags=_OWN_GROUP,
        )
        self._reader = threading.Thread(target=self._read, name="kiosk output", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip())

    def lines(self) -> Iterator[str]:
        """What it has said since the last time; never waits."""
        while True:
            try:
                yield self._lines.get_nowait()
            except queue.Empty:
                return

    @property
    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def stop(self) -> int:
        """Ask it to end, and wait; the exit code. One that doesn't end is killed."""
        if self._process.poll() is None:
            self._process.send_signal(_STOP)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(_PATIENCE)
        return self._process.wait()


if sys.platform == "win32":
    # Only a group of its own can be sent Ctrl-Break, and nothing gentler can be sent there.
    _STOP = signal.CTRL_BREAK_EVENT
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _STOP = signal.SIGTERM
    _OWN_GROUP = 0
