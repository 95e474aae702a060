"""SFTP through sshfs and asyncssh, with host key verification.

https://asyncssh.readthedocs.io/en/latest/api.html#specifying-known-hosts
"""

from __future__ import annotations

import asyncio
import re
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

# Timeouts in seconds for connecting and signing in, and the keepalive interval; three may be missed.
_CONNECT, _LOGIN, _ALIVE = 10, 30, 15


_FULL = (asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
_FULL_WORDS = re.compile(r"no space|quota|disk (?:is )?full|insufficient (?:disk )?space", re.I)
_MEETING = threading.Lock()


class _Client(asyncssh.SSHClient):
    """Stores a server's host key on first contact; a changed key is refused."""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Called only if the key is in none of the lists."""
        with _MEETING:
            met = _keys(host, port)
            if not met:
                remember(host, port, key.export_public_key().decode())
        # Another thread may have stored it a moment ago.
        return not met or key in met


def _keys(host: str, port: int) -> list[Any]:
    """Known keys of this server."""
    lists = [str(path) for path in known_hosts_files()]
    return list(asyncssh.read_known_hosts(lists).match(host, "", port)[0]) if lists else []


def open_sftp(url: str, login: Login) -> tuple[Any, str]:
    """Return (file system, path on it) for ``sftp://[user@]host[:port]/path``; ``/~/path`` is
    relative to the account's home.

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
    opened.loop.call_soon_threadsafe(opened.loop.set_exception_handler, _ignore_repeated)
    return opened, path.removeprefix("/~/") if path.startswith("/~/") else path


def _ignore_repeated(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ignore repeated errors: a dropped connection fails every pending request, but only one needs to be reported."""
    if not isinstance(context.get("exception"), asyncssh.Error):
        loop.default_exception_handler(context)


def rename_over(files: Any, name: str, goal: str) -> None:
    """Rename on an ``SSHFileSystem``, overwriting. Raises asyncssh's errors.

    SFTP's own rename refuses an existing target (draft-ietf-secsh-filexfer-02, 6.5). On servers
    without OpenSSH's extension, which some refuse as a failure, it is done in steps: sshfs would copy
    with the server's shell, which many don't have.
    """
    sync(files.loop, _rename_over, files, name, goal)


async def _rename_over(files: Any, name: str, goal: str) -> None:
    async with files._pool.get() as channel:
        try:
            await channel.posix_rename(name, goal)
        except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure):
            await _rename_in_steps(channel, name, goal)


async def _rename_in_steps(channel: Any, name: str, goal: str) -> None:
    """Put the former file aside, so that it is back in its place if the new one is refused there."""
    aside = f"{name}.old"
    try:
        await channel.rename(name, goal)
    except asyncssh.SFTPError as refusal:
        try:
            await channel.rename(goal, aside)
        except asyncssh.SFTPError:
            raise refusal from None
        await _rename_or_restore(channel, name, goal, aside)
    with suppress(asyncssh.SFTPError):
        await channel.remove(aside)


async def _rename_or_restore(channel: Any, name: str, goal: str, aside: str) -> None:
    try:
        await channel.rename(name, goal)
    except asyncssh.SFTPError:
        with suppress(asyncssh.SFTPError):
            await channel.rename(aside, goal)
        raise


def _lists(host: str, addr: str, port: int) -> Any:
    """The current known-hosts lists for asyncssh."""
    lists = [str(path) for path in known_hosts_files()]
    found = asyncssh.read_known_hosts(lists).match(host, addr, port) if lists else ()
    return found or ([], [], [], [], [], [], [])


def as_ours(error: Exception, name: str) -> PublishError:
    """Translate an error of asyncssh or the operating system into one of ``publish.errors``."""
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return PauseTarget(
                "%(name)s shows a different key than before. Ask its administrator whether the server was "
                "changed; if so, remove its line from the file known_hosts beside the secrets.",
                name=name,
            )
        case asyncssh.KeyImportError() | ValueError():
            return PauseTarget(
                "The key or address of %(name)s can't be used: %(what)s.", name=name, what=error
            )
        case asyncssh.SFTPNoSuchFile() | FileNotFoundError():
            return RetryAfter(
                "%(name)s has lost what was just sent there. It is sent again.", 2, name=name
            )
        case asyncssh.SFTPPermissionDenied():
            return PauseTarget("%(name)s may not be written to.", name=name)
        case asyncssh.PermissionDenied() | PermissionError():
            return AuthRefused(
                "%(name)s refused user name, password or key. Set them again.", name=name
            )
        case asyncssh.SFTPNoConnection() | asyncssh.SFTPConnectionLost():
            return _unreached(error, name)
        case asyncssh.SFTPError():
            return _refused(error, name)
        case _:
            return _unreached(error, name)


def _unreached(error: Exception, name: str) -> PublishError:
    return Offline(
        "%(name)s can't be reached right now: %(what)s",
        name=name,
        what=f"{error or type(error).__name__}.",
    )


def _refused(error: asyncssh.SFTPError, name: str) -> PublishError:
    """The error for a step that the server has refused.

    SFTP version 3 has a single code for nearly all of them: only the words tell that a disk is full. Making folders,
    asyncssh says that there is none and keeps the server's own words as the cause before.
    """
    before = error.__context__
    failure = before if isinstance(before, asyncssh.SFTPFailure) else error
    if isinstance(failure, _FULL) or _FULL_WORDS.search(failure.reason or ""):
        return PayloadTooLarge("There is no room left at %(name)s.", learns=False, name=name)
    return RetryAfter(
        "%(name)s could not do it (%(what)s). Is there room?",
        name=name,
        what=failure.reason or "no reason given",
    )
