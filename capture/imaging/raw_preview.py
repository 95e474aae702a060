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
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4}
_NUMBERS = {1: "B", 3: "H", 4: "I", 8: "h", 9: "i", 13: "I"}
# (offset, count) -> bytes; fewer at the end of the file.
ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True)
class IfdEntry:
    """One entry of a directory; ``value`` holds its raw bytes."""

    kind: int
    count: int
    value: bytes


class Tiff:
    """The directories of a TIFF; raises ValueError for other or broken files."""

    def __init__(self, read_at: ReadAt) -> None:
        self._read_at = read_at
        head = read_at(0, 8)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
        if order is None or len(head) < 8:
            raise ValueError("no TIFF")
        self._order = order
        self.first = self._unpack("I", head[4:8])[0]

    def directory(self, at: int) -> tuple[dict[int, IfdEntry], int]:
        """Read the entries of the directory at an offset, and the offset of the next one (0:
        none)."""
        (count,) = self._unpack("H", self._read_at(at, 2))
        if not 0 < count <= MOST_ENTRIES:
            raise ValueError("broken TIFF directory")
        data = self._read_at(at + 2, count * 12 + 4)
        entries = {}
        for place in range(0, min(len(data), count * 12) - 11, 12):
            tag, kind, number = self._unpack("HHI", data[place : place + 8])
            value = data[place + 8 : place + 12]
            size = _SIZES.get(kind, 0) * number
            if size > 4:
                where = self._unpack("I", value)[0]
                value = self._read_at(where, min(size, 4096))
            entries[tag] = IfdEntry(kind, number, value[: min(size, 4096)])
        tail = data[count * 12 : count * 12 + 4]
        return entries, self._unpack("I", tail)[0] if len(tail) == 4 else 0

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
