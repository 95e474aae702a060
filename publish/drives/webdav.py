"""WebDAV (RFC 4918) over the one seam to the network: PUT under a temporary name, compare, MOVE over it.

Nothing here trusts a condition on the server's side (If-None-Match is ignored by some): a temporary name of this
machine's own and a MOVE that overwrites need none. Works with what Nextcloud, Apache and rclone answer.

Nextcloud and ownCloud keep names that end in .part and .filepart for themselves (``forbidden_filename_extensions`` and
``blacklisted_files_regex`` of their configuration) and answer 400 or 403; others refuse names that begin with a dot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from defusedxml import ElementTree

from publish.drives.base import Drive, Login, is_part, pieces_of
from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
)
from publish.net.http import HttpClient, HttpResponse

_DAV = "{DAV:}"
_ASK = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/></prop></propfind>'
_DONE = frozenset({200, 201, 204})
# A conflict (409) says that a folder above is missing.
_MISSING = frozenset({404, 409, 410})
# What a server says of a name that it does not take.
_REFUSED = frozenset({400, 403})
# In every WebDAV address of Nextcloud and ownCloud.
_CLOUD = "/remote.php/"
# Forbidden, a condition that failed, locked.
_BUSY = frozenset({403, 412, 423})


class _NameRefused(AuthRefused):
    """A temporary name was refused: the name, or all writing."""


class _Body:
    """A file or bytes that can be sent more than once."""

    def __init__(self, source: bytes | Path) -> None:
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return pieces_of(self._source)


class WebDavDrive(Drive):
    """One collection."""

    def __init__(self, url: str, login: Login) -> None:
        super().__init__(login.name)
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        user = login.user or unquote(parts.username or "")
        password = login.password or unquote(parts.password or "")
        schemes = login.state.table("webdav schemes")
        # Here and not above: it is made of httpx (see publish.net.late_httpx).
        from publish.net.http_auth import AskedSignIn

        auth = AskedSignIn(f"{self._base}/", user, password, schemes) if user else None
        # Collections whose servers refuse a temporary name that is hidden or ends in .part: they get plain ones.
        self._plain = login.state.table("webdav plain names")
        self._web = HttpClient(login.name, auth=auth)
        self._made: set[str] = set()
        if _CLOUD in self._base:
            self._plain[self._base] = True

    def part_of(self, name: str) -> str:
        """A hidden name; where such are refused, a plain one with the file's own ending."""
        if self._base not in self._plain:
            return super().part_of(name)
        path = PurePosixPath(name)
        return str(path.with_name(f"up-{self.mark}-{path.name}"))

    def put(self, name: str, source: bytes | Path) -> None:
        """As everywhere; once more under a plain temporary name where the server refuses a hidden one."""
        try:
            super().put(name, source)
        except _NameRefused:
            if self._base in self._plain:
                raise
            self._plain[self._base] = True
            super().put(name, source)

    def ready(self) -> None:
        """Make the collection, and those above it, where they are missing."""
        answer = self._call("PROPFIND", ".", accept={207, 404, 409}, **_asking(0))
        if answer.status != 207:
            self._make_all()

    def _make_all(self) -> None:
        path = ""
        site = self._base.removesuffix(urlsplit(self._base).path)
        for part in PurePosixPath(urlsplit(self._base).path).parts[1:]:
            path = f"{path}/{part}"
            self._make(f"{site}{path}")

    def link(self) -> str:
        """The collection's own address."""
        return self._base

    def size(self, name: str) -> int | None:
        """Bytes of a file, as the server counts them."""
        answer = self._call("PROPFIND", name, accept={207, *_MISSING}, **_asking(0))
        if answer.status != 207:
            return None
        return next((size for _, size in self._rows(answer) if size is not None), None)

    def names(self, folder: str) -> list[str]:
        """The files of a collection."""
        answer = self._call("PROPFIND", folder, accept={207, *_MISSING}, **_asking(1))
        rows = self._rows(answer) if answer.status == 207 else []
        return sorted(PurePosixPath(path).name for path, size in rows if size is not None)

    def make_folder(self, name: str) -> None:
        """A collection below."""
        path = PurePosixPath(name)
        for one in [*reversed(path.parents), path]:
            if one.name and str(one) not in self._made:
                self._make(self._at(str(one)))
                self._made.add(str(one))

    def _make(self, url: str) -> None:
        # Not allowed (405): it is there. (RFC 4918, 9.3.1)
        answer = self._web.call("MKCOL", url, accept={200, 201, 301, 403, 405, 409, 423, 507})
        if answer.status == 200 and _is_page(answer):
            raise Offline(self._web.portal(), Reachability.PORTAL)
        if answer.status in (403, 423):
            self._need_folder(url)
        if answer.status == 409:
            raise PauseTarget(
                "%(name)s has no folder that %(file)s could lie in.",
                name=self.name,
                file=unquote(url),
            )
        self._check_room(answer)

    def _need_folder(self, url: str) -> None:
        """Forbidden or locked: another machine makes it at this very moment, or this account may not."""
        status = self._web.call("PROPFIND", url, accept={207, 403, 404, 423}, **_asking(0)).status
        if status == 423:
            raise RetryAfter("%(name)s is busy with the same folder.", 2, name=self.name)
        if status != 207:
            raise AuthRefused(
                "%(name)s does not let this account make folders there.", name=self.name
            )

    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Send the bytes."""
        head = {"Content-Length": str(size)}
        accept = _DONE | _REFUSED | {409, 507}
        answer = self._call("PUT", name, accept=accept, content=_Body(source), headers=head)
        self._check_room(answer)
        if answer.status in _REFUSED:
            raise self._write_refused(name, answer)
        if answer.status == 409:
            self._made.clear()
            raise RetryAfter(
                "Somebody took a folder away at %(name)s. It is made again.", 1, name=self.name
            )

    def _write_refused(self, name: str, answer: HttpResponse) -> PublishError:
        """Refused are a temporary name, this one file, or all writing: a few bytes under another name tell."""
        if self._base not in self._plain:
            return _NameRefused(
                "%(name)s does not take the name %(name2)s%(said)s.",
                name=self.name,
                name2=name,
                said=_said(answer),
            )
        other = self._at(f"up-{self.mark}-try.txt")
        if self._web.call("PUT", other, accept=_DONE | _REFUSED, content=b"?").status in _REFUSED:
            return AuthRefused(
                "%(name)s does not let this account write there%(said)s.",
                name=self.name,
                said=_said(answer),
            )
        self._web.call("DELETE", other, accept=_DONE | _MISSING | _REFUSED)
        goal = PurePosixPath(name.replace(f"up-{self.mark}-", "")).name
        return Permanent(
            "%(name)s does not take %(goal)s (%(status)s)%(said)s.",
            name=self.name,
            goal=goal,
            status=answer.status,
            said=_said(answer),
        )

    def _check_room(self, answer: HttpResponse) -> None:
        if answer.status == 507:
            raise PayloadTooLarge(
                "There is no room left at %(name)s.", learns=False, name=self.name
            )

    def read(self, name: str) -> Iterator[bytes]:
        """What is there."""
        yield from self._web.fetch(self._at(name))

    def move(self, name: str, goal: str) -> None:
        """Over what is there (RFC 4918, 9.9: 201 where nothing was, 204 where something was)."""
        head = {"Destination": self._at(goal), "Overwrite": "T"}
        answer = self._call("MOVE", name, accept=_DONE | {400, 404, 502}, headers=head)
        if answer.status == 400:
            raise Permanent(
                "%(name)s does not take %(goal)s (400)%(said)s.",
                name=self.name,
                goal=goal,
                said=_said(answer),
            )
        if answer.status == 404:
            raise RetryAfter(
                "%(name)s has lost what was just sent there. It is sent again.", 2, name=self.name
            )
        if answer.status == 502:
            # A server behind another that speaks https for it takes its own full address for somebody else's;
            # the path alone is as good (RFC 4918, 10.3).
            head["Destination"] = urlsplit(self._at(goal)).path
            self._call("MOVE", name, accept=_DONE, headers=head)

    def remove(self, name: str) -> None:
        """Remove a file."""
        # A name that is never taken there is not there.
        refused = _REFUSED if is_part(name) else frozenset()
        self._call("DELETE", name, accept=_DONE | _MISSING | refused)

    def close(self) -> None:
        """Close kept connections."""
        self._web.close()

    def _call(self, method: str, name: str, *, accept: Any, **parts: Any) -> HttpResponse:
        answer = self._web.call(method, self._at(name), accept={*accept, *_BUSY}, **parts)
        if answer.status == 200 and _is_page(answer):
            raise Offline(self._web.portal(), Reachability.PORTAL)
        if answer.status in accept:
            return answer
        if answer.status == 403 and method != "MOVE":
            raise AuthRefused(
                "%(name)s does not let this account write there%(said)s.",
                name=self.name,
                said=_said(answer),
            )
        if answer.status in _BUSY:
            # Whoever may PUT may MOVE: another machine moved its own file there at this very moment.
            raise RetryAfter(
                "%(name)s was busy with the same file (%(code)s).",
                2,
                name=self.name,
                code=answer.status,
            )
        return answer

    def _at(self, name: str) -> str:
        return f"{self._base}/" if name == "." else f"{self._base}/{quote(name)}"

    def _rows(self, answer: HttpResponse) -> list[tuple[str, int | None]]:
        """(path, bytes) of what a multi-status tells; None: a collection."""
        try:
            tree = ElementTree.fromstring(answer.text)
        except (ElementTree.ParseError, ValueError) as error:
            raise Offline("Something else than %(name)s answered.", name=self.name) from error
        return [_row(one) for one in tree.iter(f"{_DAV}response")]


def _asking(depth: int) -> dict[str, Any]:
    return {
        "content": _ASK,
        "headers": {"Depth": str(depth), "Content-Type": "application/xml"},
    }


def _is_page(answer: HttpResponse) -> bool:
    """A web page where none of these methods has one to give: somebody else answered."""
    return "html" in answer.headers.get("Content-Type", "") or "<html" in answer.text[:500].lower()


def _said(answer: HttpResponse) -> str:
    """The server's own words of a refusal, as ': …': SabreDAV, Nextcloud and ownCloud send them as XML."""
    try:
        told = ElementTree.fromstring(answer.text).findtext("{http://sabredav.org/ns}message")
    except (ElementTree.ParseError, ValueError):
        return ""
    return f": {told.strip().rstrip('.')[:300]}" if told else ""


def _row(one: Any) -> tuple[str, int | None]:
    path = unquote(urlsplit(one.findtext(f"{_DAV}href") or "").path)
    told = next(
        (e.text for e in one.iter(f"{_DAV}getcontentlength") if (e.text or "").isdigit()), None
    )
    collection = next(one.iter(f"{_DAV}collection"), None) is not None
    return path.rstrip("/"), None if collection or told is None else int(told)
