"""One thread that accepts connections, reads heads and small bodies, and waits for any number of clients.

A worker thread gets a connection when its head is complete, and returns it after the answer. Every state has a
deadline, so that nobody can hold a connection by sending slowly; between deadlines and arrivals the thread sleeps.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.server.connection import Connection, accepted
from kiosk.server.head import Head, HeadError, head_end, parse_head
from kiosk.server.processor_time import ProcessorTime
from kiosk.server.register import (
    Arrivals,
    ConnectionRegister,
    Deadlines,
    FrontLimits,
    HeldConnections,
)
from kiosk.server.wsgi_gateway import plain_answer

# Timeouts in seconds: for a head (from its first byte), for a small body, and for discarded data.
HEAD_SECONDS = 10.0
SMALL_SECONDS = 20.0
LINGER_SECONDS = 30.0
LINGER_BYTES = 64 << 20
BUSY = "The kiosk is busy. Try again in a few seconds."
# The part of this thread's time that one address may use while others ask too: its connections wait for their turn
# then, looked at every so many seconds.
ADDRESS_PART = 0.05
TURN_SECONDS = 0.02


@dataclass(frozen=True)
class FrontCalls:
    """Callbacks from the front to the server."""

    # Take a complete request (any small body is in the buffer).
    dispatch: Callable[[Connection, Head], None]
    # Whether an address may send a body of this length now.
    has_room: Callable[[str, int | None], bool]
    # Make room for requests that wait for a thread; returns whether any still waits.
    relieve: Callable[[], bool]
    # Drop a request of the address that has the most waiting for a thread; returns whether one was.
    drop_waiting: Callable[[], bool]
    # Wrap a socket in TLS; None for a plain server.
    wrap: Callable[[socket.socket], ssl.SSLSocket] | None
    # The https URL of a page, for a request without TLS.
    secure_url: Callable[[Connection, Head], str]


class Front:
    """The front thread. Call ``run`` in its own thread; ``give_back``, ``press`` and ``stop`` from any."""

    def __init__(
        self,
        listener: socket.socket,
        calls: FrontCalls,
        limits: FrontLimits,
        used: ProcessorTime | None = None,
    ) -> None:
        self.limits = limits
        self._used = used or ProcessorTime()
        self._arrivals = Arrivals(listener, self._used)
        self._held = HeldConnections()
        self._listener = listener
        self._calls = calls
        self._selector = selectors.DefaultSelector()
        self._register = ConnectionRegister()
        self._deadlines = Deadlines()
        self._returned: deque[tuple[Connection, bool, int]] = deque()
        self._bell, self._clapper = socket.socketpair()
        self._clapper.setblocking(False)
        self._bell.setblocking(False)
        self._stopping = False
        self._press_at = self._listen_at = 0.0

    def run(self) -> None:
        """Serve until ``stop``."""
        self._listener.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._listen()
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._close_all()

    def give_back(self, connection: Connection, *, keep: bool, unread: int) -> None:
        """Return a connection from a worker; ``unread`` bytes of its request are still to arrive."""
        self._returned.append((connection, keep, unread))
        self._ring()

    def press(self) -> None:
        """Requests wait for a thread: relieve them periodically until they have one."""
        self._press_at = self._press_at or time.monotonic() + 1
        self._ring()

    def stop(self) -> None:
        """Make ``run`` return."""
        self._stopping = True
        self._ring()

    def _ring(self) -> None:
        # A full pipe has already woken the thread; a closed one means that nobody listens any more.
        with contextlib.suppress(OSError):
            self._clapper.send(b"!")

    def _turn(self) -> None:
        for key, _events in self._selector.select(self._patience()):
            if key.fileobj is self._listener:
                self._accept()
            elif key.fileobj is self._bell:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
            else:
                self._take_turn(key.data, key.events)
        while self._returned:
            connection, keep, unread = self._returned.popleft()
            try:
                self._take_back(connection, keep=keep, unread=unread)
            except (OSError, ValueError):
                self._forget(connection)
        for connection, events in self._held.take(self._is_due):
            if connection.on_readable is not None:
                self._selector.register(connection.socket, events, connection)
                self._take_turn(connection, events)
        self._expire()

    def _is_due(self, share: str) -> bool:
        """Whether an address has not used its part of this thread's time."""
        return self._used.lately(share) <= ADDRESS_PART

    def _take_turn(self, connection: Connection, events: int) -> None:
        """Read what a connection has, or hold it back until it is its address's turn."""
        self._used.note(connection.share)
        if not self._is_due(connection.share):
            self._selector.unregister(connection.socket)
            self._held.add(connection, events)
            return
        begun = time.thread_time()
        self._readable(connection)
        self._used.add(connection.share, time.thread_time() - begun)

    def _patience(self) -> float | None:
        ends = [self._press_at, self._listen_at, self._deadlines.next(), self._arrivals.lift()]
        if self._held:
            ends.append(time.monotonic() + TURN_SECONDS)
        next_end = min(filter(None, ends), default=None)
        return None if next_end is None else max(0.0, next_end - time.monotonic())

    def _expire(self) -> None:
        now = time.monotonic()
        for connection in self._deadlines.passed(now):
            self._too_late(connection)
        if self._press_at and self._press_at <= now:
            self._press_at = now + 1 if self._calls.relieve() else 0.0
        if self._listen_at and self._listen_at <= now:
            self._listen()

    # --- accepting -------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._listen_at = 0.0
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _accept(self) -> None:
        try:
            for connection in accepted(self._listener, self._arrivals.admits):
                begun = time.thread_time()
                self._welcome(connection)
                self._used.add(connection.share, time.thread_time() - begun)
        except OSError:  # There are no more files.
            self._evict(None)
            self._selector.unregister(self._listener)
            self._listen_at = time.monotonic() + 0.5

    def _welcome(self, connection: Connection) -> None:
        if not self._room_for(connection.share):
            connection.try_send(plain_answer(503, BUSY, "Retry-After: 5"))
            connection.close()
            return
        self._register.add(connection)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        first = self._greet if self._calls.wrap else self._read_head
        self._expect(connection, first, self.limits.idle_seconds)

    def _room_for(self, share: str) -> bool:
        if self._register.is_over(share, self.limits.per_address):
            return self._evict(share)
        free = len(self._register) < self.limits.connections
        return free or self._evict(None) or self._calls.drop_waiting()

    def _evict(self, share: str | None) -> bool:
        """Close the longest waiting connection of an address (None: of the one with most); returns whether one was."""
        goes = self._register.longest_waiting(share)
        if goes is not None:
            self._forget(goes)
        return goes is not None

    # --- the states of a connection --------------------------------------------------------------

    def _expect(
        self,
        connection: Connection,
        then: Callable[[Connection], None],
        seconds: float,
        *,
        too_late: int = 0,
    ) -> None:
        connection.on_readable, connection.too_late = then, too_late
        connection.since = time.monotonic()
        self._deadlines.set(connection, connection.since + seconds)

    def _readable(self, connection: Connection) -> None:
        if connection.on_readable is None:
            return
        try:
            connection.on_readable(connection)
        except HeadError as error:
            self._refuse(connection, error.status, error.reason)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, ValueError):
            self._forget(connection)

    def _too_late(self, connection: Connection) -> None:
        if connection.too_late:
            self._refuse(connection, connection.too_late, "This request took too long to arrive.")
        else:
            self._forget(connection)

    def _greet(self, connection: Connection) -> None:
        """Check the first byte on a secure port: a TLS handshake (RFC 8446, 5.1), or plain HTTP."""
        first = connection.socket.recv(1, socket.MSG_PEEK)
        if first != b"\x16":
            self._expect(connection, self._read_head, HEAD_SECONDS)
            return
        assert self._calls.wrap is not None
        self._selector.unregister(connection.socket)
        connection.socket = self._calls.wrap(connection.socket)
        connection.secure = True
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._expect(connection, self._shake_hands, HEAD_SECONDS)
        self._shake_hands(connection)

    def _shake_hands(self, connection: Connection) -> None:
        assert isinstance(connection.socket, ssl.SSLSocket)
        try:
            connection.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
        except ssl.SSLWantWriteError:
            self._selector.modify(connection.socket, selectors.EVENT_WRITE, connection)
        else:
            self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
            self._expect(connection, self._read_head, HEAD_SECONDS)
            self._read_head(connection)

    def _read_head(self, connection: Connection) -> None:
        received = connection.receive()
        if received is False:
            self._forget(connection)
        elif received:
            self._look_for_head(connection)

    def _look_for_head(self, connection: Connection) -> None:
        buffer = connection.buffer
        # An empty line before a request is ignored (RFC 9112, 2.2).
        while buffer.startswith(b"\r\n"):
            del buffer[:2]
        if not buffer:
            return
        if connection.too_late == 0:
            self._expect(connection, self._read_head, HEAD_SECONDS, too_late=408)
        end = head_end(buffer, start=connection.searched)
        connection.searched = len(buffer)
        if end:
            head = parse_head(bytes(buffer[:end]))
            del buffer[:end]
            connection.searched = 0
            self._take_request(connection, head)

    def _take_request(self, connection: Connection, head: Head) -> None:
        if self._calls.wrap and not connection.secure:
            url = self._calls.secure_url(connection, head)
            answer = plain_answer(307, "This kiosk is reached with https.", f"Location: {url}")
            self._end(connection, answer)
        elif not self._calls.has_room(connection.share, head.length):
            self._end(connection, plain_answer(503, BUSY, "Retry-After: 5"))
        elif head.has_small_body:
            connection.head = head
            self._expect(connection, self._read_small, SMALL_SECONDS, too_late=408)
            self._look_for_small(connection)
        else:
            self._hand_over(connection, head)

    def _read_small(self, connection: Connection) -> None:
        if connection.receive() is False:
            self._forget(connection)
        else:
            self._look_for_small(connection)

    def _look_for_small(self, connection: Connection) -> None:
        head = connection.head
        assert head is not None
        assert head.length is not None
        if len(connection.buffer) >= head.length:
            connection.head = None
            self._hand_over(connection, head)

    def _hand_over(self, connection: Connection, head: Head) -> None:
        self._let_go(connection)
        self._selector.unregister(connection.socket)
        self._calls.dispatch(connection, head)

    def _let_go(self, connection: Connection) -> None:
        connection.on_readable, connection.deadline = None, 0.0

    def _take_back(self, connection: Connection, *, keep: bool, unread: int) -> None:
        connection.socket.settimeout(0)
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        if not keep:
            self._end(connection)
        elif unread:
            connection.discard = unread
            self._expect(connection, self._discard, LINGER_SECONDS)
            self._discard(connection)
        else:
            self._next_request(connection)

    def _next_request(self, connection: Connection) -> None:
        self._expect(connection, self._read_head, self.limits.idle_seconds)
        if connection.buffer:
            self._again(connection, self._look_for_head)
        if connection.on_readable and connection.holds_bytes and connection.secure:
            self._readable(connection)

    def _again(self, connection: Connection, state: Callable[[Connection], None]) -> None:
        """Process bytes already in the buffer as if they had just arrived."""
        try:
            state(connection)
        except HeadError as error:
            self._refuse(connection, error.status, error.reason)

    def _discard(self, connection: Connection) -> None:
        """Discard the rest of a refused body, so that the next request can follow."""
        if connection.pass_over() is False:
            self._forget(connection)
        elif not connection.discard:
            self._next_request(connection)

    # --- the end ---------------------------------------------------------------------------------

    def _refuse(self, connection: Connection, status: int, reason: str) -> None:
        self._end(connection, plain_answer(status, reason))

    def _end(self, connection: Connection, answer: bytes = b"") -> None:
        """Send the answer, then keep reading for a while: after an immediate close, the client's
        kernel would discard the answer."""
        if answer:
            connection.try_send(answer)
        connection.say_goodbye()
        connection.buffer.clear()
        connection.discard = LINGER_BYTES
        self._expect(connection, self._linger, LINGER_SECONDS)

    def _linger(self, connection: Connection) -> None:
        count = connection.drop()
        if count is None:
            return
        connection.discard -= count
        if not count or connection.discard <= 0:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        self._let_go(connection)
        connection.close()
        self._register.remove(connection)

    def _close_all(self) -> None:
        for connection in self._register:
            connection.close()
        self._selector.close()
        for one in (self._listener, self._bell, self._clapper):
            one.close()
