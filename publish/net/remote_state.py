"""What was learnt of servers while a program runs: sign-ins, addresses that were found, files that wait for their post.

Nothing here is needed: whoever finds it empty asks again. A ``PublishContext`` owns one and closes it; targets are
opened for one delivery each and reach it through their ``TargetConfig``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, MutableMapping
from typing import Any


class Table(MutableMapping[Any, Any]):
    """A dictionary that several threads may use; whole items only, so that a look never sees half of a change."""

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
    """Tables by name; a name belongs to one module."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """The table of this name, made when it is first asked for."""
        with self._lock:
            return self._tables.setdefault(name, Table())

    def close(self) -> None:
        """Forget everything, sign-ins too."""
        with self._lock:
            for table in self._tables.values():
                table.clear()
