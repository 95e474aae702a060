"""Parts of a post as plain text, for targets without HTML: wikis and microblogs."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from publish.i18n import INTENTS, translations
from publish.markup.markdown import markdown_text
from publish.posts.model import WORDS, Block, CrossLink, Post
from reporter.languages import spoken_locale


def slot_line(post: Post) -> str:
    """Gathering, day and time, room and speakers, as far as known."""
    parts = [post.gathering]
    if post.slot:
        if post.slot.starts_at:
            locale = spoken_locale(post.language)
            start = post.slot.starts_at.astimezone(ZoneInfo(post.zone))
            clock = format_time(start, "short", None, locale)
            parts.append(f"{format_date(start, 'long', locale)}, {clock}")
        parts += [post.slot.room, post.slot.speakers]
    return " · ".join(part for part in parts if part)


def credit(block: Block, language: str) -> str:
    """Author and kind, such as "Ada · An idea"."""
    intent = (
        translations(language).gettext(INTENTS[block.intent]) if block.intent in INTENTS else ""
    )
    return " · ".join(part for part in (block.author, intent) if part)


def block_text(block: Block) -> str:
    """Text of a takeaway: the organizer's caption and the contributor's text, without repetition;
    for text blocks, everything.
    """
    if block.kind == WORDS:
        return markdown_text(block.text)
    parts = [block.caption, block.text.replace("\r\n", "\n")]
    return "\n\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def canonical(copies: Sequence[CrossLink]) -> str:
    """URL of the complete story, or ''."""
    return next((copy.url for copy in copies if copy.url.startswith(("https://", "http://"))), "")


def mark_of(key: str) -> str:
    """Our key as one alphanumeric word that every target preserves: a hashtag without the "#"."""
    return key.replace("-", "")
