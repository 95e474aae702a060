"""Processes are told apart from numbers that nobody bears."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from publish.processes import is_running


@pytest.mark.skipif(os.name == "nt", reason="nobody can tell there")
def test_runs_until_it_has_ended() -> None:
    assert is_running(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert is_running(child.pid)
    child.communicate(b"\n")
    assert is_running(child.pid) is False
    assert is_running(1 << 80) is False


def test_nobody_asks_by_a_signal_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """There ``os.kill`` would end the process."""
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(os, "kill", lambda *_args: pytest.fail("it was killed"))
    assert is_running(os.getpid()) is None
