"""What is on a camera's card or in a folder: photos, raw files, clips, joined spans, voice notes. Nothing is written.

The layouts: DCIM of stills cameras (JEITA DCF), AVCHD of camcorders (``PRIVATE/AVCHD/BDMV/STREAM``), Sony's
``PRIVATE/M4ROOT/CLIP`` and ``MP_ROOT``, and any folder. What a camera writes beside (index files, thumbnails, proxies)
is left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from capture.decoding.mime_sniff import HEAD_BYTES, RAW_TYPES, MediaType, sniff
from reporter.errors import NotFound

# By their names these should be photos, clips or notes: what can't be kept of them is told, not passed over.
MEDIA_NAMES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".heic",
        ".heif",
        ".avif",
        ".png",
        ".webp",
        ".gif",
        ".tif",
        ".tiff",
        ".cr2",
        ".cr3",
        ".nef",
        ".nrw",
        ".arw",
        ".dng",
        ".raf",
        ".orf",
        ".rw2",
        ".pef",
        ".srw",
        ".mp4",
        ".mov",
        ".m4v",
        ".mts",
        ".m2ts",
        ".avi",
        ".mpg",
        ".mxf",
        ".3gp",
        ".webm",
        ".mkv",
        ".wav",
        ".mp3",
        ".m4a",
        ".aac",
        ".ogg",
        ".opus",
        ".flac",
        ".amr",
    )
)
# Small copies that cameras make of their clips (GoPro, Canon, DJI).
_COPIES = frozenset({".thm", ".lrv", ".lrf"})
_SKIPPED_FOLDERS = frozenset(
    {"thmbnl", "avf_info", "system volume information", "$recycle.bin", "lost.dir", "@eadir"}
)
# Folders of a card's top that say that it is one.
CARD_FOLDERS = ("DCIM", "AVCHD", "PRIVATE", "M4ROOT", "MP_ROOT", "CLIP")
# Playlists of AVCHD tell which clips are one recording (connection_condition of a PlayItem).
_SEAMLESS = (5, 6)


@dataclass(frozen=True)
class Piece:
    """One file as it lies on the card."""

    path: Path
    size: int
    mtime: float


@dataclass(frozen=True)
class Found:
    """What becomes one original: a file, or the spans of one recording in their order.

    ``name`` is the path below the root, with slashes, of the first piece; ``head`` its first bytes. ``kind`` is None
    for what can't be kept.
    """

    root: Path
    name: str
    pieces: tuple[Piece, ...]
    head: bytes
    kind: MediaType | None

    @property
    def size(self) -> int:
        """Bytes of all pieces."""
        return sum(piece.size for piece in self.pieces)

    @property
    def mtime(self) -> float:
        """When the last piece was finished, by the file system."""
        return self.pieces[-1].mtime

    @property
    def path(self) -> Path:
        """The first piece."""
        return self.pieces[0].path

    @property
    def filename(self) -> str:
        """The name without folders."""
        return self.path.name

    @property
    def twin(self) -> str:
        """The same for a raw file and the JPEG that the camera wrote with it."""
        return self.name.rsplit(".", 1)[0].casefold()

    @property
    def is_raw(self) -> bool:
        """Whether it is a camera's raw file."""
        return self.kind in RAW_TYPES


def is_card(root: Path) -> bool:
    """Whether a folder looks like the top of a camera's card."""
    try:
        names = {entry.name.upper() for entry in os.scandir(root)}
    except OSError:
        return False
    return bool(names & set(CARD_FOLDERS))


def walk(root: Path) -> list[Found]:
    """Everything on a card or in a folder that should be kept, in the order of the names; spans joined.

    A path of one file is that file. What has the name of a photo or recording but no content that can be kept comes
    with ``kind`` None. Raises NotFound where there is nothing, OSError where the card can't be read.
    """
    if not root.exists():
        raise NotFound(f"There is nothing at {root}. Is the card in, and is this its folder?")
    files = [root] if root.is_file() else list(_files(root))
    base = root.parent if root.is_file() else root
    pieces = [Piece(path, stat.st_size, stat.st_mtime) for path in files for stat in [path.stat()]]
    spans = _spans(pieces)
    later = {piece.path for span in spans.values() for piece in span[1:]}
    found = (
        _look(base, spans.get(piece.path, (piece,))) for piece in pieces if piece.path not in later
    )
    return [one for one in found if one is not None]


def _files(folder: Path) -> Iterator[Path]:
    entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    for entry in entries:
        name = entry.name.casefold()
        if name.startswith(".") or name in _SKIPPED_FOLDERS or _is_proxy_folder(folder, name):
            continue
        # No links: a card has none, and in a folder they could lead round in circles.
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and Path(name).suffix not in _COPIES:
            yield Path(entry.path)


def _is_proxy_folder(folder: Path, name: str) -> bool:
    return name == "sub" and folder.name.casefold() in ("m4root", "xdroot")


def _look(base: Path, pieces: tuple[Piece, ...]) -> Found | None:
    """None for what is no recording at all: index files, notes of the camera, documents."""
    path = pieces[0].path
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = sniff(head) if head else None
    if kind is None and path.suffix.casefold() not in MEDIA_NAMES:
        return None
    return Found(base, path.relative_to(base).as_posix(), pieces, head, kind)


def _spans(pieces: Sequence[Piece]) -> dict[Path, tuple[Piece, ...]]:
    """{first file: all files} of recordings that a camcorder split because its file system holds 2 or 4 GB a file."""
    by_path = {piece.path: piece for piece in pieces}
    joined: dict[Path, tuple[Piece, ...]] = {}
    for folder in {p.path.parent for p in pieces if p.path.parent.name.upper() == "STREAM"}:
        clips = {path.stem.upper(): path for path in by_path if path.parent == folder}
        for names in _playlists(folder.parent):
            run = [by_path[clips[name]] for name in names if name in clips]
            if len(run) > 1 and len(run) == len(names):
                joined[run[0].path] = tuple(run)
    return joined


def _playlists(folder: Path) -> Iterator[list[str]]:
    """Names of clips that follow one another without a seam, from all playlists beside the streams."""
    lists = [path for path in folder.glob("[Pp][Ll][Aa][Yy][Ll][Ii][Ss][Tt]/*") if path.is_file()]
    for path in sorted(lists):
        if path.suffix.casefold() in (".mpl", ".mpls") and path.stat().st_size < 1 << 20:
            yield from read_playlist(path.read_bytes())


def read_playlist(data: bytes) -> list[list[str]]:
    """The recordings of an AVCHD playlist (``.MPL``, Blu-ray's format), each as the names of its clips in order.

    Of the format only what is needed: at byte 8 where the list is; six bytes on, how many items; each item its
    length, the clip's name (5), the codec (4) and in the lower half of the eleventh byte how it follows the one before
    (5 and 6: without a seam). A broken list is an empty one.
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


def twins(found: Sequence[Found]) -> dict[str, Found]:
    """{name of a JPEG: the raw file that the camera wrote with it}: two files of one picture."""
    raws = {one.twin: one for one in found if one.is_raw}
    shown = [
        one for one in found if one.kind is not None and one.kind.kind == "photo" and not one.is_raw
    ]
    return {one.name: raws[one.twin] for one in shown if one.twin in raws}
