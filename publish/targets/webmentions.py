"""Fetch webmentions of our pages from a webmention service, as JF2 (https://jf2.spec.indieweb.org/).

The service is declared in the page's head or configured by whoever runs the web space. No secret is
needed, since only single pages are queried: https://webmention.io/api/mentions.jf2 with
``target[]``, ``per-page``, ``page``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from publish.markup.html_to_text import plain_text
from publish.net.http import HttpClient
from publish.net.remote_values import first_moment, read_each, url_parts
from publish.posts.model import Remote
from publish.targets.base import RemoteReply

_PAGE = 100
# Pages per query, which keeps URLs short enough for every server.
_TARGETS = 20
# Maximum number of mentions fetched from a service.
_MOST_PAGES = 50
_KINDS = {
    "in-reply-to": "reply",
    "mention-of": "mention",
    "bookmark-of": "mention",
    "repost-of": "boost",
    "like-of": "favourite",
}


def mentions(
    web: HttpClient, service: str, posts: Sequence[Remote], since: datetime | None
) -> Iterator[RemoteReply]:
    """Mentions of our posts, each assigned to its post. ``service`` is the URL that returns JF2."""
    pages = {_plain(post.url): post for post in posts if post.url.startswith("http")}
    addresses = [post.url for post in pages.values()]
    for start in range(0, len(addresses), _TARGETS):
        for row in _rows(web, service, addresses[start : start + _TARGETS], since):
            post = pages.get(_page_of(row))
            if post is not None and not row.get("wm-private"):
                yield from read_each(
                    [row], partial(_remote_reply, post=post), lambda one: one["wm-id"]
                )


def _rows(
    web: HttpClient, service: str, targets: Sequence[str], since: datetime | None
) -> Iterator[Mapping[str, Any]]:
    params: dict[str, Any] = {"target[]": list(targets), "per-page": _PAGE, "sort-dir": "up"}
    if since is not None:
        params["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for page in range(_MOST_PAGES):
        answer = web.call("GET", service, params={**params, "page": page})
        rows = web.rows(answer.data, "children")
        yield from (row for row in rows if isinstance(row, dict))
        if len(rows) < _PAGE:
            return


def _page_of(row: Mapping[str, Any]) -> str:
    """The page a mention refers to; empty if it is not a URL."""
    return _plain(str(row.get("wm-target") or ""))


def _plain(address: str) -> str:
    """Normalized form of a page's URL."""
    parts = url_parts(address)
    return f"{parts.netloc.lower()}{parts.path.removesuffix('index.html').rstrip('/')}"


def _remote_reply(row: Mapping[str, Any], post: Remote) -> RemoteReply:
    author = row.get("author")
    person: Mapping[str, Any] = author if isinstance(author, dict) else {}
    source = str(row.get("url") or row.get("wm-source") or "")
    name = author if isinstance(author, str) else person.get("name")
    return RemoteReply(
        remote_id=str(row.get("wm-id") or source),
        post_id=post.id,
        # Services send null if a page names no author: then the site is used.
        author=plain_text(str(name or "")) or url_parts(source).hostname or "",
        text=_words(row),
        written_at=first_moment(row.get("published"), row.get("wm-received")),
        url=source if source.startswith(("http://", "https://")) else "",
        author_url=str(person.get("url") or ""),
        kind=_KINDS.get(str(row.get("wm-property")), "mention"),
    )


def _words(row: Mapping[str, Any]) -> str:
    content = row.get("content")
    texts = content if isinstance(content, dict) else {"text": content or row.get("name") or ""}
    return plain_text(str(texts.get("html") or texts.get("text") or ""))
