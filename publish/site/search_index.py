"""Client-side search of a site: an index of its words and a small script, so that it works from a stick.

Pages opened from disk may not fetch files but may load scripts, so the index is a script.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from publish.i18n import INTENTS, translations
from publish.posts.model import Block, Post, PublishedReply
from publish.rendering.html import spoken_words
from publish.rendering.plain_text import block_text

WORDS, SCRIPT = "search/words.js", "search/search.js"


def words_of(post: Post) -> list[list[str]]:
    """(anchor on the page, author, text) of each part of a story, as JSON: all its readable text."""
    label = translations(post.language).gettext
    parts = [["", "", _joined([*post.tags, *_slot(post), post.lead, *_replies(post.replies)])]]
    for block in post.blocks:
        intent = label(INTENTS[block.intent]) if block.intent in INTENTS else ""
        texts = [block_text(block), block.prompt, intent, *_media(block), *_replies(block.replies)]
        parts.append(
            [f"t-{block.takeaway}" if block.takeaway else "", block.author, _joined(texts)]
        )
    return [part for part in parts if part[2]]


def _slot(post: Post) -> list[str]:
    slot = post.slot
    return [slot.room, slot.speakers, slot.description] if slot else []


def _media(block: Block) -> Iterator[str]:
    for media in block.media:
        yield media.alt
        yield spoken_words(media.captions)


def _replies(replies: Sequence[PublishedReply]) -> Iterator[str]:
    for one in replies:
        yield one.author
        yield one.text


def _joined(texts: Sequence[str]) -> str:
    """Distinct texts on one line."""
    lines = (" ".join(one.split()) for one in texts)
    return " · ".join(dict.fromkeys(line for line in lines if line))


def search_files(summaries: Sequence[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """The two files as (relative name, bytes). Summaries stored by an older version contribute only titles."""
    rows = [[s["url"], s["title"], s.get("words", [])] for s in summaries]
    data = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    yield WORDS, f"globalThis.siteWords = {data};\n".encode()
    yield SCRIPT, (files("publish") / "templates" / "site" / "search.js").read_bytes()
