"""SFTP through sshfs and asyncssh, with the server's key checked.

https://asyncssh.readthedocs.io/en/latest/api.html#specifying-known-hosts
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncssh
from fsspec.asyn import sync
from sshfs import SSHFileSystem

from publish.drives.base import Login
from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    PublishError,
    RetryAfter,
)
from publish.net.ssh_known_hosts import known_hosts_files, remember

# Seconds: for the connection, for signing in, and between two signs of life, three of which may fail.
_CONNECT, _LOGIN, _ALIVE = 10, 30, 15


_MEETING = threading.Lock()


class _Client(asyncssh.SSHClient):
    """Takes down the key of a server that it meets for the first time; any other key is refused."""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Asked only when the key stands in no list."""
        with _MEETING:
            met = _keys(host, port)
            if not met:
                remember(host, port, key.export_public_key().decode())
        # Another thread may have met it a moment ago.
        return not met or key in met


def _keys(host: str, port: int) -> list[Any]:
    """The keys that our lists have of this server."""
    lists = [str(path) for path in known_hosts_files()]
    return list(asyncssh.read_known_hosts(lists).match(host, "", port)[0]) if lists else []


def open_sftp(url: str, login: Login) -> tuple[Any, str]:
    """(file system, path there) of ``sftp://[user@]host[:port]/path``; ``/~/path`` counts from the account's home.

    Raises Offline, AuthRefused and PauseTarget.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    options: dict[str, Any] = {"port": parts.port or 22}
    if user := login.user or parts.username:
        options["username"] = user
    if login.password:
        options["password"] = login.password
    if login.key:
        options["client_keys"] = [str(Path(login.key).expanduser())]
    try:
        opened = SSHFileSystem(
            parts.hostname or "",
            **options,
            known_hosts=_lists,
            client_factory=_Client,
            connect_timeout=_CONNECT,
            login_timeout=_LOGIN,
            keepalive_interval=_ALIVE,
            keepalive_count_max=3,
            skip_instance_cache=True,
        )
    except (OSError, asyncssh.Error, ValueError) as error:
        raise as_ours(error, login.name) from error
    opened.loop.call_soon_threadsafe(opened.loop.set_exception_handler, _told_already)
    return opened, path.removeprefix("/~/") if path.startswith("/~/") else path


def _told_already(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A line that breaks fails every request under way: one tells us, the others need no trace in the log each."""
    if not isinstance(context.get("exception"), asyncssh.Error):
        loop.default_exception_handler(context)


def rename_over(files: Any, name: str, goal: str) -> None:
    """Rename on an ``SSHFileSystem``, over what has that name. Raises asyncssh's errors.

    SFTP's own rename refuses a name that is taken (draft-ietf-secsh-filexfer-02, 6.5). Servers without OpenSSH's
    extension get "remove", then "rename": sshfs would copy with the server's shell there, which many don't have.
    """
    sync(files.loop, _rename_over, files, name, goal)


async def _rename_over(files: Any, name: str, goal: str) -> None:
    async with files._pool.get() as channel:
        try:
            await channel.posix_rename(name, goal)
        except asyncssh.SFTPOpUnsupported:
            with suppress(asyncssh.SFTPNoSuchFile):
                await channel.remove(goal)
            await channel.rename(name, goal)


def _lists(host: str, addr: str, port: int) -> Any:
    """What asyncssh compares with: the lists as they are now."""
    lists = [str(path) for path in known_hosts_files()]
    found = asyncssh.read_known_hosts(lists).match(host, addr, port) if lists else ()
    return found or ([], [], [], [], [], [], [])


def as_ours(error: Exception, name: str) -> PublishError:
    """What an error of asyncssh (or of the operating system under it) means."""
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return PauseTarget(
                "%(name)s shows another key than it did before. Ask its administrator whether the "
                "server was changed; if so, remove its line from the file known_hosts beside the "
                "secrets.",
                name=name,
            )
        case asyncssh.KeyImportError() | ValueError():
            return PauseTarget(
                "The key or address of %(name)s can't be used: %(what)s.", name=name, what=error
            )
        case asyncssh.SFTPNoSuchFile():
            return RetryAfter(
                "%(name)s has lost what was just sent there. It is sent again.", 2, name=name
            )
        case asyncssh.SFTPPermissionDenied():
            return PauseTarget("%(name)s may not be written to.", name=name)
        case asyncssh.PermissionDenied() | PermissionError():
            return AuthRefused(
                "%(name)s refused user name, password or key. Set them again.", name=name
            )
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            return PayloadTooLarge("There is no room left at %(name)s.", learns=False, name=name)
        case asyncssh.SFTPFailure():
            # Version 3 of the protocol has one code for all that goes wrong on the other side, a full disk too.
            return RetryAfter(
                "%(name)s could not do it (%(what)s). Is there room?",
                name=name,
                what=error.reason or "no reason given",
            )
        case _:
            return Offline(
                "%(name)s can't be reached right now: %(what)s",
                name=name,
                what=f"{error or type(error).__name__}.",
            )
