"""Known ssh hosts, with the behaviour of ``ssh`` with StrictHostKeyChecking=accept-new.

A server's key is stored on first contact and must not change afterwards. The list is kept next to
the secrets and shared by SFTP and git; the person's own ``~/.ssh/known_hosts`` is used too.
"""

from __future__ import annotations

import os
from pathlib import Path

from reporter.secret_store import secrets_file


def known_hosts_file() -> Path:
    """Path of our own list; its folder is created, the file may be missing."""
    path = secrets_file().with_name("known_hosts")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def known_hosts_files() -> list[Path]:
    """All existing lists, ours first."""
    return [p for p in (known_hosts_file(), Path.home() / ".ssh" / "known_hosts") if p.is_file()]


def remember(host: str, port: int, public_key: str) -> None:
    """Append a line in ssh's format (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
    place = host if port == 22 else f"[{host}]:{port}"
    line = f"{place} {' '.join(public_key.split()[:2])}\n"
    descriptor = os.open(known_hosts_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
