"""What goes into a pipe is UTF-8, whatever code page the system has."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

from kiosk.cli import write_utf8
from reporter.config import Settings
from tests.guards.repository import ROOT


def test_arabic_goes_through_a_pipe_of_a_western_code_page(
    gathering: Settings, secrets_file: Path
) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "kiosk", "--gathering", str(gathering.folder), "sessions"]
    more = {"cwd": ROOT, "env": environment, "capture_output": True, "timeout": 100, "check": True}
    subprocess.run([*command, "add", "حديقة المدينة"], **more)  # type: ignore[call-overload]
    done = subprocess.run([*command, "list", "--json"], **more)  # type: ignore[call-overload]
    titles = [row["title"] for row in json.loads(done.stdout.decode("utf-8"))["sessions"]]
    assert "حديقة المدينة" in titles


def test_a_terminal_shows_what_it_can() -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    screen = io.BytesIO()
    terminal = Terminal(screen, encoding="cp1252")
    write_utf8(terminal)
    terminal.write("Gärten حديقة")
    terminal.flush()
    assert screen.getvalue() == "Gärten ?????".encode("cp1252")
    write_utf8(None)
