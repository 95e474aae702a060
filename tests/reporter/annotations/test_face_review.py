"""No-photo people: what may have a face waits for a person before it leaves the room, by both forms of the gate."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from reporter.annotations import face_review
from reporter.enums import Faces, Kind
from reporter.media.edits import Edits, Region
from reporter.models import Decision, Gathering, Media, Takeaway
from reporter.moderation import decisions
from reporter.moderation.visibility import Scope, may_show, showable
from tests.support.publish.fakes import Kit, jpeg

BOX = (0.4, 0.4, 0.2, 0.2)


def media_of(takeaway: Takeaway) -> Media:
    return takeaway.attachments[0].media


def shown(kit: Kit, takeaway: Takeaway) -> list[str]:
    """The places where it may be shown; the two forms of the rule must agree."""
    by_query = [
        place.value
        for place in Scope
        if kit.session.scalars(select(Takeaway).where(showable(place)))
        .unique()
        .all()
        .count(takeaway)
    ]
    by_row = [place.value for place in Scope if may_show(takeaway, place)]
    assert by_query == by_row
    return by_row


EVERYWHERE, ROOM_ONLY = ["room", "community", "public"], ["room"]


def test_what_is_known_of_faces_decides_only_with_the_switch(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    note = kit.takeaway(kit.event("Another"), "No picture at all")
    for known in Faces:
        media_of(photo).faces = known.value
        kit.session.commit()
        assert shown(kit, photo) == EVERYWHERE
    face_review.set_check(kit.session, True)
    held = {}
    for known in Faces:
        media_of(photo).faces = known.value
        kit.session.commit()
        held[known.name] = shown(kit, photo) == ROOM_ONLY
    assert held == {"UNKNOWN": True, "NONE": False, "FOUND": True, "FAILED": True, "SEEN": False}
    assert shown(kit, note) == EVERYWHERE
    face_review.set_check(kit.session, False)
    assert shown(kit, photo) == EVERYWHERE


@pytest.mark.parametrize(("kind", "held"), [("video", True), ("audio", False)])
def test_films_wait_and_sound_does_not(kit: Kit, kind: str, held: bool) -> None:
    face_review.set_check(kit.session, True)
    row = kit.takeaway(kit.event(), kind=kind)
    kit.attach(row, jpeg(4), kind=Kind(kind), renditions={"play": b"-"})
    assert (shown(kit, row) == ROOM_ONLY) is held


def test_one_unseen_picture_holds_the_whole_takeaway(kit: Kit) -> None:
    face_review.set_check(kit.session, True)
    row = kit.photo(kit.event(), 1)
    kit.attach(row, jpeg(2), kind=Kind.PHOTO, renditions={"view": jpeg(2)})
    first, second = (attachment.media for attachment in row.attachments)
    face_review.write_proposals(kit.session, first.id, [])
    assert shown(kit, row) == ROOM_ONLY
    face_review.write_proposals(kit.session, second.id, [BOX])
    assert shown(kit, row) == ROOM_ONLY
    face_review.decide(kit.session, second, kit.actor)
    assert shown(kit, row) == EVERYWHERE


def test_the_switch_lets_index_and_outbox_know(kit: Kit) -> None:
    event = kit.event()
    waits, clear, also = (kit.photo(event, seed) for seed in (1, 2, 3))
    media_of(clear).faces = Faces.NONE.value
    kit.session.commit()
    counted = kit.session.scalars(select(Gathering.revision)).one()
    assert face_review.set_check(kit.session, True) is True
    assert [waits.revision, also.revision] == [counted + 1, counted + 2]
    assert kit.session.scalars(select(Gathering.revision)).one() == counted + 2
    assert clear.revision == 1
    assert face_review.set_check(kit.session, True) is False


def test_a_persons_decision_stays_whatever_a_detector_says_later(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    media = media_of(photo)
    face_review.decide(kit.session, media, kit.actor)
    face_review.write_proposals(kit.session, media.id, [BOX])
    assert media.faces == Faces.SEEN
    assert face_review.proposals(kit.session, media) == [BOX]
    row = kit.session.scalars(select(Decision).where(Decision.action == face_review.ACTION)).one()
    assert (row.takeaway_id, row.after["faces"]) == (photo.id, "seen")
    face_review.undecide(kit.session, media, kit.actor)
    assert media.faces == Faces.FOUND


def test_what_a_detector_could_not_look_into_waits_for_a_person(kit: Kit) -> None:
    media = media_of(kit.photo(kit.event(), 1))
    assert face_review.unlooked(kit.session, 9) == [media.id]
    assert face_review.count_waiting(kit.session) == (0, 1)
    face_review.write_proposals(kit.session, media.id, None)
    assert media.faces == Faces.FAILED
    assert face_review.unlooked(kit.session, 9) == []
    assert face_review.count_waiting(kit.session) == (1, 0)


def test_the_list_holds_what_waits_and_is_not_hidden(kit: Kit) -> None:
    event = kit.event()
    rows = [kit.photo(event, seed) for seed in (1, 2, 3)]
    for row in rows:
        face_review.write_proposals(kit.session, media_of(row).id, [BOX])
    decisions.hide(kit.session, rows[1], kit.actor)
    assert [row for row, _media in face_review.waiting(kit.session, 9)] == [rows[0], rows[2]]
    assert [row for row, _media in face_review.waiting(kit.session, 1)] == [rows[0]]


def test_a_proposed_region_has_room_for_hair_and_chin(kit: Kit) -> None:
    media = media_of(kit.photo(kit.event(), 1))
    face_review.write_proposals(kit.session, media.id, [BOX, (0.0, 0.9, 0.1, 0.1)])
    assert face_review.proposed_regions(kit.session, media) == (
        Region("oval", (0.35, 0.35, 0.3, 0.3)),
        Region("oval", (0.0, 0.875, 0.125, 0.125)),
    )


def test_what_is_blurred_already_is_not_proposed_again() -> None:
    proposed = [Region("oval", (0.35, 0.35, 0.3, 0.3)), Region("oval", (0.0, 0.8, 0.1, 0.1))]
    edits = Edits(blur=(Region("box", (0.3, 0.4, 0.3, 0.2)),), turn=90)
    assert face_review.still_proposed(edits, proposed) == proposed[1:]
    kinds = [step["kind"] for step in face_review.with_faces_blurred(edits, proposed)]
    assert kinds == ["oval", "box", "turn"]
