"""Alt text: what a photo shows, for who can't see it. Public places get no photo without.

The proposal is what its contributor (or an organizer) wrote to it; who approves it has seen and accepted that. A photo
without any words gets only a name for a proposal, which an organizer has to accept or to replace.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from reporter.enums import Kind
from reporter.models import Attachment, Media, Takeaway

ALT_CHARS = 120


def own_words(takeaway: Takeaway) -> str:
    """Its caption or text in one line, cut at a word's end; '' without any."""
    words = " ".join((takeaway.caption or takeaway.text).split())
    if len(words) > ALT_CHARS:
        words = words[:ALT_CHARS].rsplit(" ", 1)[0] + "…"
    return words


def proposal(takeaway: Takeaway, kind_word: str) -> str:
    """What to propose, never empty: its words, or what it is (``kind_word``: "Photo") and of which session."""
    return own_words(takeaway) or f"{kind_word}: {takeaway.session.title}"


def undescribed(takeaway: Takeaway) -> list[Attachment]:
    """Its photos without alt text."""
    return [
        attachment
        for attachment in takeaway.attachments
        if attachment.media.kind == Kind.PHOTO and not attachment.alt.strip()
    ]


def proposals(takeaway: Takeaway) -> dict[str, str]:
    """{sha256: words} for its photos without alt text; none where nobody wrote anything."""
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
