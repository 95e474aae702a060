"""Folders accessed through fsspec: SFTP, S3-compatible services, FTP, SMB and others.

https://filesystem-spec.readthedocs.io/. S3 support is an optional dependency (25 MB of packages).
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.asyn import FSTimeoutError
from fsspec.core import url_to_fs

from publish.drives.base import SURE, Drive, Login, pieces_of
from publish.drives.s3_errors import error_of_s3
from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
)
from publish.net.transfer_meter import count_resumable, count_sent
from reporter.messages import Message

# Schemes that need an optional extra of this project.
_EXTRAS = {"s3": "s3", "sftp": "sftp", "ssh": "sftp"}
# Object stores: an object appears once its upload is complete, and renaming would mean copying.
_WHOLE = frozenset({"s3", "gs", "gcs", "az", "abfs"})
_SSH = frozenset({"sftp", "ssh"})
# Bytes per write request on connections that may drop: the server keeps only complete requests.
# OpenSSH's own size.
_REQUEST = 32_768
# ENOSPC, EFBIG, EDQUOT.
_FULL = frozenset({27, 28, 122})


class RemoteDrive(Drive):
    """A folder on an fsspec file system."""

    def __init__(self, url: str, login: Login) -> None:
        super().__init__(login.name)
        self._url = url
        self._scheme = url.partition("://")[0].lower()
        self.whole = self._scheme in _WHOLE  # type: ignore[misc]
        self._fs, root = self._open(login)
        self._root = root.rstrip("/")
        self.goes_on = self._scheme in _SSH  # type: ignore[misc]
        self._theirs = _errors_of(self._scheme)

    def _open(self, login: Login) -> tuple[Any, str]:
        if self._scheme in _SSH:
            try:
                from publish.drives.sftp import open_sftp
            except ImportError as error:
                raise PauseTarget(self._lacking()) from error
            return open_sftp(self._url, login)
        try:
            opened, root = url_to_fs(self._url, **self._keys(login))
        except ImportError as error:
            raise PauseTarget(self._lacking()) from error
        except ValueError as error:
            raise PauseTarget(
                "The address of %(name)s can't be used: %(what)s.", name=self.name, what=error
            ) from error
        except OSError as error:
            raise Offline(
                "%(name)s can't be reached from here: %(what)s.", name=self.name, what=error
            ) from error
        return opened, str(root)

    def _keys(self, login: Login) -> dict[str, Any]:
        if self._scheme == "s3":
            keys = {"key": login.user, "secret": login.password}
            credentials = {key: value for key, value in keys.items() if value}
            where = {"client_kwargs": {"endpoint_url": login.endpoint}} if login.endpoint else {}
            return {**credentials, **where, "use_listings_cache": False}
        credentials = {"username": login.user, "password": login.password}
        return {key: value for key, value in credentials.items() if value}

    def _lacking(self) -> str:
        extra = _EXTRAS.get(self._scheme)
        if extra is None:
            return Message(
                "%(name)s needs the package by which fsspec reaches %(scheme)s://, and it is not "
                "installed.",
                name=self.name,
                scheme=self._scheme,
            )
        return Message(
            "%(name)s needs packages that are not installed. Install them with: %(command)s",
            name=self.name,
            command=f"pip install 'social-reporter[{extra}]'",
        )

    def ready(self) -> None:
        """Create the folder if it is missing. (Object stores have no folders, only names.)"""
        if not self.whole:
            with self._errors():
                if not self._fs.isdir(self._root):
                    self._fs.makedirs(self._root, exist_ok=True)

    def link(self) -> str:
        """The address as configured."""
        return self._url.rstrip("/")

    def size(self, name: str) -> int | None:
        """Size of a file in bytes."""
        with self._errors():
            try:
                return int(self._fs.info(self._at(name))["size"])
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder."""
        with self._errors():
            try:
                rows = self._fs.ls(self._at(folder), detail=True)
            except FileNotFoundError:
                return []
        return sorted(PurePosixPath(row["name"]).name for row in rows if row["type"] != "directory")

    def make_folder(self, name: str) -> None:
        """Create a subfolder."""
        if not self.whole:
            with self._errors():
                self._fs.makedirs(self._at(name), exist_ok=True)

    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Upload the content."""
        with (
            self._errors(),
            self._fs.open(self._at(name), "wb", **self._content_type(name)) as file,
        ):
            for piece in pieces_of(source):
                file.write(piece)
                count_sent(len(piece))

    def append(self, name: str, source: Path, start: int) -> None:
        """Append to the existing part; after an interruption the acknowledged chunks remain."""
        path = self._at(name)
        with self._errors(), source.open("rb") as source_file:
            source_file.seek(start)
            mode = "r+b" if start else "wb"
            with self._fs.open(path, mode, block_size=_REQUEST) as file:
                file.seek(start)
                while piece := source_file.read(SURE):
                    count_sent(len(piece))
                    file.write(piece)
                    count_resumable(len(piece))

    def read_from(self, name: str, start: int) -> bytes:
        """The file's bytes from an offset."""
        with self._errors(), self._fs.open(self._at(name), "rb") as file:
            file.seek(start)
            return bytes(file.read())

    def _content_type(self, name: str) -> dict[str, str]:
        """Upload options that set the content type, since an object store serves a file with the type it was given."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return {"ContentType": kind} if self._scheme == "s3" else {}

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content in chunks."""
        with self._errors(), self._fs.open(self._at(name), "rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    def move(self, name: str, goal: str) -> None:
        """Rename, overwriting. Where a server can't do that in one step, the old file is removed first."""
        with self._errors():
            if self._scheme in _SSH:
                from publish.drives.sftp import rename_over

                rename_over(self._fs, self._at(name), self._at(goal))
                return
            if self._fs.exists(self._at(goal)):
                self._fs.rm_file(self._at(goal))
            self._fs.mv(self._at(name), self._at(goal))

    def remove(self, name: str) -> None:
        """Remove a file."""
        with self._errors(), suppress(FileNotFoundError):
            self._fs.rm_file(self._at(name))

    def close(self) -> None:
        """Close the connection, if one is held."""
        stack = getattr(self._fs, "_stack", None)
        if stack is not None:
            self._fs._finalize(self._fs.loop, self._fs._pool, stack)

    def _at(self, name: str) -> str:
        return self._root if name == "." else f"{self._root}/{name}"

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except NotImplementedError as error:
            raise Permanent("%(name)s is a place that can be read only.", name=self.name) from error
        except self._theirs as error:
            raise self._as_ours(error) from error

    def _as_ours(self, error: Exception) -> PublishError:
        if self._scheme in _SSH:
            from publish.drives.sftp import as_ours

            return as_ours(error, self.name)
        answered = error_of_s3(error, self.name) if self._scheme == "s3" else None
        if answered is not None:
            return answered
        if isinstance(error, PermissionError):
            return AuthRefused(
                "%(name)s refused user name, password or rights: %(what)s.",
                name=self.name,
                what=error,
            )
        if isinstance(error, OSError) and error.errno in _FULL:
            return PayloadTooLarge(
                "There is no room left at %(name)s.", learns=False, name=self.name
            )
        return Offline(
            "%(name)s can't be reached right now: %(what)s", name=self.name, what=f"{error}."
        )


def _errors_of(scheme: str) -> tuple[type[Exception], ...]:
    """Exception classes that a scheme's library raises for storage and connection failures."""
    if scheme in _SSH:
        import asyncssh

        return (OSError, FSTimeoutError, asyncssh.Error)
    if scheme == "s3":
        from botocore.exceptions import BotoCoreError, ClientError

        return (OSError, FSTimeoutError, BotoCoreError, ClientError)
    return (OSError, FSTimeoutError)
