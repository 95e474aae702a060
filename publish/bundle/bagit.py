"""Write and check BagIt 1.0 bags (RFC 8493), hashing files as they are written.

``bagit.make_bag`` changes the working directory of the whole process, which a threaded server must
not do, and writes version 0.97. So bags are written here and validated with that library.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import bagit

from publish.bundle.archive_writers import ArchiveWriter, Source, WrittenFile
from publish.errors import PublishError

AGENT = "social-reporter"
MANIFEST, TAG_MANIFEST = "manifest-sha512.txt", "tagmanifest-sha512.txt"
_PIECE = 1 << 20
# Of a packed bag: damage, encryption (a RuntimeError), ways to pack that are not known here.
_UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


class BagWriter:
    """Writes payload files, tag files and the manifests that list them."""

    def __init__(self, vessel: ArchiveWriter) -> None:
        self._vessel = vessel
        self.bytes = 0
        self._payload: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    @property
    def files(self) -> int:
        """Number of payload files written so far."""
        return len(self._payload)

    def add(self, name: str, source: Source) -> bool:
        """Add a payload file; ``name`` is relative to ``data/``. Adding the same name again is a no-op.

        Return whether the file exists: content generated on demand may turn out to be empty.
        """
        path = f"data/{name}"
        if path not in self._payload:
            self._note(path, self._vessel.write(path, source))
        return path in self._payload

    def add_all(self, files: Mapping[str, Source], done: Callable[[str], None]) -> None:
        """Add payload files, verified as they are written; ``done`` is called with each name.

        Content generated on demand may turn out to be empty; then no file is written.
        """
        wanted = {f"data/{name}": source for name, source in files.items()}
        new = {path: source for path, source in wanted.items() if path not in self._payload}
        for path, written in self._vessel.write_all(new):
            self._note(path, written)
            done(path)

    def _note(self, path: str, written: WrittenFile | None) -> None:
        if written is not None:
            self._payload[path] = written.sha512
            self.bytes += written.size

    def add_tag(self, name: str, text: str) -> None:
        """Add a tag file next to ``data/``."""
        written = self._vessel.write(name, text.encode())
        assert written is not None
        self._tags[name] = written.sha512

    def finish(self, info: Mapping[str, str]) -> None:
        """Write the manifests and the bag declaration."""
        fields = {**info, "Payload-Oxum": f"{self.bytes}.{self.files}", "Bag-Software-Agent": AGENT}
        self.add_tag("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        self.add_tag(
            "bag-info.txt", "".join(f"{key}: {_one_line(fields[key])}\n" for key in sorted(fields))
        )
        self.add_tag(MANIFEST, _manifest(self._payload))
        self._vessel.write(TAG_MANIFEST, _manifest(self._tags).encode())

    def names(self) -> list[str]:
        """Names of the payload files so far, relative to ``data/``."""
        return [name.removeprefix("data/") for name in self._payload]


def check_bag(folder: Path) -> None:
    """Validate a bag with the independent ``bagit`` library; raise PublishError listing the differences."""
    try:
        bagit.Bag(str(folder)).validate()
    except (OSError, bagit.BagError) as error:
        # The library stops at the first size mismatch (Payload-Oxum); a repair needs the names of the files.
        wrong = _wrong_files(folder)
        raise (
            _not_whole(wrong)
            if wrong
            else PublishError(
                "%(folder)s is not a complete bundle: %(error)s.", folder=folder, error=error
            )
        ) from error


def check_zip(path: Path) -> None:
    """Validate a zipped bag: compare every file with its manifests. Raise PublishError listing the differences."""
    try:
        with zipfile.ZipFile(path) as pack:
            inside = [name for name in pack.namelist() if not name.endswith("/")]
            top = min(inside, key=len, default="").partition("/")[0]
            names = {name.removeprefix(f"{top}/") for name in inside}
            wanted = manifest_sums(lambda name: pack.read(f"{top}/{name}"))
            ours = {name for name in names if name in wanted or name.startswith("data/")}
            found = {name: _sum_in(pack, f"{top}/{name}") for name in ours}
    except (*_UNREADABLE, KeyError, UnicodeDecodeError) as error:
        raise PublishError(
            "%(path)s can't be read as a bundle: %(error)s. Was it copied to its end? Copy it "
            "once more.",
            path=path,
            error=error,
        ) from error
    if wrong := _differing(wanted, found):
        raise _not_whole(wrong)


def _wrong_files(folder: Path) -> list[str]:
    """Files that are missing, unexpected or different from the manifests; empty if these are unreadable."""
    try:
        wanted = manifest_sums(lambda name: (folder / name).read_bytes())
    except (OSError, UnicodeDecodeError):
        return []
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    ours = {name for name in there if name in wanted or name.startswith("data/")}
    return _differing(wanted, {name: _sum(folder / name) for name in ours})


def manifest_sums(read: Callable[[str], bytes]) -> dict[str, str]:
    """Map each path in the two manifests to its checksum. Raise KeyError or OSError if one is missing."""
    manifests = (MANIFEST, TAG_MANIFEST)
    return {n: sum_ for name in manifests for n, sum_ in _sums(read(name).decode()).items()}


def _differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return sorted(n for n in wanted.keys() | found.keys() if wanted.get(n) != found.get(n))


def _not_whole(wrong: Sequence[str]) -> PublishError:
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return PublishError(
        "The bundle is not as it was written: %(choices)s%(more)s.",
        choices=", ".join(wrong[:3]),
        more=more,
    )


def _sums(manifest: str) -> dict[str, str]:
    rows = (line.split("  ", 1) for line in manifest.splitlines() if "  " in line)
    return {
        name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%"): sum_
        for sum_, name in rows
    }


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha512").hexdigest()
    except OSError:
        return ""


def _sum_in(pack: zipfile.ZipFile, name: str) -> str:
    """Checksum of a file; empty if unreadable, so that it counts as different."""
    digest = hashlib.sha512()
    try:
        with pack.open(name) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except _UNREADABLE:
        return ""
    return digest.hexdigest()


def is_our_bag(folder: Path) -> bool:
    """Whether this folder is a bundle made by this program."""
    info = folder / "bag-info.txt"
    return (folder / "bagit.txt").is_file() and info.is_file() and AGENT in info.read_text("utf-8")


def _manifest(sums: Mapping[str, str]) -> str:
    """Manifest lines of checksum and path; CR, LF and % in paths are percent-encoded (RFC 8493, 2.1.3)."""
    table = str.maketrans({"%": "%25", "\n": "%0A", "\r": "%0D"})
    return "".join(f"{sums[name]}  {name.translate(table)}\n" for name in sorted(sums))


def _one_line(text: str) -> str:
    return " ".join(text.split())
