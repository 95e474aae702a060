"""Storage backends for a target's folder: disk or stick, SFTP, WebDAV, S3, or anything else fsspec supports."""

from __future__ import annotations

from publish.drives.base import Drive, Login
from publish.drives.disk import DiskDrive, is_stick
from publish.errors import PauseTarget

__all__ = ["Drive", "Login", "is_stick", "open_drive", "scheme_of", "wants_password"]

_WEBDAV = {"webdav": "http", "dav": "http", "webdavs": "https", "davs": "https"}
_WITH_PASSWORD = frozenset({"sftp", "ssh", "ftp", "smb", "s3", *_WEBDAV})


def scheme_of(url: str) -> str:
    """URL scheme of an address; ``file`` for plain paths."""
    head, mark, _ = url.partition("://")
    return head.lower() if mark else "file"


def wants_password(url: str, *, user: str, key: str) -> bool:
    """Whether this address is accessed with a password rather than a key file."""
    return scheme_of(url) in _WITH_PASSWORD and bool(user) and not key


def open_drive(url: str, login: Login) -> Drive:
    """Open the drive for an address. Only SFTP connects at once. Raises Offline and PauseTarget."""
    scheme = scheme_of(url)
    if scheme == "file":
        return DiskDrive(url, login.name)
    if scheme in _WEBDAV:
        from publish.drives.webdav import WebDavDrive

        return WebDavDrive(_WEBDAV[scheme] + url[len(scheme) :], login)
    if scheme in ("http", "https"):
        raise PauseTarget(
            "Write the address of %(name)s with webdavs:// in place of https:// (webdav:// for "
            "http://).",
            name=login.name,
        )
    from publish.drives.remote import RemoteDrive

    return RemoteDrive(url, login)
