"""Find a wiki's api.php from any of its URLs that a person has copied.

Wikis use arbitrary paths for pages (https://www.mediawiki.org/wiki/Manual:Short_URL) and others for
scripts. Each page names the API in its head: ``<link rel="EditURI" href="…/api.php?action=rsd">``.
No password is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from publish.errors import AuthRefused, Offline, PauseTarget, PublishError, Reachability
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_values import joined_url, url_parts
from publish.net.stray_text import is_page
from reporter.messages import Message

_ANY = range(100, 600)
_PAGE_BYTES = 1 << 18
_REDIRECTS = 5
# Fallbacks next to the given URL, and the paths used by packages and handbooks.
_NEAR = ("/api.php", "/w/api.php")
_USUAL = ("/api.php", "/w/api.php", "/mediawiki/api.php", "/wiki/api.php")
_SITEINFO = {
    "action": "query",
    "meta": "siteinfo",
    "siprop": "general|fileextensions|namespaces",
    "format": "json",
    "formatversion": "2",
}


def find_api(
    web: HttpClient, url: str, found: MutableMapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return (URL of api.php, site info or none if only members may read it). Raises publish.errors.

    ``found``: cache of given URL -> api.php.
    """
    given = (url if "://" in url else f"https://{url}").split("?")[0].split("#")[0]
    return _Search(web, given, found).find()


class _Search:
    def __init__(self, web: HttpClient, given: str, found: MutableMapping[str, str]) -> None:
        self._web, self._given, self._found = web, given, found
        self._seen: list[HttpResponse] = []

    def find(self) -> tuple[str, dict[str, Any]]:
        """The first candidate that responds like a wiki's API."""
        tried: set[str] = set()
        for address in self._places():
            answer = None if address in tried else self._ask(address)
            tried.add(address)
            if answer is not None:
                self._found[self._given] = address
                return address, answer
        raise self._not_found()

    def _places(self) -> Iterator[str]:
        if known := self._found.get(self._given):
            yield known
        if self._given.endswith("api.php"):
            yield self._given
            return
        base = self._given.split("/index.php")[0].split("/wiki/")[0].rstrip("/")
        base = base.removesuffix("/wiki")
        yield from (f"{base}{place}" for place in _NEAR)
        yield from self._named_by_page()
        parts = urlsplit(self._given)
        yield from (f"{parts.scheme}://{parts.netloc}{place}" for place in _USUAL)

    def _ask(self, address: str) -> dict[str, Any] | None:
        answer = self._web.call("GET", address, params=_SITEINFO, accept=_ANY)
        if answer.status == 401 and answer.data is None:
            raise AuthRefused(
                "The web server in front of %(name)s asks for a user name and password of its own, "
                "so nobody can sign in at the wiki from here. Ask who looks after it to leave "
                "api.php open.",
                name=self._web.name,
            )
        if answer.status in (429, 511) or answer.status >= 500 or self._leads_away(answer, address):
            raise self._web.error(answer, address)
        self._seen.append(answer)
        data: Mapping[str, Any] = answer.data if isinstance(answer.data, dict) else {}
        query = data.get("query", {})
        if "MediaWiki" in str(query.get("general", {}).get("generator", "")):
            return dict(query)
        return {} if data.get("error", {}).get("code") == "readapidenied" else None

    def _leads_away(self, answer: HttpResponse, url: str) -> bool:
        """Whether a redirect leads to another server, or to https on the same one."""
        if not 300 <= answer.status < 400:
            return False
        goal = url_parts(joined_url(url, answer.headers.get("Location", "")))
        own = urlsplit(url)
        return (goal.scheme, goal.netloc) != (own.scheme, own.netloc)

    def _named_by_page(self) -> Iterator[str]:
        url = self._given
        for _ in range(_REDIRECTS):
            page = self._web.page(url, most=_PAGE_BYTES)
            if self._leads_away(page, url):
                raise self._web.error(page, url)
            if not 300 <= page.status < 400:
                break
            url = joined_url(url, page.headers.get("Location", ""))
        self._seen.append(page)
        link = url_parts(joined_url(url, _edit_uri(page.text)))
        own = urlsplit(url)
        if not link.path.endswith(".php"):
            return
        if (link.hostname or "").removeprefix("www.") != (own.hostname or "").removeprefix("www."):
            raise PauseTarget(
                "The page at %(hostname)s says that its wiki is at %(hostname2)s. Add the target "
                "again with that address, if it is yours.",
                hostname=own.hostname,
                hostname2=link.hostname,
            )
        # Host and scheme as typed: a password is never sent to a host that nobody entered.
        yield f"{own.scheme}://{own.netloc}{link.path}"

    def _not_found(self) -> PublishError:
        name, place = self._web.name, urlsplit(self._given).netloc.rpartition("@")[2]
        if any("MediaWiki" in _generator(one.text) for one in self._seen):
            return PauseTarget(
                "There is a MediaWiki at %(place)s, but its api.php does not answer. Ask its "
                "admins for the address, and add %(name)s again with it.",
                place=place,
                name=name,
            )
        pages = [one for one in self._seen if one.status < 300 and is_page(one.text)]
        if pages and len(pages) == len(self._seen) and self._given in self._found:
            return Offline(self._web.portal(), Reachability.PORTAL)
        if not pages:
            return PauseTarget(
                "There is no MediaWiki at %(host)s. Check the address of %(name)s.",
                host=place,
                name=name,
            )
        reason = Message(
            "A web page answers at %(place)s, but no MediaWiki: is the wiki under another address, or does the Wi-Fi "
            "want a sign-in? Open a browser: sign in there, or add the target again with the address of a page of it.",
            place=place,
        )
        return (
            Offline(reason, Reachability.PORTAL)
            if len(pages) == len(self._seen)
            else PauseTarget(reason)
        )


def _edit_uri(html: str) -> str:
    for tag in re.findall(r"<link\b[^>]*>", html):
        href = re.search(r"""\bhref=["']?([^"'\s>]+)""", tag)
        if "EditURI" in tag and href:
            return unescape(href.group(1))
    return ""


def _generator(html: str) -> str:
    found = re.search(r"""<meta\b[^>]*\bname=["']generator["'][^>]*>""", html)
    return found.group(0) if found else ""
