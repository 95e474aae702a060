"""What a bag is written into: files in a folder, or one zip. Hashed while it is written, read back from the disk.

Against accidents on the way to the disk CRC-32 is enough, and five times as quick as the SHA-512 of the manifests.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from publish.bundle.strip_metadata import Parts
from publish.errors import PublishError
from reporter.files import forget_cache, sync_file, sync_folder

_PIECE = 1 << 20
# Two copy and hash (both let go of the interpreter; more of them only wait for one another), the others wait for the
# disk. Measured with 600 MB of photos on two processors: 8 hands that did all of it one after the other took 1.6 times
# as long.
_COPYING, _SETTLING = 2, 4
# A zip: so many pieces and files may wait to be hashed, and of so many bytes is a stretch that is read back.
_AHEAD, _PUSH = 8, 32 << 20
# What is compressed already is only stored.
_PACKED = frozenset({".jpg", ".jpeg", ".png", ".webp", ".mp4", ".m4a", ".mp3", ".gif"})
# A file, its content, or what makes its content at the last moment and may find that there is to be none.
Source = Path | bytes | Callable[[], Parts | None]


@dataclass(frozen=True)
class Derived:
    """What is made at the last moment of something that its name tells: the same name is the same content."""

    make: Callable[[], Parts | None]

    def __call__(self) -> Parts | None:
        """See Source."""
        return self.make()


@dataclass(frozen=True)
class WrittenFile:
    """One file as it was written."""

    sha512: str
    size: int
    crc: int


class ArchiveWriter(Protocol):
    """Takes files by their names, each once."""

    @property
    def unread(self) -> int:
        """How many files ``check`` will read back."""

    def write(self, name: str, source: Source) -> WrittenFile | None:
        """One file; None where there is to be none."""

    def write_all(self, files: Mapping[str, Source]) -> Iterator[tuple[str, WrittenFile | None]]:
        """Many, each told when it is done, in their order."""

    def check(self, done: Callable[[str], None]) -> None:
        """All onto the disk, and what was not read back yet is; raises PublishError where it differs."""

    def close(self) -> None:
        """Let go of what is open."""


class FolderWriter:
    """Files in a folder that it makes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders = {folder}
        # What was not read back yet.
        self._crcs: dict[str, int] = {}
        folder.mkdir()

    @property
    def unread(self) -> int:
        """What was written one by one."""
        return len(self._crcs)

    def write(self, name: str, source: Source) -> WrittenFile | None:
        """One file, not yet read back."""
        self._make_folder(name)
        written = self._put(name, source)
        if written is not None:
            self._crcs[name] = written.crc
        return written

    def write_all(self, files: Mapping[str, Source]) -> Iterator[tuple[str, WrittenFile | None]]:
        """Many: some hands copy and hash while others bring to the disk and read back."""
        for name in files:
            self._make_folder(name)
        copying, settling = ThreadPoolExecutor(_COPYING), ThreadPoolExecutor(_SETTLING)
        under_way: deque[tuple[str, WrittenFile | None, Future[None]]] = deque()
        try:
            puts = copying.map(self._put, files, files.values())
            for name, written in zip(files, puts, strict=True):
                under_way.append((name, written, settling.submit(self._settle, name, written)))
                while under_way and under_way[0][2].done():
                    yield _settled(under_way)
            while under_way:
                yield _settled(under_way)
        finally:
            copying.shutdown(cancel_futures=True)
            settling.shutdown(cancel_futures=True)

    def check(self, done: Callable[[str], None]) -> None:
        """Bring the rest to the disk and read it back; then the folders' own entries."""
        with ThreadPoolExecutor(_SETTLING) as pool:
            for name, crc in zip(self._crcs, pool.map(self._read_back, self._crcs), strict=True):
                _compare(name, self._crcs[name], crc)
                done(name)
        for folder in self._folders:
            sync_folder(folder)

    def close(self) -> None:
        """Nothing is open."""

    def _make_folder(self, name: str) -> None:
        folder = (self._folder / name).parent
        if folder not in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
            self._folders |= {folder, *(p for p in folder.parents if self._folder in p.parents)}

    def _put(self, name: str, source: Source) -> WrittenFile | None:
        pieces = _pieces(source)
        if pieces is None:
            return None
        digest, size, crc = hashlib.sha512(), 0, 0
        with (self._folder / name).open("xb") as file:
            for piece in pieces:
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
                size += file.write(piece)
        return WrittenFile(digest.hexdigest(), size, crc)

    def _settle(self, name: str, written: WrittenFile | None) -> None:
        if written is not None:
            _compare(name, written.crc, self._read_back(name))

    def _read_back(self, name: str) -> int:
        crc = 0
        with (self._folder / name).open("r+b", buffering=0) as file:
            _to_disk(file.fileno())
            while piece := file.read(_PIECE):
                crc = zlib.crc32(piece, crc)
        return crc


