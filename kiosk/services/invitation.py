"""The picture of the invitation, kept like every other: one door, renditions, alt text, limits of each place."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from capture.intake import receive
from capture.invitation import invitation_picture
from capture.offer import Arrival, Offer
from kiosk.db import db
from kiosk.here import Kiosk
from publish.render import day_and_time
from reporter import composing, curate
from reporter.following import next_gathering
from reporter.models import EventSession, Story
from reporter.models_actions import NextGathering
from reporter.sessions import add_session
from reporter.states import Source
from reporter.stories import session_story

# The organizers' own slot: in no schedule and on no poster, and it has no post of its own.
GUID = "social-reporter:organizers"


def add_picture(kiosk: Kiosk, story: Story) -> None:
    """Draw the invitation to the next gathering and put it on top of a draft. Commits."""
    following = next_gathering(db.session())
    if following is None:
        return
    settings = kiosk.settings
    when = day_and_time(following.starts_at, settings.zone, settings.gathering.language)
    picture = invitation_picture(story.title, [when, following.place], following.url)
    arrival = _arrived(kiosk, picture)
    words = _alt(following, when)
    offer = Offer(
        _own_session(kiosk), text=story.title, files=[arrival], source=Source.STATION.value,
        consent="agreed", audience="public",
    )  # fmt: skip
    takeaway = receive(
        db.session(), kiosk.store, offer, now=kiosk.now(), rng=kiosk.rng, limits=settings.limits
    )
    hand = kiosk.hand("desk")
    curate.set_alt(db.session(), takeaway, hand, {arrival.sha256: words})
    curate.approve(db.session(), takeaway, hand)
    composing.add(db.session(), story, [takeaway])


def _arrived(kiosk: Kiosk, picture: bytes) -> Arrival:
    incoming = kiosk.store.begin(f"invitation-{kiosk.rng.getrandbits(64):016x}")
    incoming.write(picture)
    return Arrival.of(incoming, "invitation.png")


def _alt(following: NextGathering, when: str) -> str:
    told = [following.title, when, following.place, following.url]
    return _("Invitation: %(words)s", words=" · ".join(part for part in told if part))


def _own_session(kiosk: Kiosk) -> EventSession:
    row = db.session.scalar(select(EventSession).where(EventSession.guid == GUID))
    if row is None:
        row = add_session(db.session(), _("From the organizers"), now=kiosk.now(), rng=kiosk.rng)
        row.guid, row.retired = GUID, True
        session_story(db.session(), row, now=kiosk.now(), rng=kiosk.rng).draft = True
        db.session.commit()
    return row
