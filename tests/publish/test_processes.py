"""Processes are told apart from numbers that nobody bears."""

from __future__ import annotations

import os
import subprocess
import sys

from publish.processes import is_running


def test_runs_until_it_has_ended() -> None:
    assert is_running(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_running(child.pid)
    child.communicate(b"\n")
    assert is_running(child.pid) is False
    assert is_running(1 << 80) is False
