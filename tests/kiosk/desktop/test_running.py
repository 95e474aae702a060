"""A second start finds the first; the laptop stays awake; the kiosk ends as its window or its terminal does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kiosk.desktop import awake
from kiosk.desktop.awake import stay_awake
from kiosk.desktop.child import KioskChild, kiosk_command
from kiosk.desktop.running import find_running
from reporter.config import Settings
from tests.guards.repository import ROOT
from tests.support.kiosk_process import KioskProcess, free_port


def second_start(folder: Path, port: int, secrets: Path) -> subprocess.CompletedProcess[str]:
    command = [*kiosk_command(folder, port), "--host", "127.0.0.1"]
    # A browser that shows nothing: webbrowser takes it for the system's.
    environment = {**os.environ, "REPORTER_SECRETS_FILE": str(secrets), "BROWSER": "true"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_a_second_start_shows_the_first_and_a_closed_terminal_ends_it(
    kiosk_process: KioskProcess, gathering: Settings, secrets_file: Path, tmp_path: Path
) -> None:
    url = kiosk_process.start()
    found = find_running(kiosk_process.port)
    assert found is not None
    assert (found.url.rstrip("/"), found.title) == (url, "Spring gathering")
    again = second_start(gathering.folder, kiosk_process.port, secrets_file)
    assert (again.returncode, again.stdout) == (0, f"running already: {url}/\n")
    other = second_start(tmp_path / "other", kiosk_process.port, secrets_file)
    assert other.returncode == 1
    assert "another gathering, Spring gathering, runs on port" in other.stderr
    assert kiosk_process.hang_up() == 0
    assert kiosk_process.lines[-1] == "stopping"


def test_another_program_at_the_port_is_none_of_ours() -> None:
    assert find_running(free_port()) is None


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
