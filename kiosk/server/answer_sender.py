"""Sends the rest of answers whose clients read slowly: one thread for all of them.

A request thread that waited for such a client would be missing for others, and a phone that reads
nothing can have hundreds of connections.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kiosk.server.body import RECEIVE, ByteMeter, TransferError

# Answers that one address may be reading slowly at once; the slowest of more is aborted. Each may
# hold a page in memory.
ADDRESS_ANSWERS = 128


@dataclass(eq=False)
class Rest:
    """The unsent rest of an answer. ``blocks``: what follows ``data``, from memory or a file, so
    that nothing is computed here; ``owed``: bytes of both, as announced to the client."""

    socket: socket.socket
    data: memoryview
    blocks: Iterator[bytes]
    owed: int
    meter: ByteMeter
    # Closes the file.
    close: Callable[[], None]
    # Called once, with whether all of it was sent.
    done: Callable[[bool], None] = field(default=lambda _sent: None)
    deadline: float = 0.0

    def push(self) -> bool:
        """Send what the client takes now; returns whether that was all. Raises OSError, as
        TransferError for a client that is too slow."""
        while self.data or self._next_block():
            try:
                count = self.socket.send(self.data[:RECEIVE])
            except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError):
                break
            self.data = self.data[count:]
            self.owed -= count
            self.meter.moved += count
        self.meter.count_wait()
        self.deadline = time.monotonic() + self.meter.patience()
        return not self.data

    def _next_block(self) -> bool:
        block = next(self.blocks, b"")
        self.data = memoryview(block)
        if not block and self.owed:
            raise TransferError("The answer is not as long as it said.")
        return bool(block)


class AnswerSender:
    """Call ``take`` and ``stop`` from any thread. Its own thread starts with the first rest."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._clapper = socket.socketpair()
        self._bell.setblocking(False)
        self._clapper.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._taken: deque[Rest] = deque()
        self._rests: set[Rest] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop_at = 0.0

    def take(self, rest: Rest) -> None:
        """Send this rest; its client has stopped taking more for the moment."""
        self._taken.append(rest)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="answers", daemon=True)
                self._thread.start()
        self._ring()

    def stop(self, seconds: float) -> None:
        """Give the rests so many seconds, then abort them."""
        self._stop_at = time.monotonic() + seconds
        self._ring()
        if self._thread is not None:
            self._thread.join(seconds + 1)
        for one in (self._bell, self._clapper):
            one.close()
        self._selector.close()

    def _ring(self) -> None:
        # A full pipe has already woken the thread; a closed one means that it has ended.
        with contextlib.suppress(OSError):
            self._clapper.send(b"!")

    def _run(self) -> None:
        while not self._stop_at or self._goes_on():
            for key, _events in self._selector.select(self._patience()):
                if key.data is not None:
                    self._push(key.data)
                else:
                    with contextlib.suppress(BlockingIOError):
                        self._bell.recv(4096)
            while self._taken:
                self._begin(self._taken.popleft())
            self._expire()
        for rest in list(self._rests):
            self._end(rest, sent=False)

    def _goes_on(self) -> bool:
        return bool(self._rests or self._taken) and time.monotonic() < self._stop_at

    def _patience(self) -> float | None:
        ends = [rest.deadline for rest in self._rests]
        if self._stop_at:
            ends.append(self._stop_at)
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _begin(self, rest: Rest) -> None:
        self._make_room(rest.meter.address)
        rest.socket.settimeout(0)
        self._rests.add(rest)
        self._selector.register(rest.socket, selectors.EVENT_WRITE, rest)
        self._push(rest)

    def _make_room(self, address: str) -> None:
        mine = [rest for rest in self._rests if rest.meter.address == address]
        if len(mine) >= ADDRESS_ANSWERS:
            self._end(min(mine, key=lambda rest: rest.meter.rate), sent=False)

    def _push(self, rest: Rest) -> None:
        try:
            if rest.push():
                self._end(rest, sent=True)
        except (OSError, ValueError):
            self._end(rest, sent=False)

    def _expire(self) -> None:
        now = time.monotonic()
        for rest in [one for one in self._rests if one.deadline <= now]:
            self._end(rest, sent=False)

    def _end(self, rest: Rest, *, sent: bool) -> None:
        self._rests.discard(rest)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(rest.socket)
        if not sent:
            # Nothing of this answer is waited for any more.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(rest.socket, socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            rest.close()
        rest.done(sent)
