"""Media store on disk: content-addressed, write-once, synced before an upload is acknowledged."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from reporter.errors import DISK_FULL, DISK_READ_ONLY, DiskFull, NotFound, ReadOnlyDisk, TooLarge
from reporter.files import (
    forget_cache,
    replace_file,
    sync_file,
    sync_folder,
    try_remove,
)
from reporter.media.object_file import ObjectFile

PIECE = 1 << 16
_NO_LINKS_ON_WINDOWS = (1, 50)
_SHA = re.compile(r"[0-9a-f]{64}")
# exFAT and some network drives have no hard links (link(2): EPERM); others report EOPNOTSUPP or ENOSYS. Windows has
# codes of its own for that: ERROR_INVALID_FUNCTION and ERROR_NOT_SUPPORTED, which Python calls EINVAL.
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
_UNFINISHED = ".part"
# Folders whose names this process has synced.
_durable: set[Path] = set()


class Incoming:
    """A file being received, hashed while it is written. Not an original yet.

    Writable like a binary file, so that a multipart parser can write straight into it; readable for
    type detection.
    """

    def __init__(self, path: Path, *, limit: int | None = None) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._limit = limit
        self._hash = hashlib.sha256()
        with disk_errors():
            self._file: BinaryIO = path.open("xb")

    def write(self, data: bytes) -> int:
        """Append; raises TooLarge over the limit, DiskFull if the disk is full."""
        if self._limit is not None and self.size + len(data) > self._limit:
            raise TooLarge(
                "Files up to %(mb)s MB fit here. Please send a smaller one.", mb=self._limit >> 20
            )
        with disk_errors():
            self._file.write(data)
        if len(self.head) < 8192:
            self.head += data[: 8192 - len(self.head)]
        self.size += len(data)
        self._hash.update(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """Hash of what was written so far."""
        return self._hash.hexdigest()

    def finish(self) -> None:
        """Sync everything to disk."""
        with disk_errors():
            self._file.flush()
            sync_file(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Close without syncing (a multipart parser does so)."""
        self._file.close()

    def discard(self) -> None:
        """Delete the incoming file."""
        self._file.close()
        # What Windows keeps is removed by the next sweep.
        try_remove(self.path)


