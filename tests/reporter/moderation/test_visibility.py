"""The gate: who sees what, by one rule in Python and in SQL."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import Audience, Consent, Faces, Source, TakeawayState
from reporter.gathering.sessions import add_session
from reporter.models import Attachment, EventSession, FilmPart, Gathering, Takeaway
from reporter.moderation.visibility import Scope, may_show, needs_face_review, showable
from tests.support.kiosk_process import START, add_takeaway, new_media


def add_file(session: Session, row: Takeaway, rng: random.Random, **values: Any) -> None:
    """A file of a takeaway; ``alt`` is its alt text, the rest columns of ``Media``."""
    alt = values.pop("alt", "A leek")
    media = new_media(rng, **values)
    row.attachments.append(Attachment(media=media, position=len(row.attachments), alt=alt))
    session.commit()


def seen_at(session: Session, row: Takeaway, *, new_too: bool = False) -> set[str]:
    """Names of the places that show a takeaway; both forms of the rule have to say the same."""
    found = {place.value for place in Scope if may_show(row, place, new_too=new_too)}
    for place in Scope:
        query = select(Takeaway.id).where(showable(place, new_too=new_too))
        assert (row.id in set(session.scalars(query))) == (place.value in found)
    return found


def test_the_gate_is_one_rule_in_python_and_in_sql(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    for state, audience, consent in itertools.product(TakeawayState, Audience, Consent):
        add_takeaway(session, event, rng, state=state, audience=audience, consent=consent)
    rows = list(session.scalars(select(Takeaway)))
    for place, new_too in itertools.product(Scope, (False, True)):
        shown = set(session.scalars(select(Takeaway.id).where(showable(place, new_too=new_too))))
        assert shown == {row.id for row in rows if may_show(row, place, new_too=new_too)}


@pytest.mark.parametrize(
    ("state", "audience", "consent", "places"),
    [
        ("approved", "public", "agreed", {"room", "community", "public"}),
        ("approved", "public", "", {"room", "community", "public"}),
        ("approved", "public", "child", {"room"}),
        ("approved", "public", "unsure", {"room"}),
        ("approved", "community", "agreed", {"room", "community"}),
        ("approved", "room", "agreed", {"room"}),
        ("new", "public", "agreed", set()),
        ("hidden", "public", "agreed", set()),
        ("withdrawn", "public", "agreed", set()),
    ],
)
def test_who_sees_what(
    session: Session,
    event: EventSession,
    rng: random.Random,
    state: str,
    audience: str,
    consent: str,
    places: set[str],
) -> None:
    row = add_takeaway(session, event, rng, state=state, audience=audience, consent=consent)
    assert {place.value for place in Scope if may_show(row, place)} == places


def test_new_ones_show_in_the_room_alone(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng, state="new")
    assert may_show(row, Scope.ROOM, new_too=True)
    assert not may_show(row, Scope.PUBLIC, new_too=True)


@pytest.mark.parametrize(
    ("state", "held", "new_too", "places"),
    [
        ("new", False, True, {"room"}),
        ("new", True, True, set()),
        ("new", False, False, set()),
        # An organizer has decided on it.
        ("approved", True, False, {"room", "community", "public"}),
    ],
)
def test_a_word_of_the_list_waits_for_an_organizer(
    session: Session,
    event: EventSession,
    rng: random.Random,
    state: str,
    held: bool,
    new_too: bool,
    places: set[str],
) -> None:
    row = add_takeaway(session, event, rng, state=state, held=held)
    assert seen_at(session, row, new_too=new_too) == places


@pytest.mark.parametrize("kind", ["photo", "video", "audio"])
@pytest.mark.parametrize("faces", list(Faces))
@pytest.mark.parametrize("check", [True, False])
def test_faces_that_nobody_has_looked_at_stay_in_the_room(
    session: Session, event: EventSession, rng: random.Random, kind: str, faces: Faces, check: bool
) -> None:
    session.scalars(select(Gathering)).one().check_faces = check
    row = add_takeaway(session, event, rng, state="approved")
    add_file(session, row, rng, faces=Faces.SEEN.value)
    add_file(session, row, rng, kind=kind, faces=faces.value)
    waits = kind != "audio" and faces in (Faces.UNKNOWN, Faces.FOUND, Faces.FAILED)
    assert needs_face_review(row) is waits
    assert seen_at(session, row) == (
        {"room"} if waits and check else {"room", "community", "public"}
    )


def test_a_photo_without_words_is_not_for_everybody(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng, state="approved")
    add_file(session, row, rng, faces=Faces.SEEN.value, alt="")
    assert seen_at(session, row) == {"room", "community"}


@pytest.mark.parametrize(
    ("record", "leave", "places"),
    [
        (True, False, {"room", "community", "public"}),
        (True, True, {"room", "community", "public"}),
        (False, False, {"room"}),
        (False, True, {"room", "community", "public"}),
    ],
)
def test_words_of_a_session_that_is_not_recorded_stay_until_somebody_lets_them_go(
    session: Session, rng: random.Random, record: bool, leave: bool, places: set[str]
) -> None:
    event = add_session(session, "Off the record", now=START, rng=rng)
    event.do_not_record, event.words_leave = not record, leave
    row = add_takeaway(session, event, rng, state="approved")
    assert seen_at(session, row) == places


def add_film(session: Session, event: EventSession, rng: random.Random, **values: Any) -> Takeaway:
    """A film for everybody that was approved."""
    fields = {"source": Source.FILM.value, "state": "approved", "text": "", **values}
    return add_takeaway(session, event, rng, **fields)


def test_a_film_is_shown_where_all_its_parts_may_be(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    film = add_film(session, event, rng)
    assert seen_at(session, film) == set()
    for state, audience, consent in itertools.product(TakeawayState, Audience, Consent):
        part = add_takeaway(session, event, rng, state=state, audience=audience, consent=consent)
        good = add_takeaway(session, event, rng, state="approved")
        film.parts = [FilmPart(part_id=one.id) for one in (part, good)]
        session.commit()
        assert seen_at(session, film) == seen_at(session, part)
        # The wall may show what is new, but not in a film.
        assert seen_at(session, film, new_too=True) == seen_at(session, part)
    film.parts = [FilmPart(part_id=good.id)]
    session.commit()
    assert seen_at(session, film) == {"room", "community", "public"}
    film.audience = "room"
    session.commit()
    assert seen_at(session, film) == {"room"}


def test_a_film_goes_when_a_picture_in_it_is_edited_or_has_a_face(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    part = add_takeaway(session, event, rng, state="approved")
    add_file(session, part, rng)
    (attachment,) = part.attachments
    film = add_film(session, event, rng)
    film.parts = [FilmPart(part_id=part.id, sha256=attachment.media.sha256)]
    session.commit()
    assert seen_at(session, film) == {"room", "community", "public"}
    session.scalars(select(Gathering)).one().check_faces = True
    session.commit()
    assert seen_at(session, film) == {"room"}
    attachment.media.faces = Faces.SEEN.value
    session.commit()
    assert seen_at(session, film) == {"room", "community", "public"}
    attachment.media.edits_fingerprint = "a blur"
    session.commit()
    assert seen_at(session, film) == set()