class ZipWriter:
    """One zip: the same bytes for the same files. Entries lie under ``top``, dated ``stamp``.

    What is only stored is read back a stretch behind the end at which the zip grows, all else when it is complete.
    """

    def __init__(self, path: Path, *, top: str, stamp: datetime) -> None:
        self._path, self._top, self._date = path, top, stamp.timetuple()[:6]
        # Of all entries as they were written; of the stretch that was not read back yet; of those that were.
        self._crcs: dict[str, int] = {}
        self._fresh: list[zipfile.ZipInfo] = []
        self._right: dict[str, int] = {}
        self._hashing, self._settling = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._under_way: deque[Future[None]] = deque()
        self._file = path.open("x+b")
        self._pack = zipfile.ZipFile(self._file, "w", allowZip64=True)
        self._pushed = 0

    @property
    def unread(self) -> int:
        """What is compressed, and the last stretch."""
        self._wait(0)
        return len(self._crcs) - len(self._right)

    def write(self, name: str, source: Source) -> WrittenFile | None:
        """One entry."""
        written = self._append(name, source)
        return None if written is None else written.result()

    def write_all(self, files: Mapping[str, Source]) -> Iterator[tuple[str, WrittenFile | None]]:
        """Many, one after the other, for a zip has one end at which it grows; their sums are reckoned beside that."""
        under_way: deque[tuple[str, Future[WrittenFile] | None]] = deque()
        for name, source in files.items():
            under_way.append((name, self._append(name, source)))
            if len(under_way) > _AHEAD:
                yield _reckoned(under_way)
        while under_way:
            yield _reckoned(under_way)

    def _append(self, name: str, source: Source) -> Future[WrittenFile] | None:
        pieces = _pieces(source)
        if pieces is None:
            return None
        entry, digest = self._entry(name, source, pieces), hashlib.sha512()
        hashed: deque[Future[None]] = deque()
        with self._pack.open(entry, "w") as out:
            for piece in pieces:
                hashed.append(self._hashing.submit(digest.update, piece))
                out.write(piece)
                # Never more in memory than these.
                if len(hashed) > _AHEAD:
                    hashed.popleft().result()
        self._crcs[entry.filename] = entry.CRC
        self._push(entry)
        return self._hashing.submit(
            lambda: WrittenFile(digest.hexdigest(), entry.file_size, entry.CRC)
        )

    def _push(self, entry: zipfile.ZipInfo) -> None:
        """When a stretch is full: have it brought to the disk and read back, while the next one is written."""
        if entry.compress_type == zipfile.ZIP_STORED:
            self._fresh.append(entry)
        at = self._file.tell()
        if at - self._pushed <= _PUSH:
            return
        self._file.flush()
        self._wait(1)
        self._under_way.append(self._settling.submit(self._settle, self._fresh))
        self._fresh, self._pushed = [], at

    def _settle(self, entries: list[zipfile.ZipInfo]) -> None:
        _to_disk(self._file.fileno())
        for entry in entries:
            if _stored_crc(self._path, entry) != entry.CRC:
                _compare(entry.filename, entry.CRC, None)
            self._right[entry.filename] = entry.header_offset

    def _wait(self, most: int) -> None:
        """Until at most so many stretches are still being read back."""
        while len(self._under_way) > most:
            self._under_way.popleft().result()

    def check(self, done: Callable[[str], None]) -> None:
        """Bring it to the disk, and read back what was not; of all else that the directory leads there."""
        self._wait(0)
        self._pack.close()
        self._file.flush()
        _to_disk(self._file.fileno())
        with zipfile.ZipFile(self._path) as pack, ThreadPoolExecutor(_SETTLING) as pool:
            found = pool.map(partial(self._found, pack), self._crcs)
            for (name, crc), there in zip(self._crcs.items(), found, strict=True):
                _compare(name, crc, there)
                if name not in self._right:
                    done(name)

    def _found(self, pack: zipfile.ZipFile, name: str) -> int | None:
        if name not in self._right:
            return _crc_in(self._path, pack, name)
        entry = pack.NameToInfo.get(name)
        return entry.CRC if entry and entry.header_offset == self._right[name] else None

    def close(self) -> None:
        """Let go of the file."""
        self._settling.shutdown(cancel_futures=True)
        self._hashing.shutdown(cancel_futures=True)
        with self._file:
            self._pack.close()

    def _entry(self, name: str, source: Source, pieces: Iterator[bytes] | Parts) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(f"{self._top}/{name}", self._date)
        entry.external_attr = 0o644 << 16
        packed = Path(name).suffix.lower() in _PACKED
        entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        # Whether it needs the large form has to be known before it is written.
        known = sum(map(len, pieces)) if isinstance(pieces, list) else None
        entry.file_size = source.stat().st_size if isinstance(source, Path) else known or 0
        return entry


