"""A BagIt 1.0 bag (RFC 8493), hashed while it is written.

``bagit.make_bag`` changes the working directory of the whole process, which a server with threads must not do, and
writes version 0.97; so we write, and that library checks what we wrote.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import bagit

from publish.errors import PublishError
from reporter.store import sync_folder

AGENT = "social-reporter"
_PIECE = 1 << 20
Made = Callable[[], bytes | None]
# Threads: hashing lets go of the interpreter, and while some wait for the disk others compute.
_HANDS = 8
# What is compressed already is only stored.
_PACKED = frozenset({".jpg", ".jpeg", ".png", ".webp", ".mp4", ".m4a", ".mp3", ".gif"})


class BagWriter:
    """Writes payload and tag files into a folder that it makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bytes = 0
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._crcs: dict[str, int] = {}
        folder.mkdir()

    @property
    def count(self) -> int:
        """Files of all kinds so far."""
        return len(self._crcs)

    @property
    def files(self) -> int:
        """Payload files so far."""
        return len(self._payload)

    def add(self, name: str, source: bytes | Path) -> None:
        """One payload file; ``name`` is relative to ``data/``. The same name again is the same file."""
        path = f"data/{name}"
        if path not in self._payload:
            self._payload[path], size = self._write(path, source)
            self.bytes += size

    def add_all(self, files: Mapping[str, Path | Made], done: Callable[[str], None]) -> None:
        """Payload files, several at once: copying and hashing keep two processors busy. ``done`` hears each name.

        What is made at the last moment may turn out to be nothing: then there is no file.
        """
        wanted = {n: source for n, source in files.items() if f"data/{n}" not in self._payload}
        with ThreadPoolExecutor(_HANDS) as pool:
            for name, kept in zip(
                wanted, pool.map(self._keep, wanted, wanted.values()), strict=True
            ):
                if kept is not None:
                    self._payload[f"data/{name}"], size = kept
                    self.bytes += size
                done(name)

    def _keep(self, name: str, source: Path | Made) -> tuple[str, int] | None:
        data = source if isinstance(source, Path) else source()
        return None if data is None else self._write(f"data/{name}", data)

    def add_tag(self, name: str, text: str) -> None:
        """One tag file, beside ``data/``."""
        self._tags[name], _size = self._write(name, text.encode())

    def finish(self, info: Mapping[str, str]) -> None:
        """Manifests and declaration."""
        told = {**info, "Payload-Oxum": f"{self.bytes}.{self.files}", "Bag-Software-Agent": AGENT}
        self.add_tag("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        self.add_tag(
            "bag-info.txt", "".join(f"{key}: {_one_line(told[key])}\n" for key in sorted(told))
        )
        self.add_tag("manifest-sha512.txt", _manifest(self._payload))
        tags = _manifest(self._tags)
        self._write("tagmanifest-sha512.txt", tags.encode())

    def names(self) -> list[str]:
        """Payload files so far, as they are called in ``data/``."""
        return [name.removeprefix("data/") for name in self._payload]

    def check(self, done: Callable[[str], None]) -> None:
        """Bring everything to the disk, read it back from there and compare; raises PublishError where it differs.

        Against accidents CRC-32 is enough, and five times as quick as the SHA-512 of the manifests.
        """
        with ThreadPoolExecutor(_HANDS) as pool:
            found = pool.map(self._read_back, self._crcs)
            for (name, crc), there in zip(self._crcs.items(), found, strict=True):
                if there != crc:
                    raise PublishError(f"{name} was not written right. Is the disk full or broken?")
                done(name)
        for folder in {(self.folder / name).parent for name in self._crcs}:
            sync_folder(folder)

    def _write(self, name: str, source: bytes | Path) -> tuple[str, int]:
        goal = self.folder / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        digest, size, crc = hashlib.sha512(), 0, 0
        with goal.open("xb") as file:
            for piece in [source] if isinstance(source, bytes) else _pieces(source):
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
                size += file.write(piece)
        self._crcs[name] = crc
        return digest.hexdigest(), size

    def _read_back(self, name: str) -> int:
        crc = 0
        with (self.folder / name).open("r+b", buffering=0) as file:
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):
                # From the device, not from memory: sticks lie.
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while piece := file.read(_PIECE):
                crc = zlib.crc32(piece, crc)
        return crc


def check_bag(folder: Path) -> None:
    """Whether a bag is whole, in the eyes of a library that is not ours; raises PublishError where it is not."""
    try:
        bagit.Bag(str(folder)).validate()
    except bagit.BagError as error:
        raise PublishError(
            f"The bundle was not written right: {error}. Is the disk full or broken?"
        ) from error


def check_zip(path: Path) -> None:
    """The same of a bag in one file: every payload file against the manifest in it; raises PublishError."""
    try:
        with zipfile.ZipFile(path) as pack:
            names = {name for name in pack.namelist() if not name.endswith("/")}
            top = min(names, key=len, default="").partition("/")[0]
            wanted = _sums(pack.read(f"{top}/manifest-sha512.txt").decode())
            found = {
                n.removeprefix(f"{top}/"): _sum_in(pack, n)
                for n in names
                if n.startswith(f"{top}/data/")
            }
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError) as error:
        raise PublishError(f"{path} can't be read as a bundle: {error}.") from error
    wrong = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if wrong:
        raise PublishError(f"The bundle is not as it was written: {', '.join(wrong[:3])}.")


def _sums(manifest: str) -> dict[str, str]:
    rows = (line.split("  ", 1) for line in manifest.splitlines() if line)
    return {
        name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%"): sum_
        for sum_, name in rows
    }


def _sum_in(pack: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha512()
    with pack.open(name) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def is_our_bag(folder: Path) -> bool:
    """Whether this folder is a bundle that we made."""
    info = folder / "bag-info.txt"
    return (folder / "bagit.txt").is_file() and info.is_file() and AGENT in info.read_text("utf-8")


def zip_bag(folder: Path, goal: Path, *, stamp: datetime, top: str) -> None:
    """Pack a bag, the same bytes for the same bag, and read it all back. Entries lie under ``top``, dated ``stamp``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(goal, "w", allowZip64=True) as pack:
        for path in paths:
            name = f"{top}/{path.relative_to(folder).as_posix()}"
            entry = zipfile.ZipInfo(name, stamp.timetuple()[:6])
            entry.external_attr = 0o644 << 16
            packed = path.suffix.lower() in _PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            entry.file_size = path.stat().st_size
            with pack.open(entry, "w") as out:
                for piece in _pieces(path):
                    out.write(piece)
    with goal.open("rb") as file:
        os.fsync(file.fileno())
    with zipfile.ZipFile(goal) as pack:
        broken = pack.testzip()
    if broken is not None:
        raise PublishError(f"{broken} was not written right. Is the disk full or broken?")


def _manifest(sums: Mapping[str, str]) -> str:
    """Lines of sum and path; CR, LF and % in paths are percent-encoded (RFC 8493, 2.1.3)."""
    table = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})
    return "".join(f"{sums[name]}  {name.translate(table)}\n" for name in sorted(sums))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _pieces(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
