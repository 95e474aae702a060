"""What a target's folder can do, wherever it lies: keep a file whole or not at all, give it back, forget it."""

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
# Temporary names of all drives: ".x.jpg.12ab34.part" and "up-12ab34-x.jpg".
_PART = re.compile(r"\..*\.part|up-[0-9a-f]{6}-.*", re.DOTALL)
# Written in pieces of this size where it may go on later, each answered before the next: only the last can have holes.
SURE = 1 << 18


@dataclass(frozen=True)
class Login:
    """Who signs in. ``name`` is what sentences call the target, ``key`` the file of a private key (SFTP)."""

    name: str
    user: str = ""
    password: str = ""
    key: str = ""
    # Of an S3-compatible service that is not Amazon's.
    endpoint: str = ""
    # What was learnt of servers.
    state: RemoteState = field(default_factory=RemoteState)


class Drive(ABC):
    """One folder. ``name`` arguments are relative, with slashes. Every method raises the errors of ``publish.errors``.

    A file is written under a temporary name of this machine's own, compared, then moved over: nobody finds half of it,
    and two machines that write the same file don't write into one another.
    """

    # Whether a look at what was written costs nothing worth counting: else sizes are compared, for the way there
    # (ssh, TLS) has checksums of its own and reading back would double the bytes on mobile data.
    near: ClassVar[bool] = False
    # Whether a file appears there only when all of it has arrived, so that it needs no temporary name.
    whole: ClassVar[bool] = False
    # Whether it writes on where the line was cut (see ``append``).
    goes_on: ClassVar[bool] = False

    def __init__(self, name: str, *, read_back: bool = False) -> None:
        self.name = name
        self.read_back = read_back
        # Tells this machine's temporary names from those of others.
        self.mark = _machine()

    def put(self, name: str, source: bytes | Path) -> None:
        """Keep these bytes under this name, in place of what is there. Raises RetryAfter if they did not stay."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        part = name if self.whole else self.part_of(name)
        self.make_folder(str(PurePosixPath(name).parent))
        # Its name says which bytes they are: what lies there is the beginning of them.
        on = self.goes_on and isinstance(source, Path) and size > SURE
        try:
            if on and isinstance(source, Path):
                self._write_on(part, source, size)
            else:
                self.write(part, source, size)
        except PublishError:
            if not on:
                self._drop(part)
            raise
        try:
            self._compare(part, source, size)
        except PublishError:
            self._drop(part)
            raise
        if part != name:
            self._move_over(part, name, keep=on)

    def _move_over(self, part: str, name: str, *, keep: bool) -> None:
        """Give a compared file its name. ``keep``: what arrived stays for the next try, which need not send it."""
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
        """Write what is missing of a file; what lies there is trusted if its last bytes are the right ones."""
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
        """Remove a file, and what an interrupted try of this machine left of it; a missing one is fine."""
        for one in (name,) if self.whole else (name, self.part_of(name)):
            self.remove(one)

    def part_of(self, name: str) -> str:
        """This machine's temporary name for a file: the same one again, so that a leftover is written over."""
        path = PurePosixPath(name)
        return str(path.with_name(f".{path.name}.{self.mark}.part"))

    def close(self) -> None:  # noqa: B027 - most hold nothing open
        """Let go of connections."""

    @abstractmethod
    def ready(self) -> None:
        """Make the folder if it may be made; raises Offline where the place itself is missing."""

    @abstractmethod
    def link(self) -> str:
        """The address of the folder, for people without a better one."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Bytes of a file; None if it is not there."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """The files of a folder below, without their path; empty if it is not there."""

    @abstractmethod
    def make_folder(self, name: str) -> None:
        """A folder below, and those above it; one that is there is fine. ``.`` is the folder itself."""

    @abstractmethod
    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Send the bytes to this name, through to the disk where that can be asked for."""

    def append(self, name: str, source: Path, start: int) -> None:
        """Write the bytes of a file from ``start`` on behind the first ``start`` bytes (only where ``goes_on``)."""
        raise NotImplementedError(f"{self.name} writes whole files")

    def read_from(self, name: str, start: int) -> bytes:
        """The bytes from ``start`` on (only where ``goes_on``)."""
        raise NotImplementedError(f"{self.name} reads whole files")

    @abstractmethod
    def read(self, name: str) -> Iterator[bytes]:
        """What is there, in pieces."""

    @abstractmethod
    def move(self, name: str, goal: str) -> None:
        """Rename, over what has that name."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file; a missing one is fine."""


def _machine() -> str:
    return hashlib.sha256(f"{platform.node()} {uuid.getnode()}".encode()).hexdigest()[:6]


def is_part(name: str) -> bool:
    """Whether this is somebody's temporary name (``part_of`` of any drive)."""
    return _PART.fullmatch(name) is not None


def pieces_of(source: bytes | Path) -> Iterator[bytes]:
    """Bytes or a file, in pieces."""
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def hash_pieces(pieces: Iterable[bytes]) -> str:
    """SHA-256 in hex."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _sha256(source: bytes | Path) -> str:
    return hash_pieces([source]) if isinstance(source, bytes) else hash_file(source)
