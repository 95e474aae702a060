"""Secrets where there is a keychain, and what is said where it is locked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from reporter.errors import ReporterError
from reporter.secret_store import FILE_VARIABLE, get_secret, move_secret, remove_secret, set_secret


class LockedKeychain(KeyringBackend):
    """As GNOME's and KDE's after an automatic login."""

    priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("Failed to unlock the collection!")


def test_a_locked_keychain_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FILE_VARIABLE)
    before = keyring.get_keyring()
    keyring.set_keyring(LockedKeychain())
    try:
        with pytest.raises(ReporterError, match="keychain of this laptop"):
            get_secret("g", "desk")
        with pytest.raises(ReporterError, match="Unlock it"):
            set_secret("g", "desk", "secret")
        with pytest.raises(ReporterError, match="keychain"):
            remove_secret("g", "desk")
    finally:
        keyring.set_keyring(before)


def test_the_file_is_its_owners_alone(secrets_file: Path) -> None:
    set_secret("g", "desk", "secret")
    assert secrets_file.stat().st_mode & 0o777 == 0o600


def test_several_write_the_file_in_turn(secrets_file: Path) -> None:
    """As the processes of a hub do."""
    names = [f"target:{number}" for number in range(12)]
    with ThreadPoolExecutor(len(names)) as writers:
        list(writers.map(partial(set_secret, "g", value="secret"), names))
    assert [get_secret("g", name) for name in names] == ["secret"] * len(names)


def test_a_moved_secret_replaces_none(secrets_file: Path) -> None:
    set_secret("before", "a", "1")
    set_secret("before", "b", "1")
    set_secret("now", "b", "2")
    for name in "abc":
        move_secret("before", "now", name)
    assert [get_secret("now", name) for name in "abc"] == ["1", "2", None]
    assert [get_secret("before", name) for name in "abc"] == [None] * 3
