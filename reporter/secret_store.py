"""Passwords of targets and the desk, in the system keyring, or in a 0600 file outside every gathering."""

from __future__ import annotations

import json
import os
import secrets as random_secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from reporter.errors import ReporterError
from reporter.files import keep_to_owner, replace_file, sync_file, wait_for_lock

SERVICE = "social-reporter"
# For tests and machines without a desktop: forces the file, and sets its location.
FILE_VARIABLE = "REPORTER_SECRETS_FILE"


def get_secret(gathering_id: str, name: str) -> str | None:
    """Get a secret by gathering and name ('target:blog', 'desk'), or None."""
    keyring = _keyring()
    if keyring is not None:
        with _keychain_errors():
            found: str | None = keyring.get_password(SERVICE, _key(gathering_id, name))
            return found
    return _read().get(_key(gathering_id, name))


def set_secret(gathering_id: str, name: str, value: str) -> None:
    """Store a secret."""
    keyring = _keyring()
    if keyring is not None:
        with _keychain_errors():
            keyring.set_password(SERVICE, _key(gathering_id, name), value)
        return
    with _one_writer():
        _write({**_read(), _key(gathering_id, name): value})


def remove_secret(gathering_id: str, name: str) -> None:
    """Delete a secret; does nothing if there is none."""
    keyring = _keyring()
    if keyring is not None:
        with _keychain_errors():
            if keyring.get_password(SERVICE, _key(gathering_id, name)) is not None:
                keyring.delete_password(SERVICE, _key(gathering_id, name))
        return
    with _one_writer():
        values = _read()
        if values.pop(_key(gathering_id, name), None) is not None:
            _write(values)


def move_secret(former_id: str, gathering_id: str, name: str) -> None:
    """Keep a secret under another gathering's key instead of the former one; one that is there already stays."""
    former = get_secret(former_id, name)
    if former is None:
        return
    if get_secret(gathering_id, name) is None:
        set_secret(gathering_id, name, former)
    remove_secret(former_id, name)


def signing_key(gathering_id: str) -> str:
    """The key that signs cookies and media URLs of a gathering; generated at first use."""
    value = get_secret(gathering_id, "signing")
    if value is None:
        value = random_secrets.token_urlsafe(48)
        set_secret(gathering_id, "signing", value)
    return value


def _key(gathering_id: str, name: str) -> str:
    return f"{gathering_id}/{name}"


def _keyring() -> Any:
    """The keyring module with a working backend, or None."""
    if os.environ.get(FILE_VARIABLE):
        return None
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring

    backend = keyring.get_keyring()
    return None if isinstance(backend, NoKeyring) or backend.priority <= 0 else keyring


@contextmanager
def _keychain_errors() -> Iterator[None]:
    """Translate errors of a locked keychain, or of denied access, to a message."""
    from keyring.errors import KeyringError

    try:
        yield
    except KeyringError as error:
        raise ReporterError(
            "The keychain of this laptop, where passwords are kept, is locked or refuses (%(what)s). Unlock it by "
            "signing in to the desktop, and try again.",
            what=str(error) or type(error).__name__,
        ) from error


def secrets_file() -> Path:
    """Path of the fallback file."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_config_dir(SERVICE)) / "secrets.json"


def _read() -> dict[str, str]:
    path = secrets_file()
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ReporterError(
            "The file with the passwords, %(file)s, can't be read: %(what)s.", file=path, what=error
        ) from error


@contextmanager
def _one_writer() -> Iterator[None]:
    """Let the processes of a hub change the file in turn, or one would write back what another has just replaced."""
    lock = secrets_file().with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        wait_for_lock(handle)
        yield
    finally:
        # Closing it lets go of the lock.
        os.close(handle)


def _write(values: dict[str, str]) -> None:
    path = secrets_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp creates the file with mode 0600 before anything is in it.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secrets-")
    keep_to_owner(Path(temporary))
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.flush()
        sync_file(file.fileno())
    replace_file(Path(temporary), path)
