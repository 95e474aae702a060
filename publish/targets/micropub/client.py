"""Talking Micropub: where the endpoint is, what it tells, what its errors mean.

https://www.w3.org/TR/micropub/ (5.3 discovery, 3.7 queries, 3.8 errors) and https://indieweb.org/Micropub-extensions.
What servers do beyond that, as their sources show: Known answers a query that it does not have with 200 and nothing,
and knows neither update nor lists; WordPress (wordpress-micropub) answers what is not there with 400, and takes a name
for HTML; Indiekit goes on listing what was deleted; micro.blog's endpoint is not at the blog's own address.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from publish.errors import AuthRefused, Offline, PauseTarget, Reachability, RetryAfter
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_state import RemoteState
from publish.targets.micropub.microformats import MOST, anchors, first_word
from reporter.messages import Message

# What was discovered is kept this long: every delivery opens the blog anew.
_KEPT_S = 60.0
_HOPS = 5
# How refusals of a query look that only say "I don't have that" or "not there".
_NOT_HAD = frozenset({400, 404, 405, 406, 410, 501})
# 3.8, and OAuth's own (RFC 6750).
_TOKEN = frozenset({"unauthorized", "forbidden", "invalid_token", "access_denied"})
_PAGE = 50


@dataclass
class _Known:
    at: float
    endpoint: str
    config: Mapping[str, Any]
    # Whether it has listed its posts before: then "I can't" is a passing trouble.
    lists: bool = False


@dataclass
class Micropub:
    """One blog. ``address`` is what a person typed: the blog's, or the endpoint's own."""

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
        # Address and a hash of the token -> what is known.
        self._blogs = self.state.table("micropub blogs")

    # --- Where it is ---------------------------------------------------------------------------------------

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        return self._known().endpoint

    @property
    def config(self) -> Mapping[str, Any]:
        """What ``q=config`` told; empty where it tells nothing."""
        return self._known().config

    @property
    def media_endpoint(self) -> str:
        """Where files go, or '': then they go with the post. Raises PauseTarget for one that must not get the token."""
        told = self.config.get("media-endpoint")
        if not isinstance(told, str) or not told.strip():
            return ""
        return self.trusted(urljoin(self.endpoint, told.strip()), self.endpoint)

    @property
    def destination(self) -> dict[str, str]:
        """Which blog is meant, where one endpoint serves several (micro.blog): the one at the typed address."""
        told = self.config.get("destination")
        uids = (
            [str(one.get("uid", "")) for one in told if isinstance(one, dict)]
            if isinstance(told, list)
            else []
        )
        own = urlsplit(self.address).netloc.lower()
        meant = next((uid for uid in uids if urlsplit(uid).netloc.lower() == own), "")
        return {"mp-destination": meant} if meant and len(uids) > 1 else {}

    def forget(self) -> None:
        """Look for everything anew."""
        self._blogs.pop(self._account(), None)

    def _account(self) -> tuple[str, str]:
        return self.address, hashlib.sha256(self.token.encode()).hexdigest()

    def _known(self) -> _Known:
        known: _Known | None = self._blogs.get(self._account())
        if known is None or time.monotonic() - known.at > _KEPT_S:
            endpoint = self._discover()
            answer = self._asked(endpoint, {"q": "config"})
            fresh = _Known(time.monotonic(), endpoint or self.address, answer or {})
            fresh.lists = known.lists if known else False
            known = self._blogs[self._account()] = fresh
        return known

    def _discover(self) -> str:
        """The endpoint that the page names, else the address itself (5.3: Link header first, then <link>)."""
        answer, url = self.read(self.address)
        if answer.status < 300:
            named = next(iter(_named(answer, url)), "")
            if named:
                return self.trusted(named, self.address)
        return ""

    def trusted(self, goal: str, start: str) -> str:
        """An address that may get the token: never less safe than the one that named it. Else PauseTarget."""
        if why := _danger(goal, start, secret=True):
            raise PauseTarget(
                "%(name)s points to %(address)s, %(what)s. Nothing was sent there.",
                name=self.name,
                address=goal[:200],
                what=why,
            )
        return goal

    def read(self, url: str) -> tuple[HttpResponse, str]:
        """A public page, without the token, and the address that it was found at after redirects."""
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
            url = urljoin(url, goal)
        raise PauseTarget("%(name)s sends us from page to page without end.", name=self.name)

    # --- Queries -------------------------------------------------------------------------------------------

    def ask(self, query: Mapping[str, str], *, at: str = "") -> dict[str, Any] | None:
        """What a query tells; None where the blog has no such query, or nothing to tell."""
        return self._asked(at or self.endpoint, query)

    def _asked(self, endpoint: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        """``endpoint`` '': the typed address, of which nobody knows yet whether it is one."""
        url = _with(endpoint or self.address, query)
        headers = {"Accept": "application/json"}
        answer = self.web.call("GET", url, headers=headers, accept={200, 401, 403, *_NOT_HAD})
        if answer.status == 200 and not _has_error(answer):
            if isinstance(answer.data, dict):
                return answer.data
            if is_page(answer):
                said = self.web.portal()
                raise Offline(
                    said if endpoint else f"{said} {self._nothing()}", Reachability.PORTAL
                )
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

    def listed(self, pages: int, extra: Mapping[str, str]) -> Iterator[Mapping[str, Any]] | None:
        """Its latest posts, newest first; None where it can't list them.

        Lists are an extension (indieweb/micropub-extensions#4) with two ways to turn pages: ``offset``, and
        ``paging.after``.
        """
        query = {"q": "source", "limit": str(_PAGE), **self.destination, **extra}
        first = self.ask(query)
        if not isinstance(first, dict) or not isinstance(first.get("items"), list):
            if self._known().lists:
                raise RetryAfter("%(name)s can't list its posts right now.", 60, name=self.name)
            return None
        self._known().lists = True
        return self._pages(first, query, pages)

    @property
    def has_listed(self) -> bool:
        """Whether it has listed its posts before, as far as this process knows."""
        known = self._blogs.get(self._account())
        return known is not None and known.lists

    def _pages(
        self, page: dict[str, Any] | None, query: dict[str, str], pages: int
    ) -> Iterator[Mapping[str, Any]]:
        seen = set()
        for number in range(1, pages + 1):
            items = [i for i in page.get("items", ()) if isinstance(i, dict)] if page else []
            yield from items
            told = tuple(first_word(item, "url") for item in items)
            # A server that knows no pages answers with the same one again.
            if not items or told in seen:
                return
            seen.add(told)
            after = page.get("paging", {}).get("after") if page else None
            turn = {"after": str(after)} if after else {"offset": str(number * _PAGE)}
            page = self.ask({**query, **turn})

    def is_there(self, url: str) -> bool | None:
        """Whether a post is there (drafts too); None: nothing tells."""
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
        """POST. Returns what was done and what is in ``accept``; every other answer is raised."""
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
        """What an error means, by its code before its status: servers mix those up."""
        code, said = error_of(answer)
        if code == "insufficient_scope":
            return AuthRefused(
                "The token of %(name)s may not do that%(what)s. Make one with the rights create, "
                "update, delete and media.",
                name=self.name,
                what=said,
            )
        refuses = answer.status == 401 or code in _TOKEN
        # A 403 that is a web page comes from a guard in front of the blog, who dislikes these very words.
        if refuses or (answer.status == 403 and not is_page(answer)):
            return AuthRefused(
                "%(name)s refuses the token%(what)s. Make a new one there.",
                name=self.name,
                what=said,
            )
        if answer.status < 300:
            return self.web.error(HttpResponse(400, answer.headers, answer.text, answer.data), url)
        return self.web.error(answer, url)

    def location(self, answer: HttpResponse) -> str:
        """Where it says that the new thing is: in the header, else in the body; or ''."""
        told = answer.headers.get("Location", "")
        if not told and isinstance(answer.data, dict):
            told = answer.data.get("url") or ""
        goal = urljoin(self.endpoint, str(told).strip()) if told else ""
        return goal if goal.startswith(("https://", "http://")) else ""

    def close(self) -> None:
        """Close kept connections."""
        self.web.close()


def error_of(answer: HttpResponse) -> tuple[str, str]:
    """The code of an error, and the server's own words as ': …', or ''."""
    told = answer.data if isinstance(answer.data, dict) else {}
    code, words = told.get("error"), told.get("error_description") or told.get("message")
    said = str(words or "").strip().rstrip(".")[:300]
    return (code if isinstance(code, str) else ""), (f": {said}" if said else "")


def is_deleted(item: Mapping[str, Any]) -> bool:
    """Indiekit goes on listing what was deleted, with the time of its deletion."""
    return bool(first_word(item, "deleted")) or first_word(item, "post-status") == "deleted"


def _has_error(answer: HttpResponse) -> bool:
    return bool(error_of(answer)[0])


def is_page(answer: HttpResponse) -> bool:
    # By what it says: PHP calls everything HTML that nobody has called something else.
    return answer.text.lstrip().startswith("<")


def _named(answer: HttpResponse, url: str) -> Iterator[str]:
    for link in re.finditer(r"<([^>]*)>([^<]*)", answer.headers.get("Link", "")):
        rel = re.search(
            r'(?:^|;)\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))', link.group(2), re.IGNORECASE
        )
        if rel and "micropub" in (rel.group(1) or rel.group(2)).lower().split():
            yield urljoin(url, link.group(1).strip())
    for anchor in anchors(answer.text, url):
        if anchor.tag == "link" and "micropub" in anchor.rels:
            yield anchor.url


def _with(url: str, query: Mapping[str, str]) -> str:
    """The address with a query added: WordPress without pretty addresses has one in it."""
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))


def _danger(goal: str, start: str, *, secret: bool) -> str:
    """Why one address must not lead to another, or ''. ``secret``: the token would go there.

    https does not lead to http, the token goes over http to the typed host only (and then the person chose so), and a
    public address does not lead into the network that this laptop is in. Names are looked up here and once more for the
    connection: a name server that changes its answer in between is not caught.
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
    if host == own or not _is_inside(host) or _is_inside(own):
        return ""
    return "which lies inside the network of this laptop"


def _is_inside(host: str) -> bool:
    """Whether a name leads into a network of one's own. One that nobody knows leads nowhere."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not _is_public(str(one[4][0])) for one in found)


def _is_public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global
