"""Client for DokuWiki's XML-RPC API: discovery, permissions, locks, pages and error handling.

https://www.dokuwiki.org/devel:xmlrpc. Uses API version 11, which releases since 2024-02-06 keep for
older clients (``LegacyApiCore``, next to JSON-RPC). Two pitfalls: the 2022 release answers a
refusal with an empty struct instead of the result, without an error code; only missing permissions
have a status (401, 403). And saving a page does not check the revision it is based on, so pages are
locked, read, compared and then written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xmlrpc.client import Fault

from publish.errors import (
    AuthRefused,
    Gone,
    Offline,
    PauseTarget,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
)
from publish.net.http import HttpClient
from publish.targets.dokuwiki.xmlrpc import NoResponse, call_of, call_with_file, result_of
from reporter.messages import Message

# Permission levels (https://www.dokuwiki.org/acl#background_info): edit pages, create them, upload
# files, delete files.
EDIT, CREATE, UPLOAD, DELETE = 2, 4, 8, 16
_RPC = "/lib/exe/xmlrpc.php"
_XML = {"Content-Type": "text/xml"}
# Error codes, on versions that report them.
_OFF, _NO_PAGE, _EMPTY, _LOCKED, _BLOCKED = -32605, 121, 132, 133, 134
# Seconds. By default a page stays locked for 15 minutes after the last keystroke.
_LOCK_PAUSE = 300


class Refused(Permanent):
    """An error with the wiki's own code."""

    def __init__(self, message: str, code: int, **params: Any) -> None:
        super().__init__(message, **params)
        self.code = code


class Broke(RetryAfter):
    """The wiki's PHP aborted the request."""


class PermissionDenied(Permanent):
    """The account lacks permission for this (403)."""


@dataclass(frozen=True)
class WikiPage:
    """An existing page: its name as normalized by the wiki, revision (Unix time) and text."""

    id: str
    version: int
    text: str


