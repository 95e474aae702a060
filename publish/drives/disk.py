"""A folder on a disk or stick: synced to the device, read back from it, then renamed."""

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

# Below these lie the sticks: a folder there that is missing means that the stick is not in.
_STICKS = ("/media", "/run/media", "/mnt", "/Volumes")
# "Full", and "larger than a file may be" (a FAT stick ends one at 4 GB).
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Room that a write must leave: file systems need some for their own tables.
_SPARE = 1 << 20


class DiskDrive(Drive):
    """What the operating system has mounted."""

    near = True

    def __init__(self, url: str, name: str) -> None:
        super().__init__(name, read_back=True)
        self._root = path_of(url)

    def ready(self) -> None:
        """The folder is there, or its parent is and it may be made; a stick that is not in is never made up."""
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
        """As ``file:///…``."""
        return self._root.as_uri()

    def size(self, name: str) -> int | None:
        """Bytes of a file."""
        with self._errors():
            try:
                return (self._root / name).stat().st_size
            except FileNotFoundError:
                return None

    def names(self, folder: str) -> list[str]:
        """The files of a folder."""
        goal = self._root / folder
        with self._errors():
            return sorted(p.name for p in goal.iterdir() if p.is_file()) if goal.is_dir() else []

    def make_folder(self, name: str) -> None:
        """Only below the root: that one is ``ready``'s."""
        if name != ".":
            with self._errors():
                (self._root / name).mkdir(parents=True, exist_ok=True)

    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Through to the device."""
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
        """From the device and not from memory, where the system lets us choose: sticks lie."""
        with self._errors(), (self._root / name).open("rb") as file:
            forget_cache(file.fileno())
            while piece := file.read(1 << 20):
                yield piece

    def move(self, name: str, goal: str) -> None:
        """Rename, and sync the folder: without that a stick that is pulled out may forget the new name."""
        with self._errors():
            replace_file(self._root / name, self._root / goal)
            sync_folder((self._root / goal).parent)

    def remove(self, name: str) -> None:
        """Remove a file, and a folder below that is empty then."""
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
    """The path of ``file:///…``, or of a plain one."""
    if "://" not in url:
        return Path(url).absolute()
    parts = urlsplit(url)
    return Path(url2pathname(parts.path) if os.name == "nt" else unquote(parts.path)).absolute()


def is_stick(root: str) -> bool:
    """Whether this path is a stick itself (/media/NAME, /media/USER/NAME, /Volumes/NAME)."""
    for base in _STICKS:
        if root.startswith(f"{base}/"):
            return len(PurePosixPath(root).relative_to(base).parts) <= 2
    return False
