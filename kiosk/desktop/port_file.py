"""Which port the running kiosk of a gathering listens on, noted in its folder for the other commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DEFAULT_PORT = 8000
NAME = "kiosk.port"


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
    """The port of the running kiosk, or of one that was killed; 8000 where none is noted."""
    return _read(folder / NAME) or DEFAULT_PORT


def _read(note: Path) -> int | None:
    try:
        port = int(note.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return port if 0 < port < 1 << 16 else None
