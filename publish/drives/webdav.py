"""WebDAV (RFC 4918) through ``publish.net.http``: PUT to a temporary name, verify, MOVE to the final name.

No conditional requests are used, since some servers ignore If-None-Match: a temporary name unique
to this machine and an overwriting MOVE need none. Works with Nextcloud, Apache and rclone.

Nextcloud and ownCloud reserve names that end in .part and .filepart
(``forbidden_filename_extensions`` and ``blacklisted_files_regex`` in their configuration) and
answer 400 or 403; other servers refuse names that begin with a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
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
from publish.net.remote_values import url_parts

_DAV = "{DAV:}"
_ASK = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/></prop></propfind>'
_DONE = frozenset({200, 201, 204})
# 409 Conflict means that a parent folder is missing.
_MISSING = frozenset({404, 409, 410})
# Statuses for a file name that the server rejects.
_REFUSED = frozenset({400, 403})
# Part of every WebDAV URL of Nextcloud and ownCloud.
_CLOUD = "/remote.php/"
# Forbidden, precondition failed, locked.
_BUSY = frozenset({403, 412, 423})
# What servers answer that know no PROPFIND.
_NO_DAV = frozenset({405, 501})
_MULTISTATUS = re.compile(r"<((?:[\w.-]{1,60}:)?multistatus)\b")


class _NameRefused(AuthRefused):
    """A write to a temporary name was refused: either the name or all writing is forbidden."""


class _Body:
    """A file or bytes as a request body that can be sent more than once."""

    def __init__(self, source: bytes | Path) -> None:
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return pieces_of(self._source)


class WebDavDrive(Drive):
    """A WebDAV collection."""

    def __init__(self, url: str, login: Login) -> None:
        super().__init__(login.name)
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        user = login.user or unquote(parts.username or "")
        password = login.password or unquote(parts.password or "")
        schemes = login.state.table("webdav schemes")
        # Imported here because it loads httpx (see publish.net.late_httpx).
        from publish.net.http_auth import AskedSignIn

        auth = AskedSignIn(f"{self._base}/", user, password, schemes) if user else None
        # Collections whose servers refuse hidden temporary names or ones ending in .part; these get plain names.
        self._plain = login.state.table("webdav plain names")
        self._web = HttpClient(login.name, auth=auth)
        self._made: set[str] = set()
        if _CLOUD in self._base:
            self._plain[self._base] = True

    def part_of(self, name: str) -> str:
        """A hidden name; where these are refused, a plain one with the file's own extension."""
        if self._base not in self._plain:
            return super().part_of(name)
        path = PurePosixPath(name)
        return str(path.with_name(f"up-{self.mark}-{path.name}"))

    def put(self, name: str, source: bytes | Path) -> None:
        """Store content; retry once with a plain temporary name if the server refuses a hidden one."""
        try:
            super().put(name, source)
        except _NameRefused:
            if self._base in self._plain:
                raise
            self._plain[self._base] = True
            super().put(name, source)

    def ready(self) -> None:
        """Create the collection and its parents if they are missing."""
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
        """The collection's URL."""
        return self._base

    def size(self, name: str) -> int | None:
        """Size of a file in bytes according to the server."""
        answer = self._call("PROPFIND", name, accept={207, *_MISSING}, **_asking(0))
        if answer.status != 207:
            return None
        return next((size for _, size in self._rows(answer) if size is not None), None)

    def names(self, folder: str) -> list[str]:
        """Names of the files in a collection."""
        answer = self._call("PROPFIND", folder, accept={207, *_MISSING}, **_asking(1))
        rows = self._rows(answer) if answer.status == 207 else []
        return sorted(PurePosixPath(path).name for path, size in rows if size is not None)

    def make_folder(self, name: str) -> None:
        """Create a sub-collection."""
        path = PurePosixPath(name)
        for one in [*reversed(path.parents), path]:
            if one.name and str(one) not in self._made:
                self._make(self._at(str(one)))
                self._made.add(str(one))

    def _make(self, url: str) -> None:
        # 405 Method Not Allowed: it exists already (RFC 4918, 9.3.1).
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
        """On 403 or 423, either another machine is creating it at this moment, or the account lacks permission."""
        status = self._web.call("PROPFIND", url, accept={207, 403, 404, 423}, **_asking(0)).status
        if status == 423:
            raise RetryAfter("%(name)s is busy with the same folder.", 2, name=self.name)
        if status != 207:
            raise AuthRefused(
                "%(name)s does not let this account make folders there.", name=self.name
            )

    def write(self, name: str, source: bytes | Path, size: int) -> None:
        """Upload the content."""
        head = {"Content-Length": str(size)}
        accept = _DONE | _REFUSED | {404, 409}
        answer = self._call("PUT", name, accept=accept, content=_Body(source), headers=head)
        if answer.status in _REFUSED:
            raise self._write_refused(name, answer)
        if answer.status in (404, 409):
            raise self._folder_gone()

    def _folder_gone(self) -> PublishError:
        self._made.clear()
        return RetryAfter(
            "Somebody took a folder away at %(name)s. It is made again.", 1, name=self.name
        )

    def _write_refused(self, name: str, answer: HttpResponse) -> PublishError:
        """Find out whether the temporary name, this file or all writing is refused, by writing a
        few bytes under another name.
        """
        if self._base not in self._plain:
            return _NameRefused(
                "%(name)s does not take the name %(name2)s%(said)s.",
                name=self.name,
                name2=name,
                said=_server_message(answer),
            )
        other = self._at(f"up-{self.mark}-try.txt")
        if self._web.call("PUT", other, accept=_DONE | _REFUSED, content=b"?").status in _REFUSED:
            return AuthRefused(
                "%(name)s does not let this account write there%(said)s.",
                name=self.name,
                said=_server_message(answer),
            )
        self._web.call("DELETE", other, accept=_DONE | _MISSING | _REFUSED)
        goal = PurePosixPath(name.replace(f"up-{self.mark}-", "")).name
        return Permanent(
            "%(name)s does not take %(goal)s (%(status)s)%(said)s.",
            name=self.name,
            goal=goal,
            status=answer.status,
            said=_server_message(answer),
        )

    def _check_room(self, answer: HttpResponse) -> None:
        if answer.status == 507:
            raise PayloadTooLarge(
                "There is no room left at %(name)s.", learns=False, name=self.name
            )

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content in chunks."""
        yield from self._web.fetch(self._at(name))

    def move(self, name: str, goal: str) -> None:
        """Rename, overwriting (RFC 4918, 9.9: 201 if the target was new, 204 if it was replaced)."""
        head = {"Destination": self._at(goal), "Overwrite": "T"}
        answer = self._call("MOVE", name, accept=_DONE | {400, 404, 409, 502}, headers=head)
        if answer.status == 409:
            raise self._folder_gone()
        if answer.status == 400:
            raise Permanent(
                "%(name)s does not take %(goal)s (400)%(said)s.",
                name=self.name,
                goal=goal,
                said=_server_message(answer),
            )
        if answer.status == 404 or (answer.status == 200 and self.size(goal) is None):
            raise RetryAfter(
                "%(name)s has lost what was just sent there. It is sent again.", 2, name=self.name
            )
        if answer.status == 502:
            # A server behind a TLS-terminating proxy takes its own https URL for a foreign one; the
            # path alone is also valid (RFC 4918, 10.3).
            head["Destination"] = urlsplit(self._at(goal)).path
            self._call("MOVE", name, accept=_DONE, headers=head)

    def remove(self, name: str) -> None:
        """Remove a file."""
        # A name that the server never accepts can't exist.
        refused = _REFUSED if is_part(name) else frozenset()
        self._call("DELETE", name, accept=_DONE | _MISSING | refused)

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    def _call(self, method: str, name: str, *, accept: Any, **parts: Any) -> HttpResponse:
        also = {207, 507, *_BUSY, *(_NO_DAV if method == "PROPFIND" else ())}
        answer = self._web.call(method, self._at(name), accept={*accept, *also}, **parts)
        if answer.status == 207 and method != "PROPFIND":
            answer = replace(answer, status=_inner_status(answer))
            if answer.status == 207:
                raise self._web.stray(answer)
        self._check_room(answer)
        if answer.status == 200 and _is_page(answer):
            raise Offline(self._web.portal(), Reachability.PORTAL)
        if answer.status in accept:
            return answer
        if answer.status in _NO_DAV and method == "PROPFIND":
            raise PauseTarget(
                "%(name)s answers, but not as WebDAV (%(code)s). Is it the address for WebDAV?",
                name=self.name,
                code=answer.status,
            )
        if answer.status == 403 and method != "MOVE":
            raise AuthRefused(
                "%(name)s does not let this account write there%(said)s.",
                name=self.name,
                said=_server_message(answer),
            )
        if answer.status in _BUSY:
            # An account that may PUT may also MOVE: another machine moved its own file there at this moment.
            raise RetryAfter(
                "%(name)s was busy with the same file (%(code)s).",
                2,
                name=self.name,
                code=answer.status,
            )
        if answer.status >= 300:
            raise self._web.error(answer, self._at(name))
        return answer

    def _at(self, name: str) -> str:
        return f"{self._base}/" if name == "." else f"{self._base}/{quote(name)}"

    def _rows(self, answer: HttpResponse) -> list[tuple[str, int | None]]:
        """(path, size) of each entry in a multistatus response; size None for a collection."""
        tree = _multistatus(answer.text)
        if tree is None and answer.text.strip():
            raise self._web.stray(answer)
        if tree is None:
            raise Offline("Something else than %(name)s answered.", name=self.name)
        return [_row(one) for one in tree.iter(f"{_DAV}response")]


def _asking(depth: int) -> dict[str, Any]:
    return {
        "content": _ASK,
        "headers": {"Depth": str(depth), "Content-Type": "application/xml"},
    }


def _multistatus(text: str) -> Any:
    """The root of a multistatus response, with or without stray text around it; None if there is none."""
    begin = _MULTISTATUS.search(text)
    if begin is None:
        return None
    end = text.find(">", text.rfind(f"</{begin[1]}"))
    try:
        return ElementTree.fromstring(text[begin.start() : end + 1])
    except (ElementTree.ParseError, ValueError):
        return None


def _inner_status(answer: HttpResponse) -> int:
    """The first failure within a response about several resources (RFC 4918, 13); 200 if there is none."""
    tree = _multistatus(answer.text)
    lines = [one.text or "" for one in tree.iter(f"{_DAV}status")] if tree is not None else []
    codes = [int(found[1]) for line in lines if (found := re.match(r"\s*HTTP/\S+ (\d{3})\b", line))]
    return next((code for code in codes if code >= 400), 200 if codes else answer.status)


def _is_page(answer: HttpResponse) -> bool:
    """Whether an HTML page came back where none of these methods returns one: another server answered.

    PHP calls an empty answer HTML, too.
    """
    if not answer.text.strip():
        return False
    return "html" in answer.headers.get("Content-Type", "") or "<html" in answer.text[:500].lower()


def _server_message(answer: HttpResponse) -> str:
    """The server's own error message as ': …'; SabreDAV, Nextcloud and ownCloud send it as XML."""
    try:
        message = ElementTree.fromstring(answer.text).findtext("{http://sabredav.org/ns}message")
    except (ElementTree.ParseError, ValueError):
        return ""
    return f": {message.strip().rstrip('.')[:300]}" if message else ""


def _row(one: Any) -> tuple[str, int | None]:
    path = unquote(url_parts(one.findtext(f"{_DAV}href")).path)
    length = next(
        (
            length
            for e in one.iter(f"{_DAV}getcontentlength")
            if (length := (e.text or "").strip()).isdigit()
        ),
        None,
    )
    collection = next(one.iter(f"{_DAV}collection"), None) is not None
    return path.rstrip("/"), None if collection or length is None else int(length)
