"""Recognize our own posts and files on a blog: by URL, by requested name, or by a class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from publish.net.remote_values import joined_url
from publish.targets.micropub import microformats
from publish.targets.micropub.client import Micropub, is_deleted
from publish.targets.micropub.microformats import first_word, markup

# Pages searched: lists of 50 posts, lists of 50 files, and front pages.
_PAGES, _MEDIA_PAGES, _FRONT_PAGES = 10, 4, 4
_FILES = 50


def in_list(blog: Micropub, key: str, besides: str = "") -> str | None:
    """URL of our post in the blog's list, '' if it is missing, None if the blog has no list.

    ``besides``: a URL to ignore.
    """
    for pages, extra in ((1, {"filter": key}), (_PAGES, {})):
        answer = blog.latest_posts(pages, extra)
        if answer is None:
            return None
        for item in answer:
            address = first_word(item, "url") or str(item.get("url") or "")
            # django-indieweb returns it as a path.
            url = joined_url(blog.endpoint, address) if address else ""
            if url and url != besides and not is_deleted(item) and is_ours(item, url, key):
                return url
    return ""


def on_front_page(blog: Micropub, key: str) -> str:
    """URL of our post on the blog's front pages, by a link with our name or the class in a post
    (microformats), or ''.
    """
    url = blog.address
    for _ in range(_FRONT_PAGES):
        answer, url = blog.read(url)
        if answer.status >= 300:
            return ""
        links = [one for one in microformats.anchors(answer.text, url) if _is_near(one.url, url)]
        found = next((one.url for one in links if bears(one.url, key)), "")
        found = found or _by_class(answer.text, url, key)
        older = next((one.url for one in links if one.rels & {"next", "prev"}), "")
        if found or not older:
            return found
        url = older
    return ""


def _by_class(html: str, url: str, key: str) -> str:
    # Parsing is slow, and unnecessary for a page without our name.
    for item in microformats.entries(html, url) if key in html else ():
        where = first_word(item, "url")
        if where and is_ours(item, where, key):
            return where
    return ""


def file_in_list(blog: Micropub, key: str) -> str:
    """URL of our file if the media endpoint lists files and keeps their names (as WordPress does), or ''."""
    endpoint = blog.media_endpoint
    for number in range(_MEDIA_PAGES) if endpoint else ():
        query = {"q": "source", "limit": str(_FILES), **blog.destination}
        if number:
            query["offset"] = str(_FILES * number)
        answer = blog.ask(query, at=endpoint) or {}
        items = answer.get("items")
        rows = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        found = next(
            (
                url
                for row in rows
                if bears(url := joined_url(endpoint, str(row.get("url") or "")), key)
            ),
            "",
        )
        if found or len(rows) < _FILES:
            return found
    return ""


def is_ours(item: Mapping[str, Any], url: str, key: str) -> bool:
    """Whether a post is ours: by its URL, its requested name, or the class in its content."""
    if bears(url, key) or key in (first_word(item, "mp-slug"), first_word(item, "slug")):
        return True
    return bool(re.search(rf"""class=["']?(?:[^"'>]*\s)?{re.escape(key)}["'\s>]""", markup(item)))


def bears(url: str, key: str) -> bool:
    """Whether a URL component is our name, with or without an extension (.html, .jpg)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    values = [value for pair in parts.query.split("&") for value in pair.split("=")[1:]]
    return any(
        piece == key or piece.rpartition(".")[0] == key
        for piece in (*parts.path.split("/"), *values)
    )


def _is_near(url: str, page: str) -> bool:
    """Whether a URL is on the same site as the page that links to it."""
    try:
        return urlsplit(url).netloc == urlsplit(page).netloc
    except ValueError:
        return False
