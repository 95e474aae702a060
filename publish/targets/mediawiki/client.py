"""Client for MediaWiki's action API: login, tokens, error handling, and the few actions needed.

https://www.mediawiki.org/wiki/API:Main_page. Any value of a boolean parameter counts as true there,
even "0" (https://www.mediawiki.org/wiki/API:Data_formats#Boolean_parameters), so false ones are
omitted. mwclient is not used: it has its own requests, retries and sleeps, outside the HTTP client
where this project tells "offline" from "refused" and where tests simulate failures.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publish.errors import (
    AuthRefused,
    ConnectionLost,
    Gone,
    Offline,
    PayloadTooLarge,
    Permanent,
    PublishError,
    RetryAfter,
)
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_state import RemoteState
from publish.net.transfer_meter import count_resumable
from publish.targets.mediawiki.discovery import find_api

# Error classes by prefix of the error code. https://www.mediawiki.org/wiki/API:Errors_and_warnings
_LATER = (
    "readonly",
    "ratelimited",
    "maxlag",
    "internal_api_error",
    "actionthrottled",
    "backend-fail",
    "lockmanager",
)
_RIGHTS = (
    "permissiondenied",
    "writeapidenied",
    "blocked",
    "autoblocked",
    "badaccess",
    "assert",
    "cantcreate",
    "noedit",
    "mustbeloggedin",
    "readapidenied",
    "globalblocking",
    "sitewide",
    "import-rootpage",
)
_GONE = ("missingtitle", "nosuchpageid", "nosuchrevid", "nosuchsection", "cantdelete")
_BIG = ("file-too-large", "toobig", "filetoobig", "contenttoobig")
# Up to this size a file is sent in one request; larger ones in chunks, which are retried
# individually. The chunk size grows from the first to the last of these sizes while all goes well,
# and shrinks when the connection breaks.
CHUNK_FROM = 1 << 20
CHUNKS = (256 << 10, 4 << 20)
_CHUNK_LEAST = 128 << 10
# Consecutive failures of the same chunk.
_PIECE_TRIES = 4
# Small files are chunked too, for this long after an interrupted upload.
_LATELY_S = 3600.0
_Mark = tuple[str, str, str, int]


class WikiError(Permanent):
    """An error with the wiki's own code and the full response, for callers that know better."""

    def __init__(self, message: str, code: str, details: Mapping[str, Any], **params: Any) -> None:
        super().__init__(message, **params)
        self.code, self.details = code, details


