"""A client connection in the front: its socket, its received bytes, and its deadline."""

from __future__ import annotations

import contextlib
import errno
import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kiosk.server.head import Head

# Bytes to read from a socket at once while a head arrives.
HEAD_PIECE = 1 << 14
DISCARD_PIECE = 1 << 18
# Connections to accept before others have their turn, and those to refuse, which takes next to nothing.
AT_ONCE = 64
AT_ONCE_REFUSED = 1_024
NO_MORE_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(eq=False)
class Connection:
    """``on_readable`` is the front's handler for new bytes; None while a worker thread has the
    connection."""

    socket: socket.socket
    client: tuple[str, int]
    server: tuple[str, int]
    # The group that limits apply to: see share_of.
    share: str
    secure: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    on_readable: Callable[[Connection], None] | None = None
    deadline: float = 0.0
    # The status to answer when the deadline passes; 0 for none.
    too_late: int = 0
    since: float = field(default_factory=time.monotonic)
    # How much of the buffer was already searched for the end of a head.
    searched: int = 0
    # A head whose small body is still arriving.
    head: Head | None = None
    # Bytes that are still to be read and discarded.
    discard: int = 0

    def receive(self) -> bool | None:
        """Append what the socket holds to the buffer: True; False at the end; None if there is
        nothing yet.

        Raises OSError for a broken connection.
        """
        try:
            data = self.socket.recv(HEAD_PIECE)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        self.buffer += data
        return bool(data)

    def drop(self, most: int = DISCARD_PIECE) -> int | None:
        """Read and discard up to ``most`` bytes; returns how many (0 at the end), None if none
        are available. Raises OSError."""
        try:
            return len(self.socket.recv(min(most, DISCARD_PIECE)))
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None

    def pass_over(self) -> bool | None:
        """Discard some of the ``discard`` bytes: True; False at the client's end; None if none have come.

        Raises OSError for a broken connection.
        """
        passed = min(self.discard, len(self.buffer))
        del self.buffer[:passed]
        self.discard -= passed
        count = self.drop(self.discard) if self.discard else None
        self.discard -= count or 0
        return None if count is None and not passed else count != 0

    @property
    def holds_bytes(self) -> bool:
        """Whether there are buffered or decrypted bytes that no selector can see."""
        return bool(self.buffer) or (
            isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0
        )

    def try_send(self, data: bytes) -> None:
        """Send without blocking: the front's answers are small, and a client that doesn't read
        them misses them."""
        with contextlib.suppress(OSError):
            self.socket.settimeout(0)
            self.socket.send(data)

    def say_goodbye(self) -> None:
        """Shut down the sending side; what the client sends can still be read (and discarded)."""
        with contextlib.suppress(OSError, ValueError):
            self.socket.settimeout(0)
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.unwrap()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self.socket.close()


def accepted(listener: socket.socket, may_come: Callable[[str], bool]) -> Iterator[Connection]:
    """Accept some of those who wait. Those whose share ``may_come`` refuses are closed at once, before anything is
    kept or computed for them.

    Raises OSError where the system has no more files.
    """
    left, refused_left = AT_ONCE, AT_ONCE_REFUSED
    while left and refused_left:
        try:
            sock, name = listener.accept()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            if error.errno in NO_MORE_FILES:
                raise
            # Closed by the client before it was accepted.
            continue
        client = plain_address(name)
        share = share_of(client[0])
        if not may_come(share):
            sock.close()
            refused_left -= 1
            continue
        left -= 1
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = plain_address(sock.getsockname())
        except OSError:
            sock.close()
        else:
            yield Connection(sock, client, server, share)


def has_closed(sock: socket.socket) -> bool:
    """Whether the client has closed its end (bytes sent beyond the current request don't
    matter)."""
    try:
        with socket.fromfd(sock.fileno(), sock.family, sock.type) as plain:
            plain.setblocking(False)
            return not plain.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return True


@functools.lru_cache(maxsize=1024)
def share_of(address: str) -> str:
    """The key that limits apply to: the address, for IPv6 its 64-bit network, which belongs to
    one device (RFC 6177)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def plain_address(name: tuple[object, ...]) -> tuple[str, int]:
    """Get (address, port) from a socket's name; unwraps an IPv4 address mapped into IPv6."""
    address, port = str(name[0]), int(str(name[1]))
    return address.removeprefix("::ffff:") if "." in address else address, port
