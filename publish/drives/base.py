"""Interface of a target's storage folder: store files atomically, read them and delete them."""

from __future__ import annotations

import hashlib
import platform
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar

from publish.errors import PublishError, RetryAfter
from publish.net.remote_state import RemoteState
from reporter.media.store import hash_file

PIECE = 1 << 20
# Temporary names used by all drives: ".x.jpg.12ab34.part" and "up-12ab34-x.jpg".
_PART = re.compile(r"\..*\.part|up-[0-9a-f]{6}-.*", re.DOTALL)
# Chunk size for resumable writes. Each chunk is acknowledged before the next, so only the last can have gaps.
SURE = 1 << 18


@dataclass(frozen=True)
class Login:
    """Credentials. ``name`` is the target's name in messages, ``key`` the path of a private key (SFTP)."""

    name: str
    user: str = ""
    password: str = ""
    key: str = ""
    # Endpoint of an S3-compatible service other than Amazon's.
    endpoint: str = ""
    # Cached facts about servers.
    state: RemoteState = field(default_factory=RemoteState)


class Drive(ABC):
    """One folder. ``name`` arguments are relative, with slashes. All methods raise ``publish.errors``.

    A file is written under a temporary name unique to this machine, verified, then renamed: no
    reader ever finds a partial file, and two machines writing the same file do not interfere.
    """

    # Whether reading back is practically free. Otherwise only sizes are compared: the transport
    # (ssh, TLS) has its own checksums, and reading back would double the traffic on mobile data.
    near: ClassVar[bool] = False
    # Whether files appear atomically once complete, so that no temporary name is needed.
    whole: ClassVar[bool] = False
    # Whether interrupted writes can be resumed (see ``append``).
    goes_on: ClassVar[bool] = False

    def __init__(self, name: str, *, read_back: bool = False) -> None:
        self.name = name
        self.read_back = read_back
        # Distinguishes this machine's temporary names from those of others.
        self.mark = _machine()

    def put(self, name: str, source: bytes | Path) -> None:
        """Store content under this name, replacing what is there. Raises RetryAfter if verification fails."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        part = name if self.whole else self.part_of(name)
        self.make_folder(str(PurePosixPath(name).parent))
        # The name identifies the content, so an existing part is the beginning of it.
        on = self.goes_on and isinstance(source, Path) and size > SURE
        try:
            if on and isinstance(source, Path):
                self._write_on(part, source, size)
            else:
                self.write(part, source, size)
        except PublishError:
            # Where whole files appear, a failed one leaves the former under its name.
            if not on and part != name:
                self._drop(part)
            raise
        try:
            self._compare(part, source, size)
        except PublishError:
            if part != name:
                self._drop(part)
            raise
        if part != name:
            self._move_over(part, name, keep=on)

    def _move_over(self, part: str, name: str, *, keep: bool) -> None:
        """Rename a verified file to its final name. ``keep``: keep the uploaded part for the next
        try, which then need not resend it.
        """
        try:
            self.move(part, name)
        except PublishError:
            if not keep:
                self._drop(part)
            raise

    def _drop(self, name: str) -> None:
        with suppress(PublishError):
            self.remove(name)

    def _write_on(self, part: str, source: Path, size: int) -> None:
        """Append the missing bytes of a file; the existing part is trusted if its last bytes match."""
        there = self.size(part) or 0
        if not 0 < there <= size or not self._ends_alike(part, source, there):
            there = 0
        self.append(part, source, there)

    def _ends_alike(self, part: str, source: Path, there: int) -> bool:
        start = max(0, there - SURE)
        with source.open("rb") as file:
            file.seek(start)
            return self.read_from(part, start) == file.read(there - start)

    def _compare(self, name: str, source: bytes | Path, size: int) -> None:
        same = self.size(name) == size
        if same and (self.near or self.read_back):
            same = hash_pieces(self.read(name)) == _sha256(source)
        if not same:
            raise RetryAfter(
                "%(name)s did not keep %(file)s as it was sent. Is it full, or the stick broken?",
                name=self.name,
                file=name,
            )

    def forget(self, name: str) -> None:
        """Remove a file and leftovers of this machine's interrupted writes; a missing file is fine."""
        for one in (name,) if self.whole else (name, self.part_of(name)):
            self.remove(one)

    def part_of(self, name: str) -> str:
        """This machine's temporary name for a file. Deterministic, so that a leftover is overwritten."""
        path = PurePosixPath(name)
        return str(path.with_name(f".{path.name}.{self.mark}.part"))

    def close(self) -> None:  # noqa: B027 - most hold nothing open
        """Close connections."""

    @abstractmethod
    def ready(self) -> None:
        """Create the folder if allowed; raise Offline if its storage is missing."""

    @abstractmethod
    def link(self) -> str:
        """Address of the folder, shown if no public URL is known."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Size of a file in bytes; None if it does not exist."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Names of the files in a subfolder; empty if it does not exist."""

    @abstractmethod
    def make_folder(self, name: str) -> None:
        """Create a subfolder and its parents; existing ones are fine. ``.`` is the folder itself."""

    @abstractmethod
    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Write the content under this name, synced to disk where possible."""

    def append(self, name: str, source: Path, start: int) -> None:
        """Append a file's bytes from ``start`` to the first ``start`` bytes (only if ``goes_on``)."""
        raise NotImplementedError(f"{self.name} writes whole files")

    def read_from(self, name: str, start: int) -> bytes:
        """Read the bytes from ``start`` (only if ``goes_on``)."""
        raise NotImplementedError(f"{self.name} reads whole files")

    @abstractmethod
    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content in chunks."""

    @abstractmethod
    def move(self, name: str, goal: str) -> None:
        """Rename, overwriting an existing file."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file; a missing file is fine."""


def _machine() -> str:
    return hashlib.sha256(f"{platform.node()} {uuid.getnode()}".encode()).hexdigest()[:6]


def is_part(name: str) -> bool:
    """Whether this is a temporary name (``part_of`` of any drive)."""
    return _PART.fullmatch(name) is not None


def pieces_of(source: bytes | Path) -> Iterator[bytes]:
    """Bytes or a file in chunks."""
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def hash_pieces(pieces: Iterable[bytes]) -> str:
    """SHA-256 of chunks as hex."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _sha256(source: bytes | Path) -> str:
    return hash_pieces([source]) if isinstance(source, bytes) else hash_file(source)
