"""The file of an upload under way: whole whatever the system does, and one writer's alone."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from capture.intake import partial_file
from capture.intake.partial_file import UploadLock, Writer
from reporter.errors import Conflict


def begun(path: Path, live: UploadLock, *, position: int = 0, length: int = 12) -> Writer:
    path.touch()
    with live.lock:
        return Writer(live, path, position=position, length=length)


def holder(live: UploadLock) -> Writer | None:
    return live.writer


def test_a_system_that_takes_a_few_bytes_at_a_time_gets_them_all_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """write(2) may take less than it was given: on a disk that is nearly full, and after a signal."""
    whole = partial_file._write_some
    monkeypatch.setattr(
        partial_file, "_write_some", lambda file, data, at: whole(file, data[:5], at)
    )
    path = tmp_path / "a.part"
    path.write_bytes(b"...")
    writer = begun(path, UploadLock(), position=3, length=15)
    writer.pour(io.BytesIO(b"Twelve bytes"), 12)
    writer.let_go()
    assert (path.read_bytes(), writer.position) == (b"...Twelve bytes", 15)


def test_where_a_file_has_no_write_at_a_place_its_bytes_reach_the_system_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows. What Python kept for itself, no fsync would put onto the disk."""
    monkeypatch.delattr(os, "pwrite", raising=False)
    path = tmp_path / "a.part"
    path.write_bytes(b"...")
    writer = begun(path, UploadLock(), position=3, length=15)
    writer.pour(io.BytesIO(b"Twelve bytes"), 12)
    assert path.read_bytes() == b"...Twelve bytes"
    writer.let_go()


def test_a_newer_request_closes_the_older_one_s_file(tmp_path: Path) -> None:
    """Windows moves no file that somebody holds open."""
    live, path = UploadLock(), tmp_path / "a.part"
    older = begun(path, live)
    assert holder(live) is older
    newer = begun(path, live)
    assert (holder(live), older._file.closed, newer._file.closed) == (newer, True, False)
    with pytest.raises(Conflict, match="A newer request has taken this upload over"):
        older.pour(io.BytesIO(b"late"), 4)
    newer.pour(io.BytesIO(b"first"), 5)
    newer.let_go()
    with live.lock:
        live.take_over()
    assert holder(live) is None
    assert path.read_bytes() == b"first"


def test_only_who_wrote_every_byte_knows_the_hash(tmp_path: Path) -> None:
    live = UploadLock()
    first = begun(tmp_path / "a.part", live)
    first.pour(io.BytesIO(b"bees"), 4)
    assert first.sha256() == hashlib.sha256(b"bees").hexdigest()
    rest = begun(tmp_path / "a.part", live, position=4)
    assert rest.sha256() == ""
    rest.let_go()
