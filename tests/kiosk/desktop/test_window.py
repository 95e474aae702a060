"""Two double clicks: one window stays, on a real (virtual) screen."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kiosk.desktop.port_file import running_at
from reporter.config import Settings
from tests.guards.repository import ROOT
from tests.support.kiosk_process import free_port
from tests.support.waiting import until

pytest.importorskip("tkinter", reason="this Python has no Tk")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no Xvfb here"),
]


@pytest.fixture
def screen() -> Iterator[str]:
    """Its name for DISPLAY."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as reader:
        yield f":{reader.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture
def clicked(
    gathering: Settings, secrets_file: Path, screen: str, tmp_path: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two starts of the program, the second once the first one's kiosk answers."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    environment |= {"REPORTER_SECRETS_FILE": str(secrets_file), "DISPLAY": screen}
    command = [sys.executable, "-m", "kiosk", "--gathering", str(gathering.folder), "open"]
    command += ["--port", str(free_port())]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _click in range(2):
            started.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**environment, "BROWSER": "true"},
                    start_new_session=True,
                )
            )
            until(lambda: running_at(gathering.folder) is not None, 120)
        yield started
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_a_second_double_click_leaves_one_window(
    clicked: list[subprocess.Popen[bytes]], gathering: Settings
) -> None:
    first, second = clicked
    assert second.wait(120) == 0
    assert first.poll() is None
    assert running_at(gathering.folder) is not None
    # As at a sign-out: no kiosk is left without a window.
    first.terminate()
    assert first.wait(120) == 0
    assert running_at(gathering.folder) is None
