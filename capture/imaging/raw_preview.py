"""A minimal TIFF parser that recognizes raw files and finds the JPEG preview that the camera
embedded.

Raw files of Canon (CR2), Nikon (NEF), Sony (ARW) and Adobe's DNG are TIFF 6.0 with private
directories; for the others see ``embedded_jpeg``. Nothing is decoded here: the sensor data stay in
the original, and the embedded JPEG is displayed. A raw library (LibRaw by rawpy, 3 MB of C++) would
know more of the format, but rejects cameras newer than itself; exifread finds only the thumbnail of
160 pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.imaging.embedded_jpeg import find_embedded_jpeg

# More than any camera writes; stops a loop of directories.
MOST_DIRECTORIES, MOST_ENTRIES = 40, 1000
# A smaller one may be the thumbnail of a camera that keeps its preview elsewhere.
LARGE_PREVIEW_BYTES = 200_000
MAKE, STRIPS, STRIP_BYTES, COMPRESSION, SUB_DIRECTORIES = 0x010F, 0x0111, 0x0117, 0x0103, 0x014A
JPEG_AT, JPEG_BYTES, EXIF, DNG_VERSION = 0x0201, 0x0202, 0x8769, 0xC612
NEW_SUBFILE_TYPE, IMAGE_WIDTH, PHOTOMETRIC = 0x00FE, 0x0100, 0x0106
# Bytes of a value. A large picture has a strip for each row or two, or thousands of tiles.
_MOST_VALUE, _MOST_PLACES = 4096, 1 << 19
_PLACES = frozenset({STRIPS, STRIP_BYTES, 0x0144, 0x0145})
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
# (offset, count) -> bytes; fewer at the end of the file.
ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True)
class IfdEntry:
    """One entry of a directory; ``value`` holds its raw bytes."""

    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class _Layout:
    """How wide the numbers of a directory are: letters of ``struct`` for offsets, for the count of
    entries and for tag, type and count of each; and the sizes in bytes."""

    offset: str
    entries: str
    entry: str
    offset_bytes: int
    count_bytes: int

    @property
    def entry_bytes(self) -> int:
        """An entry: tag and type, then a count and a value as wide as an offset."""
        return 4 + 2 * self.offset_bytes


# TIFF 6.0, section 2; BigTIFF as libtiff has defined it.
_CLASSIC, _BIG = _Layout("I", "H", "HHI", 4, 2), _Layout("Q", "Q", "HHQ", 8, 8)
_STARTS = {b"II*\0": "<", b"MM\0*": ">"}
_BIG_STARTS = {b"II+\0\x08\0\0\0": "<", b"MM\0+\0\x08\0\0": ">"}


class Tiff:
    """The directories of a TIFF or BigTIFF; raises ValueError for other or broken files."""

    def __init__(self, read_at: ReadAt) -> None:
        self._read_at = read_at
        head = read_at(0, 16)
        self._layout = _BIG if head[:8] in _BIG_STARTS else _CLASSIC
        order = _BIG_STARTS.get(head[:8]) or _STARTS.get(head[:4])
        wide = self._layout.offset_bytes
        if order is None or len(head) < 2 * wide:
            raise ValueError("no TIFF")
        self._order = order
        self.first = self._unpack(self._layout.offset, head[wide : 2 * wide])[0]

    def directory(self, at: int) -> tuple[dict[int, IfdEntry], int]:
        """Read the entries of the directory at an offset, and the offset of the next one (0:
        none)."""
        wide, step = self._layout.offset_bytes, self._layout.entry_bytes
        begins, count = self._first_entry(at)
        data = self._read_at(begins, count * step + wide)
        entries = {}
        for place in range(0, min(len(data), count * step) - step + 1, step):
            tag, kind, number = self._unpack(self._layout.entry, data[place : place + step - wide])
            value = data[place + step - wide : place + step]
            size = _SIZES.get(kind, 0) * number
            size = min(size, _MOST_PLACES if tag in _PLACES else _MOST_VALUE)
            if size > wide:
                value = self._read_at(self._unpack(self._layout.offset, value)[0], size)
            entries[tag] = IfdEntry(kind, number, value[:size])
        tail = data[count * step : count * step + wide]
        return entries, self._unpack(self._layout.offset, tail)[0] if len(tail) == wide else 0

    def value_field(self, at: int, tag: int) -> int | None:
        """Where the value of an entry of the directory at an offset is stored; None without one."""
        begins, count = self._first_entry(at)
        step = self._layout.entry_bytes
        for place in range(begins, begins + count * step, step):
            if self._unpack("H", self._read_at(place, 2))[0] == tag:
                return place + step - self._layout.offset_bytes
        return None

    def _first_entry(self, at: int) -> tuple[int, int]:
        """Where the entries of a directory begin, and how many they are."""
        width = self._layout.count_bytes
        (count,) = self._unpack(self._layout.entries, self._read_at(at, width))
        if not 0 < count <= MOST_ENTRIES:
            raise ValueError("broken TIFF directory")
        return at + width, count

    def all_directories(self) -> Iterator[dict[int, IfdEntry]]:
        """Yield the chain from the first directory, and the sub-directories of each; each once."""
        waiting, seen = [self.first], set[int]()
        while waiting and len(seen) < MOST_DIRECTORIES:
            at = waiting.pop(0)
            if not at or at in seen:
                continue
            seen.add(at)
            try:
                entries, following = self.directory(at)
            except (ValueError, struct.error):
                continue
            yield entries
            waiting += [following, *self.numbers(entries.get(SUB_DIRECTORIES))]

    def numbers(self, entry: IfdEntry | None) -> list[int]:
        """Decode the integers of an entry; empty for another type."""
        if entry is None or entry.kind not in _NUMBERS:
            return []
        size = _SIZES[entry.kind]
        letters = _NUMBERS[entry.kind] * (len(entry.value) // size)
        return list(self._unpack(letters, entry.value[: len(letters) * size]))

    def number(self, entry: IfdEntry | None) -> int:
        """The single integer of an entry, 0 where it has none or several."""
        found = self.numbers(entry)
        return found[0] if len(found) == 1 else 0

    def _unpack(self, letters: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + letters, data)


def first_directory(head: bytes) -> dict[int, IfdEntry]:
    """Read the entries of the first directory from the first bytes of a file; empty where they
    don't contain it."""
    try:
        tiff = Tiff(lambda at, count: head[at : at + count])
        return tiff.directory(tiff.first)[0]
    except (ValueError, struct.error):
        return {}


