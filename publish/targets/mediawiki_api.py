"""MediaWiki's action API: signing in, tokens, what its errors mean, and the few actions that we need.

https://www.mediawiki.org/wiki/API:Main_page. Mind that any value of a boolean parameter is true there, "0" too
(https://www.mediawiki.org/wiki/API:Data_formats#Boolean_parameters): those are sent only where they are meant.
mwclient was looked at: it brings its own requests, retries and sleeps, past the one seam where this project tells
"offline" from "refused" and where tests cut the wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from publish.errors import (
    AuthRefused,
    Gone,
    Offline,
    PauseTarget,
    Permanent,
    PublishError,
    RetryAfter,
    TooBig,
)  # fmt: skip
from publish.http import Answer, Web

# What an error's code means; the start of a code is enough. https://www.mediawiki.org/wiki/API:Errors_and_warnings
_LATER = ("readonly", "ratelimited", "maxlag", "internal_api_error", "actionthrottled", "backend-fail",
          "lockmanager", "uploadstash")  # fmt: skip
_RIGHTS = ("permissiondenied", "writeapidenied", "blocked", "autoblocked", "badaccess", "assert", "cantcreate",
           "noedit", "mustbeloggedin", "readapidenied", "globalblocking", "sitewide", "import-rootpage")  # fmt: skip
_GONE = ("missingtitle", "nosuchpageid", "nosuchrevid", "nosuchsection", "cantdelete")
_BIG = ("file-too-large", "toobig", "filetoobig", "contenttoobig")
# Sent in one request up to here; above in pieces, of which a broken one is sent again by itself.
CHUNK_FROM = 8 << 20
CHUNK = 4 << 20
_PIECE_TRIES = 4


class WikiError(Permanent):
    """An error with the wiki's own code, for callers that know better, and all that it said."""

    def __init__(self, message: str, code: str, told: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code, self.told = code, told


# The field's name, the file's, its bytes, their type.
_File = tuple[str, str, Any, str]


class Wiki:
    """One wiki, signed in when it is first asked for something that needs it."""

    def __init__(self, name: str, url: str, user: str, password: str) -> None:
        self.name, self._user, self._password = name, user, password
        self._url = url if "://" in url else f"https://{url}"
        self._web = Web(name)
        self._api = ""
        self._csrf = ""
        self.site: dict[str, Any] = {}

    def close(self) -> None:
        """Close kept connections."""
        self._web.close()

    # --- Asking --------------------------------------------------------------------------------------

    def query(self, **params: Any) -> dict[str, Any]:
        """``action=query``; its ``query`` part (with ``continue``, where there is more)."""
        answer = self.act("query", params)
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
        """One action, signed in. Raises publish.errors; WikiError keeps the code."""
        self._sign_in()
        try:
            return self._act(action, params, write=write, file=file)
        except WikiError as error:
            # A session or token ends: once more with new ones.
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
            # Wikis whose databases lag ask for patience (https://www.mediawiki.org/wiki/Manual:Maxlag_parameter).
            given |= {"token": self._token(), "maxlag": 5}
        return self._post(action, given, file)

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

    def _checked(self, answer: Answer) -> dict[str, Any]:
        if not isinstance(answer.data, dict):
            raise Offline(f"{self.name} does not answer as a wiki does.")
        if "error" in answer.data:
            raise self._error(answer.data["error"], answer.headers)
        return answer.data

    def _error(self, error: Mapping[str, Any], headers: Mapping[str, str]) -> PublishError:
        code, said = str(error.get("code", "")), str(error.get("info", "")).strip()
        if code in ("assertuserfailed", "badtoken", "notoken"):
            return WikiError(f"{self.name} has ended our session.", code, error)
        if code == "editconflict":
            return WikiError(
                f"Somebody else is changing the page at {self.name} right now.", code, error
            )
        if code.startswith(_LATER):
            told = headers.get("Retry-After", "")
            return RetryAfter(
                f"{self.name} can't take it right now: {said}",
                float(told) if told.isdigit() else None,
            )
        if code.startswith(_GONE):
            return Gone(f"{self.name} has nothing under this name any more: {said}")
        if code.startswith(_BIG):
            return TooBig(f"This is larger than {self.name} takes: {said}")
        if code.startswith(_RIGHTS) and code != "permissiondenied":
            return AuthRefused(f"{self.name} does not let this account do that: {said}")
        return WikiError(f"{self.name} does not take this: {said}", code, error)

    def _token(self) -> str:
        if not self._csrf:
            answer = self._post("query", {"meta": "tokens", "type": "csrf", "assert": "user"})
            self._csrf = answer["query"]["tokens"]["csrftoken"]
        return self._csrf

    # --- Signing in ------------------------------------------------------------------------------------

    def _sign_in(self) -> None:
        """With a bot password (https://www.mediawiki.org/wiki/API:Login)."""
        if self._api:
            return
        self._api, self.site = self._find_api()
        token = self._post("query", {"meta": "tokens", "type": "login"})["query"]["tokens"][
            "logintoken"
        ]
        told = self._post(
            "login", {"lgname": self._user, "lgpassword": self._password, "lgtoken": token}
        )["login"]
        if told["result"] == "Success":
            return
        self._api = ""
        if told["result"] == "Throttled":
            raise RetryAfter(
                f"{self.name} wants a break before the next sign-in.", float(told.get("wait", 300))
            )
        raise AuthRefused(
            f"{self.name} refused user name or password: {told.get('reason', told['result'])} Make a bot password "
            "there (Special:BotPasswords) and set it again."
        )

    def _find_api(self) -> tuple[str, dict[str, Any]]:
        """The address of api.php, from whatever address of the wiki a person has copied, and the site's facts."""
        params = {"action": "query", "meta": "siteinfo", "siprop": "general|fileextensions|namespaces",
                  "format": "json", "formatversion": "2"}  # fmt: skip
        failed: PublishError | None = None
        for address in _candidates(self._url):
            try:
                answer = self._web.call("GET", address, params=params, accept={403, 404})
            except Offline as error:
                # A page of the wiki itself, or a sign-in page: both are HTML.
                failed = error
                continue
            told = answer.data.get("query", {}) if isinstance(answer.data, dict) else {}
            if "MediaWiki" in str(told.get("general", {}).get("generator", "")):
                return address, told
            code = answer.data.get("error", {}).get("code") if isinstance(answer.data, dict) else ""
            if code == "readapidenied":
                return address, {}
        raise failed or PauseTarget(
            f"There is no MediaWiki at {urlsplit(self._url).netloc}. Check the address of {self.name}."
        )

    # --- Files -------------------------------------------------------------------------------------------

    def upload(
        self, path: Path, filename: str, mime: str, words: Mapping[str, str]
    ) -> dict[str, Any]:
        """Store a file; the ``upload`` part of the answer. https://www.mediawiki.org/wiki/API:Upload"""
        size = path.stat().st_size
        common = {**words, "filename": filename, "ignorewarnings": 1}
        if size <= CHUNK_FROM:
            with path.open("rb") as file:
                answer = self.act("upload", common, write=True, file=("file", filename, file, mime))
        else:
            answer = self.act(
                "upload", {**common, "filekey": self._stash(path, filename, size)}, write=True
            )
        return dict(answer["upload"])

    def _stash(self, path: Path, filename: str, size: int) -> str:
        """Send a large file in pieces; the key under which it waits (for 6 hours)."""
        key, offset = "", 0
        step = max(CHUNK, int(self.site.get("general", {}).get("minuploadchunksize", 0)))
        with path.open("rb") as file:
            while offset < size:
                file.seek(offset)
                piece = file.read(step)
                params = {
                    "filename": filename,
                    "filesize": size,
                    "offset": offset,
                    "stash": 1,
                    "ignorewarnings": 1,
                }
                told = self._piece({**params, **({"filekey": key} if key else {})}, piece)
                key, offset = told.get("filekey", key), int(told.get("offset", offset + len(piece)))
        return key

    def _piece(self, params: Mapping[str, Any], piece: bytes) -> dict[str, Any]:
        """One piece, again when its answer was lost: the wiki then says which offset it waits for."""
        file = ("chunk", "chunk", piece, "application/octet-stream")
        for attempt in range(_PIECE_TRIES):
            try:
                return dict(self.act("upload", params, write=True, file=file)["upload"])
            except RetryAfter:
                if attempt == _PIECE_TRIES - 1 or not params.get("filekey"):
                    raise
            except WikiError as error:
                if error.code != "stashfailed" or "offset" not in error.told:
                    raise
                return {"offset": error.told["offset"]}
        raise RetryAfter(f"{self.name} did not take a piece of the file.")

    def same_file(self, path: Path) -> dict[str, Any] | None:
        """A file there with the same bytes, under whatever name. https://www.mediawiki.org/wiki/API:Allimages"""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha1").hexdigest()
        found = self.query(list="allimages", aisha1=digest, aiprop="url|sha1", ailimit=1)
        return next(iter(found.get("allimages", ())), None)


def _candidates(url: str) -> list[str]:
    """Where api.php may be: beside what was given, in /w (as Wikipedia has it), at the top."""
    if url.split("?")[0].endswith("api.php"):
        return [url.split("?")[0]]
    base = url.split("?")[0].split("/index.php")[0].split("/wiki/")[0].rstrip("/")
    base = base.removesuffix("/wiki")
    return [f"{base}/api.php", f"{base}/w/api.php"]
