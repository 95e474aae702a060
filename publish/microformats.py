"""What a web page says of itself to programs: links, posts (h-entry), and what was answered under them (h-cite).

https://microformats.org/wiki/microformats2 and .../h-entry. Pages are strangers' text: at most ``MOST`` bytes of one
are read, and one that is nested too deeply for the parser has nothing to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from publish.plain import MOST_CHARS, plain_text
from publish.targets.base import Heard

# Parsing a megabyte takes seconds on an old laptop; front pages are a tenth of that.
MOST = 400_000
# More on one page is no conversation any more; nor is a reply to a reply to a reply, twenty times.
_REPLIES, _DEPTH = 1000, 20
_KINDS = {"comment": "reply", "mention": "mention", "repost": "boost", "like": "favourite"}

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Anchor:
    """An <a> or <link>: what it is for, and where it leads (an absolute address)."""

    tag: str
    rels: frozenset[str]
    url: str


class _Anchors(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base, self.found = base, list[Anchor]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "base" and told.get("href"):
            self.base = _joined(self.base, told["href"])
        if tag in ("a", "link") and "href" in told:
            rels = frozenset(told.get("rel", "").lower().split())
            self.found.append(Anchor(tag, rels, _joined(self.base, told["href"])))


def anchors(html: str, url: str) -> list[Anchor]:
    """Every link of a page, in its order."""
    reader = _Anchors(url)
    reader.feed(html)
    reader.close()
    return reader.found


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def entries(html: str, url: str) -> list[Item]:
    """Every h-entry of a page, those in feeds too."""
    import mf2py

    try:
        items = mf2py.parse(doc=html, url=url, html_parser="html5lib")["items"]
        return list(_entries(items))
    except (RecursionError, ValueError):
        return []


def _entries(items: list[Any]) -> Iterator[Item]:
    for item in items:
        if not isinstance(item, dict):
            continue
        if "h-entry" in item.get("type", ()):
            yield item
        yield from _entries(item.get("children", []))


def values(item: Item, name: str) -> list[Any]:
    """The values of a property; Micropub servers write one without a list now and then."""
    told = item.get("properties")
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, list) else [] if value is None else [value]


def first_word(item: Item, name: str) -> str:
    """The first value of a property as text: of a nested thing, what it is called or where it is."""
    for value in values(item, name):
        if isinstance(value, dict):
            value = value.get("value") or next(iter(values(value, "url")), "")
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    return ""


def markup(item: Item) -> str:
    """The content of a post, as HTML where that is told."""
    for value in values(item, "content"):
        if isinstance(value, dict):
            return str(value.get("html") or value.get("value") or value.get("text") or "")
        return str(value)
    return ""


def same_page(one: str, other: str) -> bool:
    """Whether two addresses mean one page, with or without a slash, over http or https."""
    return _bare(one) == _bare(other)


def _bare(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def replies_on(html: str, url: str, post_id: str) -> Iterator[Heard]:
    """What is marked up as answered to the post whose page this is: comments, those below them, likes and reposts."""
    found = entries(html, url)
    ours = [item for item in found if same_page(first_word(item, "url"), url)] or found[:1]
    for item in ours[:1]:
        for number, heard in enumerate(_heard_below(item, url, post_id, "", 0)):
            if number >= _REPLIES:
                return
            yield heard


def _heard_below(item: Item, url: str, post_id: str, parent: str, depth: int) -> Iterator[Heard]:
    if depth >= _DEPTH:
        return
    for name, kind in _KINDS.items():
        for cite in values(item, name):
            if not isinstance(cite, dict) or not isinstance(cite.get("properties"), dict):
                continue
            heard = _heard(cite, url, post_id, parent, kind)
            yield heard
            yield from _heard_below(cite, url, post_id, heard.remote_id, depth + 1)


def _heard(cite: Item, url: str, post_id: str, parent: str, kind: str) -> Heard:
    author = next(iter(values(cite, "author")), "")
    told = author if isinstance(author, dict) else {}
    name = first_word(told, "name") or (author if isinstance(author, str) else "")
    text, where = _words(cite), first_word(cite, "url")
    to = first_word(cite, "in-reply-to")
    return Heard(
        remote_id=where or first_word(cite, "uid") or _print(name, text, kind),
        post_id=post_id,
        author=name or str(told.get("value") or "") or urlsplit(where).netloc,
        text=text,
        written_at=_moment(cite),
        url=where if where.startswith(("http://", "https://")) else "",
        author_url=first_word(told, "url"),
        in_reply_to="" if same_page(to, url) else to or parent,
        kind=kind,
    )


def _words(cite: Item) -> str:
    """What somebody wrote. The value of a p-content is text already: what looks like a tag in it was typed."""
    for value in (*values(cite, "content"), *values(cite, "name")):
        if isinstance(value, dict) and value.get("html"):
            return plain_text(str(value["html"]))
        if isinstance(value, str):
            return value.strip()[:MOST_CHARS]
    return ""


def _moment(cite: Item) -> datetime:
    """When it was written; a time without zone is UTC, and without a time it is now."""
    for name in ("published", "updated"):
        try:
            moment = datetime.fromisoformat(first_word(cite, name))
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.now(UTC)


def _print(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:24]
