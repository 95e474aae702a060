"""Signing in as a server asks for it: Basic (RFC 7617), or Digest (RFC 7616) where that is all it takes.

Asked before anything is sent: so a password does not go in the clear to a server that wants a digest, and no large
body goes out only to hear that it was not signed.
"""

from __future__ import annotations

from collections.abc import Generator, MutableMapping

import httpx

_Flow = Generator[httpx.Request, httpx.Response, None]


class AskedSignIn(httpx.Auth):
    """User name and password for ``url`` and what lies below it. Bodies have to be such that can be read again.

    ``schemes``: address of a folder -> "basic" or "digest", as its server answered before.
    """

    def __init__(
        self, url: str, user: str, password: str, schemes: MutableMapping[str, str]
    ) -> None:
        self._schemes = schemes
        self._url = url
        self._basic = httpx.BasicAuth(user, password)
        self._digest = httpx.DigestAuth(user, password)
        # Whether this client holds a challenge to make digests from.
        self._challenged = False

    def auth_flow(self, request: httpx.Request) -> _Flow:
        """Ask how to sign in, if that is not known, then sign."""
        if self._schemes.get(self._url) != "basic" and not self._challenged:
            yield from self._ask()
        if self._schemes.get(self._url) == "digest":
            yield from self._digest.auth_flow(request)
        else:
            yield from self._basic.auth_flow(request)

    def _ask(self) -> _Flow:
        """A question without a body, which every WebDAV server answers with 401 and its challenges."""
        question = httpx.Request(
            "PROPFIND", self._url, headers={"Depth": "0", "Content-Length": "0"}
        )
        response = yield question
        if response.status_code != 401 or not _wants_digest(response):
            # Whoever lets everybody look may still want a name for writing: as before, it is sent along.
            self._schemes[self._url] = "basic"
            return
        digest = self._digest.auth_flow(question)
        next(digest)
        try:
            again = digest.send(response)
        except (StopIteration, httpx.ProtocolError, NotImplementedError):
            # A kind of digest that nobody here can make.
            self._schemes[self._url] = "basic"
            return
        self._schemes[self._url], self._challenged = "digest", True
        yield again


def _wants_digest(response: httpx.Response) -> bool:
    """Whether the challenges name Digest and not Basic."""
    schemes = {one.split(" ")[0].lower() for one in response.headers.get_list("WWW-Authenticate")}
    return "digest" in schemes and "basic" not in schemes
