"""Parse a web page's links and its posts (h-entry) with their properties.

https://microformats.org/wiki/microformats2 and .../h-entry. Pages are untrusted: at most ``MOST``
bytes are read, and one nested too deeply for the parser yields nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from publish.net.remote_values import joined_url
from reporter.schedule.lenient_html import LenientParser

# Parsing a megabyte takes seconds on an old laptop; front pages are about a tenth of that.
MOST = 400_000

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Anchor:
    """An <a> or <link> element: its relation and its absolute URL."""

    tag: str
    rels: frozenset[str]
    url: str


class _Anchors(LenientParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base, self.found = base, list[Anchor]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and attributes.get("href"):
            self.base = joined_url(self.base, attributes["href"])
        if tag in ("a", "link") and "href" in attributes:
            rels = frozenset(attributes.get("rel", "").lower().split())
            self.found.append(Anchor(tag, rels, joined_url(self.base, attributes["href"])))


def anchors(html: str, url: str) -> list[Anchor]:
    """All links of a page in document order."""
    reader = _Anchors(url)
    reader.parsed(html)
    return reader.found


def entries(html: str, url: str) -> list[Item]:
    """All h-entry items of a page, including those in feeds."""
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
    """Values of a property; some Micropub servers send a single one without a list."""
    properties = item.get("properties")
    value = properties.get(name) if isinstance(properties, dict) else None
    return value if isinstance(value, list) else [] if value is None else [value]


def first_word(item: Item, name: str) -> str:
    """First value of a property as text; for a nested item its name or URL."""
    for value in values(item, name):
        if isinstance(value, dict):
            value = value.get("value") or next(iter(values(value, "url")), "")
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    return ""


def markup(item: Item) -> str:
    """Content of a post, as HTML if available."""
    for value in values(item, "content"):
        if isinstance(value, dict):
            return str(value.get("html") or value.get("value") or value.get("text") or "")
        return str(value)
    return ""


def same_page(one: str, other: str) -> bool:
    """Whether two URLs are equal apart from a trailing slash and http or https."""
    return _bare(one) == _bare(other)


def _bare(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"
