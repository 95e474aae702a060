"""Originals being uploaded to a hub: partial ones are kept, complete ones are stored before any
row refers to them."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Protocol

from capture.intake.partial_file import sync_or_drop
from reporter.errors import BadInput, Conflict
from reporter.media.store import Store, disk_errors, hash_file

_PIECE = 1 << 18
_EXTENSION = re.compile(r"(\.[a-z0-9]{1,8})?")
_SHA = re.compile(r"[0-9a-f]{64}")


class Readable(Protocol):
    """A request's body."""

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes; none at the end."""


class Received:
    """The originals that one kiosk has sent. Two kiosks that send the same one don't interfere."""

    def __init__(self, store: Store, kiosk: uuid.UUID) -> None:
        self._store = store
        self._kiosk = kiosk

    def offset(self, sha256: str) -> int:
        """How many bytes of an original are here; 0 where another machine has them."""
        part = self._part(sha256)
        return part.stat().st_size if part.exists() else 0

    def is_kept(self, sha256: str, ext: str, size: int) -> bool:
        """Whether the complete original is in the store."""
        return self._store.keeps(sha256, _checked(ext), size)

    def append(self, sha256: str, offset: int, length: int, body: Readable) -> int:
        """Append a body at an offset; returns how many bytes are here then. At 0 it begins anew, whatever was here.

        Raises Conflict where the offset is not the current length, as on a machine that has not
        received what came before, and BadInput for more than the total length.
        """
        if offset and offset != self.offset(sha256):
            raise Conflict("This piece does not follow the last one. Push once more.")
        reached = offset
        with disk_errors(), self._part(sha256).open("ab" if offset else "wb") as file:
            while piece := body.read(_PIECE):
                reached += len(piece)
                if reached > length:
                    raise BadInput("These are more bytes than were announced.")
                file.write(piece)
            file.flush()
            sync_or_drop(file, self._part(sha256))
        return reached

    def keep(self, sha256: str, ext: str) -> None:
        """Move a complete original into the store; raises Conflict for a damaged one, which has
        to start over."""
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
