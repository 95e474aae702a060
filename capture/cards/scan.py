"""Scans a camera's card or a folder for photos, raw files, clips, joined spans and voice notes.
Read-only.

Supported layouts: DCIM of still cameras (JEITA DCF), AVCHD of camcorders
(``PRIVATE/AVCHD/BDMV/STREAM``), Sony's ``PRIVATE/M4ROOT/CLIP``, ``MP_ROOT``, ``XDROOT`` and ``BPAV``, and any folder.
Auxiliary files (indexes, thumbnails, proxies) are skipped, each with its reason
(capture.cards.sidecars).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from capture.cards.sidecars import (
    CAMERA_NOTES,
    COPY_NAMES,
    HIDDEN,
    LINK,
    PREVIEWS,
    PROXY,
    SINGLE_TRACK,
    SYSTEM,
    UNREADABLE,
    is_copy,
    is_single_track,
    reason_for,
)
from capture.decoding.format_names import MEDIA_NAMES
from capture.decoding.mime_sniff import HEAD_BYTES, RAW_TYPES, MediaType, sniff
from reporter.errors import NotFound
from reporter.messages import Message

# Folders of computers and cameras that hold no recordings, each with the reason for skipping it.
_SKIPPED_FOLDERS = {
    "thmbnl": PREVIEWS,
    "avf_info": CAMERA_NOTES,
    "system volume information": SYSTEM,
    "$recycle.bin": SYSTEM,
    "lost.dir": SYSTEM,
    "found.000": SYSTEM,
    "lost+found": SYSTEM,
    "#recycle": SYSTEM,
    "@recycle": SYSTEM,
    "@eadir": SYSTEM,
}
# Top-level folders that identify a camera card.
CARD_FOLDERS = ("DCIM", "AVCHD", "PRIVATE", "M4ROOT", "MP_ROOT", "CLIP", "BPAV", "XDROOT")
# AVCHD playlists tell which clips form one recording (connection_condition of a PlayItem).
_SEAMLESS = (5, 6)


@dataclass(frozen=True)
class CardFile:
    """One file on the card."""

    path: Path
    size: int
    mtime: float


@dataclass(frozen=True)
class ScannedItem:
    """What becomes one original: a file, or the spans of one recording in order.

    ``name`` is the path of the first piece below the root, with slashes; ``head`` its first bytes.
    ``kind`` is None for what can't be kept.
    """

    root: Path
    name: str
    pieces: tuple[CardFile, ...]
    head: bytes
    kind: MediaType | None

    @property
    def size(self) -> int:
        """Total size in bytes of all pieces."""
        return sum(piece.size for piece in self.pieces)

    @property
    def mtime(self) -> float:
        """Modification time of the last piece, from the file system."""
        return self.pieces[-1].mtime

    @property
    def path(self) -> Path:
        """Path of the first piece."""
        return self.pieces[0].path

    @property
    def filename(self) -> str:
        """File name without folders."""
        return self.path.name

    @property
    def role(self) -> str:
        """photo, raw (a camera's raw file), video or audio; empty for what can't be kept."""
        if self.kind in RAW_TYPES:
            return "raw"
        return self.kind.kind if self.kind else ""


def is_card(root: Path) -> bool:
    """Whether a folder looks like the root of a camera's card."""
    try:
        names = {entry.name.upper() for entry in os.scandir(root)}
    except OSError:
        return False
    return bool(names & set(CARD_FOLDERS))


@dataclass(frozen=True)
class Skipped:
    """A skipped file or folder (a folder's name ends in a slash), and the reason."""

    name: str
    reason: str


@dataclass(frozen=True)
class Scan:
    """The result of a scan: what to keep, what is skipped, and what can't be read although the rest can."""

    found: list[ScannedItem]
    skipped: list[Skipped]
    unread: list[Skipped] = field(default_factory=list)


def is_gone(root: Path) -> bool:
    """Whether a card that was readable before has been removed."""
    try:
        return not any(root.iterdir()) if root.is_dir() else not root.exists()
    except OSError:
        return True


def scan(root: Path) -> Scan:
    """Scan a card or a folder, sorted by name; spans are joined, skipped files listed.

    A path of a single file gives that file. A file with the name of a photo or recording but
    without content that can be kept has ``kind`` None. Raises NotFound where there is nothing,
    OSError where the card can't be read.
    """
    if not root.exists():
        raise NotFound(
            "There is nothing at %(root)s. Is the card in, and is this its folder?", root=root
        )
    base = root.parent if root.is_file() else root
    scan_result = Scan([], [])
    pieces: list[CardFile] = []
    for path in [root] if root.is_file() else list(_files(root, base, scan_result)):
        with _one_at_a_time(path, base, scan_result):
            status = path.stat()
            pieces.append(CardFile(path, status.st_size, status.st_mtime))
    spans = _spans(pieces)
    later = {piece.path for span in spans.values() for piece in span[1:]}
    for piece in pieces:
        if piece.path not in later:
            with _one_at_a_time(piece.path, base, scan_result):
                one = _look(base, spans.get(piece.path, (piece,)))
                if isinstance(one, ScannedItem):
                    scan_result.found.append(one)
                else:
                    scan_result.skipped.append(one)
    scan_result.skipped.sort(key=lambda one: one.name)
    return scan_result


@contextmanager
def _one_at_a_time(path: Path, base: Path, scan_result: Scan) -> Iterator[None]:
    """Note a file or folder that can't be read, so that it does not cost the others. Raises OSError for a card that is
    gone."""
    try:
        yield
    except FileNotFoundError:
        # Renamed by the program that writes it, or the card was pulled out.
        if is_gone(base):
            raise
    except OSError as error:
        if path == base or is_gone(base):
            raise
        name = path.relative_to(base).as_posix()
        scan_result.unread.append(Skipped(name, Message(UNREADABLE, what=error.strerror or "")))


def walk(root: Path) -> list[ScannedItem]:
    """List what should be kept of a card or folder: see ``scan``."""
    return scan(root).found


def _files(folder: Path, base: Path, scan_result: Scan) -> Iterator[Path]:
    entries: list[os.DirEntry[str]] = []
    with _one_at_a_time(folder, base, scan_result):
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    beside = {entry.name.casefold() for entry in entries}
    for entry in entries:
        path = Path(entry.path)
        reason = _reason_to_skip(entry, beside)
        if reason:
            slash = "/" if entry.is_dir(follow_symlinks=False) else ""
            scan_result.skipped.append(Skipped(path.relative_to(base).as_posix() + slash, reason))
        elif entry.is_dir(follow_symlinks=False):
            yield from _files(path, base, scan_result)
        elif entry.is_file(follow_symlinks=False):
            yield path


def _reason_to_skip(entry: os.DirEntry[str], beside: Set[str]) -> str:
    """The reason for skipping a file or folder; empty for one that should be read."""
    name, path = entry.name.casefold(), Path(entry.path)
    # No symbolic links: a card has none, and in a folder they could form a loop.
    if entry.is_symlink():
        return LINK
    if name.startswith("."):
        return HIDDEN
    if entry.is_dir(follow_symlinks=False):
        return _reason_to_skip_folder(path)
    if is_single_track(path, beside):
        return SINGLE_TRACK
    if not is_copy(path, beside):
        return ""
    return PROXY if path.suffix.casefold() not in COPY_NAMES else reason_for(name)


def _reason_to_skip_folder(path: Path) -> str:
    name, above = path.name.casefold(), path.parent.name.casefold()
    if _is_proxy_folder(path):
        return PREVIEWS
    # What Android's apps keep for themselves; what people sent each other is in Android/media.
    if above == "android" and name in ("data", "obb"):
        return SYSTEM
    # Its owner hides it from galleries. In a phone's own camera folders the mark is an app's mistake.
    is_cameras = "dcim" in (name, above)
    if not is_cameras and (path / ".nomedia").is_file():
        return HIDDEN
    return _SKIPPED_FOLDERS.get(name, "")


def _is_proxy_folder(path: Path) -> bool:
    name, above = path.name.casefold(), path.parent.name.casefold()
    # Sony's cards, and Panasonic's P2.
    return (name == "sub" and above in ("m4root", "xdroot")) or (
        name in ("proxy", "icon") and above == "contents"
    )


def _look(base: Path, pieces: tuple[CardFile, ...]) -> ScannedItem | Skipped:
    """Inspect a file; index files, camera metadata and documents are listed as skipped."""
    path = pieces[0].path
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = sniff(head) if head else None
    name = path.relative_to(base).as_posix()
    if kind is None and path.suffix.casefold() not in MEDIA_NAMES:
        return Skipped(name, reason_for(name))
    return ScannedItem(base, name, pieces, head, kind)


def _spans(pieces: Sequence[CardFile]) -> dict[Path, tuple[CardFile, ...]]:
    """Map {first file: all files} of recordings that a camcorder split at its file system's limit
    of 2 or 4 GB."""
    by_path = {piece.path: piece for piece in pieces}
    joined: dict[Path, tuple[CardFile, ...]] = {}
    for folder in {p.path.parent for p in pieces if p.path.parent.name.upper() == "STREAM"}:
        clips = {path.stem.upper(): path for path in by_path if path.parent == folder}
        taken: set[str] = set()
        # The longest first: lists made by a person repeat a part of the recording, or turn it round.
        for names in sorted(_playlists(folder.parent), key=len, reverse=True):
            apart = len(set(names)) == len(names) > 1 and taken.isdisjoint(names)
            if apart and clips.keys() >= set(names):
                taken.update(names)
                joined[clips[names[0]]] = tuple(by_path[clips[name]] for name in names)
    return joined


def _playlists(folder: Path) -> Iterator[list[str]]:
    """Names of clips that continue one another seamlessly, from all playlists beside the
    streams."""
    lists = [path for path in folder.glob("[Pp][Ll][Aa][Yy][Ll][Ii][Ss][Tt]/*") if path.is_file()]
    for path in sorted(lists):
        # Without its list a recording stays in its pieces.
        with suppress(OSError):
            if path.suffix.casefold() in (".mpl", ".mpls") and path.stat().st_size < 1 << 20:
                yield from read_playlist(path.read_bytes())


def read_playlist(data: bytes) -> list[list[str]]:
    """Parse an AVCHD playlist (``.MPL``, Blu-ray's format) into recordings, each a list of clip
    names in order.

    Only the needed fields are read: the list's offset at byte 8; six bytes into the list, the item
    count; for each item its length, the clip's name (5 bytes), the codec (4), and in the lower half
    of the eleventh byte its connection to the item before (5 and 6: seamless). A broken playlist
    gives an empty list.
    """
    if data[:4] != b"MPLS" or len(data) < 20:
        return []
    at = int.from_bytes(data[8:12], "big")
    count = int.from_bytes(data[at + 6 : at + 8], "big")
    at += 10
    runs: list[list[str]] = []
    for _ in range(count):
        item = data[at + 2 : at + 2 + int.from_bytes(data[at : at + 2], "big")]
        if len(item) < 11 or not re.fullmatch(rb"[0-9A-Za-z]{5}", item[:5]):
            break
        if runs and item[10] & 15 in _SEAMLESS:
            runs[-1].append(item[:5].decode().upper())
        else:
            runs.append([item[:5].decode().upper()])
        at += 2 + len(item)
    return runs
