"""Secrets where there is a keychain, and what is said where it is locked."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from reporter.errors import ReporterError
from reporter.secret_store import FILE_VARIABLE, get_secret, remove_secret, set_secret


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
