"""Which ssh servers we have met: as ``ssh`` itself does it with StrictHostKeyChecking=accept-new.

A server's key is taken down at the first meeting and must be the same ever after. Keys lie beside the secrets, so that
SFTP and git share them; those of the person's own ``~/.ssh/known_hosts`` count too.
"""

from __future__ import annotations

import os
from pathlib import Path

from reporter.secret_store import secrets_file


def known_hosts_file() -> Path:
    """Our own list; its folder is made, the file may be missing."""
    path = secrets_file().with_name("known_hosts")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def known_hosts_files() -> list[Path]:
    """All lists that are there, ours first."""
    return [p for p in (known_hosts_file(), Path.home() / ".ssh" / "known_hosts") if p.is_file()]


def remember(host: str, port: int, public_key: str) -> None:
    """Add a line, as ssh writes it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT")."""
    place = host if port == 22 else f"[{host}]:{port}"
    line = f"{place} {' '.join(public_key.split()[:2])}\n"
    descriptor = os.open(known_hosts_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(line)
