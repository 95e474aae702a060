"""Proposes alt texts of photos, in the gathering's language, for desk and shell."""

from __future__ import annotations

from kiosk.runtime.context import current_kiosk
from publish.i18n import KINDS, translations
from reporter.enums import Kind
from reporter.media import alt_text
from reporter.models import Takeaway
from reporter.moderation.history import ALT


def proposal_for(takeaway: Takeaway) -> str:
    """The proposed alt text for its photos, never empty."""
    words = translations(current_kiosk().settings.gathering.language)
    return alt_text.proposal(takeaway, words.gettext(KINDS["photo"]))


def proposals_for(takeaway: Takeaway, text: str = "") -> dict[str, str]:
    """Alt text fields for its photos that have none: ``text`` if given, else the proposal."""
    words = text.strip() or proposal_for(takeaway)
    return {ALT + a.media.sha256: words for a in alt_text.undescribed(takeaway)}


def described_as(takeaway: Takeaway, text: str) -> dict[str, str]:
    """Alt text fields that set these words for all its photos, replacing existing ones."""
    photos = (a.media for a in takeaway.attachments if a.media.kind == Kind.PHOTO)
    return {ALT + media.sha256: text.strip() for media in photos}
