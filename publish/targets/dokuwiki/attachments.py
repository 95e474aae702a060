"""DokuWiki attachments: refusals are rarely explained, so size and permissions are checked afterwards."""

from __future__ import annotations

from pathlib import Path

from publish.errors import PayloadTooLarge, Permanent
from publish.targets.dokuwiki.client import (
    UPLOAD,
    Broke,
    Doku,
    PermissionDenied,
    Refused,
    number_of,
    words_of,
)

# Error codes, on versions that report them.
_NO_FILE, _IN_USE = 221, 232
# Size in bytes above which a file may be too large for a small host.
_HEAVY = 4 << 20
# How often a smaller file is retried before an unexplained failure counts as a refusal.
_PUTS = 4


class Attachments:
    """The files of one wiki."""

    def __init__(self, wiki: Doku) -> None:
        self._wiki = wiki

    def size(self, file: str) -> int:
        """Size of a file in bytes; 0 if it does not exist."""
        try:
            answer = self._wiki.call("wiki.getAttachmentInfo", file)
        except Refused as error:
            if error.code != _NO_FILE:
                raise
            return 0
        return number_of(self._wiki.typed(dict, answer).get("size"))

    def put(self, file: str, path: Path) -> str:
        """Upload a file without overwriting; return its name as the wiki normalizes it."""
        size = path.stat().st_size
        stored_name, reason = "", ""
        for _ in range(_PUTS if size < _HEAVY else 2):
            try:
                stored_name, reason = (
                    words_of(self._wiki.call_with_file("wiki.putAttachment", file, path)),
                    "",
                )
            except Refused as error:
                reason = f" {error.message}"
            except Broke as error:
                return self._too_heavy(file, size, error)
            # Refused without a reason or with the wiki's own message. Two simultaneous uploads
            # share a temporary file there, and one may be reported as broken: it is retried unless
            # the other one is there.
            if not stored_name and self.size(file) == size:
                stored_name = file
            if stored_name or self._wiki.rights(file) < UPLOAD:
                break
        return stored_name or self._not_put(file, path, reason)

    def _too_heavy(self, file: str, size: int, error: Broke) -> str:
        """Whether the file is too large: PHP holds it in memory several times. A small file, or one
        that arrived, failed for another reason.
        """
        if size < _HEAVY:
            raise error
        if self.size(file) == size:
            return file
        raise PayloadTooLarge(
            "%(name)s fails on a file of %(size)s MB: its PHP may have too little memory or time.",
            name=self._wiki.name,
            size=f"{size / 1e6:.0f}",
        ) from error

    def _not_put(self, file: str, path: Path, reason: str) -> str:
        if self._wiki.rights(file) < UPLOAD:
            raise Permanent(
                "%(who)s may not send files to %(name)s. Ask its administrator for the right.",
                who=self._wiki.user,
                name=self._wiki.name,
            )
        raise Permanent(
            "%(name)s does not take this file (%(size)s, %(type)s). %(what)s",
            name=self._wiki.name,
            size=f"{path.stat().st_size / 1e6:.1f} MB",
            type=path.suffix,
            what=f"Its administrator decides which types it takes.{reason}",
        )

    def delete(self, file: str) -> None:
        """Delete a file; a missing one is fine."""
        code = _IN_USE
        try:
            answer = self._wiki.call("wiki.deleteAttachment", file)
        except PermissionDenied as error:
            raise Permanent(
                "%(who)s may not delete files at %(name)s. Ask its administrator to delete "
                "%(file)s.",
                who=self._wiki.user,
                name=self._wiki.name,
                file=file,
            ) from error
        except Refused as error:
            answer, code = {}, error.code
        if answer == 0 or not self.size(file):
            return
        if code != _IN_USE:
            raise Permanent(
                "%(name)s can't delete %(file)s. Ask its administrator.",
                name=self._wiki.name,
                file=file,
            )
        raise Permanent(
            "%(name)s keeps the file %(file)s, because a page there still shows it. Take it "
            "off that page (the wiki's media manager names it under References), then try "
            "again.",
            name=self._wiki.name,
            file=file,
        )
