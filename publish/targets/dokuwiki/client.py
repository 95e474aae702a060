"""DokuWiki's remote API over XML-RPC: finding it, rights, locks, pages, and what its answers mean.

https://www.dokuwiki.org/devel:xmlrpc. The calls are those of API version 11, which releases since 2024-02-06 keep for
older clients (``LegacyApiCore`` there; with JSON-RPC beside it). Mind two things. In the release of 2022 a refusal is
answered with an empty struct in place of the result, without its code; only a lack of rights has a status (401, 403).
And a page is saved without a look at what it was made from: so it is locked, read, compared, and written.
"""

from __future__ import annotations

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

# Of permissions (https://www.dokuwiki.org/acl#background_info): change pages, make them, send files, delete files.
EDIT, CREATE, UPLOAD, DELETE = 2, 4, 8, 16
_RPC = "/lib/exe/xmlrpc.php"
_XML = {"Content-Type": "text/xml"}
# Codes of errors, where they are told.
_OFF, _NO_PAGE, _EMPTY, _LOCKED, _BLOCKED = -32605, 121, 132, 133, 134
# Seconds. A page stays locked for 15 minutes after the last key was pressed, by default.
_LOCK_PAUSE = 300


class Refused(Permanent):
    """An error with the wiki's own code."""

    def __init__(self, message: str, code: int, **params: Any) -> None:
        super().__init__(message, **params)
        self.code = code


class Broke(RetryAfter):
    """The wiki's PHP broke off over a request."""


class Forbidden(Permanent):
    """The account may not do that here (403)."""


@dataclass(frozen=True)
class Page:
    """A page that is there: its name as the wiki writes it, its version (seconds since 1970), its text."""

    id: str
    version: int
    text: str