class Doku:
    """One wiki. User name and password are sent with each request."""

    def __init__(self, name: str, url: str, user: str, password: str) -> None:
        self.name, self.user, self._password = name, user, password
        self._url = url if "://" in url else f"https://{url}"
        self._web = HttpClient(name, auth=(user, password))
        self._rpc = ""
        self.version = ""

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    # --- Asking --------------------------------------------------------------------------------------

    def call(self, method: str, *args: Any) -> Any:
        """One call, after discovery. Raises publish.errors; Forbidden; and Refused with the wiki's code."""
        self.open()
        return self._ask(self._rpc, call_of(method, args))

    def call_with_file(self, method: str, file: str, path: Path) -> Any:
        """One call that uploads a file, streamed from disk."""
        self.open()
        content, length = call_with_file(method, [file], path, [{"ow": False}])
        return self._ask(self._rpc, content, length)

    def open(self) -> None:
        """Find the API from any URL of the wiki that a person has copied, and test the account."""
        if self._rpc:
            return
        failed: PublishError | None = None
        for address in _candidates(self._url):
            try:
                answer = self._ask(address, call_of("dokuwiki.getVersion", ()))
            except PermissionDenied:
                failed = self._remote_access_closed()
            except Offline as error:
                if error.way != Reachability.PORTAL:
                    raise
                # A page of the wiki itself or a captive portal: both are HTML.
                failed = failed or error
            except Permanent:
                continue
            else:
                self._rpc, self.version = address, str(answer)
                return
        raise failed or PauseTarget(
            "There is no DokuWiki at %(host)s. Check the address of %(name)s.",
            host=urlsplit(self._url).netloc,
            name=self.name,
        )

    def _remote_access_closed(self) -> AuthRefused:
        return AuthRefused(
            "%(name)s lets %(user)s in, but not from outside. Ask its administrator to switch "
            "on remote access (Configuration: remote) and to name %(user)s there (remoteuser).",
            name=self.name,
            user=self.user,
        )

    def _ask(
        self, address: str, content: bytes | Iterator[bytes], length: int | None = None
    ) -> Any:
        headers = _XML if length is None else {**_XML, "Content-Length": str(length)}
        answer = self._web.raw(address, content, headers, accept={403, 500})
        if answer.status == 403:
            raise PermissionDenied(
                "%(name)s does not let %(who)s do that.", name=self.name, who=self.user
            )
        if answer.status == 500 or _is_broken(answer.body):
            raise Broke("%(name)s failed on this. Its own log says why.", name=self.name)
        try:
            return result_of(answer.body)
        except NoResponse as error:
            if re.match(rb"\s*<(?:\?xml|methodResponse)\b", answer.body):
                raise self._web.broken_off() from error
            raise Offline(self._web.portal(), Reachability.PORTAL) from error
        except Fault as error:
            if error.faultCode == _OFF:
                raise self._remote_access_closed() from error
            reason = str(error.faultString).strip().rstrip(".")[:300]
            raise Refused(
                "%(name)s does not take this: %(what)s",
                number_of(error.faultCode),
                name=self.name,
                what=f"{reason}.",
            ) from error

    @property
    def base(self) -> str:
        """The wiki's base URL."""
        self.open()
        return self._rpc.removesuffix(_RPC)

    def page_url(self, page: str) -> str:
        """URL of a page."""
        return f"{self.base}/doku.php?id={quote(page, safe=':')}"

    def file_url(self, file: str) -> str:
        """Download URL of a file."""
        return f"{self.base}/lib/exe/fetch.php?media={quote(file, safe=':')}"

    def rights(self, page: str) -> int:
        """The account's permission level for a page (existing or not), as one of the constants above."""
        return int(self.typed(int, self.call("wiki.aclCheck", page)))

    def typed(self, kind: type | tuple[type, ...], value: Any) -> Any:
        """A response of its documented type; anything else leaves open what is there."""
        if not isinstance(value, kind):
            raise self._web.not_understood()
        return value

    def lacking(self, what: Message) -> AuthRefused:
        """The error for missing permissions. Where anonymous remote access is allowed, a wrong
        password makes the request anonymous.
        """
        if not self.call("dokuwiki.login", self.user, self._password):
            return AuthRefused(
                "%(name)s refused user name or password%(what)s. Set them again.",
                name=self.name,
                what="",
            )
        return AuthRefused(
            "%(who)s may not %(what)s at %(name)s. Ask its administrator for the right.",
            who=self.user,
            what=what,
            name=self.name,
        )

    # --- Pages ---------------------------------------------------------------------------------------

    def page(self, page: str) -> WikiPage | None:
        """A page, or None. A missing page may still have a template, which is not its text."""
        found = self._look(page)
        if found is None:
            return None
        return replace(found, text=str(self.typed(str, self.call("wiki.getPage", found.id))))

    def _look(self, page: str) -> WikiPage | None:
        """A page without its text."""
        try:
            answer = self.typed(dict, self.call("wiki.getPageInfo", page))
        except Refused as error:
            if error.code != _NO_PAGE:
                raise
            return None
        version = number_of(struct(answer).get("version"))
        return (
            WikiPage(words_of(struct(answer).get("name")) or page, version, "") if version else None
        )

    def search(self, words: str) -> list[str]:
        """Names of pages that contain this exact phrase."""
        # A struct is how the 2022 release refuses.
        answer = self.typed((list, dict), self.call("dokuwiki.search", f'"{words}"'))
        hits = answer if isinstance(answer, list) else []
        return [name for hit in hits if (name := words_of(struct(hit).get("id")))]

    def change(
        self,
        page: str,
        change: Callable[[WikiPage], str | None],
        summary: str,
        *,
        may_make: bool = False,
    ) -> WikiPage:
        """Read, change and save a page under a lock, and return it; a page without text is deleted.

        Raises Gone if it does not exist (unless it may be created), RetryAfter while somebody is editing it.
        """
        name = self._lock(page)
        saved = False
        try:
            found = self.page(name)
            if found is None and not may_make:
                raise Gone(
                    "The page %(page)s is not there any more at %(name)s.",
                    page=name,
                    name=self.name,
                )
            before = found or WikiPage(name, 0, "")
            text = change(before)
            if text is None or text == before.text:
                return before
            # The lock belongs to the account: another laptop with the same one holds it too.
            # Revisions have a resolution of one second.
            if self.page(name) != found:
                raise RetryAfter(
                    "Several people are changing the page %(page)s at %(name)s.",
                    30,
                    page=name,
                    name=self.name,
                )
            self._save(name, text, summary)
            saved = True
            return replace(before, text=text)
        finally:
            if not saved:
                # Otherwise it expires after some minutes.
                with suppress(PublishError):
                    self.call("dokuwiki.setLocks", {"lock": [], "unlock": [name]})

    def _lock(self, page: str) -> str:
        """Lock the page; return its name as normalized by the wiki."""
        answer = self.typed(dict, self.call("dokuwiki.setLocks", {"lock": [page], "unlock": []}))
        got = answer.get("locked")
        if isinstance(got, list) and got:
            return words_of(got[0]) or page
        if self.rights(page) < EDIT:
            raise self._forbidden(page)
        raise self._open_elsewhere(page)

    def _save(self, page: str, text: str, summary: str) -> None:
        try:
            answer = self.call("wiki.putPage", page, text, {"sum": summary, "minor": False})
        except PermissionDenied as error:
            raise self._forbidden(page) from error
        except Refused as error:
            if error.code == _LOCKED:
                raise self._open_elsewhere(page) from error
            if error.code not in (_EMPTY, _BLOCKED):
                raise
            answer = {}
        # An empty struct means refused, and not because of a lock, which we hold. Deleting a
        # missing page is fine.
        self.typed((bool, dict), answer)
        if answer is not True and text:
            raise Permanent(
                "%(name)s does not take the page %(page)s, most likely for a word or an address on "
                "its list of blocked ones. Change the words, or ask its administrator.",
                name=self.name,
                page=page,
            )

    def _open_elsewhere(self, page: str) -> RetryAfter:
        return RetryAfter(
            "Somebody has the page %(page)s open for editing at %(name)s. It is tried again in "
            "a few minutes.",
            _LOCK_PAUSE,
            page=page,
            name=self.name,
        )

    def _forbidden(self, page: str) -> PublishError:
        """Pause the target if no page of the namespace may be edited; otherwise the error is about this page."""
        namespace = page.rpartition(":")[0]
        if self.rights(f"{namespace}:sr-probe") < EDIT:
            return self.lacking(
                Message("change pages in %(page)s", page=namespace)
                if namespace
                else Message("change pages")
            )
        return PermissionDenied(
            "%(who)s may not change the page %(page)s at %(name)s. Ask its administrator for "
            "the right.",
            who=self.user,
            page=page,
            name=self.name,
        )


def _is_broken(body: bytes) -> bool:
    """Whether PHP shows its own error page or an empty body instead of a response."""
    return not body.strip() or b"Fatal error" in body[:4000]


def struct(value: Any) -> Mapping[str, Any]:
    """A response as a struct; empty if it is none."""
    return value if isinstance(value, dict) else {}


def words_of(value: Any) -> str:
    """A response as text; empty if it is none."""
    return value if isinstance(value, str) else ""


def number_of(value: Any) -> int:
    """A response as a number; 0 if it is none."""
    return value if isinstance(value, int) else 0


def _candidates(url: str) -> Sequence[str]:
    """Possible API URLs: below the given URL, and below each of its parent folders."""
    parts = urlsplit(url)
    path = parts.path.split("/doku.php")[0].split("/lib/exe/")[0].rstrip("/")
    folders = [path]
    while path:
        path = path.rpartition("/")[0]
        folders.append(path)
    return [f"{parts.scheme}://{parts.netloc}{folder}{_RPC}" for folder in folders[:4]]
