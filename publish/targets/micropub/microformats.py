"""What a web page says of itself to programs: its links, and its posts (h-entry) with their properties.

https://microformats.org/wiki/microformats2 and .../h-entry. Pages are strangers' text: at most ``MOST`` bytes of one
are read, and one that is nested too deeply for the parser has nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

# Parsing a megabyte takes seconds on an old laptop; front pages are a tenth of that.
MOST = 400_000

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
            self.base = joined(self.base, told["href"])
        if tag in ("a", "link") and "href" in told:
            rels = frozenset(told.get("rel", "").lower().split())
            self.found.append(Anchor(tag, rels, joined(self.base, told["href"])))


def anchors(html: str, url: str) -> list[Anchor]:
    """Every link of a page, in its order."""
    reader = _Anchors(url)
    reader.feed(html)
    reader.close()
    return reader.found


def joined(base: str, link: str) -> str:
    """A link as an absolute address, or '' for nonsense."""
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
