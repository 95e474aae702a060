"""Where originals and renditions are kept beside this machine's disk: one protocol, for a folder and for S3.

A key is a relative path with ``/``, as ``<gathering>/media/ab/<sha256>.jpg``. What was put is whole and durable when
``put`` returns; it is never seen half-written.
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
    """The object store does not answer, or refuses; the same works when it is back."""

    title = N_("Photos and films can't be reached")


class StoredObject(NamedTuple):
    """What is known of an object without reading it. ``sha256`` is of its bytes, in hexadecimal."""

    size: int
    sha256: str


class ObjectStore(Protocol):
    """Bytes by key. Every method raises StoreUnreachable where the place does not answer."""

    def put(self, key: str, path: Path, sha256: str = "") -> None:
        """Keep a file's bytes, in the place of what was there. ``sha256``: what they have to be, where that is known.

        Raises ValueError where the bytes that arrived are others.
        """

    def get(self, key: str, goal: Path) -> bool:
        """Bring an object to a local path, verified by its hash, in one step. False: there is none."""

    def stat(self, key: str) -> StoredObject | None:
        """Its size and hash; None where there is none."""

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to, not including, ``stop`` in pieces. Raises NotFound."""

    def delete(self, key: str) -> None:
        """Remove it, where it is."""

    def rename(self, key: str, other: str) -> None:
        """Keep it under another key, in the place of what was there; nothing where it is missing."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that begin so, in no order."""

    @property
    def origin(self) -> str:
        """Where addresses lead: ``https://host``; "" where there are none."""

    def address(self, key: str, *, mime: str, seconds: int) -> str:
        """An address by which anybody may read it for so long; "" where the place gives none."""


class FolderObjects:
    """Objects in a folder, as on a network drive that several machines have. Gives no addresses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, path: Path, sha256: str = "") -> None:
        """Copy, flush, rename, flush the folder: as the gathering's own store does."""
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
        """Copy it; a file that changes meanwhile is copied as it was opened."""
        try:
            with self._at(key).open("rb") as file:
                receive(iter(lambda: file.read(PIECE), b""), goal, "")
        except FileNotFoundError:
            return False
        return True

    def stat(self, key: str) -> StoredObject | None:
        """Its hash is read off its bytes."""
        path = self._at(key)
        try:
            return StoredObject(path.stat().st_size, hash_file(path))
        except FileNotFoundError:
            return None

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """From an open file, so that what is replaced meanwhile is read to its end."""
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
        """Files below the folder that the prefix names; none that is being written."""
        for path in self._at(prefix.rpartition("/")[0]).rglob("*"):
            key = path.relative_to(self._folder).as_posix()
            if path.is_file() and key.startswith(prefix) and not path.name.startswith("."):
                yield key

    @property
    def origin(self) -> str:
        """A folder has no addresses."""
        return ""

    def address(self, key: str, *, mime: str, seconds: int) -> str:
        """A folder has none."""
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
    """Write what arrives beside its place, and rename it once all of it is there and is what it should be.

    Raises ValueError where it is not. Not flushed: what is brought here can be brought again.
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