def _pieces(source: Source) -> Iterator[bytes] | Parts | None:
    if isinstance(source, Path):
        return _read(source)
    return [source] if isinstance(source, bytes) else source()


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            yield piece


def _settled(
    under_way: deque[tuple[str, WrittenFile | None, Future[None]]],
) -> tuple[str, WrittenFile | None]:
    name, written, settled = under_way.popleft()
    settled.result()
    return name, written


def _reckoned(
    under_way: deque[tuple[str, Future[WrittenFile] | None]],
) -> tuple[str, WrittenFile | None]:
    name, written = under_way.popleft()
    return name, None if written is None else written.result()


def _to_disk(handle: int) -> None:
    """And out of memory, so that what is read next comes from the device: sticks lie."""
    sync_file(handle)
    forget_cache(handle)


def _crc_in(path: Path, pack: zipfile.ZipFile, name: str) -> int | None:
    """Of one entry as it can be read now, and as the directory of the zip tells it; None where that is not so."""
    try:
        entry = pack.getinfo(name)
        if entry.compress_type == zipfile.ZIP_STORED:
            return _stored_crc(path, entry)
        with pack.open(entry) as file:
            # The library compares what it reads with what the directory says.
            while file.read(_PIECE):
                pass
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error, EOFError):
        return None
    return entry.CRC


def _stored_crc(path: Path, entry: zipfile.ZipInfo) -> int | None:
    """Straight from the file (APPNOTE 4.3.7): the library's own reading copies each byte three times."""
    crc, left = 0, entry.file_size
    with path.open("rb", buffering=0) as file:
        file.seek(entry.header_offset)
        sizes = struct.unpack("<HH", file.read(30)[26:])
        file.seek(sum(sizes), os.SEEK_CUR)
        while left and (piece := file.read(min(left, _PIECE))):
            crc = zlib.crc32(piece, crc)
            left -= len(piece)
    return crc if crc == entry.CRC and not left else None


def _compare(name: str, wanted: int, found: int | None) -> None:
    if found != wanted:
        raise PublishError("%(name)s was not written right. Is the disk full or broken?", name=name)
