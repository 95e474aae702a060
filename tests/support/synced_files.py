"""Which files were put onto the disk for good."""

from __future__ import annotations

import os

import pytest

from reporter import files


def note_synced_files(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Return a set that fills with the inode numbers of files and folders that were synced."""
    synced: set[int] = set()
    fsync = os.fsync

    def note(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    # On macOS another call does the same.
    monkeypatch.setattr(files, "_full_sync", lambda handle: False)
    monkeypatch.setattr(os, "fsync", note)
    return synced
