"""DokuWiki's remote API over XML-RPC: finding it, rights, locks, pages, files, and what its answers mean.

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
    PayloadTooLarge,
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
_OFF, _NO_PAGE, _EMPTY, _LOCKED, _BLOCKED, _NO_FILE, _IN_USE = -32605, 121, 132, 133, 134, 221, 232
# Seconds. A page stays locked for 15 minutes after the last key was pressed, by default.
_LOCK_PAUSE = 300
# Bytes of a file that may be too much for a small host.
_HEAVY = 4 << 20
# How often a lighter one is sent before a refusal without a reason is taken for one.
_PUTS = 4


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

    def open(self) -> None:
        """Find the API, from whatever address of the wiki a person has copied, and try the account."""
        if self._rpc:
            return
        failed: PublishError | None = None
        for address in _candidates(self._url):
            try:
                told = self._ask(address, call_of("dokuwiki.getVersion", ()))
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
                self._rpc, self.version = address, str(told)
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
            said = str(error.faultString).strip().rstrip(".")[:300]
            raise Refused(
                "%(name)s does not take this: %(what)s",
                _number(error.faultCode),
                name=self.name,
                what=f"{said}.",
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
        return _number(self.call("wiki.aclCheck", page))

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
        return replace(found, text=_words(self.call("wiki.getPage", found.id)))

    def _look(self, page: str) -> Page | None:
        """A page without its text."""
        try:
            told = self.call("wiki.getPageInfo", page)
        except Refused as error:
            if error.code != _NO_PAGE:
                raise
            return None
        version = _number(_struct(told).get("version"))
        return Page(_words(_struct(told).get("name")) or page, version, "") if version else None

    def search(self, words: str) -> list[str]:
        """Names of pages that say this, word for word."""
        told = self.call("dokuwiki.search", f'"{words}"')
        hits = told if isinstance(told, list) else []
        return [name for hit in hits if (name := _words(_struct(hit).get("id")))]

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
        told = _struct(self.call("dokuwiki.setLocks", {"lock": [page], "unlock": []}))
        got = told.get("locked")
        if isinstance(got, list) and got:
            return _words(got[0]) or page
        if self.rights(page) < EDIT:
            raise self._forbidden(page)
        raise self._open_elsewhere(page)

    def _save(self, page: str, text: str, summary: str) -> None:
        try:
            told = self.call("wiki.putPage", page, text, {"sum": summary, "minor": False})
        except Forbidden as error:
            raise self._forbidden(page) from error
        except Refused as error:
            if error.code == _LOCKED:
                raise self._open_elsewhere(page) from error
            if error.code not in (_EMPTY, _BLOCKED):
                raise
            told = {}
        # An empty struct: refused, and not for a lock, which we hold. Deleting what is gone already is fine.
        if told is not True and text:
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

    # --- Files -----------------------------------------------------------------------------------------

    def file_bytes(self, file: str) -> int:
        """The size of a file; 0 when it is not there."""
        try:
            told = self.call("wiki.getAttachmentInfo", file)
        except Refused as error:
            if error.code != _NO_FILE:
                raise
            return 0
        return _number(_struct(told).get("size"))

    def put_file(self, file: str, path: Path) -> str:
        """Send a file; its name as the wiki writes it. One of this name that is there is not written over."""
        size = path.stat().st_size
        told, said = "", ""
        for _ in range(_PUTS if size < _HEAVY else 2):
            try:
                told, said = _words(self._put(file, path)), ""
            except Refused as error:
                said = f" {error.message}"
            except Broke as error:
                return self._too_heavy(file, size, error)
            # Refused, without a reason or in the wiki's own words. Two who send it at once share a temporary file
            # there, and one of them may be told that it is broken: it is sent again, unless the other's is there.
            if not told and self.file_bytes(file) == size:
                told = file
            if told or self.rights(file) < UPLOAD:
                break
        return told or self._not_put(file, path, said)

    def _put(self, file: str, path: Path) -> Any:
        self.open()
        content, length = call_with_file("wiki.putAttachment", [file], path, [{"ow": False}])
        return self._ask(self._rpc, content, length)

    def _too_heavy(self, file: str, size: int, error: Broke) -> str:
        """A file is in PHP's memory several times over. A small one, or one that arrived, broke for another reason."""
        if size < _HEAVY:
            raise error
        if self.file_bytes(file) == size:
            return file
        raise PayloadTooLarge(
            "%(name)s breaks off over a file of %(size)s MB: its PHP may use too little "
            "memory, or time.",
            name=self.name,
            size=f"{size / 1e6:.0f}",
        ) from error

    def _not_put(self, file: str, path: Path, said: str) -> str:
        if self.rights(file) < UPLOAD:
            raise Permanent(
                "%(who)s may not send files to %(name)s. Ask its administrator for the right.",
                who=self.user,
                name=self.name,
            )
        raise Permanent(
            "%(name)s does not take this file (%(size)s, %(type)s). %(what)s",
            name=self.name,
            size=f"{f'{path.stat().st_size / 1e6:.1f}'} MB",
            type=path.suffix,
            what=f"Its administrator decides which types it takes.{said}",
        )

    def delete_file(self, file: str) -> None:
        """Delete a file; one that is gone already is fine."""
        code = _IN_USE
        try:
            told = self.call("wiki.deleteAttachment", file)
        except Forbidden as error:
            raise Permanent(
                "%(who)s may not delete files at %(name)s. Ask its administrator to delete "
                "%(file)s.",
                who=self.user,
                name=self.name,
                file=file,
            ) from error
        except Refused as error:
            told, code = {}, error.code
        if told == 0 or not self.file_bytes(file):
            return
        if code != _IN_USE:
            raise Permanent(
                "%(name)s can't delete %(file)s. Ask its administrator.", name=self.name, file=file
            )
        raise Permanent(
            "%(name)s keeps the file %(file)s, because a page there still shows it. Take it "
            "off that page (the wiki's media manager names it under References), then try "
            "again.",
            name=self.name,
            file=file,
        )


def _is_broken(body: bytes) -> bool:
    """Whether PHP shows its own error in place of an answer, or nothing at all."""
    return not body.strip() or b"Fatal error" in body[:4000]


def _struct(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
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