class Store:
    """The folders ``media/``, ``renditions/`` and ``incoming/`` of a gathering."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.media = folder / "media"
        self.renditions = folder / "renditions"
        self.incoming = folder / "incoming"

    def make_folders(self) -> None:
        """Create missing folders."""
        for path in (self.media, self.renditions, self.incoming):
            path.mkdir(parents=True, exist_ok=True)

    def begin(self, name: str, *, limit: int | None = None) -> Incoming:
        """A new incoming file; ``name`` must be unique and free of separators."""
        return Incoming(self.incoming / name, limit=limit)

    @contextmanager
    def arriving(self, name: str) -> Iterator[Incoming]:
        """As ``begin``, but deleted if the block ends in an error, including Ctrl-C."""
        incoming = self.begin(name)
        with ExitStack() as undo:
            undo.callback(incoming.discard)
            yield incoming
            undo.pop_all()

    def original(self, sha256: str, ext: str) -> Path:
        """Path of the original with this hash, whether it exists or not."""
        return self._original(sha256, ext)

    def rendition(self, sha256: str, name: str, ext: str) -> Path:
        """Path of a rendition of the original with this hash, whether it exists or not."""
        return self._rendition(sha256, name, ext)

    def find_original(self, sha256: str) -> Path | None:
        """The original with this hash, whatever its extension; None if there is none."""
        found = sorted((self.media / _checked(sha256)[:2]).glob(f"{sha256}*"))
        return next((path for path in found if path.is_file()), None)

    def keeps(self, sha256: str, ext: str, size: int) -> bool:
        """Whether the original is stored completely."""
        path = self._original(sha256, ext)
        return path.exists() and path.stat().st_size == size

    def served_original(self, sha256: str, ext: str) -> Path | ObjectFile:
        """The file to send a browser for an original; a remote store returns a file that is read from there."""
        return self._original(sha256, ext)

    def served_rendition(self, sha256: str, name: str, ext: str) -> Path | ObjectFile:
        """The file to send a browser for a rendition."""
        return self._rendition(sha256, name, ext)

    @property
    def origin(self) -> str:
        """Origin of the URLs from ``rendition_address`` (RFC 6454); "" if there are none."""
        return ""

    def rendition_address(
        self, sha256: str, name: str, ext: str, *, mime: str, seconds: int
    ) -> str:
        """A URL that gives anybody read access to a rendition for a limited time; "" if only we can serve it."""
        return ""

    def plain(self, sha256: str, ext: str) -> Path:
        """Path of an unedited copy that a browser can show: for the editor, never for others."""
        return self.rendition(sha256, "plain", ext)

    def workplace(self, sha256: str, name: str) -> Path:
        """A temporary folder for renditions in progress, on the same file system as their final place."""
        return self.renditions / _checked(sha256)[:2] / f".{sha256}.{name}"

    def keep(self, path: Path, sha256: str, ext: str) -> Path:
        """Move a finished, fsynced file to the originals, durably.

        If the same bytes exist already, the new file is deleted, provided that the old one is
        intact.
        """
        goal = self._original(sha256, ext)
        with disk_errors():
            make_durable_folder(goal.parent)
            if goal.exists() and goal.stat().st_size == path.stat().st_size:
                try_remove(path)
            else:
                replace_file(path, goal)
                # Write-once: nobody, not even we, changes an original by accident.
                goal.chmod(0o444)
            sync_folder(goal.parent)
        return goal

    def link(self, path: Path, sha256: str, ext: str) -> Path:
        """Hard-link a finished, fsynced file into the originals, durably.

        ``path`` stays until the row is committed, so that a kiosk killed in between still has the
        upload and can resume. Afterwards the caller removes ``path`` and calls ``protect``. If the
        file system has no hard links, it is copied.
        """
        goal = self._original(sha256, ext)
        with disk_errors():
            make_durable_folder(goal.parent)
            if _size(goal) != path.stat().st_size:
                _put(path, goal)
            sync_folder(goal.parent)
        return goal

    def is_linked(self, path: Path, sha256: str, ext: str) -> bool:
        """Whether the original with this hash is a hard link to ``path`` (see ``link``)."""
        try:
            return self._original(sha256, ext).samefile(path)
        except FileNotFoundError:
            return False

    def keep_rendition(self, path: Path, sha256: str, name: str, ext: str) -> Path:
        """Move a finished rendition into place, replacing a former one."""
        goal = self._rendition(sha256, name, ext)
        replace_file(path, goal)
        return goal

    def protect(self, sha256: str, ext: str) -> None:
        """Make an original read-only: from now on nobody, not even we, changes it by accident."""
        with suppress(FileNotFoundError):
            self._original(sha256, ext).chmod(0o444)

    def drop(self, sha256: str, ext: str) -> bool:
        """Delete an original and all its renditions (a takedown). False if Windows keeps a file that is being read.

        Such a file is no longer reachable by any address, since its row is gone.
        ``reporter.gathering.purge`` retries.
        """
        removed = try_remove(self._original(sha256, ext))
        return self.drop_renditions(sha256) and self._drop_unfinished(sha256) and removed

    def drop_renditions(self, sha256: str) -> bool:
        """Delete an original's renditions; False: see ``drop``."""
        paths = (self.renditions / _checked(sha256)[:2]).glob(f"{sha256}-*")
        kept = [path for path in paths if not try_remove(path)]
        self.clear_workplaces(sha256)
        return not kept

    def drop_all(self, sha256: str) -> bool:
        """As ``drop``, for an original of unknown extension."""
        found = (self.media / _checked(sha256)[:2]).glob(f"{sha256}*")
        kept = [path for path in found if not try_remove(path)]
        return self.drop_renditions(sha256) and self._drop_unfinished(sha256) and not kept

    def _drop_unfinished(self, sha256: str) -> bool:
        """Delete copies of an original that a killed kiosk left half-made (see ``_put``)."""
        found = (self.media / _checked(sha256)[:2]).glob(f".{sha256}*{_UNFINISHED}")
        return not [path for path in found if not try_remove(path)]

    def set_aside(self, sha256: str, *, plain: bool) -> None:
        """Delete renditions that are to be rendered again. ``plain``: they have no edits, so a copy
        is kept as the plain one."""
        for path in (self.renditions / _checked(sha256)[:2]).glob(f"{sha256}-*"):
            name = path.stem.removeprefix(f"{sha256}-")
            # Windows keeps a file that is being sent: nothing leads to it any more, and the next rendition replaces it.
            if plain and name in ("view", "play"):
                with suppress(PermissionError):
                    path.replace(self._rendition(sha256, "plain", path.suffix))
            elif name != "plain":
                try_remove(path)

    def clear_workplaces(self, sha256: str) -> None:
        """Delete leftovers of a worker that was killed or lost its lease."""
        for path in (self.renditions / _checked(sha256)[:2]).glob(f".{sha256}.*"):
            shutil.rmtree(path, ignore_errors=True)

    def _original(self, sha256: str, ext: str) -> Path:
        return self.media / _checked(sha256)[:2] / f"{sha256}{ext}"

    def _rendition(self, sha256: str, name: str, ext: str) -> Path:
        return self.renditions / _checked(sha256)[:2] / f"{sha256}-{name}{ext}"

    def is_writable(self) -> bool:
        """Whether a file can be written to the disk: after an error, systems make a disk read-only."""
        probe = self.incoming / f".probe-{os.getpid()}-{threading.get_ident()}"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            return error.errno not in (errno.EROFS, errno.EIO, errno.EACCES)
        return True

    def free_bytes(self) -> int:
        """Free space on the gathering's disk."""
        return shutil.disk_usage(self.folder).free

    def need_room(self, size: int, *, keep_free: int) -> None:
        """Raise DiskFull unless ``size`` more bytes fit and ``keep_free`` stay free."""
        if self.free_bytes() < size + keep_free:
            raise DiskFull(
                "There is not enough room left on the laptop. Keep this on your phone and tell the person at the kiosk."
            )


