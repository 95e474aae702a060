"""A second start finds the first; the laptop stays awake; the kiosk ends as its window or its terminal does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk.desktop import awake, running
from kiosk.desktop.awake import stay_awake
from kiosk.desktop.child import KioskChild, kiosk_command
from kiosk.desktop.port_file import NAME
from kiosk.desktop.running import RunningKiosk, find_running, gathering_id
from reporter.config import Settings
from tests.guards.repository import ROOT
from tests.support.kiosk_process import KioskProcess, free_port
from tests.support.waiting import until


@dataclass
class Ended:
    """A start that ended by itself: its exit code and what it said."""

    code: int
    out: str
    err: str


def second_start(folder: Path, port: int, secrets: Path, browser: Path) -> Ended:
    command = [*kiosk_command(folder, port), "--host", "127.0.0.1"]
    environment = {**os.environ, "REPORTER_SECRETS_FILE": str(secrets), "BROWSER": str(browser)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=120)
        finally:
            # The whole group: whatever it has started must not outlive the test.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return Ended(process.returncode, out, err)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Path]:
    """A browser that stays, as one in a terminal does; `webbrowser` takes it for the system's. Notes what it shows."""
    program, shown = tmp_path / "browser", tmp_path / "shown"
    program.write_text(
        f'#!/bin/sh\necho "$$ $1" >{shown}.new\nmv {shown}.new {shown}\nexec sleep 600\n'
    )
    program.chmod(0o755)
    yield program
    if shown.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(shown.read_text().split()[0]), signal.SIGKILL)


@pytest.mark.slow
def test_a_second_start_shows_the_first_and_a_closed_terminal_ends_it(
    kiosk_process: KioskProcess,
    gathering: Settings,
    secrets_file: Path,
    browser: Path,
    tmp_path: Path,
) -> None:
    kiosk_process.program = ("-m", "kiosk")
    url = kiosk_process.start()
    found = find_running(kiosk_process.port)
    assert found is not None
    assert (found.url.rstrip("/"), found.title) == (url, "Spring gathering")
    assert found.gathering_id == gathering_id(gathering.folder)
    again = second_start(gathering.folder, kiosk_process.port, secrets_file, browser)
    assert (again.code, again.out) == (0, f"already running: {url}/\n")
    until((tmp_path / "shown").exists)
    assert (tmp_path / "shown").read_text().split()[1] == f"{url}/"
    other = second_start(tmp_path / "other", kiosk_process.port, secrets_file, browser)
    assert other.code == 1
    assert "another gathering, Spring gathering, runs on port" in other.err
    assert not (tmp_path / "other").exists()
    assert kiosk_process.hang_up() == 0
    assert kiosk_process.lines[-1] == "stopping"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="one loopback address only")
def test_a_second_start_finds_the_first_at_another_port_and_address(
    kiosk_process: KioskProcess, gathering: Settings, secrets_file: Path, browser: Path
) -> None:
    kiosk_process.arguments = ("--host", "127.0.0.2")
    url = kiosk_process.start()
    for port in (kiosk_process.port, free_port()):
        again = second_start(gathering.folder, port, secrets_file, browser)
        assert (again.code, again.out) == (0, f"already running: {url}/\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_a_closed_terminal_can_be_written_to_no_more(
    gathering: Settings, secrets_file: Path
) -> None:
    terminal, screen = os.openpty()
    command = [*kiosk_command(gathering.folder, free_port()), "--host", "127.0.0.1", "--no-open"]
    environment = {**os.environ, "REPORTER_SECRETS_FILE": str(secrets_file)}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    )
    os.close(screen)
    try:
        output = b""
        while b"stop with" not in output:
            output += os.read(terminal, 4096)
        os.close(terminal)
        process.send_signal(signal.SIGHUP)
        assert process.wait(120) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert not (gathering.folder / NAME).exists()


def test_another_program_at_the_port_is_none_of_ours() -> None:
    assert find_running(free_port()) is None


@contextlib.contextmanager
def program_at_a_port(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Whoever connects is talked to by ``talk`` in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    def one(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            talk(client)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def banner(client: socket.socket) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")


def endless(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n{")
    while True:
        client.sendall(b" ")
        time.sleep(0.02)


@pytest.mark.parametrize("talk", [banner, endless])
def test_a_program_with_manners_of_its_own_is_none_of_ours(
    talk: Callable[[socket.socket], None],
) -> None:
    with program_at_a_port(talk) as port:
        assert find_running(port, patience=0.5) is None


def test_a_kiosk_that_still_opens_its_database_is_waited_for() -> None:
    opened = threading.Event()

    def late(client: socket.socket) -> None:
        client.recv(4096)
        opened.wait(60)
        body = b'{"gathering": "Spring gathering", "gathering_id": "7"}'
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    with program_at_a_port(late) as port:
        threading.Timer(0.3, opened.set).start()
        found = find_running(port)
    assert found == RunningKiosk(f"http://127.0.0.1:{port}/", "7", "Spring gathering")


@pytest.mark.sqlite("reads its database's file")
def test_the_id_of_a_folder_is_read_and_nothing_written(
    gathering: Settings, tmp_path: Path
) -> None:
    assert len(gathering_id(gathering.folder)) == 36
    assert gathering_id(tmp_path / "none") == ""
    assert not (tmp_path / "none").exists()
    (tmp_path / "reporter.db").write_text("no database")
    assert gathering_id(tmp_path) == ""


def test_no_browser_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def opener(url: str) -> list[str]:
        asked.append(url)
        return ["/no/such/browser", url]

    monkeypatch.setattr(running, "_opener", opener)
    before = set(threading.enumerate())
    running.show_page("http://127.0.0.1/")
    assert asked == ["http://127.0.0.1/"]
    assert set(threading.enumerate()) <= before, "nobody waits for a browser that did not start"


def test_a_child_says_what_it_does_and_ends_when_asked() -> None:
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('listening on ü', flush=True)\n"
        "signal.pause()"
    )
    child = KioskChild([sys.executable, "-X", "utf8", "-c", program])
    lines: list[str] = []
    until = time.monotonic() + 30
    while not lines and time.monotonic() < until:
        lines += child.lines()
        time.sleep(0.02)
    assert (lines, child.ended) == (["listening on ü"], None)
    assert child.stop() == 7


def test_the_laptop_is_kept_awake_no_longer_than_the_kiosk_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "ended"
    holder = ["sh", "-c", f"cat; touch {mark}"]
    monkeypatch.setattr(awake, "inhibitor", lambda: holder)
    with stay_awake() as kept:
        assert (kept, mark.exists()) == (True, False)
    assert mark.exists()


@pytest.mark.parametrize("command", [None, ["false"], ["/no/such/program"]])
def test_who_may_not_keep_it_awake_is_told(
    monkeypatch: pytest.MonkeyPatch, command: list[str] | None
) -> None:
    monkeypatch.setattr(awake, "inhibitor", lambda: command)
    with stay_awake() as kept:
        assert not kept
