"""Find a blog's REST API from any of its URLs that a person has copied.

Source: https://developer.wordpress.org/rest-api/using-the-rest-api/discovery/ (a link with the
relation https://api.w.org/, in a header and in each page). No password is sent until WordPress has
responded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from publish.errors import Offline, PauseTarget, PublishError, Reachability
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_values import joined_url, url_parts
from publish.net.stray_text import is_page
from publish.targets.wordpress.refusals import filter_name, is_filtered

ANY = range(100, 600)
# Parts of a URL that belong to a page of the blog rather than the blog.
_PAGES = re.compile(
    r"/(?:wp-admin|wp-login\.php|wp-json|xmlrpc\.php|wp-content)(?:/.*)?$|/index\.php$"
)
# Common folders of blogs.
_FOLDERS = ("/blog", "/wordpress", "/wp")
_REST = "https://api.w.org/"
_PAGE_BYTES = 1 << 18


@dataclass(frozen=True)
class Root:
    """The REST API of the blog at ``blog``. ``plain``: the route goes into the query (handbook, "Routes")."""

    url: str
    blog: str
    plain: bool = False

    def address(self, path: str, query: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """(URL, query) of an API route."""
        if self.plain:
            return self.url, {"rest_route": path, **query}
        return f"{self.url}{path}", dict(query)


def find_root(
    web: HttpClient, url: str, *, known: bool, refused: Callable[[HttpResponse], PublishError]
) -> Root:
    """The API at a URL, where its page says, or in a common folder.

    ``known``: it was there recently. ``refused`` builds the error for a server that requires its
    own authentication. Raises publish.errors.
    """
    return _Search(web, url, known, refused).find()


class _Search:
    def __init__(
        self,
        web: HttpClient,
        base: str,
        known: bool,
        refused: Callable[[HttpResponse], PublishError],
    ) -> None:
        self._web, self._base, self._known, self._refused = web, base, known, refused
        self._seen: list[HttpResponse] = []
        # Targets of same-server redirects, and the error the first of them meant.
        self._leads: list[str] = []
        self._moved: Exception | None = None

    def find(self) -> Root:
        """The API, or the error that describes what was found instead."""
        for root in self._places():
            if self._is_api(root):
                return root
        raise self._not_found()

    def _places(self) -> Iterator[Root]:
        yield from _roots(self._base)
        for lead in dict.fromkeys(self._leads):
            yield from _roots(lead)
        yield from self._named_by_page()
        seen, self._seen = self._seen, []
        if not any(is_filtered(one) for one in seen):
            for folder in _FOLDERS:
                yield from _roots(f"{self._base}{folder}")
        self._seen = seen

    def _is_api(self, root: Root) -> bool:
        url, query = root.address("/", {"_fields": "namespaces"})
        url = f"{url}?{urlencode(query)}" if query else url
        answer = as_meant(self._web.page(url, most=_PAGE_BYTES))
        if 300 <= answer.status < 400:
            self._follow(answer, url)
            return False
        if answer.status in (429, 511) or answer.status >= 500:
            raise self._web.error(answer, url)
        if answer.status == 401 and answer.data is None:
            raise self._refused(answer)
        self._seen.append(answer)
        # A members-only blog refuses with a code of its own.
        return _is_wordpress(answer.data) or error_of(answer)[0].startswith("rest_")

    def _follow(self, answer: HttpResponse, url: str) -> None:
        """Record a redirect on the same server; one to another server is an error."""
        goal = url_parts(joined_url(url, answer.headers.get("Location", "")))
        own = urlsplit(url)
        moved = self._web.error(answer, url)
        if (goal.scheme, goal.netloc) != (own.scheme, own.netloc):
            raise moved
        self._moved = self._moved or moved
        self._leads.append(blog_of(goal.geturl()))

    def _named_by_page(self) -> Iterator[Root]:
        url = f"{self._base}/"
        page = self._web.page(url, most=_PAGE_BYTES)
        if not 300 <= page.status < 400:
            self._seen.append(page)
        link = url_parts(joined_url(url, _rest_link(page)) or url)
        own = urlsplit(url)
        if link.geturl() == url:
            return
        if not _same_site(link.hostname, own.hostname):
            raise PauseTarget(
                "The page at %(short)s says that its blog is at %(hostname)s. Add the target again "
                "with that address, if it is yours.",
                short=_short(self._base),
                hostname=link.hostname,
            )
        # Host and scheme as typed: a password is never sent to a host that nobody entered.
        goal = f"{own.scheme}://{own.netloc}{link.path.rstrip('/')}"
        plain = "rest_route" in link.query
        yield Root(f"{goal}/" if plain else goal, blog_of(goal), plain)

    def _not_found(self) -> Exception:
        name, place = self._web.name, _short(self._base)
        filtered = next((one for one in self._seen if is_filtered(one)), None)
        if filtered is not None:
            return PauseTarget(
                "A filter in front of %(name)s (%(filter_name)s) answers with a web page "
                "(%(status)s) in place of the blog's REST API. Ask who looks after the blog to let "
                "it pass.",
                name=name,
                filter_name=filter_name(filtered),
                status=filtered.status,
            )
        pages = [one for one in self._seen if one.status < 300 and is_page(one.text)]
        all_pages = len(pages) == len(self._seen)
        if pages and all_pages and self._known:
            return Offline(self._web.portal(), Reachability.PORTAL)
        if pages:
            reason = (
                f"A web page answers at {place}, but no WordPress: is the blog under {place}/blog, or does the Wi-Fi "
                "want a sign-in? Open a browser: sign in there, or add the target again with the blog's own address."
            )
            return Offline(reason, Reachability.PORTAL) if all_pages else PauseTarget(reason)
        if self._moved is not None and not self._seen:
            return self._moved
        return PauseTarget(
            "There is no WordPress with a REST API at %(host)s. Check the address of %(name)s.",
            host=place,
            name=name,
        )


def blog_of(url: str) -> str:
    """The blog's URL from a copied one: of an admin page, of its API, or with a query."""
    given = url.strip() if "://" in url else f"https://{url.strip()}"
    parts = urlsplit(given)
    return f"{parts.scheme}://{parts.netloc}{_PAGES.sub('', parts.path).rstrip('/')}"