def _has_no_links(error: OSError) -> bool:
    return error.errno in _NO_LINKS or getattr(error, "winerror", 0) in _NO_LINKS_ON_WINDOWS


def _size(path: Path) -> int:
    """A file's size in bytes; -1 if there is none."""
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return -1


def _put(path: Path, goal: Path) -> None:
    """Put a hard link or copy of a file at ``goal``. An intact file there is never gone, not even for a moment.

    The same bytes may come from two phones at the same moment, and the other may be thanked already.
    """
    try:
        os.link(path, goal)
        return
    except OSError as error:
        if not (error.errno == errno.EEXIST or _has_no_links(error)):
            raise
        if error.errno == errno.EEXIST and _size(goal) == path.stat().st_size:
            return
    part = goal.with_name(f".{goal.name}.{os.getpid()}-{threading.get_ident()}{_UNFINISHED}")
    try:
        shutil.copyfile(path, part)
        with part.open("r+b") as file:
            sync_file(file.fileno())
        replace_file(part, goal)
    except BaseException:
        with suppress(OSError):
            try_remove(part)
        raise


def hash_file(path: Path, *, from_disk: bool = False) -> str:
    """SHA-256 of a file, read in pieces. ``from_disk``: bypass the cache, to verify what was really written."""
    digest = hashlib.sha256()
    for piece in read_pieces(path, from_disk=from_disk):
        digest.update(piece)
    return digest.hexdigest()


def read_pieces(path: Path, *, from_disk: bool = False) -> Iterator[bytes]:
    """Yield a file's bytes in pieces of 64 KB."""
    with path.open("rb") as file:
        if from_disk:
            forget_cache(file.fileno())
        while piece := file.read(PIECE):
            yield piece


def make_durable_folder(path: Path) -> None:
    """Create a folder durably, so that it survives a power cut.

    That it exists doesn't say that it is durable: whoever made it may not have come to the sync yet,
    may have been killed before it, or have seen it fail.
    """
    if path in _durable and path.is_dir():
        return
    if not path.parent.is_dir():
        make_durable_folder(path.parent)
    path.mkdir(exist_ok=True)
    # A folder that we may not list is not one in which somebody like us has just made another.
    with suppress(PermissionError):
        sync_folder(path.parent)
    _durable.add(path)


def _checked(sha256: str) -> str:
    if not _SHA.fullmatch(sha256):
        raise NotFound("There is no such file.")
    return sha256


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate the system's "no space left" and "read-only" into DiskFull and ReadOnlyDisk."""
    try:
        yield
    except OSError as error:
        if trouble := disk_trouble(error):
            raise trouble from error
        raise


def disk_trouble(error: OSError) -> DiskFull | None:
    """The disk error for a system error, or None if it has another cause."""
    if error.errno in (errno.EROFS, errno.EIO):
        return ReadOnlyDisk(DISK_READ_ONLY)
    return DiskFull(DISK_FULL) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
