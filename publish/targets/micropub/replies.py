"""Replies to a post as marked up on its own page (h-cite): comments, nested comments, likes, reposts.

https://indieweb.org/comments#How_to_markup. Blogs show webmentions and their own comments this way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from publish.errors import Offline, Reachability
from publish.markup.html_to_text import MOST_CHARS, plain_text
from publish.net.remote_values import first_moment, url_parts
from publish.posts.model import Remote
from publish.targets.base import RemoteReply
from publish.targets.micropub.client import Micropub
from publish.targets.micropub.microformats import Item, entries, first_word, same_page, values

# Limits on the number of replies per page and on their nesting depth.
_REPLIES, _DEPTH = 1000, 20
_KINDS = {"comment": "reply", "mention": "mention", "repost": "boost", "like": "favourite"}


def replies_at(blog: Micropub, post: Remote, unread: set[str]) -> Iterator[RemoteReply]:
    """Replies shown on a post's own page; ``unread`` gets its id if the page is not shown just now.

    Raises Offline if a captive portal answers instead.
    """
    answer, url = blog.read(post.url)
    if answer.status >= 300:
        # Only then its replies are gone; everything else may pass, as a wall against robots.
        if answer.status not in (404, 410):
            unread.add(post.id)
        return
    # Otherwise a captive portal would look as if all replies were deleted.
    path = url_parts(post.url).path
    if path not in answer.text and not entries(answer.text, url):
        raise Offline(blog.web.portal(), Reachability.PORTAL)
    yield from replies_on(answer.text, url, post.id)


def replies_on(html: str, url: str, post_id: str) -> Iterator[RemoteReply]:
    """Replies marked up on the page of a post: comments, nested comments, likes and reposts."""
    found = entries(html, url)
    ours = [item for item in found if same_page(first_word(item, "url"), url)] or found[:1]
    for item in ours[:1]:
        for number, reply in enumerate(_replies_below(item, url, post_id, "", depth=0)):
            if number >= _REPLIES:
                return
            yield reply


def _replies_below(
    item: Item, url: str, post_id: str, parent: str, *, depth: int
) -> Iterator[RemoteReply]:
    if depth >= _DEPTH:
        return
    for name, kind in _KINDS.items():
        for cite in values(item, name):
            if not isinstance(cite, dict) or not isinstance(cite.get("properties"), dict):
                continue
            reply = _remote_reply(cite, url, post_id, parent, kind=kind)
            yield reply
            yield from _replies_below(cite, url, post_id, reply.remote_id, depth=depth + 1)


def _remote_reply(cite: Item, url: str, post_id: str, parent: str, *, kind: str) -> RemoteReply:
    author = next(iter(values(cite, "author")), "")
    card = author if isinstance(author, dict) else {}
    name = first_word(card, "name") or (author if isinstance(author, str) else "")
    text, where = _words(cite) if kind in ("reply", "mention") else "", first_word(cite, "url")
    to = first_word(cite, "in-reply-to")
    return RemoteReply(
        remote_id=where or first_word(cite, "uid") or _print(name, text, kind),
        post_id=post_id,
        author=name or str(card.get("value") or "") or url_parts(where).netloc,
        text=text,
        written_at=first_moment(first_word(cite, "published"), first_word(cite, "updated")),
        url=where if where.startswith(("http://", "https://")) else "",
        author_url=first_word(card, "url"),
        in_reply_to="" if same_page(to, url) else to or parent,
        kind=kind,
    )


def _words(cite: Item) -> str:
    """Text of a reply. The value of a p-content is already text: apparent tags in it were typed."""
    for value in (*values(cite, "content"), *values(cite, "name")):
        if isinstance(value, dict) and value.get("html"):
            return plain_text(str(value["html"]))
        if isinstance(value, str):
            return value.strip()[:MOST_CHARS]
    return ""


def _print(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:24]
