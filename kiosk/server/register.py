"""Records of connections: by address, with which to close when there is no room; new ones; and by deadline."""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import ipaddress
import itertools
import socket
import struct
import sys
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kiosk.server.connection import Connection
from kiosk.server.processor_time import ProcessorTime

# New connections of one address while others ask too: so many at once (fifty browsers behind one access point, each
# with its six), and so many a second on average.
ARRIVALS = 300
ARRIVALS_A_SECOND = 60.0
# Seconds for which the kernel drops those of an address with more, and of how many addresses at once.
DROP_SECONDS = 2.0
DROPPED = 64
# linux/filter.h and asm-generic/socket.h.
NETWORK = 0xFFF00000
SO_ATTACH_FILTER = 26


@dataclass(frozen=True)
class FrontLimits:
    """Limits on connections in total and per address; seconds that an idle one is kept."""

    connections: int = 1_200
    per_address: int = 512
    idle_seconds: float = 10.0


class ConnectionRegister:
    """All connections, by their share (see ``connection.share_of``). Not thread-safe."""

    def __init__(self) -> None:
        self._shares: dict[str, set[Connection]] = defaultdict(set)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        return (connection for mine in self._shares.values() for connection in mine)

    def add(self, connection: Connection) -> None:
        """Add a connection."""
        self._shares[connection.share].add(connection)
        self._count += 1

    def remove(self, connection: Connection) -> None:
        """Remove a connection; does nothing if it is already gone."""
        mine = self._shares.get(connection.share)
        if mine and connection in mine:
            mine.discard(connection)
            self._count -= 1
            if not mine:
                del self._shares[connection.share]

    def is_over(self, share: str, most: int) -> bool:
        """Whether a share has reached its limit."""
        return len(self._shares.get(share, ())) >= most

    def longest_waiting(self, share: str | None) -> Connection | None:
        """The connection of a share that has waited longest for its client (None: of the share
        with most); None for none."""
        if share is None and self._shares:
            share = max(self._shares, key=lambda one: len(self._shares[one]))
        waiting = [one for one in self._shares.get(share or "", ()) if one.on_readable]
        return min(waiting, key=lambda one: one.since, default=None)


class Arrivals:
    """Decides which new connections are taken while others ask too (a token bucket of ``ARRIVALS`` for each address).
    Not thread-safe.

    An address with too many is refused, and the kernel drops its next ones for a while where it can: refusing each
    would take the front as long as the others' requests.
    """

    def __init__(
        self,
        listener: socket.socket,
        used: ProcessorTime,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener, self._used, self._clock = listener, used, clock
        # How many came beyond the steady rate, and when the last one did; the address that came longest ago first.
        self._excess: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._dropped: dict[str, float] = {}

    def admits(self, share: str) -> bool:
        """Count a new connection; returns whether it may stay. One that may not does not count."""
        now = self._clock()
        excess, then = self._excess.get(share, (0.0, now))
        excess = max(0.0, excess - (now - then) * ARRIVALS_A_SECOND)
        within = excess < ARRIVALS
        self._excess[share] = (excess + within, now)
        self._excess.move_to_end(share)
        while now - next(iter(self._excess.values()))[1] > ARRIVALS / ARRIVALS_A_SECOND:
            self._excess.popitem(last=False)
        if within or not self._used.has_others(share):
            return True
        if share not in self._dropped:
            self._dropped[share] = now + DROP_SECONDS
            drop_first_packets(self._listener, self._dropped)
        return False

    def lift(self) -> float | None:
        """Let those come again whose time is over; returns when the next one's is, None for nobody's."""
        now = self._clock()
        over = [share for share, end in self._dropped.items() if end <= now]
        for share in over:
            del self._dropped[share]
        if over:
            drop_first_packets(self._listener, self._dropped)
        return min(self._dropped.values(), default=None)


def drop_first_packets(listener: socket.socket, shares: Iterable[str]) -> None:
    """Have the kernel drop the SYN packets of some shares to a listening socket, and no others'. Their senders try
    again after a second. Linux only (a classic BPF program, socket(7)); does nothing elsewhere.

    A connection inherits the program from its listener, where it changes nothing: no SYN comes there.
    """
    if sys.platform != "linux":
        return
    program = b"".join(struct.pack("=HBBI", *one) for one in _syn_filter(shares))
    code = ctypes.create_string_buffer(program, len(program))
    packed = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    # A kernel without it refuses; the connections are refused one by one then.
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, packed)


def _syn_filter(shares: Iterable[str]) -> list[tuple[int, int, int, int]]:
    """Instructions (code, jump if true, jump if false, operand) of the kernel's filter.rst; offsets are the TCP
    header's, those from ``NETWORK`` the IP header's."""
    keep, drop = (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0)
    four, six = [(0x20, 0, 0, NETWORK + 12)], []
    for ip in map(ipaddress.ip_address, list(shares)[:DROPPED]):
        words = struct.unpack(f"!{len(ip.packed) // 4}I", ip.packed)
        if ip.version == 4:
            four += [(0x15, 0, 1, words[0]), drop]
        else:
            six += [(0x20, 0, 0, NETWORK + 8), (0x15, 0, 3, words[0])]
            six += [(0x20, 0, 0, NETWORK + 12), (0x15, 0, 1, words[1]), drop]
    four.append(keep)
    # Flags SYN without ACK; then the version of IP.
    begin = [(0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 1, 0, 0x02), keep]
    begin += [(0x30, 0, 0, NETWORK), (0x74, 0, 0, 4), (0x15, 1, 0, 4), (0x05, 0, 0, len(four))]
    return [*begin, *four, *six, keep]


class Deadlines:
    """The connections' deadlines, the next one first. Not thread-safe."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Connection]] = []
        self._number = itertools.count()

    def set(self, connection: Connection, deadline: float) -> None:
        """Set a connection's deadline; an earlier one no longer counts."""
        connection.deadline = deadline
        heapq.heappush(self._due, (deadline, next(self._number), connection))

    def next(self) -> float | None:
        """The next one; None for none."""
        while self._due and self._due[0][0] != self._due[0][2].deadline:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def passed(self, now: float) -> Iterator[Connection]:
        """Remove the connections whose deadline has passed, one by one."""
        while self._due and self._due[0][0] <= now:
            deadline, _, connection = heapq.heappop(self._due)
            if connection.deadline == deadline:
                yield connection


class HeldConnections:
    """Connections with something to read that wait for their address's turn. Not thread-safe."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[tuple[Connection, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, connection: Connection, events: int) -> None:
        """Hold one back that waits for these events of a selector."""
        self._lines.setdefault(connection.share, deque()).append((connection, events))

    def take(self, is_due: Callable[[str], bool]) -> Iterator[tuple[Connection, int]]:
        """Take those out whose address is due; it is asked again before each."""
        for share, line in list(self._lines.items()):
            while line and is_due(share):
                yield line.popleft()
            if not line:
                del self._lines[share]
