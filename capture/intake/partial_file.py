"""The file of an upload under way, and who may write into it.

A phone that lost its connection asks (HEAD) and goes on (PATCH); its older request may still be alive, silent, in a
buffer somewhere. So each upload has an epoch: whoever comes takes a new one, and every piece is written at an explicit
place, under the upload's lock, by the holder of the newest epoch only. The lock is the upload's own, so that only an
older request of the same upload ever waits for it.

Bytes go from the socket into a buffer, which is used again for each piece, and from there to the file: whatever the
socket holds, at once. What is being waited for is never what was received already.

A hundred quick phones would have a hundred threads fight for the interpreter and stream a hundred buffers through the
processor's caches. So there are only as many buffers as processors can hash at once: a thread waits without one until
its phone has sent something, then for its turn with a buffer, and gives that back after each piece.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Protocol

from capture.intake.tus_protocol import BrokenOff, Checksum, ChecksumMismatch
from reporter.errors import Conflict, TooLarge
from reporter.files import sync_file, sync_folder
from reporter.media.store import PIECE, Store, disk_errors

# The buffers that all requests share, whose bodies can say when something has come. Three keep two processors at work
# while one of them waits for the disk.
SHARED_BUFFERS = 3
SHARED_BYTES = 1 << 19

_shared: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
for _number in range(SHARED_BUFFERS):
    _shared.put(memoryview(bytearray(SHARED_BYTES)))


class Body(Protocol):
    """What is read from: a request's body. An empty answer before the announced size means: broken off.

    Where it has ``readinto`` (as io.RawIOBase), that is used. ``ready``, where it has that, waits until a read would
    give something at once (or the end), and says False where nobody can tell.
    """

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes."""


@dataclass(frozen=True)
class Chunk:
    """The body of one request. ``size`` is None where the client didn't announce it (chunked)."""

    body: Body
    size: int | None = None
    checksum: Checksum | None = None


@dataclass
class UploadLock:
    """What requests on one upload share while there are any."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    # Held while the finished file goes through the door: the second who sees the last byte waits for the receipt.
    finishing: threading.Lock = field(default_factory=threading.Lock)
    epoch: int = 0
    users: int = 0
    writer: Writer | None = None

    def take_over(self) -> None:
        """Begin a new epoch; whoever wrote before writes no more. Call it with ``lock`` held.

        Its file is closed: Windows moves no file that somebody holds open.
        """
        self.epoch += 1
        if self.writer is not None:
            self.writer.close()
        self.writer = None


class Writer:
    """One request's hand on an upload: valid until a newer one takes over. Make it with ``live.lock`` held.

    Raises FileNotFoundError when the file is gone.
    """

    def __init__(self, live: UploadLock, path: Path, *, position: int, length: int) -> None:
        self.position = position
        self._live = live
        self._path = path
        self._length = length
        self._file = path.open("r+b", buffering=0)
        live.take_over()
        self._epoch = live.epoch
        live.writer = self
        # Only who began at the first byte knows the hash of the whole.
        self._hash = None if position else hashlib.sha256()

    def pour(self, body: Body, size: int | None) -> None:
        """Write a body as it comes; raises BrokenOff, TooLarge, Conflict, DiskFull. What was written stays."""
        goal = self._length if size is None else self.position + size
        own = memoryview(bytearray(min(PIECE, goal - self.position)))
        while self.position < goal:
            with _buffer_for(body, own) as buffer:
                count = read_into(body, buffer[: goal - self.position])
                self._write(buffer[:count])
            if not count and size is None:
                return
            if not count:
                raise _broken_off()
        if size is None and read_piece(body, 1):
            raise TooLarge("More bytes came than this upload is long.")

    def sync(self) -> None:
        """What was written is on the disk now, unless a newer request has the file (then it sees to that)."""
        with self._live.lock:
            if self._live.epoch != self._epoch:
                return
            with disk_errors():
                sync_file(self._file.fileno())
                if self.position < self._length:
                    # The client goes on here later: the file's name has to last as well. (A whole file gets another.)
                    sync_folder(self._path.parent)

    def let_go(self) -> None:
        """Close the file: this request is done with it."""
        with self._live.lock:
            self.close()

    def close(self) -> None:
        """Close the file, with the upload's lock held: nobody must be writing through its number."""
        with suppress(OSError):
            self._file.close()

    def sha256(self) -> str:
        """Of the whole file if this request wrote all of it, else empty."""
        return self._hash.hexdigest() if self._hash is not None else ""

    def _write(self, data: memoryview) -> None:
        with self._live.lock:
            if self._live.epoch != self._epoch:
                raise Conflict("A newer request has taken this upload over.")
            with disk_errors():
                _write_at(self._file, data, self.position)
            self.position += len(data)
        if self._hash is not None:
            self._hash.update(data)


def _write_at(file: FileIO, data: memoryview, position: int) -> None:
    while data:
        count = _write_some(file, data, position)
        data, position = data[count:], position + count


def _write_some(file: FileIO, data: memoryview, position: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(file.fileno(), data, position)
    # Windows has no such call.
    file.seek(position)
    return file.write(data) or 0


@contextmanager
def _buffer_for(body: Body, own: memoryview) -> Iterator[memoryview]:
    """A buffer for the next piece: one of the shared ones if the piece is there already, else the request's own."""
    ready = getattr(body, "ready", None)
    try:
        there = ready is not None and ready()
    except (OSError, ValueError) as error:
        raise _broken_off() from error
    if not there:
        yield own
        return
    buffer = _shared.get()
    try:
        yield buffer
    finally:
        _shared.put(buffer)


def read_into(body: Body, buffer: memoryview) -> int:
    """Whatever a body holds, up to the size of ``buffer``: how many bytes, 0 at the end. Raises BrokenOff."""
    read = getattr(body, "readinto", None)
    if read is None:
        data = read_piece(body, len(buffer))
        buffer[: len(data)] = data
        return len(data)
    try:
        return int(read(buffer) or 0)
    except (OSError, ValueError) as error:
        raise _broken_off() from error


def read_piece(body: Body, size: int) -> bytes:
    """Up to ``size`` bytes of a body; raises BrokenOff."""
    try:
        return body.read(size)
    except (OSError, ValueError) as error:
        # A reset, a silence longer than the server waits, or a garbled chunk.
        raise _broken_off() from error


@contextmanager
def verified_copy(
    store: Store, name: str, piece: Chunk, checksum: Checksum, *, most: int
) -> Iterator[Body]:
    """A copy of a body whose checksum was compared, while the context lasts.

    Unverified bytes never stand in the upload's file, not even for a moment: the kiosk may be killed in it.
    Raises TooLarge (more than ``most`` bytes), BrokenOff, ChecksumMismatch.
    """
    incoming = store.begin(name)
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    try:
        while data := read_piece(piece.body, PIECE):
            digest.update(data)
            # An unannounced body could be endless.
            if incoming.size + len(data) > most:
                raise TooLarge("This is more than the whole upload.")
            incoming.write(data)
        incoming.close()
        if piece.size is not None and incoming.size < piece.size:
            raise BrokenOff(
                "The connection broke off; a piece with a checksum is kept whole or not at all."
            )
        if not checksum.matches(digest.digest()):
            raise ChecksumMismatch("These bytes were damaged on the way. Send them again.")
        with incoming.path.open("rb") as copy:
            yield copy
    finally:
        incoming.discard()


def _broken_off() -> BrokenOff:
    return BrokenOff("The connection broke off. Ask for the offset and go on from there.")
