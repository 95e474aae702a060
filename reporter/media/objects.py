"""Object stores for originals and renditions outside this machine: one protocol, for a folder and for S3.

A key is a relative path with ``/``, such as ``<gathering>/media/ab/<sha256>.jpg``. An object is
complete and durable when ``put`` returns, and never visible half-written.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from reporter.errors import Busy, NotFound
from reporter.files import replace_file, sync_file, sync_folder, try_remove
from reporter.media.store import PIECE, disk_errors, hash_file, make_durable_folder, read_pieces
from reporter.messages import N_

UNREACHABLE = N_(
    "The place where photos and films are kept can't be reached just now. Please try again in a moment."
)


class StoreUnreachable(Busy):
    """The object store does not respond, or refuses; a retry works when it is available again."""

    title = N_("Photos and films can't be reached")


class StoredObject(NamedTuple):
    """Metadata of an object. ``sha256`` is the hash of its bytes, in hexadecimal."""

    size: int
    sha256: str


class ObjectStore(Protocol):
    """Bytes by key. Every method raises StoreUnreachable if the store does not respond."""

    def put(self, key: str, path: Path, sha256: str = "") -> None:
        """Upload a file, replacing an existing object. ``sha256``: the expected hash, if known.

        Raises ValueError if the bytes that arrived differ.
        """

    def get(self, key: str, goal: Path) -> bool:
        """Download an object to a local path, verified by its hash, atomically. False if there is none."""

    def stat(self, key: str) -> StoredObject | None:
        """Its metadata; None if there is none."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``stop``. Raises NotFound."""

    def delete(self, key: str) -> None:
        """Delete it, if it exists."""

    def rename(self, key: str, other: str) -> None:
        """Rename an object, replacing an existing one; does nothing if it is missing."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys with a prefix, unordered."""

    @property
    def origin(self) -> str:
        """The origin of its URLs: ``https://host``; "" if there are none."""

    def address(self, key: str, *, mime: str, seconds: int) -> str:
        """A URL that gives anybody read access for a limited time; "" if the store has none."""


class FolderObjects:
    """Objects in a folder, such as a network drive shared by several machines. Has no URLs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, path: Path, sha256: str = "") -> None:
        """Copy, sync, rename, sync the folder, like the gathering's own store."""
        goal = self._at(key)
        with disk_errors():
            make_durable_folder(goal.parent)
            part = goal.with_name(f".{secrets.token_hex(8)}.part")
            try:
                _copy_durably(path, part, sha256)
                replace_file(part, goal)
            finally:
                try_remove(part)
            sync_folder(goal.parent)

    def get(self, key: str, goal: Path) -> bool:
        """Copy it; a file that changes meanwhile is copied as it was when opened."""
        try:
            with self._at(key).open("rb") as file:
                receive(iter(lambda: file.read(PIECE), b""), goal, "")
        except FileNotFoundError:
            return False
        return True

    def stat(self, key: str) -> StoredObject | None:
        """Computes the hash from the file's bytes."""
        path = self._at(key)
        try:
            return StoredObject(path.stat().st_size, hash_file(path))
        except FileNotFoundError:
            return None

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read from an open file, so that a file replaced meanwhile is read to its end."""
        try:
            file = self._at(key).open("rb")
        except FileNotFoundError as error:
            raise NotFound("There is no such file.") from error
        return _range_of(file, start, stop)

    def delete(self, key: str) -> None:
        """Remove the file."""
        try_remove(self._at(key))

    def rename(self, key: str, other: str) -> None:
        """Rename the file."""
        with suppress(FileNotFoundError):
            make_durable_folder(self._at(other).parent)
            replace_file(self._at(key), self._at(other))

    def keys(self, prefix: str) -> Iterator[str]:
        """Files below the prefix's folder, except those still being written."""
        for path in self._at(prefix.rpartition("/")[0]).rglob("*"):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and key.startswith(prefix) and not path.name.startswith("."):
                yield key

    @property
    def origin(self) -> str:
        """Always empty: a folder has no URLs."""
        return ""

    def address(self, key: str, *, mime: str, seconds: int) -> str:
        """Always empty: a folder has no URLs."""
        return ""

    def _at(self, key: str) -> Path:
        if os.path.isabs(key) or ".." in key.split("/"):
            raise NotFound("There is no such file.")
        return self._folder / key


def _copy_durably(path: Path, part: Path, sha256: str) -> None:
    digest = hashlib.sha256()
    with part.open("xb") as file:
        for piece in read_pieces(path):
            digest.update(piece)
            file.write(piece)
        file.flush()
        sync_file(file.fileno())
    if sha256 and digest.hexdigest() != sha256:
        raise ValueError(f"{path.name} is not what it was")


def _range_of(file: BinaryIO, start: int, stop: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = None if stop is None else max(0, stop - start)
        while piece := file.read(PIECE if left is None else min(PIECE, left)):
            left = None if left is None else left - len(piece)
            yield piece


def receive(pieces: Iterator[bytes], goal: Path, sha256: str) -> None:
    """Write incoming bytes to a temporary file, and rename it once it is complete and verified.

    Raises ValueError if it does not match. Not synced: it can be downloaded again.
    """
    with disk_errors():
        goal.parent.mkdir(parents=True, exist_ok=True)
        part = goal.with_name(f".{secrets.token_hex(8)}.part")
        digest = hashlib.sha256()
        try:
            with part.open("xb") as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
            if sha256 and digest.hexdigest() != sha256:
                raise ValueError(f"{goal.name} arrived as something else")
            replace_file(part, goal)
        finally:
            try_remove(part)
