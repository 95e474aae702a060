"""Parts of a post as plain text, for places that don't take HTML: wikis and the short ones."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from publish.i18n import INTENTS, translations
from publish.markup.markdown import markdown_text
from publish.posts.model import WORDS, Block, CrossLink, Post
from reporter.languages import spoken_locale


def slot_line(post: Post) -> str:
    """Gathering, day and time, room and speakers, as far as they are known."""
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
    """Who it is from and what it is, as "Ada · An idea"."""
    intent = (
        translations(language).gettext(INTENTS[block.intent]) if block.intent in INTENTS else ""
    )
    return " · ".join(part for part in (block.author, intent) if part)


def said_in(block: Block) -> str:
    """The words of a takeaway: the organizer's caption and the contributor's own, each once; of words between, all."""
    if block.kind == WORDS:
        return markdown_text(block.text)
    parts = [block.caption, block.text.replace("\r\n", "\n")]
    return "\n\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))


def canonical(copies: Sequence[CrossLink]) -> str:
    """The address where the whole story stands, or ''."""
    return next((copy.url for copy in copies if copy.url.startswith(("https://", "http://"))), "")


def mark_of(key: str) -> str:
    """Our key as one word of letters and digits, which every place keeps as it is: a hashtag without its sign."""
    return key.replace("-", "")
