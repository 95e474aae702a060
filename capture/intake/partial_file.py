"""The file of an upload under way, and who may write into it.

A phone that lost its connection asks (HEAD) and goes on (PATCH); its older request may still be alive, silent, in a
buffer somewhere. So each upload has an epoch: whoever comes takes a new one, and every piece is written at an explicit
place, under the upload's lock, by the holder of the newest epoch only.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from capture.intake.tus_protocol import BrokenOff, Checksum
from reporter.errors import Conflict, TooLarge
from reporter.media.store import PIECE, disk_errors

# Seconds in which a piece comes that may be followed by a larger one; and the largest.
FAST_CHUNK_SECONDS = 0.2
MAX_CHUNK_BYTES = 1 << 20


class Body(Protocol):
    """What is read from: a request's body. A short or empty answer before the announced size means: broken off."""

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


class Writer:
    """One request's hand on an upload: valid until a newer one takes over."""

    def __init__(self, live: UploadLock, path: Path, *, position: int, length: int) -> None:
        self.position = position
        self._live = live
        self._epoch = live.epoch
        self._path = path
        self._length = length
        # Only who began at the first byte knows the hash of the whole.
        self._hash = None if position else hashlib.sha256()

    def pour(self, body: Body, size: int | None) -> None:
        """Write a body in pieces; raises BrokenOff, TooLarge, Conflict, DiskFull. What was written stays."""
        goal = self._length if size is None else self.position + size
        step = PIECE
        while self.position < goal:
            started = time.monotonic()
            data = read_piece(body, min(step, goal - self.position))
            step = _next_step(step, time.monotonic() - started)
            if not data and size is None:
                return
            if not data:
                raise BrokenOff(
                    "The connection broke off. Ask for the offset and go on from there."
                )
            self._write(data)
        if size is None and read_piece(body, 1):
            raise TooLarge("More bytes came than this upload is long.")

    def sync(self) -> None:
        """What was written is on the disk now, unless a newer request has the file (then it sees to that)."""
        with self._live.lock:
            if self._live.epoch == self._epoch and self._path.exists():
                with disk_errors(), self._path.open("r+b") as file:
                    os.fsync(file.fileno())

    def sha256(self) -> str:
        """Of the whole file if this request wrote all of it, else empty."""
        return self._hash.hexdigest() if self._hash is not None else ""

    def _write(self, data: bytes) -> None:
        with self._live.lock:
            if self._live.epoch != self._epoch:
                raise Conflict("A newer request has taken this upload over.")
            # Opened for each piece: a sleeping request must not hold on to a file that moves on (on Windows it
            # couldn't move at all).
            with disk_errors(), self._path.open("r+b") as file:
                file.seek(self.position)
                file.write(data)
            self.position += len(data)
        if self._hash is not None:
            self._hash.update(data)


def _next_step(step: int, seconds: float) -> int:
    """How much to read at once, after a piece took so long to come.

    Many small writes cost a busy kiosk half of its time. But what is being read when a connection breaks is lost: so no
    more than what comes in less than half a second, and 64 KB from slow phones.
    """
    if seconds > FAST_CHUNK_SECONDS:
        return PIECE
    return min(step * 2, MAX_CHUNK_BYTES)


def read_piece(body: Body, size: int) -> bytes:
    """Up to ``size`` bytes of a body; raises BrokenOff."""
    try:
        return body.read(size)
    except (OSError, ValueError) as error:
        # A reset, a silence longer than the server waits, or a garbled chunk.
        raise BrokenOff(
            "The connection broke off. Ask for the offset and go on from there."
        ) from error