def _roots(base: str) -> Iterator[Root]:
    yield Root(f"{base}/wp-json", base)
    yield Root(f"{base}/", base, plain=True)


def _rest_link(page: HttpResponse) -> str:
    """The API URL from the Link header or the page."""
    for found in re.finditer(r"<([^>]+)>((?:\s*;[^,;]*)*)", page.headers.get("Link", "")):
        if _REST in found.group(2):
            return found.group(1)
    for tag in re.findall(r"<link\b[^>]*>", page.text):
        href = re.search(r"""\bhref=["']?([^"'\s>]+)""", tag)
        if _REST in tag and href:
            return unescape(href.group(1))
    return ""


def as_meant(answer: HttpResponse) -> HttpResponse:
    """The response with the status the blog intended: after stray output PHP can only send 200, but
    the error itself contains its status.
    """
    meant = (
        answer.data.get("data") if isinstance(answer.data, dict) and "code" in answer.data else None
    )
    status = meant.get("status") if isinstance(meant, dict) else None
    if answer.status == 200 and isinstance(status, int) and 400 <= status < 600:
        return replace(answer, status=status)
    return answer


def error_of(answer: HttpResponse) -> tuple[str, str]:
    """(code, message) of a WordPress error."""
    body = answer.data if isinstance(answer.data, dict) else {}
    return str(body.get("code", "")), str(body.get("message", ""))


def _is_wordpress(data: Any) -> bool:
    return isinstance(data, dict) and "wp/v2" in (data.get("namespaces") or ())


def _same_site(one: str | None, other: str | None) -> bool:
    return (one or "").removeprefix("www.") == (other or "").removeprefix("www.")


def _short(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"
