"""Check whether an existing bundle would come out the same, without writing it again to a slow stick.

Compares the manifests with the content; the files must all exist with the expected sizes, and no
others. Bit rot is left to ``check_bag`` and ``check_zip``.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from publish.bundle.archive_writers import Derived, Source, WrittenFile
from publish.bundle.bagit import TAG_MANIFEST, manifest_sums


class Changed(Exception):
    """The bundle would differ, or can't be read."""


class There(Protocol):
    """An existing bundle."""

    sizes: dict[str, int]

    def read(self, name: str) -> bytes:
        """Content of a file."""


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files = (path for path in folder.rglob("*") if not path.is_dir())
        self.sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


class _Zip:
    def __init__(self, path: Path, top: str) -> None:
        self._path, self._top = path, top
        with zipfile.ZipFile(path) as pack:
            self.sizes = {
                entry.filename.removeprefix(f"{top}/"): entry.file_size for entry in pack.infolist()
            }

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(self._path) as pack:
            return pack.read(f"{self._top}/{name}")


class Comparison:
    """An ``ArchiveWriter`` that compares instead of writing; raises Changed at the first difference
    from the existing bundle.
    """

    def __init__(self, destination: Path) -> None:
        try:
            is_zip = destination.is_file()
            self._there: There = (
                _Zip(destination, destination.stem) if is_zip else _Folder(destination)
            )
            self._sums = manifest_sums(self._there.read)
        except (OSError, KeyError, UnicodeDecodeError, zipfile.BadZipFile) as error:
            raise Changed from error
        self._left = dict(self._there.sizes)

    @property
    def unread(self) -> int:
        """Always 0: nothing is read back."""
        return 0

    def write(self, name: str, source: Source) -> WrittenFile | None:
        """Compare one file; raise Changed if it differs."""
        known, size = self._sums.get(name, ""), self._left.pop(name, None)
        if isinstance(source, Derived) and size is not None:
            return WrittenFile(known, size, 0)
        if isinstance(source, Path):
            # The name identifies the content.
            length: int | None = source.stat().st_size
        elif isinstance(source, bytes):
            length = len(source) if self._is_same(name, source) else -1
        else:
            parts = source()
            length = None if parts is None else sum(map(len, parts))
        if length != size:
            raise Changed
        return None if size is None else WrittenFile(known, size, 0)

    def _is_same(self, name: str, data: bytes) -> bool:
        if name == TAG_MANIFEST:
            return self._there.read(name) == data
        return self._sums.get(name) == hashlib.sha512(data).hexdigest()

    def write_all(self, files: Mapping[str, Source]) -> Iterator[tuple[str, WrittenFile | None]]:
        """Compare many files."""
        return ((name, self.write(name, source)) for name, source in files.items())

    def check(self, done: Callable[[str], None]) -> None:
        """Raise Changed if the existing bundle has files left over."""
        if self._left:
            raise Changed

    def close(self) -> None:
        """Do nothing."""
