"""Reads a request's body from its socket as it arrives: in small pieces, with deadlines and a
minimum rate."""

from __future__ import annotations

import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

# Seconds without a byte until a connection is closed: a phone that left the Wi-Fi must not hold a
# thread.
SILENCE = 10.0
# As Apache's mod_reqtimeout with RequestReadTimeout body=20,MinRate=500: after a grace period, a
# minimum rate applies.
GRACE = 20.0
LEAST_RATE = 1_000
# Maximum seconds for one body or answer in total. The rest is resumed by a new request.
TOTAL = 1_800.0

LINE = 256
TRAILERS = 8_192
# Bytes of chunks' sizes and extensions that a body may have in any case, and how many bytes of data each further one
# needs: a chunk for each byte would cost more processor time than what it brings (as Go's net/http counts them).
SPARE_FRAMING = 1 << 14
DATA_FOR_FRAMING = 8
RECEIVE = 1 << 16
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class TransferError(OSError):
    """An aborted transfer: the client disconnected, was too slow, or sent malformed HTTP."""


class FramingError(TransferError):
    """A chunked body is malformed (RFC 9112, 7.1): nothing after it on the connection can be understood."""


@dataclass
class ByteMeter:
    """Counts a transfer's bytes and the time spent waiting for its client."""

    address: str
    silence: float = SILENCE
    moved: int = 0
    cut: bool = False
    _waited: float = 0.0
    _waits_since: float = 0.0

    @property
    def seconds_waited(self) -> float:
        """Seconds spent waiting for the client so far."""
        since = self._waits_since
        return self._waited + (time.monotonic() - since if since else 0.0)

    @property
    def rate(self) -> float:
        """Bytes per second of waiting time."""
        return self.moved / max(self.seconds_waited, 0.001)

    def patience(self) -> float:
        """Timeout in seconds for the next piece; raises TransferError when none is left."""
        allowed = min(GRACE + self.moved / LEAST_RATE, TOTAL) - self._waited
        if self.cut or allowed <= 0:
            raise TransferError("The transfer was too slow.")
        return min(self.silence, allowed)

    def count_wait(self) -> None:
        """Count the time since the last call as waiting, where no thread waits."""
        now = time.monotonic()
        if self._waits_since:
            self._waited += now - self._waits_since
        self._waits_since = now

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time spent in this context as waiting."""
        self._waits_since = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - self._waits_since
            self._waits_since = 0.0


class RequestBody:
    """``wsgi.input``. Reads raise TransferError when the body is incomplete.

    ``length`` is None for a chunked body. ``buffer`` holds bytes received together with the head;
    bytes after the body (a pipelined request) stay in it.
    """

    is_body = True

    def __init__(
        self,
        sock: socket.socket,
        buffer: bytearray,
        length: int | None,
        *,
        meter: ByteMeter,
        greet: bool,
    ) -> None:
        self.meter = meter
        self.failed = False
        self._sock = sock
        self._buffer = buffer
        # Bytes left of the body; of the current chunk if it is chunked.
        self._left = length or 0
        self._chunked = length is None
        self._ended = length == 0
        # Whether the line end after a chunk's data is still expected: data isn't held back for it.
        self._end_due = False
        # Bytes of chunks' data, and of what is around them.
        self._data = self._framing = 0
        self._greet = greet
        # A context in which the reader waits for its client; what has arrived already is read without it.
        self.aside: Callable[[], AbstractContextManager[object]] = nullcontext

    @property
    def remaining(self) -> int | None:
        """Number of unread bytes; None where unknown."""
        return None if self._chunked and not self._ended else self._left

    @property
    def waits(self) -> bool:
        """Whether the client still waits for 100 Continue before it sends."""
        return self._greet

    def ready(self) -> bool:
        """Wait until a read would return at once with data or the end, and return True. False where
        only a read can tell.

        (A TLS record, or the head of a chunk, may have arrived partly.) Raises TransferError as a
        read does.
        """
        if self._chunked or isinstance(self._sock, ssl.SSLSocket):
            return False
        if self._ended or self._buffer:
            return True
        self._welcome()
        with self.meter.waiting():
            there = _wait_readable(self._sock, self.meter.patience())
        if not there:
            self.failed = True
            raise TransferError("The client went silent.")
        return True

    def readinto(self, target: Any, /) -> int:
        """Read what the socket holds, up to the size of ``target``, at least one byte; returns 0
        at the end."""
        view = memoryview(target).cast("B")
        if self._ended or not len(view):
            return 0
        try:
            if self._chunked:
                return self._read_chunks(view)
            count = self._take(view[: self._left])
            self._left -= count
            self._ended = self._left == 0
        except OSError as error:
            self.failed = True
            if isinstance(error, TransferError):
                raise
            raise TransferError("The connection broke off.") from error
        return count

    def _read_chunks(self, view: memoryview) -> int:
        """Read from as many chunks as have arrived: small ones are no more work for the reader than large ones."""
        count = 0
        while count < len(view) and (not count or self._more_at_hand()):
            if self._left == 0 and not self._next_chunk():
                break
            if count and not self._buffer:
                break
            piece = self._take(view[count : count + self._left])
            self._left -= piece
            self._end_due = self._left == 0
            count += piece
            self._data += piece
        return count

    def _more_at_hand(self) -> bool:
        """Whether data follows in the buffer. (The last chunk's end may still have to be waited for.)"""
        if self._left:
            return bool(self._buffer)
        begin = 2 * self._end_due
        return self._buffer.find(b"\r\n", begin) >= 0 and self._buffer[begin] != ord("0")

    def read(self, size: int = -1, /) -> bytes:
        """Read what is available, up to ``size`` bytes; the whole body for a negative size.
        Empty at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(RECEIVE), b""))
        piece = bytearray(min(size, RECEIVE))
        return bytes(memoryview(piece)[: self.readinto(piece)])

    def readline(self, size: int = -1, /) -> bytes:
        """Read a line (required by PEP 3333; unused here)."""
        line = bytearray()
        while (size < 0 or len(line) < size) and not line.endswith(b"\n"):
            if not (byte := self.read(1)):
                break
            line += byte
        return bytes(line)

    def readlines(self, _hint: int = -1, /) -> list[bytes]:
        """Read all lines."""
        return list(self)

    def __iter__(self) -> Any:
        return iter(self.readline, b"")

    def cut(self) -> None:
        """Abort the transfer from another thread: its reader gets a TransferError."""
        self.meter.cut = True
        try:
            # The base class's shutdown: that of an SSLSocket would discard its keys while the
            # reader uses them.
            socket.socket.shutdown(self._sock, socket.SHUT_RD)
        except OSError:
            return

    def _take(self, view: memoryview) -> int:
        if self._buffer:
            count = min(len(view), len(self._buffer))
            view[:count] = self._buffer[:count]
            del self._buffer[:count]
            self.meter.moved += count
            return count
        return self._receive(view)

    def _receive(self, view: memoryview) -> int:
        self._welcome()
        count = None if isinstance(self._sock, ssl.SSLSocket) else self._receive_at_once(view)
        if count is None:
            with self.aside(), self.meter.waiting():
                self._sock.settimeout(self.meter.patience())
                count = self._sock.recv_into(view)
        if not count or self.meter.cut:
            raise TransferError("The connection broke off.")
        self.meter.moved += count
        return count

    def _receive_at_once(self, view: memoryview) -> int | None:
        """Read what has arrived; None if nothing has. (With a timeout, Python would poll before each read.)"""
        self.meter.patience()
        if self._sock.gettimeout() != 0:
            self._sock.settimeout(0)
        try:
            return self._sock.recv_into(view)
        except (BlockingIOError, InterruptedError):
            return None

    def _welcome(self) -> None:
        if self._greet:
            self._greet = False
            self._sock.settimeout(self.meter.patience())
            self._sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _next_chunk(self) -> bool:
        """Read the size of the next chunk (RFC 9112, 7.1); returns whether there is one."""
        if self._end_due and self._line(0):
            raise FramingError("A chunk is longer than its size.")
        self._end_due = False
        line = self._line(LINE)
        size = _SIZE.fullmatch(line)
        if not size:
            raise FramingError("A chunk has no proper size.")
        self._framing += len(line) + 4
        if self._framing > SPARE_FRAMING + self._data // DATA_FOR_FRAMING:
            raise FramingError("The chunks are too small.")
        self._left = int(size[1], 16)
        if self._left:
            return True
        left = TRAILERS
        while line := self._line(left):
            left -= len(line) + 2
        self._ended = True
        return False

    def _line(self, limit: int) -> bytes:
        """Read a line without its CRLF, of at most ``limit`` bytes."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > limit + 1:
                break
            self._fill()
        if not 0 <= end <= limit:
            raise FramingError("A chunk is not framed properly.")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _fill(self) -> None:
        piece = bytearray(RECEIVE)
        count = self._receive(memoryview(piece))
        self._buffer += memoryview(piece)[:count]


def _wait_readable(sock: socket.socket, seconds: float) -> bool:
    """Wait until a socket is readable; returns False on timeout."""
    if not hasattr(select, "poll"):
        # Windows has no poll(); its select() accepts any socket.
        return bool(select.select([sock], [], [], seconds)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
