"""The write-ahead log as an open file."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

import pytest

from reporter.database import log_file
from reporter.database.log_file import LogFile


def test_whoever_finds_it_finds_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one thread closes it, another one asks for it: as in the gate of a database."""
    path = tmp_path / "wal"
    path.write_bytes(b"log")
    log = LogFile(str(path))
    known = weakref.ref(log)
    found: list[LogFile | None] = []
    close = os.close

    def closing(handle: int) -> None:
        found.append(known())
        close(handle)

    monkeypatch.setattr(log_file.os, "close", closing)
    del log
    assert found == [None]
