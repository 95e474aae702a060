"""The finished film in the database: its session, and the captions taken from its recordings."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from reporter.annotations.ocr_text import MOST_CHARS
from reporter.annotations.recording_captions import captions_of, captions_row, shown_part
from reporter.enums import Source
from reporter.films.script import SoundExcerpt
from reporter.gathering.sessions import add_session
from reporter.media.webvtt import Cue, clipped, moved, read_cues, spoken_text, webvtt
from reporter.models import EventSession, Media, Story, Takeaway

# Identifies its session: no schedule has this id, and the laptops of a gathering recognize each other's by it.
GUID = "film-of-the-evening"


def film_session(
    session: Session, title: str, *, now: datetime, rng: random.Random
) -> EventSession:
    """The session that contains the film and whose story presents it; not on any list of sessions. Commits."""
    found = session.scalar(select(EventSession).where(EventSession.guid == GUID))
    return found or add_session(session, title, now=now, rng=rng, guid=GUID, retired=True)


def film_stories() -> Select[uuid.UUID]:
    """The films' own stories. A film is not merged: another laptop would take down what tells of it."""
    events = select(Takeaway.session_id).where(Takeaway.source == Source.FILM)
    own = select(EventSession.id).where(EventSession.guid == GUID)
    return select(Story.id).where(or_(Story.session_id.in_(events), Story.session_id.in_(own)))


def caption_film(session: Session, film: Media, sounds: Iterable[SoundExcerpt]) -> None:
    """Give the film the captions of its recordings, at the times they are heard. Does not commit."""
    _set_captions(
        session, film, sorted(_cues(session, sounds), key=lambda cue: (cue.begin, cue.end))
    )


def prune_captions(session: Session, film: Media, recordings: Iterable[str]) -> bool:
    """Take captions away from the film that none of its recordings (SHA-256) has any more; returns whether there were
    any. Does not commit.

    All of them, on the timeline of the film before a cut: the cut may be undone.
    """
    found = session.scalars(select(Media).where(Media.sha256.in_(list(recordings))))
    texts = {cue.text for media in found for cue in captions_of(session, media)}
    whole = read_cues(captions_row(session, film).saved or webvtt([]))
    kept = [cue for cue in whole if cue.text in texts]
    if kept != whole:
        _set_captions(session, film, kept)
    return kept != whole


def _set_captions(session: Session, film: Media, cues: list[Cue]) -> None:
    """Set the film's captions, on the timeline of the film before a cut."""
    row = captions_row(session, film)
    row.saved, row.version = webvtt(cues), row.version + 1
    film.recognized_text = spoken_text(shown_part(session, film, row.saved))[:MOST_CHARS]


def captions_digest(session: Session, sha256: str) -> str:
    """Digest of a recording's captions as they are shown; '' for none."""
    media = session.scalar(select(Media).where(Media.sha256 == sha256)) if sha256 else None
    cues = captions_of(session, media) if media is not None else []
    return hashlib.sha256(webvtt(cues).encode()).hexdigest() if cues else ""


def _cues(session: Session, sounds: Iterable[SoundExcerpt]) -> Iterator[Cue]:
    for part in sounds:
        media = session.scalar(select(Media).where(Media.sha256 == part.media))
        if media is not None:
            inside = clipped(captions_of(session, media), part.start, part.start + part.seconds)
            yield from moved(inside, part.at)
