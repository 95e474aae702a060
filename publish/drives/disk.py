"""A folder on a disk or stick: files are synced to the device, read back from it, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from publish.drives.base import Drive, pieces_of
from publish.errors import Offline, PauseTarget, PayloadTooLarge
from reporter.files import forget_cache, replace_file, sync_file, sync_folder

# Mount points of sticks: a missing folder below means that the stick is not plugged in.
_STICKS = ("/media", "/run/media", "/mnt", "/Volumes")
# Disk full, and file too large (4 GB on a FAT stick).
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Space a write must leave free: file systems need some for their own tables.
_SPARE = 1 << 20


class DiskDrive(Drive):
    """A mounted file system."""

    near = True

    def __init__(self, url: str, name: str) -> None:
        super().__init__(name, read_back=True)
        self._root = path_of(url)

    def ready(self) -> None:
        """Check that the folder exists, or create it if its parent exists; never create a mount
        point whose stick is missing.
        """
        with self._errors():
            if self._root.is_dir():
                return
            if is_stick(self._root.as_posix()) or not self._root.parent.is_dir():
                raise Offline(
                    "The folder %(folder)s is not there. Put the stick in, or make the folder; it goes "
                    "on by itself.",
                    folder=self._root,
                )
            self._root.mkdir(exist_ok=True)

    def link(self) -> str:
        """The folder as a ``file:///…`` URL."""
        return self._root.as_uri()

    def size(self, name: str) -> int | None:
        """Size of a file in bytes."""
        with self._errors():
            try:
                return (self._root / name).stat().st_size
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """Names of the files in a folder."""
        goal = self._root / folder
        with self._errors():
            return sorted(p.name for p in goal.iterdir() if p.is_file()) if goal.is_dir() else []

    def make_folder(self, name: str) -> None:
        """Create a subfolder. The root is created only by ``ready``."""
        if name != ".":
            with self._errors():
                (self._root / name).mkdir(parents=True, exist_ok=True)

    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Write and sync to the device."""
        with self._errors():
            if shutil.disk_usage(self._root).free < size + _SPARE:
                raise PayloadTooLarge(
                    "There is no room left at %(name)s.", learns=False, name=self.name
                )
            with (self._root / name).open("wb") as file:
                for piece in pieces_of(source):
                    file.write(piece)
                file.flush()
                sync_file(file.fileno())

    def read(self, name: str) -> Iterator[bytes]:
        """Read from the device, bypassing the page cache where the system allows: sticks may report success wrongly."""
        with self._errors(), (self._root / name).open("rb") as file:
            forget_cache(file.fileno())
            while piece := file.read(1 << 20):
                yield piece

    def move(self, name: str, goal: str) -> None:
        """Rename and sync the directory: otherwise a stick that is pulled out may lose the new name."""
        with self._errors():
            replace_file(self._root / name, self._root / goal)
            sync_folder((self._root / goal).parent)

    def remove(self, name: str) -> None:
        """Remove a file, and its subfolder if that becomes empty."""
        with self._errors():
            (self._root / name).unlink(missing_ok=True)
            if PurePosixPath(name).parent != PurePosixPath("."):
                with suppress(OSError):
                    (self._root / name).parent.rmdir()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise PauseTarget(
                "%(name)s may not be written to: %(what)s.",
                name=self.name,
                what=error.filename or error,
            ) from error
        except OSError as error:
            if error.errno == errno.EROFS:
                raise PauseTarget("%(name)s is write-protected.", name=self.name) from error
            if error.errno in _FULL:
                raise PayloadTooLarge(
                    "There is no room left at %(name)s.", learns=False, name=self.name
                ) from error
            raise Offline(
                "%(name)s can't be reached right now: %(what)s. Is the stick still in?",
                name=self.name,
                what=error,
            ) from error


def path_of(url: str) -> Path:
    """Path of a ``file:///…`` URL or a plain path."""
    if "://" not in url:
        return Path(url).absolute()
    parts = urlsplit(url)
    return Path(url2pathname(parts.path) if os.name == "nt" else unquote(parts.path)).absolute()


def is_stick(root: str) -> bool:
    """Whether this path is a stick's mount point (/media/NAME, /media/USER/NAME, /Volumes/NAME)."""
    for base in _STICKS:
        if root.startswith(f"{base}/"):
            return len(PurePosixPath(root).relative_to(base).parts) <= 2
    return False
