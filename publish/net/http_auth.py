"""HTTP authentication as the server requests it: Basic (RFC 7617), or Digest (RFC 7616) if it offers only that.

The server is asked before anything is sent, so that a password is not sent in the clear to a server
that wants Digest, and no large body is uploaded only to be rejected as unauthenticated.
"""

from __future__ import annotations

from collections.abc import Generator, MutableMapping

import httpx

_Flow = Generator[httpx.Request, httpx.Response, None]


class AskedSignIn(httpx.Auth):
    """User name and password for ``url`` and everything below it. Request bodies have to be replayable.

    ``schemes``: folder URL -> "basic" or "digest", as the server answered before.
    """

    def __init__(
        self, url: str, user: str, password: str, schemes: MutableMapping[str, str]
    ) -> None:
        self._schemes = schemes
        self._url = url
        self._basic = httpx.BasicAuth(user, password)
        self._digest = httpx.DigestAuth(user, password)
        # Whether this client holds a challenge for computing digests.
        self._challenged = False

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Determine the scheme if it is unknown, then authenticate."""
        if self._schemes.get(self._url) != "basic" and not self._challenged:
            yield from self._ask()
        if self._schemes.get(self._url) == "digest":
            yield from self._digest.auth_flow(request)
        else:
            yield from self._basic.auth_flow(request)

    def _ask(self) -> _Flow:
        """A request without a body, which every WebDAV server answers with 401 and its challenges."""
        question = httpx.Request(
            "PROPFIND", self._url, headers={"Depth": "0", "Content-Length": "0"}
        )
        response = yield question
        if response.status_code != 401 or not _wants_digest(response):
            # A server that allows anonymous reading may still require credentials for writing, so
            # they are sent anyway.
            self._schemes[self._url] = "basic"
            return
        digest = self._digest.auth_flow(question)
        next(digest)
        try:
            again = digest.send(response)
        except (StopIteration, httpx.ProtocolError, NotImplementedError):
            # A digest algorithm that is not supported here.
            self._schemes[self._url] = "basic"
            return
        self._schemes[self._url], self._challenged = "digest", True
        yield again


def _wants_digest(response: httpx.Response) -> bool:
    """Whether the challenges offer Digest but not Basic."""
    schemes = {one.split(" ")[0].lower() for one in response.headers.get_list("WWW-Authenticate")}
    return "digest" in schemes and "basic" not in schemes
