"""A TCP proxy that cuts connections after so many bytes to the server: once for all, as a tunnel, or every so often."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PIECE = 16_384


class CutProxy:
    """Listens on ``port``.

    ``left``: bytes that may still go up, all connections together; None: any number. ``every``: after so many bytes
    the connection that sends them is cut, and the next ones go on; 0: never. ``sent``: bytes that came in.
    """

    def __init__(self, upstream_port: int) -> None:
        self.left: int | None = None
        self.every = 0
        self._since = 0
        self.cuts = 0
        self.sent = 0
        self._upstream = upstream_port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def away(self) -> None:
        """The line is gone: what is under way is cut off, nobody gets through any more."""
        self.left = 0
        self.close()

    def back(self) -> None:
        """It is there again, at the same port."""
        self.left = None
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._upstream))
            except OSError:
                client.close()
                continue
            for source, goal, up in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=(source, goal, up), daemon=True).start()

    def _carry(self, source: socket.socket, goal: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                if up and not self._may_pass(len(piece)):
                    self._cut(source, goal)
                    return
                # When the client is cut off, what the server still says goes nowhere.
                with suppress(OSError):
                    goal.sendall(piece)
        for one in (source, goal):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        """The client is cut off at once; the server still reads what was under way, as it does on a real line."""
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _may_pass(self, size: int) -> bool:
        with self._lock:
            self.sent += size
            self._since += size
            if self.every and self._since > self.every:
                self._since = 0
                self.cuts += 1
                return False
            if self.left is None:
                return True
            self.left -= size
            if self.left < 0:
                self.cuts += 1
            return self.left >= 0


@contextmanager
def cut_proxy(upstream_port: int) -> Iterator[CutProxy]:
    """One for the length of a block."""
    proxy = CutProxy(upstream_port)
    try:
        yield proxy
    finally:
        proxy.close()