class Doku:
    """One wiki. The account's name and password go with each request."""

    def __init__(self, name: str, url: str, user: str, password: str) -> None:
        self.name, self.user, self._password = name, user, password
        self._url = url if "://" in url else f"https://{url}"
        self._web = HttpClient(name, auth=(user, password))
        self._rpc = ""
        self.version = ""

    def close(self) -> None:
        """Close kept connections."""
        self._web.close()

    # --- Asking --------------------------------------------------------------------------------------

    def call(self, method: str, *args: Any) -> Any:
        """One call, after the first look. Raises publish.errors; Forbidden, and Refused with the wiki's code."""
        self.open()
        return self._ask(self._rpc, call_of(method, args))

    def call_with_file(self, method: str, file: str, path: Path) -> Any:
        """One call that sends a file, which is read while it goes."""
        self.open()
        content, length = call_with_file(method, [file], path, [{"ow": False}])
        return self._ask(self._rpc, content, length)

    def open(self) -> None:
        """Find the API, from whatever address of the wiki a person has copied, and try the account."""
        if self._rpc:
            return
        failed: PublishError | None = None
        for address in _candidates(self._url):
            try:
                answer = self._ask(address, call_of("dokuwiki.getVersion", ()))
            except Forbidden:
                failed = self._closed()
            except Offline as error:
                if error.way != Reachability.PORTAL:
                    raise
                # A page of the wiki itself, or a sign-in page: both are HTML.
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

    def _closed(self) -> AuthRefused:
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
            raise Forbidden("%(name)s does not let %(who)s do that.", name=self.name, who=self.user)
        if answer.status == 500 or _is_broken(answer.body):
            raise Broke("%(name)s broke off over this. Its own log says why.", name=self.name)
        try:
            return result_of(answer.body)
        except NoResponse as error:
            raise Offline(self._web.portal(), Reachability.PORTAL) from error
        except Fault as error:
            if error.faultCode == _OFF:
                raise self._closed() from error
            reason = str(error.faultString).strip().rstrip(".")[:300]
            raise Refused(
                "%(name)s does not take this: %(what)s",
                number_of(error.faultCode),
                name=self.name,
                what=f"{reason}.",
            ) from error

    @property
    def base(self) -> str:
        """The wiki's address."""
        self.open()
        return self._rpc.removesuffix(_RPC)

    def page_url(self, page: str) -> str:
        """Where a page is read."""
        return f"{self.base}/doku.php?id={quote(page, safe=':')}"

    def file_url(self, file: str) -> str:
        """Where a file is fetched."""
        return f"{self.base}/lib/exe/fetch.php?media={quote(file, safe=':')}"

    def rights(self, page: str) -> int:
        """What the account may do with a page (whether it is there or not), as one of the numbers above."""
        return number_of(self.call("wiki.aclCheck", page))

    def lacking(self, what: str) -> AuthRefused:
        """The error where rights lack. Where everybody may come in from outside, a wrong password makes us nobody."""
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

    def page(self, page: str) -> Page | None:
        """A page, or None. One that is not there may still have a template: that is nobody's text yet."""
        found = self._look(page)
        if found is None:
            return None
        return replace(found, text=words_of(self.call("wiki.getPage", found.id)))

    def _look(self, page: str) -> Page | None:
        """A page without its text."""
        try:
            answer = self.call("wiki.getPageInfo", page)
        except Refused as error:
            if error.code != _NO_PAGE:
                raise
            return None
        version = number_of(struct(answer).get("version"))
        return Page(words_of(struct(answer).get("name")) or page, version, "") if version else None

    def search(self, words: str) -> list[str]:
        """Names of pages that say this, word for word."""
        answer = self.call("dokuwiki.search", f'"{words}"')
        hits = answer if isinstance(answer, list) else []
        return [name for hit in hits if (name := words_of(struct(hit).get("id")))]

    def change(
        self,
        page: str,
        change: Callable[[Page], str | None],
        summary: str,
        *,
        may_make: bool = False,
    ) -> Page:
        """Read, change, save, under a lock; a page without text is deleted. The page as it is then.

        Raises Gone when it is not there (unless it may be made), RetryAfter while somebody has it open for editing.
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
            before = found or Page(name, 0, "")
            text = change(before)
            if text is None or text == before.text:
                return before
            # The lock is the account's: another laptop with the same one holds it too. Versions are whole seconds.
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
                # Left alone, it ends by itself after some minutes.
                with suppress(PublishError):
                    self.call("dokuwiki.setLocks", {"lock": [], "unlock": [name]})

    def _lock(self, page: str) -> str:
        """The name of the page as the wiki writes it."""
        answer = struct(self.call("dokuwiki.setLocks", {"lock": [page], "unlock": []}))
        got = answer.get("locked")
        if isinstance(got, list) and got:
            return words_of(got[0]) or page
        if self.rights(page) < EDIT:
            raise self._forbidden(page)
        raise self._open_elsewhere(page)

    def _save(self, page: str, text: str, summary: str) -> None:
        try:
            answer = self.call("wiki.putPage", page, text, {"sum": summary, "minor": False})
        except Forbidden as error:
            raise self._forbidden(page) from error
        except Refused as error:
            if error.code == _LOCKED:
                raise self._open_elsewhere(page) from error
            if error.code not in (_EMPTY, _BLOCKED):
                raise
            answer = {}
        # An empty struct: refused, and not for a lock, which we hold. Deleting what is gone already is fine.
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
        """Nothing goes where no page of the namespace may be changed; otherwise it is about this page."""
        namespace = page.rpartition(":")[0]
        if self.rights(f"{namespace}:sr-probe") < EDIT:
            return self.lacking(f"change pages in {namespace or 'the wiki'}")
        return Forbidden(
            "%(who)s may not change the page %(page)s at %(name)s. Ask its administrator for "
            "the right.",
            who=self.user,
            page=page,
            name=self.name,
        )


def _is_broken(body: bytes) -> bool:
    """Whether PHP shows its own error in place of an answer, or nothing at all."""
    return not body.strip() or b"Fatal error" in body[:4000]


def struct(value: Any) -> Mapping[str, Any]:
    """An answer as a struct; empty where it is none."""
    return value if isinstance(value, dict) else {}


def words_of(value: Any) -> str:
    """An answer as text; empty where it is none."""
    return value if isinstance(value, str) else ""


def number_of(value: Any) -> int:
    """An answer as a number; 0 where it is none."""
    return value if isinstance(value, int) else 0


def _candidates(url: str) -> Sequence[str]:
    """Where the API may be: below what was given, and below each folder above it."""
    parts = urlsplit(url)
    path = parts.path.split("/doku.php")[0].split("/lib/exe/")[0].rstrip("/")
    folders = [path]
    while path:
        path = path.rpartition("/")[0]
        folders.append(path)
    return [f"{parts.scheme}://{parts.netloc}{folder}{_RPC}" for folder in folders[:4]]
