"""Feeds of a site as Atom (RFC 4287) and JSON Feed 1.1, and a sitemap if the site has a URL.

https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import json
import mimetypes
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from publish.posts.model import GatheringFacts
from publish.rendering.text_language import text_language

ATOM, JSON_FEED = "feed.xml", "feed.json"
_ATOM = "http://www.w3.org/2005/Atom"
_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Characters not allowed in XML 1.0 (section 2.2).
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = "1970-01-01T00:00:00Z"
Summary = dict[str, Any]


def feed_files(
    facts: GatheringFacts, summaries: Sequence[Summary], base: str, hub: str = ""
) -> Iterator[tuple[str, bytes]]:
    """(relative name, bytes) of the feeds and the sitemap. ``base``: the site's URL, or '' for a site on a stick.

    ``hub``: WebSub hub that notifies subscribers (https://www.w3.org/TR/websub/#discovery), for a site with a URL.
    """
    ordered = sorted(summaries, key=lambda s: (_updated(s), s["url"]), reverse=True)
    hub = hub if base else ""
    yield ATOM, _atom(facts, ordered, base, hub)
    yield JSON_FEED, _json_feed(facts, ordered, base, hub)
    if base:
        yield "sitemap.xml", _sitemap(ordered, base)


def _updated(summary: Summary) -> str:
    return str(summary.get("updated") or summary.get("starts_at") or _NEVER)


def _at(base: str, name: str) -> str:
    """Absolute URL if the site has one; else relative to the feed, which is next to the pages."""
    return f"{base.rstrip('/')}/{name}" if base else name


def _identity(facts: GatheringFacts, url: str) -> str:
    """A feed or entry id that is the same on a stick and on the web (RFC 4287, 4.2.6)."""
    return f"urn:uuid:{uuid.uuid5(facts.id, url)}"


def _add(parent: Xml.Element, name: str, text: str = "", **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, name, attributes)
    child.text = _UNSPEAKABLE.sub("", text) or None
    return child


def _atom(facts: GatheringFacts, summaries: Sequence[Summary], base: str, hub: str) -> bytes:
    feed = Xml.Element("feed", {"xmlns": _ATOM, "xml:lang": facts.language})
    _add(feed, "id", f"urn:uuid:{facts.id}")
    _add(feed, "title", facts.title)
    _add(feed, "updated", max(map(_updated, summaries), default=_NEVER))
    _add(feed, "link", rel="self", type="application/atom+xml", href=_at(base, ATOM))
    if hub:
        _add(feed, "link", rel="hub", href=hub)
    _add(feed, "link", rel="alternate", type="text/html", href=_at(base, "index.html"))
    _add(_add(feed, "author"), "name", facts.title)
    for summary in summaries:
        language = _language(summary, facts)
        entry = _add(feed, "entry", **({"xml:lang": language} if language else {}))
        _add(entry, "id", _identity(facts, summary["url"]))
        _add(entry, "title", summary["title"], type="text")
        _add(entry, "updated", _updated(summary))
        _add(entry, "link", rel="alternate", type="text/html", href=_at(base, summary["url"]))
        for photo in summary["photos"][:1]:
            _add(entry, "link", rel="enclosure", href=_at(base, photo["url"]), **_file(photo))
        _add(entry, "summary", _words(summary), type="text")
    return _xml_bytes(feed)


def _file(photo: Summary) -> dict[str, str]:
    """Enclosure data of a file; summaries stored by an older version lack its size."""
    guessed = mimetypes.guess_type(photo["url"])[0] or "application/octet-stream"
    enclosure = {"type": str(photo.get("type") or guessed)}
    return enclosure | ({"length": str(photo["bytes"])} if photo.get("bytes") else {})


def _language(summary: Summary, facts: GatheringFacts) -> str:
    """The language of a story's title and words, '' for that of the feed."""
    return text_language(f"{summary['title']} {_words(summary)}", facts.language)


def _words(summary: Summary) -> str:
    return str(summary.get("lead") or summary["quote"] or summary["title"])


def _json_feed(facts: GatheringFacts, summaries: Sequence[Summary], base: str, hub: str) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": facts.title,
        "language": facts.language,
        # A site on a stick has neither: a reader could not tell what a relative address belongs to.
        **(
            {"home_page_url": _at(base, "index.html"), "feed_url": _at(base, JSON_FEED)}
            if base
            else {}
        ),
        "authors": [{"name": facts.title}],
        **({"hubs": [{"type": "WebSub", "url": hub}]} if hub else {}),
        "items": [_item(facts, summary, base) for summary in summaries],
    }
    return (json.dumps(feed, ensure_ascii=False, indent=1) + "\n").encode()


def _item(facts: GatheringFacts, summary: Summary, base: str) -> dict[str, Any]:
    photos = summary["photos"]
    image = {"image": _at(base, photos[0]["url"])} if photos else {}
    language = _language(summary, facts)
    return {
        "id": _identity(facts, summary["url"]),
        "url": _at(base, summary["url"]),
        "title": summary["title"],
        "content_text": _words(summary),
        "date_published": _updated(summary),
        **image,
        **({"language": language} if language else {}),
    }


def _sitemap(summaries: Sequence[Summary], base: str) -> bytes:
    """https://www.sitemaps.org/protocol.html"""
    tree = Xml.Element("urlset", {"xmlns": _MAP})
    _add(_add(tree, "url"), "loc", _at(base, "index.html"))
    for summary in summaries:
        row = _add(tree, "url")
        _add(row, "loc", _at(base, summary["url"]))
        _add(row, "lastmod", _updated(summary))
    return _xml_bytes(tree)


def _xml_bytes(tree: Xml.Element) -> bytes:
    Xml.indent(tree, " ")
    return Xml.tostring(tree, encoding="utf-8", xml_declaration=True) + b"\n"
