"""The ``reporter`` command as a process of its own, forked from one that has loaded all modules.

A fresh interpreter would spend a second or more of processor time on imports, for each of some two hundred processes of
a test run. What a process does, its signals, exit code and output are those of ``python -m kiosk``. Tests of the start
itself use ``subprocess``.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[3]
PATIENCE = 120
_READY = b"ready"


class CommandProcess:
    """A started command: what the tests use of ``subprocess.Popen``."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        """``stdin``: nothing to read, if none is given. What goes to no file is read from ``stdout``."""
        self.returncode: int | None = None
        self._wire = _socket()
        self._wire.connect(_parent())
        order = json.dumps({"words": list(words), "environment": dict(environment)}).encode()
        reading, writing = os.pipe()
        self.stdout = os.fdopen(reading, encoding="utf-8")
        with open(writing, "wb") as pipe, open(os.devnull, "rb") as nothing:
            ends = (stdin or nothing, stdout or pipe, stderr or pipe)
            size = len(order).to_bytes(4, "big")
            socket.send_fds(self._wire, [size], [end.fileno() for end in ends])
            self._wire.sendall(order)
            self.pid = int(self._line(PATIENCE))

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that ended it), None while it runs."""
        if self.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; the exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self.returncode = int(self._line(timeout))
            self._wire.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _line(self, timeout: float | None) -> str:
        self._wire.settimeout(timeout or (None if timeout is None else 0.001))
        try:
            line = self._wire.recv(32).decode()
        except TimeoutError as error:
            raise subprocess.TimeoutExpired("reporter", timeout or 0) from error
        assert line, "the process that starts commands is gone"
        return line


# Elsewhere forking is not there, or not safe.
_FORKS = sys.platform == "linux"


def start_command(
    words: Sequence[str], environment: Mapping[str, str], *, stderr: IO[Any] | None = None
) -> CommandProcess | subprocess.Popen[str]:
    """Start ``reporter WORDS`` in a group of its own; what it says, errors too if they go to no file, comes from
    ``stdout``.
    """
    if _FORKS:
        return CommandProcess(words, environment, stderr=stderr)
    return subprocess.Popen(
        [sys.executable, "-m", "kiosk", *words],
        stdout=subprocess.PIPE,
        stderr=stderr or subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=ROOT,
        start_new_session=True,
    )


def run_command(
    *words: str,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run ``reporter WORDS`` to its end, with more variables in its environment."""
    everything = {**os.environ, **(environment or {})}
    if not _FORKS:
        return subprocess.run(
            [sys.executable, "-m", "kiosk", *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env=everything,
            cwd=ROOT,
        )
    with contextlib.ExitStack() as stack:
        given, out, errors = (stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        process = CommandProcess(words, everything, stdin=given, stdout=out, stderr=errors)
        stack.enter_context(process.stdout)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(list(words), code, _read(out), _read(errors))


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@functools.cache
def _parent() -> str:
    """The address of the process that forks, which is started here and ends with this one."""
    folder = tempfile.mkdtemp(prefix="commands-")
    address = f"{folder}/wire"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.commands.process", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline().strip() == _READY

    def end() -> None:
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return address


def _socket() -> socket.socket:
    """A socket that keeps messages apart: a process may have ended before its number was read."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


# --- In the process that forks ----------------------------------------------------------------------


def _load() -> None:
    for package in ("reporter", "capture", "publish", "kiosk"):
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            # Alembic alone can run its environments.
            if not module.name.endswith((".__main__", ".env")):
                # What an extra brings may not be there.
                with contextlib.suppress(ImportError):
                    importlib.import_module(module.name)


def _serve(address: str) -> dict[str, Any]:
    """Fork for each order; returns in the child, with the order."""
    signal.signal(signal.SIGCHLD, lambda *_: None)
    ending, wake = socket.socketpair()
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    with _socket() as door, selectors.DefaultSelector() as selector:
        door.bind(address)
        door.listen(64)
        for end in (door, ending, sys.stdin):
            selector.register(end, selectors.EVENT_READ)
        sys.stdout.buffer.write(_READY + b"\n")
        sys.stdout.flush()
        running: dict[int, socket.socket] = {}
        while True:
            seen = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in seen:
                os._exit(0)
            if ending in seen:
                ending.recv(4096)
                _tell_ended(running)
            if door in seen:
                wire, _ = door.accept()
                order, ends = _order(wire)
                if not ends:
                    wire.close()
                    continue
                if not (pid := os.fork()):
                    break
                running[pid] = wire
                wire.sendall(str(pid).encode())
                for end in ends:
                    os.close(end)
    for one in (wire, ending, *running.values()):
        one.close()
    signal.set_wakeup_fd(-1)
    wake.close()
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    return order


def _order(wire: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """What is to be done, and its standard input and outputs; nothing where the test is gone."""
    size, ends, _, _ = socket.recv_fds(wire, 4, 3)
    message = wire.recv(int.from_bytes(size, "big"))
    if message:
        order: dict[str, Any] = json.loads(message)
        return order, ends
    for end in ends:
        os.close(end)
    return {}, []


def _tell_ended(running: dict[int, socket.socket]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with running.pop(pid) as wire, contextlib.suppress(OSError):
                wire.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: dict[str, Any]) -> None:
    """Be ``python -m kiosk WORDS``."""
    os.setsid()
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What they were opened on may have been a file, and is a pipe now.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.argv = ["reporter", *order["words"]]
    runpy.run_module("kiosk", run_name="__main__", alter_sys=True)


def _main() -> None:
    _load()
    gc.collect()
    gc.freeze()
    _become(_serve(sys.argv[1]))


if __name__ == "__main__":
    _main()