def find_preview(path: Path) -> tuple[int, int] | None:
    """Find the largest JPEG that a viewer can display: (offset, bytes). None where there is none.

    Previews are stored as JPEGInterchangeFormat, or as a single strip with compression 6 or 7 (TIFF
    6.0, section 22, and Technical Note 2). Lossless JPEG is the sensor data and is skipped. Where
    no directory points to a preview, and in raw files that are no TIFF, the file is searched for
    it.
    """
    found = _find_by_directory(path)
    if found is not None and found[1] >= LARGE_PREVIEW_BYTES:
        return found
    hidden = find_embedded_jpeg(path)
    places = [found, (hidden.offset, hidden.length) if hidden else None]
    return max((place for place in places if place), key=lambda place: place[1], default=None)


def _find_by_directory(path: Path) -> tuple[int, int] | None:
    with path.open("rb") as file:

        def read_at(at: int, count: int) -> bytes:
            file.seek(at)
            return file.read(count)

        try:
            tiff = Tiff(read_at)
            found = [
                place for entries in tiff.all_directories() for place in _places(tiff, entries)
            ]
        except (ValueError, struct.error):
            return None
        for at, size in sorted(found, key=lambda place: -place[1]):
            if is_shown_jpeg(read_at(at, min(size, 1 << 18))):
                return at, size
    return None


def read_preview(path: Path) -> bytes | None:
    """Read the bytes of that JPEG."""
    found = find_preview(path)
    if found is None:
        return None
    with path.open("rb") as file:
        file.seek(found[0])
        return file.read(found[1])


def _places(tiff: Tiff, entries: dict[int, IfdEntry]) -> Iterator[tuple[int, int]]:
    at, size = tiff.number(entries.get(JPEG_AT)), tiff.number(entries.get(JPEG_BYTES))
    if at and size:
        yield at, size
    if tiff.number(entries.get(COMPRESSION)) in (6, 7):
        at, size = tiff.number(entries.get(STRIPS)), tiff.number(entries.get(STRIP_BYTES))
        if at and size:
            yield at, size


def is_shown_jpeg(data: bytes) -> bool:
    """Whether a JPEG is baseline or progressive (ITU T.81, table B.1), which every viewer can
    display."""
    if data[:3] != b"\xff\xd8\xff":
        return False
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (0xC0, 0xC1, 0xC2):
            return True
        if marker == 0xC3 or marker == 0xDA:
            return False
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False
