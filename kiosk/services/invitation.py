"""The picture of the invitation, stored like any other: with the same intake, renditions, alt
text and target limits."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from capture.printing.invitation import invitation_picture
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from publish.rendering.html import day_and_time
from reporter.enums import Source
from reporter.follow_up.next_gathering import next_gathering
from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Story
from reporter.models.follow_up import NextGathering
from reporter.moderation import decisions
from reporter.stories import editing
from reporter.stories.queries import session_story

# A session for the organizers' own content: in no schedule, on no poster, and without a post of its
# own.
GUID = "social-reporter:organizers"


def add_picture(kiosk: KioskContext, story: Story) -> None:
    """Draw the invitation to the next gathering and add it at the top of a draft. Commits."""
    following = next_gathering(db.session())
    if following is None:
        return
    settings = kiosk.settings
    when = day_and_time(following.starts_at, settings.zone, settings.gathering.language)
    picture = invitation_picture(story.title, [when, following.place], following.url)
    arrival = _arrived(kiosk, picture)
    words = _alt(following, when)
    offer = Submission(
        _own_session(kiosk),
        text=story.title,
        files=[arrival],
        source=Source.STATION.value,
        consent="agreed",
        audience="public",
    )
    takeaway = receive(
        db.session(), kiosk.store, offer, now=kiosk.now(), rng=kiosk.rng, limits=settings.limits
    )
    actor = kiosk.actor("desk")
    decisions.set_alt(db.session(), takeaway, actor, {arrival.sha256: words})
    decisions.approve(db.session(), takeaway, actor)
    editing.add(db.session(), story, [takeaway])


def _arrived(kiosk: KioskContext, picture: bytes) -> ReceivedFile:
    incoming = kiosk.store.begin(f"invitation-{kiosk.rng.getrandbits(64):016x}")
    incoming.write(picture)
    return ReceivedFile.of(incoming, "invitation.png")


def _alt(following: NextGathering, when: str) -> str:
    parts = [following.title, when, following.place, following.url]
    return _("Invitation: %(words)s", words=" · ".join(part for part in parts if part))


def _own_session(kiosk: KioskContext) -> EventSession:
    row = db.session.scalar(select(EventSession).where(EventSession.guid == GUID))
    if row is None:
        row = add_session(db.session(), _("From the organizers"), now=kiosk.now(), rng=kiosk.rng)
        row.guid, row.retired = GUID, True
        story = session_story(db.session(), row, now=kiosk.now(), rng=kiosk.rng)
        editing.set_draft(story, draft=True)
        db.session.commit()
    return row
