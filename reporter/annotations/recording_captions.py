"""Captions of recordings, typed or corrected by a person.

Stored on the original's timeline, shown on the timeline of the cut recording. Their words are
indexed like text recognized in a picture (``Media.recognized_text``).
"""

from __future__ import annotations

import math
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.annotations.edit_history import edits_of, takeaways_of
from reporter.annotations.ocr_text import MOST_CHARS
from reporter.enums import Kind
from reporter.errors import BadInput
from reporter.media.webvtt import Cue, check_letters, clipped, moved, read_cues, spoken_text, webvtt
from reporter.models import Media
from reporter.models.recording_captions import Captions
from reporter.moderation.decisions import bump_revision, lock_gathering

ASKED, FAILED, BROUGHT = "asked", "failed", "brought"
# How long after the end of its recording a caption may begin: players and people round.
SLACK = 2.0


def captions_of(session: Session, media: Media) -> list[Cue]:
    """The captions that a person saved, on the timeline of what is shown."""
    row = session.get(Captions, media.id)
    return shown_part(session, media, row.saved) if row is not None else []


def draft_of(session: Session, media: Media) -> list[Cue]:
    """The laptop's speech recognition draft, on the timeline of what is shown."""
    row = session.get(Captions, media.id)
    return shown_part(session, media, row.draft) if row is not None else []


def shown_part(session: Session, media: Media, text: str) -> list[Cue]:
    """Map cues of the original onto what the cut leaves of it."""
    cues = read_cues(text) if text else []
    cut = edits_of(session, media).cut
    return clipped(cues, *cut) if cut else cues


def captions_row(session: Session, media: Media) -> Captions:
    """Return the recording's captions row, creating it if missing."""
    row = session.get(Captions, media.id)
    if row is None:
        row = Captions(media_id=media.id, saved="", draft="", draft_state="", version=0)
        session.add(row)
    return row


def keep(session: Session, media: Media, text: str, actor: Actor) -> list[Cue]:
    """Save these captions; an empty text removes them. Raises BadInput. Commits.

    Cues in a part that is cut off are kept, since the cut may be undone.
    """
    if media.kind not in (Kind.VIDEO, Kind.AUDIO):
        raise BadInput("Only films and voice notes have captions.")
    check_letters(text)
    cues = read_cues(text)
    lock_gathering(session)
    cut = edits_of(session, media).cut
    begin, end = cut or (0.0, media.duration or math.inf)
    if cues and cues[-1].begin > shown_length(session, media):
        session.rollback()
        raise BadInput("The last caption begins after the end of the recording.")
    row = captions_row(session, media)
    beyond = [c for c in read_cues(row.saved) if cut and (c.end <= begin or c.begin >= end)]
    whole = sorted([*beyond, *moved(cues, begin)], key=lambda cue: (cue.begin, cue.end))
    row.saved, row.version = webvtt(whole), row.version + 1
    media.recognized_text = spoken_text(cues)[:MOST_CHARS]
    for takeaway in takeaways_of(session, media):
        bump_revision(session, takeaway)
    session.commit()
    return cues


def renew_spoken(session: Session, media: Media) -> None:
    """After a cut, update the searchable words to what can still be heard. Does not commit."""
    if media.kind != Kind.PHOTO:
        media.recognized_text = spoken_text(captions_of(session, media))[:MOST_CHARS]


def ask_draft(session: Session, media: Media) -> None:
    """Request a captions draft for the recording. Commits."""
    if media.kind not in (Kind.VIDEO, Kind.AUDIO):
        raise BadInput("Only films and voice notes have captions.")
    captions_row(session, media).draft_state = ASKED
    session.commit()


def drafting_of(session: Session, media: Media) -> str:
    """State of the draft: '' (none pending), ASKED, FAILED, or BROUGHT along in the film itself."""
    row = session.get(Captions, media.id)
    return row.draft_state if row is not None else ""


def asked_draft(session: Session) -> Media | None:
    """The recording that arrived first among those with a pending draft request."""
    query = select(Media).join(Captions, Captions.media_id == Media.id)
    query = query.where(Captions.draft_state == ASKED).order_by(Media.received_at, Media.id)
    return session.scalars(query.limit(1)).first()


def write_draft(session: Session, media_id: uuid.UUID, draft: str | None) -> None:
    """Store the draft; None means that the recording could not be transcribed. Commits."""
    row = session.get(Captions, media_id, populate_existing=True)
    if row is not None:
        row.draft_state = FAILED if draft is None else ""
        row.draft = draft or ""
    session.commit()


def note_brought(session: Session, media: Media, text: str) -> None:
    """Offer the subtitles within a film (WebVTT) as the draft, unless it has captions or a draft. Does not commit."""
    row = session.get(Captions, media.id)
    if text and (row is None or not (row.saved or row.draft or row.draft_state)):
        row = captions_row(session, media)
        row.draft, row.draft_state = text, BROUGHT


def shown_length(session: Session, media: Media) -> float:
    """Seconds of what is shown of the recording, with some slack; endless where that is not known."""
    cut = edits_of(session, media).cut
    return (cut[1] - cut[0] if cut else media.duration or math.inf) + SLACK
