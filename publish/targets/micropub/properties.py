"""A story as h-entry properties, in JSON and as a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from publish.posts.model import GatheringFacts, Post, PostMedia, Remote

Properties = dict[str, list[Any]]


def post_properties(post: Post, html: str, endpoint: str) -> Properties:
    """Properties of a story; an update replaces all of them. ``html``: its content."""
    # A name is plain text, but WordPress's plugin treats it as unfiltered HTML.
    plain = escape if is_wordpress(endpoint) else str
    return {
        "name": [plain(post.title)],
        "content": [{"html": html}],
        "summary": [plain(post.lead)] if post.lead else [],
        "category": list(post.tags),
        "syndication": [copy.url for copy in post.copies],
    }


def first_properties(
    post: Post, facts: GatheringFacts, *, draft: bool, by_session: bool
) -> Properties:
    """Properties set only on creation. Without our date the blog uses its own clock, as this laptop's may be wrong."""
    properties: Properties = {
        "mp-slug": [post.key],
        "post-status": ["draft" if draft else "published"],
    }
    # A future date would make it a scheduled post.
    if by_session and post.date and post.date < datetime.now(UTC):
        properties["published"] = [post.date.astimezone(facts.zone).isoformat()]
    return properties


def changes(
    url: str, properties: Properties, before: Sequence[str], *, published: bool
) -> dict[str, Any]:
    """An update request (3.4). ``before``: previous properties; those no longer present are deleted.

    The draft status is left as the blog's owner has set it since.
    """
    status = {"post-status": ["published"]} if published else {}
    body: dict[str, Any] = {
        "action": "update",
        "url": url,
        "replace": {**{name: value for name, value in properties.items() if value}, **status},
    }
    if gone := [name for name in before if not properties.get(name)]:
        body["delete"] = gone
    return body


def filled(properties: Properties) -> list[str]:
    """The properties that are set."""
    return [name for name, value in properties.items() if value]


def is_wordpress(endpoint: str) -> bool:
    """Whether this is WordPress with its Micropub plugin."""
    return "micropub/1.0/endpoint" in endpoint.replace("%2F", "/")


def inside(post: Post, links: Mapping[str, Remote]) -> list[PostMedia]:
    """Files without a URL of their own, which are sent with the post."""
    return [one for one in post.media() if one.key in links and not links[one.key].url]


def field(media: PostMedia, all_of_them: Sequence[PostMedia]) -> str:
    """Form field of a file (3.3.1): photo, video or audio, with brackets for several."""
    several = sum(one.kind == media.kind for one in all_of_them) > 1
    return f"{media.kind}[]" if several else media.kind


def form(properties: Properties, files: Sequence[PostMedia]) -> dict[str, Any]:
    """The same as form fields. HTML is sent as content[html]: the specification defines HTML only
    for JSON, but servers accept both.
    """
    fields: dict[str, Any] = {"h": "entry"}
    for name, value in properties.items():
        if name == "content":
            fields["content[html]"] = value[0]["html"]
        elif name in ("category", "syndication") and value:
            fields[f"{name}[]"] = list(value)
        elif value:
            fields[name] = value[0]
    if alts := [media.alt for media in files if media.kind == "photo"]:
        fields["mp-photo-alt[]"] = alts
    return fields
