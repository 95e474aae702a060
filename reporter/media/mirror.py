"""Media store of a gathering whose files are in an object store; its folder is a local cache.

Decoders and publishers need a local file, so ``original`` and ``rendition`` download it; this way
several machines can work on the same gathering. A file is in the object store before its row is
committed.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from reporter.files import try_remove
from reporter.media.object_file import ObjectFile
from reporter.media.objects import ObjectStore, StoredObject
from reporter.media.store import Store, hash_file

# Nothing younger is evicted: somebody may be about to read it.
UNTOUCHED_SECONDS = 3600
_KNOWN_HASHES = 4096


class MirroredStore(Store):
    """A Store backed by ``objects``; ``prefix`` is the gathering's part of the keys."""

    def __init__(self, folder: Path, objects: ObjectStore, prefix: str) -> None:
        super().__init__(folder)
        self._objects = objects
        self._prefix = prefix.strip("/")
        # Cached hashes of local renditions, keyed by file metadata that shows changes.
        self._hashes: dict[tuple[Path, int, int], str] = {}

    def original(self, sha256: str, ext: str) -> Path:
        """The original, downloaded if another machine took it in. Raises StoreUnreachable."""
        path = self._original(sha256, ext)
        if path.exists():
            _touch(path)
        else:
            self._bring(path, sha256)
        return path

    def rendition(self, sha256: str, name: str, ext: str) -> Path:
        """The current rendition: another machine may have rendered a newer one. Raises StoreUnreachable."""
        path = self._rendition(sha256, name, ext)
        if name == "plain" and path.exists():
            # Without edits there is only one version; each machine renders its own.
            _touch(path)
            return path
        self._renew(path, self._objects.stat(self._key(path)))
        return path

    def find_original(self, sha256: str) -> Path | None:
        """The local original, else downloaded from the object store."""
        found = super().find_original(sha256)
        key = (
            ""
            if found
            else next(self._objects.keys(self._key(self.media / sha256[:2] / sha256)), "")
        )
        return self.original(sha256, Path(key).suffix) if key else found

    def keeps(self, sha256: str, ext: str, size: int) -> bool:
        """Whether the object store has it: others can't rely on a file that only this machine has."""
        found = self._objects.stat(self._key(self._original(sha256, ext)))
        return found is not None and found.size == size

    def served_original(self, sha256: str, ext: str) -> Path | ObjectFile:
        """The local file, else the object itself, of which a browser may need only a few bytes."""
        path = self._original(sha256, ext)
        if not path.exists():
            return self._object(path) or path
        _touch(path)
        return path

    def served_rendition(self, sha256: str, name: str, ext: str) -> Path | ObjectFile:
        """As ``served_original``; a local file only if it is the current version."""
        path = self._rendition(sha256, name, ext)
        found = self._objects.stat(self._key(path))
        if found is None or self._is(path, found):
            self._renew(path, found)
            return path
        return ObjectFile(partial(self._objects.read, self._key(path)), found.size)

    @property
    def origin(self) -> str:
        """The origin of the object store."""
        return self._objects.origin

    def rendition_address(
        self, sha256: str, name: str, ext: str, *, mime: str, seconds: int
    ) -> str:
        """A URL of the object itself."""
        key = self._key(self._rendition(sha256, name, ext))
        return self._objects.address(key, mime=mime, seconds=seconds)

    def keep(self, path: Path, sha256: str, ext: str) -> Path:
        """Move to the local originals, then upload."""
        goal = super().keep(path, sha256, ext)
        self._send_original(goal, sha256)
        return goal

    def link(self, path: Path, sha256: str, ext: str) -> Path:
        """Link among the local originals, then upload; the row is committed only afterwards."""
        goal = super().link(path, sha256, ext)
        self._send_original(goal, sha256)
        return goal

    def keep_rendition(self, path: Path, sha256: str, name: str, ext: str) -> Path:
        """Upload first: whatever other machines are told about has to be in the object store."""
        self._objects.put(self._key(self._rendition(sha256, name, ext)), path)
        return super().keep_rendition(path, sha256, name, ext)

    def drop(self, sha256: str, ext: str) -> bool:
        """Delete here and in the object store."""
        self._objects.delete(self._key(self._original(sha256, ext)))
        return super().drop(sha256, ext)

    def drop_all(self, sha256: str) -> bool:
        """Delete here and in the object store."""
        self._delete_all(self._key(self.media / sha256[:2] / sha256))
        return super().drop_all(sha256)

    def drop_renditions(self, sha256: str) -> bool:
        """Delete here and in the object store."""
        self._delete_all(self._key(self.renditions / sha256[:2] / f"{sha256}-"))
        return super().drop_renditions(sha256)

    def set_aside(self, sha256: str, *, plain: bool) -> None:
        """Delete renditions with former edits from the object store, so that no machine shows them
        any more; then here."""
        for key in list(self._objects.keys(self._key(self.renditions / sha256[:2] / f"{sha256}-"))):
            name = Path(key).stem.removeprefix(f"{sha256}-")
            if plain and name in ("view", "play"):
                self._objects.rename(
                    key, self._key(self._rendition(sha256, "plain", Path(key).suffix))
                )
            elif name != "plain":
                self._objects.delete(key)
        super().set_aside(sha256, plain=plain)

    def _key(self, path: Path) -> str:
        return f"{self._prefix}/{path.relative_to(self.folder).as_posix()}".lstrip("/")

    def _object(self, path: Path) -> ObjectFile | None:
        found = self._objects.stat(self._key(path))
        read = partial(self._objects.read, self._key(path))
        return ObjectFile(read, found.size) if found else None

    def _bring(self, path: Path, sha256: str) -> None:
        if self._objects.get(self._key(path), path) and sha256 and hash_file(path) != sha256:
            # The content does not match its name: treat it as missing.
            try_remove(path)

    def _send_original(self, path: Path, sha256: str) -> None:
        found = self._objects.stat(self._key(path))
        if found is None or found.sha256 != sha256:
            self._objects.put(self._key(path), path, sha256)

    def _renew(self, path: Path, found: StoredObject | None) -> None:
        if found is None:
            try_remove(path)
        elif self._is(path, found):
            _touch(path)
        else:
            self._objects.get(self._key(path), path)

    def _is(self, path: Path, found: StoredObject) -> bool:
        """Whether the local file has this hash."""
        with suppress(FileNotFoundError):
            status = path.stat()
            if status.st_size == found.size:
                mark = (path, status.st_ctime_ns, status.st_size)
                if len(self._hashes) > _KNOWN_HASHES:
                    self._hashes.clear()
                known = self._hashes.get(mark) or self._hashes.setdefault(mark, hash_file(path))
                return known == found.sha256
        return False

    def _delete_all(self, prefix: str) -> None:
        for key in list(self._objects.keys(prefix)):
            self._objects.delete(key)


def trim_copies(place: Path, most_bytes: int) -> int:
    """Evict the least recently used local files of all gatherings below a folder until at most so many bytes are left.

    Returns how many files were removed. Files used within the last hour are kept.
    """
    kept = [found for kind in ("media", "renditions") for found in _files(place, f"*/{kind}/??/*")]
    total = sum(status.st_size for status, _path in kept)
    removed, now = 0, time.time()
    for status, path in sorted(kept, key=lambda one: one[0].st_mtime):
        if total <= most_bytes or status.st_mtime > now - UNTOUCHED_SECONDS:
            break
        if try_remove(path):
            total -= status.st_size
            removed += 1
    return removed


def _files(place: Path, pattern: str) -> Iterator[tuple[os.stat_result, Path]]:
    """Complete files only; one that another process removes meanwhile is skipped."""
    for path in place.glob(pattern):
        with suppress(FileNotFoundError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode) and not path.name.startswith("."):
                yield status, path


def _touch(path: Path) -> None:
    """Update the time of last use."""
    with suppress(OSError):
        os.utime(path)
