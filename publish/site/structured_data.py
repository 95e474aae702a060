"""Machine-readable page metadata: schema.org, Open Graph and canonical URL."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from publish.posts.model import GatheringFacts, Post

# Target kinds that show the whole story, not a part of it.
_WHOLE = frozenset({"wordpress", "mediawiki", "dokuwiki", "micropub", "git", "folder"})
_WORDS = 200


def about_story(
    post: Post, facts: GatheringFacts, image: str, base: str, *, page: str
) -> dict[str, Any]:
    """Head elements for a story's page. ``image``: its lead picture there; ``base``: the site's URL or ''."""
    own = f"{base.rstrip('/')}/{page}" if base else ""
    elsewhere = next((copy.url for copy in post.copies if copy.kind in _WHOLE), "")
    return {
        "canonical": own or elsewhere,
        "description": _short(
            post.lead or next((b.text or b.caption for b in post.blocks if b.takeaway), "")
        ),
        "image": f"{base.rstrip('/')}/{image}" if base and image else "",
        "kind": "article",
        "data": _script(_event(post, facts)) if post.slot and post.slot.starts_at else "",
    }


def about_front(facts: GatheringFacts, image: str, base: str) -> dict[str, Any]:
    """Head elements for the front page."""
    root = base.rstrip("/")
    return {
        "canonical": f"{root}/index.html" if base else "",
        "description": facts.title,
        "image": f"{root}/{image}" if base and image else "",
        "kind": "website",
        "data": "",
    }


def _event(post: Post, facts: GatheringFacts) -> dict[str, Any]:
    """https://schema.org/Event"""
    slot = post.slot
    assert slot is not None
    assert slot.starts_at is not None
    event = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": post.title,
        "startDate": slot.starts_at.astimezone(facts.zone).isoformat(),
        "endDate": slot.ends_at.astimezone(facts.zone).isoformat() if slot.ends_at else "",
        "description": post.lead or slot.description,
        "location": {"@type": "Place", "name": slot.room} if slot.room else "",
        "performer": {"@type": "Person", "name": slot.speakers} if slot.speakers else "",
        "superEvent": {"@type": "Event", "name": facts.title},
    }
    return {name: value for name, value in event.items() if value}


def _script(data: dict[str, Any]) -> Markup:
    """JSON that can't close its script element."""
    script = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        script = script.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(script)  # noqa: S704  # no <, >, &


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _WORDS else words[:_WORDS].rsplit(" ", 1)[0] + "…"
