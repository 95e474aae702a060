"""Micropub client: endpoint discovery, configuration, queries and error handling.

https://www.w3.org/TR/micropub/ (5.3 discovery, 3.7 queries, 3.8 errors) and https://indieweb.org/Micropub-extensions.
Deviations found in servers' sources: Known answers an unsupported query with 200 and an empty body, and supports
neither updates nor lists; WordPress (wordpress-micropub) answers 400 for missing posts and treats a name as HTML;
Indiekit keeps listing deleted posts; micro.blog's endpoint is not on the blog's own host.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from publish.errors import AuthRefused, Offline, PauseTarget, Reachability, RetryAfter
from publish.net.http import HttpClient, HttpResponse
from publish.net.reachability import is_inside
from publish.net.remote_state import RemoteState
from publish.net.remote_values import joined_url, url_parts
from publish.targets.micropub.microformats import MOST, anchors, first_word
from reporter.messages import Message

# Discovery results are cached this long: every delivery opens the blog anew.
_KEPT_S = 60.0
_HOPS = 5
# Errors of queries that only mean "unsupported" or "not found".
_NOT_HAD = frozenset({400, 404, 405, 406, 410, 501})
# Error codes of 3.8 and of OAuth (RFC 6750).
_TOKEN = frozenset({"unauthorized", "forbidden", "invalid_token", "access_denied"})
_PAGE = 50


@dataclass
class _Discovery:
    at: float
    endpoint: str
    config: Mapping[str, Any]
    # Whether it has listed posts before: then a failure is temporary.
    lists: bool = False


@dataclass
class Micropub:
    """One blog. ``address`` is the URL a person typed: the blog's, or the endpoint's own."""

    name: str
    address: str
    token: str
    state: RemoteState = field(default_factory=RemoteState)
    web: HttpClient = field(init=False)

    def __post_init__(self) -> None:
        self.address = self.address.strip()
        if "://" not in self.address:
            self.address = f"https://{self.address}"
        self.web = HttpClient(self.name, bearer=self.token)
        # (URL, hash of the token) -> cached discovery.
        self._blogs = self.state.table("micropub blogs")

    # --- Where it is ---------------------------------------------------------------------------------------

    @property
    def endpoint(self) -> str:
        """URL for requests."""
        return self._discovery().endpoint

    @property
    def config(self) -> Mapping[str, Any]:
        """Response to ``q=config``; empty if there is none."""
        return self._discovery().config

    @property
    def media_endpoint(self) -> str:
        """URL for files, or '' if files are sent with the post. Raises PauseTarget if it must not receive the token."""
        endpoint = self.config.get("media-endpoint")
        if not isinstance(endpoint, str) or not endpoint.strip():
            return ""
        return self.trusted(joined_url(self.endpoint, endpoint), self.endpoint)

    @property
    def destination(self) -> dict[str, str]:
        """The blog to post to if one endpoint serves several (micro.blog): the one at the typed URL."""
        destinations = self.config.get("destination")
        uids = (
            [str(one.get("uid", "")) for one in destinations if isinstance(one, dict)]
            if isinstance(destinations, list)
            else []
        )
        own = urlsplit(self.address).netloc.lower()
        meant = next((uid for uid in uids if url_parts(uid).netloc.lower() == own), "")
        return {"mp-destination": meant} if meant and len(uids) > 1 else {}

    def forget(self) -> None:
        """Clear the discovery cache."""
        self._blogs.pop(self._account(), None)

    def _account(self) -> tuple[str, str]:
        return self.address, hashlib.sha256(self.token.encode()).hexdigest()

    def _discovery(self) -> _Discovery:
        known: _Discovery | None = self._blogs.get(self._account())
        if known is None or time.monotonic() - known.at > _KEPT_S:
            endpoint = self._discover()
            answer = self._query(endpoint, {"q": "config"})
            fresh = _Discovery(time.monotonic(), endpoint or self.address, answer or {})
            fresh.lists = known.lists if known else False
            known = self._blogs[self._account()] = fresh
        return known

    def _discover(self) -> str:
        """The endpoint named by the page, else the URL itself (5.3: Link header first, then <link>)."""
        answer, url = self.read(self.address)
        if answer.status < 300:
            named = next(iter(_named_endpoints(answer, url)), "")
            if named:
                return self.trusted(named, self.address)
        return ""

    def trusted(self, goal: str, start: str) -> str:
        """A URL that may receive the token: at least as secure as the one that named it, else PauseTarget."""
        if why := _danger(goal, start, secret=True):
            raise PauseTarget(
                "%(name)s points to %(address)s, %(what)s. Nothing was sent there.",
                name=self.name,
                address=goal[:200],
                what=why,
            )
        return goal

    def read(self, url: str) -> tuple[HttpResponse, str]:
        """Fetch a public page without the token; return it with its URL after redirects."""
        for _ in range(_HOPS):
            if why := _danger(url, self.address, secret=False):
                raise PauseTarget(
                    "%(name)s sends us to %(address)s, %(what)s. That was not read.",
                    name=self.name,
                    address=url[:200],
                    what=why,
                )
            answer = self.web.page(url, most=MOST)
            if answer.status == 429 or answer.status >= 500:
                raise self.web.error(answer, url)
            goal = answer.headers.get("Location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not goal:
                return answer, url
            url = joined_url(url, goal)
        raise PauseTarget("%(name)s redirects without end.", name=self.name)

    # --- Queries -------------------------------------------------------------------------------------------

    def ask(self, query: Mapping[str, str], *, at: str = "") -> dict[str, Any] | None:
        """Response to a query; None if the blog does not support it or returns nothing."""
        return self._query(at or self.endpoint, query)

    def _query(self, endpoint: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """Run a query. ``endpoint`` '': use the typed URL, which may not be an endpoint."""
        url = _with(endpoint or self.address, query)
        headers = {"Accept": "application/json"}
        answer = self.web.call("GET", url, headers=headers, accept={200, 401, 403, *_NOT_HAD})
        if answer.status == 200 and not _has_error(answer):
            if isinstance(answer.data, dict):
                return answer.data
            if is_page(answer):
                portal = self.web.portal()
                raise Offline(
                    portal if endpoint else f"{portal} {self._nothing()}", Reachability.PORTAL
                )
            if endpoint and answer.data is None and "{" in answer.text:
                # Without the configuration files would go the wrong way, and posts to the wrong blog of several.
                raise self.web.stray(answer)
            return None
        refusal = self.refused(answer, url)
        if isinstance(refusal, AuthRefused):
            raise refusal
        if not endpoint and (answer.status in (404, 410) or not isinstance(answer.data, dict)):
            raise PauseTarget(self._nothing())
        return None

    def _nothing(self) -> str:
        return Message(
            "There is no Micropub at %(host)s: no page there names an endpoint. Check the "
            "address of %(name)s.",
            host=self.address,
            name=self.name,
        )

    def latest_posts(
        self, pages: int, extra: Mapping[str, str]
    ) -> Iterator[Mapping[str, Any]] | None:
        """The latest posts, newest first; None if the blog can't list them.

        Lists are an extension (indieweb/micropub-extensions#4) with two kinds of pagination: ``offset`` and
        ``paging.after``.
        """
        query = {"q": "source", "limit": str(_PAGE), **self.destination, **extra}
        first = self.ask(query)
        if not isinstance(first, dict) or not isinstance(first.get("items"), list):
            if self._discovery().lists:
                raise RetryAfter("%(name)s can't list its posts right now.", 60, name=self.name)
            return None
        self._discovery().lists = True
        return self._pages(first, query, pages)

    @property
    def has_listed(self) -> bool:
        """Whether the blog has listed posts before in this process."""
        known = self._blogs.get(self._account())
        return known is not None and known.lists

    def _pages(
        self, page: dict[str, Any] | None, query: dict[str, str], pages: int
    ) -> Iterator[Mapping[str, Any]]:
        seen = set()
        for number in range(1, pages + 1):
            items = [i for i in page.get("items", ()) if isinstance(i, dict)] if page else []
            yield from items
            urls = tuple(first_word(item, "url") for item in items)
            # A server without pagination returns the same page again.
            if not items or urls in seen:
                return
            seen.add(urls)
            after = page.get("paging", {}).get("after") if page else None
            turn = {"after": str(after)} if after else {"offset": str(number * _PAGE)}
            page = self.ask({**query, **turn})

    def is_there(self, url: str) -> bool | None:
        """Whether a post exists (drafts too); None if unknown."""
        answer = self.ask({"q": "source", "url": url})
        if answer is not None and isinstance(answer.get("properties"), dict):
            return not is_deleted(answer)
        try:
            status = self.read(url)[0].status
        except PauseTarget:
            return None
        return True if status < 300 else False if status in (404, 410) else None

    # --- Sending -------------------------------------------------------------------------------------------

    def send(self, *, at: str = "", accept: Collection[int] = (), **parts: Any) -> HttpResponse:
        """Send a POST. Returns successful responses and those in ``accept``; raises for all others."""
        url = at or self.endpoint
        takes = {200, 201, 202, 204, 400, 401, 403, *accept}
        headers = {"Accept": "application/json"}
        answer = self.web.call("POST", url, headers=headers, accept=takes, **parts)
        if answer.status == 200 and is_page(answer) and "Location" not in answer.headers:
            raise Offline(self.web.portal(), Reachability.PORTAL)
        if (answer.status >= 300 or _has_error(answer)) and answer.status not in accept:
            raise self.refused(answer, url)
        return answer

    def refused(self, answer: HttpResponse, url: str) -> Exception:
        """The error for a response, by its error code before its status, since servers mix these up."""
        code, message = error_of(answer)
        if code == "insufficient_scope":
            return AuthRefused(
                "The token of %(name)s may not do that%(what)s. Make one with the rights create, "
                "update, delete and media.",
                name=self.name,
                what=message,
            )
        refuses = answer.status == 401 or code in _TOKEN
        # A 403 with a web page comes from a firewall in front of the blog that objects to this content.
        if refuses or (answer.status == 403 and not is_page(answer)):
            return AuthRefused(
                "%(name)s refuses the token%(what)s. Make a new one there.",
                name=self.name,
                what=message,
            )
        if answer.status < 300:
            return self.web.error(HttpResponse(400, answer.headers, answer.text, answer.data), url)
        return self.web.error(answer, url)

    def location(self, answer: HttpResponse) -> str:
        """URL of the created object from the Location header or the body; or ''."""
        url = answer.headers.get("Location", "")
        if not url and isinstance(answer.data, dict):
            url = answer.data.get("url") or ""
        goal = joined_url(self.endpoint, str(url)) if url else ""
        return goal if goal.startswith(("https://", "http://")) else ""

    def close(self) -> None:
        """Close pooled connections."""
        self.web.close()


def error_of(answer: HttpResponse) -> tuple[str, str]:
    """Error code, and the server's own message as ': …', or ''."""
    body = answer.data if isinstance(answer.data, dict) else {}
    code, words = body.get("error"), body.get("error_description") or body.get("message")
    message = str(words or "").strip().rstrip(".")[:300]
    return (code if isinstance(code, str) else ""), (f": {message}" if message else "")


def is_deleted(item: Mapping[str, Any]) -> bool:
    """Whether a listed post is deleted: Indiekit keeps listing those with their deletion time."""
    return bool(first_word(item, "deleted")) or first_word(item, "post-status") == "deleted"


def _has_error(answer: HttpResponse) -> bool:
    return bool(error_of(answer)[0])


def is_page(answer: HttpResponse) -> bool:
    # By its content: PHP's default content type is HTML.
    return answer.text.lstrip().startswith("<")


def _named_endpoints(answer: HttpResponse, url: str) -> Iterator[str]:
    for link in re.finditer(r"<([^>]*)>([^<]*)", answer.headers.get("Link", "")):
        rel = re.search(
            r'(?:^|;)\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))', link.group(2), re.IGNORECASE
        )
        if rel and "micropub" in (rel.group(1) or rel.group(2)).lower().split():
            yield joined_url(url, link.group(1))
    for anchor in anchors(answer.text, url):
        if anchor.tag == "link" and "micropub" in anchor.rels:
            yield anchor.url


def _with(url: str, query: Mapping[str, str]) -> str:
    """Add a query to a URL: WordPress without permalinks already has one."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))


def _danger(goal: str, start: str, *, secret: bool) -> str:
    """Why one URL must not lead to another, or ''. ``secret``: the token would be sent there.

    https must not lead to http; the token is sent over http only to the typed host (the person's own choice); and a
    public URL must not lead into the local network. Names are resolved here and again for the connection: a DNS
    server that changes its answer in between (DNS rebinding) is not detected.
    """
    try:
        to, origin = urlsplit(goal), urlsplit(start)
        ports = to.port, origin.port
    except ValueError:
        return "which is no address"
    if to.scheme not in ("http", "https") or not to.hostname or to.username is not None:
        return "which is no address of a web page"
    host, own = to.hostname, origin.hostname or ""
    same = host.removeprefix("www.") == own.removeprefix("www.") and ports[0] == ports[1]
    if to.scheme == "http" and (origin.scheme == "https" or (secret and not same)):
        return "which anybody on the way could read"
    if host == own or not is_inside(host) or is_inside(own):
        return ""
    return "which lies inside the network of this laptop"
