"""Alt text of photos, for people who can't see them. Public places get no photo without.

The proposal is the text that its contributor (or an organizer) wrote; approving the takeaway
accepts it. A photo without any text only gets a generic name as a proposal, which an organizer has
to accept or replace.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from reporter.enums import Kind
from reporter.models import Attachment, Media, Takeaway

ALT_CHARS = 120


def own_words(takeaway: Takeaway) -> str:
    """Its caption or text in one line, truncated at a word boundary; '' if it has neither."""
    words = " ".join((takeaway.caption or takeaway.text).split())
    if len(words) > ALT_CHARS:
        words = words[:ALT_CHARS].rsplit(" ", 1)[0] + "…"
    return words


def proposal(takeaway: Takeaway, kind_word: str) -> str:
    """The proposed alt text, never empty: its words, or what it is (``kind_word``: "Photo") and its session."""
    return own_words(takeaway) or f"{kind_word}: {takeaway.session.title}"


def undescribed(takeaway: Takeaway) -> list[Attachment]:
    """A takeaway's photos without alt text."""
    return [
        attachment
        for attachment in takeaway.attachments
        if attachment.media.kind == Kind.PHOTO and not attachment.alt.strip()
    ]


def proposals(takeaway: Takeaway) -> dict[str, str]:
    """{sha256: words} for its photos without alt text; empty if nobody wrote anything."""
    words = own_words(takeaway)
    return {a.media.sha256: words for a in undescribed(takeaway)} if words else {}


def lacks_alt(of: type[Takeaway] = Takeaway) -> ColumnElement[bool]:
    """``undescribed`` as a condition for queries; ``of``: an alias of it."""
    return (
        select(Attachment.media_id)
        .join(Media)
        .where(
            Attachment.takeaway_id == of.id,
            Attachment.alt == "",
            Media.kind == Kind.PHOTO.value,
        )
        .correlate(of)
        .exists()
    )
