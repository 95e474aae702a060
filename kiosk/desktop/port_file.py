"""Which port the running kiosk of a gathering listens on, noted in its folder for the other commands."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DEFAULT_PORT = 8000
NAME = "kiosk.port"
# Timeout in seconds for asking the noted port, on this laptop.
_PATIENCE = 0.5


@contextmanager
def port_noted(folder: Path, port: int) -> Iterator[None]:
    """Keep the port noted in the gathering's folder as long as the kiosk runs.

    A kiosk goes on without the note where the folder takes no file.
    """
    note = folder / NAME
    with suppress(OSError):
        note.write_text(f"{port}\n", encoding="ascii")
    try:
        yield
    finally:
        # Another kiosk of this folder, started since, keeps its own.
        if _read(note) == port:
            with suppress(OSError):
                note.unlink(missing_ok=True)


def noted_port(folder: Path) -> int:
    """The port of the running kiosk; 8000 where none is noted, or where nothing answers at it: a kiosk that was killed
    leaves its note."""
    port = _read(folder / NAME)
    return port if port is not None and _is_open(port) else DEFAULT_PORT


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True


def _read(note: Path) -> int | None:
    try:
        port = int(note.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 1 << 16 else None