class Pace:
    """Adaptive chunk size: grows with success, shrinks when the connection breaks."""

    def __init__(self, least: int = 0, *, careful: bool = False) -> None:
        self._least = max(least, min(_CHUNK_LEAST, CHUNKS[0]))
        self._most = self._least if careful else max(least, CHUNKS[1])
        self.size = self._least if careful else max(least, CHUNKS[0])
        self._tries = 0
        self._at = -1

    def went(self, count: int) -> None:
        """A chunk has arrived."""
        self._tries = 0
        if count >= self.size:
            self.size = min(2 * self.size, self._most)

    def broke(self, offset: int) -> bool:
        """A chunk failed; return False after too many attempts."""
        self._tries = self._tries + 1 if offset == self._at else 1
        self._at = offset
        self.size = self._most = max(self._least, self.size // 4)
        return self._tries < _PIECE_TRIES


# Field name, file name, content, MIME type.
_File = tuple[str, str, Any, str]


class Wiki:
    """One wiki; signs in on the first request that requires it."""

    def __init__(self, name: str, url: str, login: tuple[str, str], state: RemoteState) -> None:
        self.name, (self._user, self._password) = name, login
        self._found = state.table("mediawiki addresses")
        # API URL -> time of the last interrupted upload (monotonic).
        self._broke = state.table("mediawiki cuts")
        # Unfinished uploads: id -> file key and offset. A wiki that has dropped one reports it.
        self._stashed = state.table("mediawiki stashes")
        self._url = url
        self._web = HttpClient(name)
        self._api = ""
        self._csrf = ""
        self.site: dict[str, Any] = {}

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    # --- Asking --------------------------------------------------------------------------------------

    def query(self, **params: Any) -> dict[str, Any]:
        """Run ``action=query``; return its ``query`` part (with ``continue`` if there is more)."""
        answer = self.act("query", params)
        if not answer.keys() & {"query", "continue", "batchcomplete"}:
            # It says nothing at all, which is not the same as that nothing was found.
            raise self._web.not_understood()
        more = {"continue": answer["continue"]} if "continue" in answer else {}
        return {**answer.get("query", {}), **more}

    def act(
        self,
        action: str,
        params: Mapping[str, Any],
        *,
        write: bool = False,
        file: _File | None = None,
    ) -> dict[str, Any]:
        """Run one action while signed in. Raises publish.errors; WikiError keeps the code."""
        self._sign_in()
        try:
            return self._act(action, params, write=write, file=file)
        except WikiError as error:
            # Session or token expired: retry once with new ones.
            if error.code not in ("badtoken", "assertuserfailed", "notoken"):
                raise
        self._csrf = self._api = ""
        if file is not None and hasattr(file[2], "seek"):
            file[2].seek(0)
        self._sign_in()
        return self._act(action, params, write=write, file=file)

    def _act(
        self, action: str, params: Mapping[str, Any], *, write: bool, file: _File | None
    ) -> dict[str, Any]:
        given = {**params, "assert": "user"}
        if write:
            # Wikis with replication lag ask clients to wait
            # (https://www.mediawiki.org/wiki/Manual:Maxlag_parameter).
            given |= {"token": self._token(), "maxlag": 5}
        answer = self._post(action, given, file)
        if write and action not in answer:
            raise self._web.not_understood()
        return answer

    def _post(
        self, action: str, params: Mapping[str, Any], file: _File | None = None
    ) -> dict[str, Any]:
        data = {
            "action": action,
            "format": "json",
            "formatversion": 2,
            "errorlang": "uselang",
            **params,
        }
        files = {file[0]: file[1:]} if file is not None else None
        answer = self._web.call("POST", self._api, data=data, files=files)
        return self._checked(answer)

    def _checked(self, answer: HttpResponse) -> dict[str, Any]:
        if not isinstance(answer.data, dict):
            raise Offline("%(name)s does not answer as a wiki does.", name=self.name)
        if "error" in answer.data:
            raise self._error(answer.data["error"], answer.headers)
        return answer.data

    def _error(self, error: Mapping[str, Any], headers: Mapping[str, str]) -> PublishError:
        code, message = str(error.get("code", "")), str(error.get("info", "")).strip()
        if code in ("assertuserfailed", "badtoken", "notoken"):
            return WikiError("%(name)s has ended our session.", code, error, name=self.name)
        if code == "editconflict":
            return WikiError(
                "Somebody else is changing the page at %(name)s right now.",
                code,
                error,
                name=self.name,
            )
        if code.startswith(_LATER):
            retry_after = headers.get("Retry-After", "")
            return RetryAfter(
                "%(name)s can't take it right now: %(what)s",
                float(retry_after) if retry_after.isdigit() else None,
                name=self.name,
                what=message,
            )
        if code.startswith(_GONE):
            return Gone(
                "%(name)s has nothing under this name any more: %(what)s",
                name=self.name,
                what=message,
            )
        if code.startswith(_BIG):
            return PayloadTooLarge(
                "This is larger than %(name)s takes: %(what)s", name=self.name, what=message
            )
        if code.startswith(_RIGHTS) and code != "permissiondenied":
            return AuthRefused(
                "%(name)s does not let this account do that: %(what)s", name=self.name, what=message
            )
        return WikiError(
            "%(name)s does not take this: %(what)s", code, error, name=self.name, what=message
        )

    def _token(self) -> str:
        if not self._csrf:
            answer = self._post("query", {"meta": "tokens", "type": "csrf", "assert": "user"})
            self._csrf = answer["query"]["tokens"]["csrftoken"]
        return self._csrf

    # --- Signing in ------------------------------------------------------------------------------------

    def _sign_in(self) -> None:
        """Sign in with a bot password (https://www.mediawiki.org/wiki/API:Login)."""
        if self._api:
            return
        self._api, self.site = find_api(self._web, self._url, self._found)
        token = self._post("query", {"meta": "tokens", "type": "login"})["query"]["tokens"][
            "logintoken"
        ]
        answer = self._post(
            "login", {"lgname": self._user, "lgpassword": self._password, "lgtoken": token}
        )["login"]
        if answer["result"] == "Success":
            return
        self._api = ""
        if answer["result"] == "Throttled":
            raise RetryAfter(
                "%(name)s wants a break before the next sign-in.",
                float(answer.get("wait", 300)),
                name=self.name,
            )
        raise AuthRefused(
            "%(name)s refused user name or password: %(what)s Make a bot password there "
            "(Special:BotPasswords) and set it again.",
            name=self.name,
            what=answer.get("reason", answer["result"]),
        )

    # --- Files -------------------------------------------------------------------------------------------

    def upload(
        self, path: Path, filename: str, mime: str, words: Mapping[str, str]
    ) -> dict[str, Any]:
        """Upload a file; return the ``upload`` part of the response. https://www.mediawiki.org/wiki/API:Upload"""
        size = path.stat().st_size
        common = {**words, "filename": filename, "ignorewarnings": 1}
        if size <= (_CHUNK_LEAST if self._broke_lately() else CHUNK_FROM):
            try:
                with path.open("rb") as file:
                    whole = ("file", filename, file, mime)
                    answer = self.act("upload", common, write=True, file=whole)
            except ConnectionLost:
                self._broke[self._api] = time.monotonic()
                raise
        else:
            answer = self._upload_in_pieces(path, size, common)
        return dict(answer["upload"])

    def _broke_lately(self) -> bool:
        return time.monotonic() - self._broke.get(self._api, -_LATELY_S) < _LATELY_S

    def _upload_in_pieces(self, path: Path, size: int, common: Mapping[str, Any]) -> dict[str, Any]:
        mark = (self._api, self._user, str(common["filename"]), size)
        resumed = mark in self._stashed
        try:
            key = self._stash(path, mark)
            answer = self.act("upload", {**common, "filekey": key}, write=True)
        except WikiError as error:
            self._stashed.pop(mark, None)
            if resumed or error.code.startswith("uploadstash"):
                raise RetryAfter(
                    "%(name)s has forgotten the beginning of a file. It is sent again.",
                    name=self.name,
                ) from error
            raise
        self._stashed.pop(mark, None)
        return answer

    def _stash(self, path: Path, mark: _Mark) -> str:
        """Upload a large file in chunks, resuming after interruptions; return its key in the stash
        (valid for 6 hours).
        """
        key, offset = self._stashed.get(mark, ("", 0))
        filename, size = mark[2:]
        least = int(self.site.get("general", {}).get("minuploadchunksize", 0))
        pace = Pace(least, careful=self._broke_lately())
        with path.open("rb") as file:
            while offset < size:
                file.seek(offset)
                piece = file.read(pace.size)
                key, offset = self._piece(_piece_of(filename, size, offset, key), piece, pace)
                self._stashed[mark] = key, offset
        return key

    def _piece(self, params: Mapping[str, Any], piece: bytes, pace: Pace) -> tuple[str, int]:
        """Upload one chunk; return key and next offset. If the response was lost, the wiki reports
        the offset it expects.
        """
        file = ("chunk", "chunk", piece, "application/octet-stream")
        key, offset = params.get("filekey", ""), int(params["offset"])
        try:
            answer = self.act("upload", params, write=True, file=file)["upload"]
        except RetryAfter as error:
            self._broke[self._api] = time.monotonic()
            if error.seconds is not None or not pace.broke(offset):
                raise
            return key, offset
        except WikiError as error:
            if error.code != "stashfailed" or "offset" not in error.details:
                raise
            return key, int(error.details["offset"])
        pace.went(len(piece))
        count_resumable(len(piece))
        return answer.get("filekey", key), int(answer.get("offset", offset + len(piece)))

    def same_file(self, path: Path) -> dict[str, Any] | None:
        """A file on the wiki with identical content under any name. https://www.mediawiki.org/wiki/API:Allimages"""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha1").hexdigest()
        found = self.query(list="allimages", aisha1=digest, aiprop="url|sha1", ailimit=1)
        return next(iter(found.get("allimages", ())), None)


def _piece_of(filename: str, size: int, offset: int, key: str) -> dict[str, Any]:
    """Parameters of one chunk."""
    about = {"filename": filename, "filesize": size, "offset": offset, "stash": 1}
    return {**about, "ignorewarnings": 1, **({"filekey": key} if key else {})}
