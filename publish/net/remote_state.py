"""In-memory cache of facts about servers: sessions, discovered addresses, files uploaded ahead of their post.

Losing it is harmless: the server is simply asked again. A ``PublishContext`` owns one and closes
it; targets are opened for one delivery each and access it through their ``TargetConfig``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from typing import Any


class SharedState(MutableMapping[Any, Any]):
    """A thread-safe dictionary; values are replaced whole, so that readers never see a partial change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        with self._lock:
            return self._items[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        with self._lock:
            self._items[key] = value

    def __delitem__(self, key: Any) -> None:
        with self._lock:
            del self._items[key]

    def __iter__(self) -> Iterator[Any]:
        with self._lock:
            return iter(list(self._items))

    def __len__(self) -> int:
        with self._lock:
            return len(self._items)


class RemoteState:
    """Named tables; each name belongs to one module."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[str, SharedState] = {}

    def table(self, name: str) -> SharedState:
        """The table of this name, created on first use."""
        with self._lock:
            return self._tables.setdefault(name, SharedState())

    def close(self) -> None:
        """Clear everything, including sessions."""
        with self._lock:
            for table in self._tables.values():
                table.clear()
