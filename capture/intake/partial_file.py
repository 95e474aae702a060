"""The file of an upload in progress, and which request may write to it.

A phone that lost its connection asks for the offset (HEAD) and continues (PATCH); its older request
may still be alive, its data stuck in some buffer. So each upload has an epoch: every request that
takes over begins a new one, and each chunk is written at an explicit offset, under the upload's
lock, only by the holder of the newest epoch. The lock is per upload, so only an older request of
the same upload ever waits for it.

Bytes go from the socket into a reused buffer and from there to the file, as soon as the socket has
any: received data never waits for more to come.

A hundred fast phones would have a hundred threads compete for the interpreter and a hundred buffers
evict each other from the processor's caches. So there are only as many buffers as processors can
hash at once: a thread waits without a buffer until its phone has sent something, then for a free
buffer, and returns it after each chunk.
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
from typing import BinaryIO, Protocol

from capture.intake.tus_protocol import BrokenOff, Checksum, ChecksumMismatch
from reporter.errors import Conflict, TooLarge
from reporter.files import sync_file, sync_folder, try_remove
from reporter.media.store import PIECE, Store, disk_errors

# The buffers shared by all requests whose bodies can tell when data is ready. Three keep two
# processors busy while one waits for the disk.
SHARED_BUFFERS = 3
SHARED_BYTES = 1 << 19

_shared: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
for _number in range(SHARED_BUFFERS):
    _shared.put(memoryview(bytearray(SHARED_BYTES)))


class ReadableBody(Protocol):
    """A request body to read from. An empty read before the announced size means the connection
    broke.

    ``readinto`` (as in io.RawIOBase) is used where present. ``ready``, where present, waits until a
    read would return data at once (or the end), and returns False where that is unknown.
    """

    def read(self, size: int, /) -> bytes:
        """Read up to ``size`` bytes."""


@dataclass(frozen=True)
class Chunk:
    """The body of one request. ``size`` is None where the client didn't announce it (chunked)."""

    body: ReadableBody
    size: int | None = None
    checksum: Checksum | None = None


@dataclass
class UploadLock:
    """State shared by concurrent requests on one upload."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    # Held while the finished file passes through the intake: a second request that sees the last
    # byte waits for the receipt. Its holder steps aside: take it with ``concurrency.holding``.
    finishing: threading.Lock = field(default_factory=threading.Lock)
    epoch: int = 0
    users: int = 0
    writer: Writer | None = None

    def take_over(self) -> None:
        """Begin a new epoch; the previous writer can't write any more. Call with ``lock`` held.

        Closes the previous writer's file: Windows can't move a file that is open.
        """
        self.epoch += 1
        if self.writer is not None:
            self.writer.close()
        self.writer = None


class Writer:
    """A request's write access to an upload, valid until a newer one takes over. Create with
    ``live.lock`` held.

    Raises FileNotFoundError when the file is gone.
    """

    def __init__(self, live: UploadLock, path: Path, *, position: int, length: int) -> None:
        self.position = position
        # Whether everything that was written has been synced by this request itself.
        self.is_synced = False
        self._live = live
        self._path = path
        self._length = length
        self._file = path.open("r+b", buffering=0)
        live.take_over()
        self._epoch = live.epoch
        live.writer = self
        # Only a writer that began at the first byte knows the hash of the whole file.
        self._hash = None if position else hashlib.sha256()

    def pour(self, body: ReadableBody, size: int | None) -> None:
        """Write a body as it arrives; raises BrokenOff, TooLarge, Conflict, DiskFull. What was
        written stays."""
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
        """Flush what was written to disk (fsync), unless a newer request has the file and will do
        it."""
        with self._live.lock:
            if self._live.epoch != self._epoch:
                return
            sync_or_drop(self._file, self._path)
            if self.position < self._length:
                # The client continues here later, so the file's name must be durable as well.
                # (A complete file gets another name.)
                with disk_errors():
                    sync_folder(self._path.parent)
            self.is_synced = True

    def let_go(self) -> None:
        """Close the file: this request is done with it."""
        with self._live.lock:
            self.close()

    def close(self) -> None:
        """Close the file, with the upload's lock held: no other thread may be writing to its
        descriptor."""
        with suppress(OSError):
            self._file.close()

    def sha256(self) -> str:
        """SHA-256 of the whole file if this request wrote all of it, else empty."""
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


def sync_or_drop(file: FileIO | BinaryIO, path: Path) -> None:
    """Sync a partial file; on failure remove it, since the next sync would succeed without the lost bytes.

    (The system reports a failed write once: fsync(2), NOTES.) Raises DiskFull, ReadOnlyDisk, OSError.
    """
    try:
        with disk_errors():
            sync_file(file.fileno())
    except BaseException:
        file.close()
        with suppress(OSError):
            try_remove(path)
        raise


def _write_at(file: FileIO, data: memoryview, position: int) -> None:
    while data:
        count = _write_some(file, data, position)
        data, position = data[count:], position + count


def _write_some(file: FileIO, data: memoryview, position: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(file.fileno(), data, position)
    # Windows has no pwrite.
    file.seek(position)
    return file.write(data) or 0


@contextmanager
def _buffer_for(body: ReadableBody, own: memoryview) -> Iterator[memoryview]:
    """Choose the buffer for the next chunk: a shared one if data is ready, else the request's
    own."""
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


def read_into(body: ReadableBody, buffer: memoryview) -> int:
    """Read what is available, up to the size of ``buffer``; returns the byte count, 0 at the end.
    Raises BrokenOff."""
    read = getattr(body, "readinto", None)
    if read is None:
        data = read_piece(body, len(buffer))
        buffer[: len(data)] = data
        return len(data)
    try:
        return int(read(buffer) or 0)
    except (OSError, ValueError) as error:
        raise _broken_off() from error


def read_piece(body: ReadableBody, size: int) -> bytes:
    """Read up to ``size`` bytes of a body; raises BrokenOff."""
    try:
        return body.read(size)
    except (OSError, ValueError) as error:
        # A reset, a timeout, or a malformed chunk.
        raise _broken_off() from error


@contextmanager
def verified_copy(
    store: Store, name: str, piece: Chunk, checksum: Checksum, *, most: int
) -> Iterator[ReadableBody]:
    """A copy of a body whose checksum was verified, valid within the context.

    Unverified bytes never enter the upload's file, not even for a moment: the kiosk may be killed
    then. Raises TooLarge (more than ``most`` bytes), BrokenOff, ChecksumMismatch.
    """
    incoming = store.begin(name)
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    try:
        while data := read_piece(piece.body, PIECE):
            digest.update(data)
            # A body of unknown size could be endless.
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
