"""Registry of connections by address; chooses which to close when there is no room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.server.connection import Connection


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
