"""Originals on their way to a hub: unfinished ones wait, whole ones stand in the store before any row does."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Protocol

from reporter.errors import BadInput, Conflict
from reporter.files import sync_file
from reporter.media.store import Store, disk_errors, hash_file

_PIECE = 1 << 18
_EXTENSION = re.compile(r"(\.[a-z0-9]{1,8})?")
_SHA = re.compile(r"[0-9a-f]{64}")


class Readable(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes; none at the end."""


class Received:
    """What one kiosk has sent of its originals. Two kiosks that send the same one don't meet."""

    def __init__(self, store: Store, kiosk: uuid.UUID) -> None:
        self._store = store
        self._kiosk = kiosk

    def offset(self, sha256: str) -> int:
        """How many bytes of an original are here; 0 where another machine has them."""
        part = self._part(sha256)
        return part.stat().st_size if part.exists() else 0

    def is_kept(self, sha256: str, ext: str, size: int) -> bool:
        """Whether all of it stands in the store."""
        return self._store.keeps(sha256, _checked(ext), size)

    def append(self, sha256: str, offset: int, length: int, body: Readable) -> int:
        """Write what comes from an offset on; how many bytes are here then.

        Raises Conflict where it does not go on where the last piece ended, BadInput for more than its length.
        """
        if offset != self.offset(sha256):
            raise Conflict("This piece does not follow the last one. Push once more.")
        reached = offset
        with disk_errors(), self._part(sha256).open("ab") as file:
            while piece := body.read(_PIECE):
                reached += len(piece)
                if reached > length:
                    raise BadInput("These are more bytes than were announced.")
                file.write(piece)
            file.flush()
            sync_file(file.fileno())
        return reached

    def keep(self, sha256: str, ext: str) -> None:
        """Put a whole original into the store; raises Conflict for a damaged one, which begins anew."""
        part = self._part(sha256)
        if hash_file(part) != sha256:
            part.unlink()
            raise Conflict("%(name)s arrived damaged. Push once more.", name=sha256[:12])
        self._store.keep(part, sha256, _checked(ext))

    def _part(self, sha256: str) -> Path:
        if not _SHA.fullmatch(sha256):
            raise BadInput("There is no such file.")
        return self._store.incoming / f"push-{self._kiosk.hex}-{sha256}"


def _checked(ext: str) -> str:
    if not _EXTENSION.fullmatch(ext):
        raise BadInput("There is no such file.")
    return ext
