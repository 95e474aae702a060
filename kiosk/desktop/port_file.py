"""Where the running kiosk of a gathering listens, noted in its folder for the other commands."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8000
NAME = "kiosk.port"
# Timeout in seconds for asking the noted port, on this laptop.
_PATIENCE = 0.5
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Listening:
    """A port, and the one address (IPv4 or IPv6, in numbers) at which it is open; '' for every address."""

    port: int
    only: str = ""

    @property
    def host(self) -> str:
        """The address at which this laptop itself reaches it."""
        return self.only or LOOPBACK


def listening_at(listener: socket.socket) -> Listening:
    """Where a bound socket of the internet listens."""
    host, port = listener.getsockname()[:2]
    return Listening(port, "" if ipaddress.ip_address(host).is_unspecified else host)


@contextmanager
def port_noted(folder: Path, at: Listening) -> Iterator[None]:
    """Keep it noted in the gathering's folder as long as the kiosk runs: the port, and the address if it is only one.

    A kiosk goes on without the note where the folder takes no file.
    """
    note = folder / NAME
    with suppress(OSError):
        note.write_text(f"{at.port} {at.only}".rstrip() + "\n", encoding="ascii")
    try:
        yield
    finally:
        # Another kiosk of this folder, started since, keeps its own.
        if _read(note) == at:
            with suppress(OSError):
                note.unlink(missing_ok=True)


def running_at(folder: Path) -> Listening | None:
    """Where the running kiosk listens; None where nothing is noted, or where nothing answers there: a kiosk that was
    killed leaves its note."""
    at = _read(folder / NAME)
    return at if at is not None and _is_open(at) else None


def noted(folder: Path) -> Listening:
    """Where the running kiosk listens, else port 8000."""
    return running_at(folder) or Listening(DEFAULT_PORT)


def hosts_to_ask(folder: Path | None, port: int, host: str) -> list[str]:
    """The addresses at which whoever has a port may answer: that noted by this folder's kiosk, the one (or the name)
    that somebody wanted to listen at, loopback."""
    running = running_at(folder) if folder is not None else None
    hosts = [running.host] if running is not None and running.port == port else []
    with suppress(OSError):
        wanted = str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
        if not ipaddress.ip_address(wanted).is_unspecified:
            hosts.append(wanted)
    return list(dict.fromkeys([*hosts, LOOPBACK]))


def _is_open(at: Listening) -> bool:
    try:
        socket.create_connection((at.host, at.port), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True


def _read(note: Path) -> Listening | None:
    try:
        port, _, only = note.read_text(encoding="ascii").strip().partition(" ")
        if only:
            ipaddress.ip_address(only)
        at = Listening(int(port), only)
    except (OSError, ValueError):
        return None
    return at if 0 < at.port < 1 << 16 else None
