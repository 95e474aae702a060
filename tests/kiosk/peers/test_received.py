"""Originals on their way to a hub: what the disk has lost is not called there by a later sync."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import uuid

import pytest

from kiosk.peers.received import Received
from reporter.errors import Conflict, ReadOnlyDisk
from reporter.media.store import Store


def test_a_piece_whose_sync_failed_is_asked_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = hashlib.sha256(b"whole").hexdigest()
    received = Received(store, uuid.UUID(int=1))
    assert received.append(sha256, 0, 5, io.BytesIO(b"wh")) == 2

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(ReadOnlyDisk):
            received.append(sha256, 2, 5, io.BytesIO(b"ol"))
    assert received.offset(sha256) == 0
    assert received.append(sha256, 0, 5, io.BytesIO(b"whole")) == 5
    received.keep(sha256, ".bin")
    assert received.is_kept(sha256, ".bin", 5)


def test_from_its_beginning_it_starts_over(store: Store) -> None:
    """As where another machine of the hub has received the rest of the former try."""
    sha256 = hashlib.sha256(b"whole").hexdigest()
    received = Received(store, uuid.UUID(int=1))
    received.append(sha256, 0, 5, io.BytesIO(b"who"))
    with pytest.raises(Conflict):
        received.append(sha256, 2, 5, io.BytesIO(b"ole"))
    assert received.append(sha256, 0, 5, io.BytesIO(b"whole")) == 5
    received.keep(sha256, ".bin")
    assert received.is_kept(sha256, ".bin", 5)
