"""Saved edits: what was made before is gone at once, for all who have the file; back and forth in the history."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.annotations import edit_history, face_review
from reporter.enums import Faces, Kind
from reporter.errors import BadInput, Conflict
from reporter.media.edits import Edits, Region
from reporter.models import Decision, Gathering, Media, Rendition
from reporter.models.edits import Edit, Face
from reporter.moderation import decisions, history
from tests.support.publish.fakes import Kit, jpeg

BLUR = Edits(blur=(Region("oval", (0.3, 0.3, 0.2, 0.2)),))
TURN = Edits(turn=90)


def files(kit: Kit, media: Media) -> list[str]:
    return sorted(
        path.name.removeprefix(media.sha256) for path in kit.store.renditions.rglob("*.jpg")
    )


def save(kit: Kit, media: Media, edits: Edits, way: str = "") -> bool:
    kit.clock.forward(seconds=1)
    return edit_history.save(kit.session, kit.store, media, edits, actor=kit.actor, way=way)


def test_from_the_moment_of_saving_nothing_is_there_to_be_shown(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    media = photo.attachments[0].media
    plain = kit.store.rendition(media.sha256, "view", ".jpg").read_bytes()
    counted = kit.session.scalars(select(Gathering.revision)).one()
    media.recognized_text, media.recognized_in = "the name on the badge", "a view"
    kit.session.commit()
    assert save(kit, media, BLUR) is True
    assert kit.session.scalars(select(Rendition)).all() == []
    assert files(kit, media) == ["-plain.jpg"]
    assert kit.store.plain(media.sha256, ".jpg").read_bytes() == plain
    assert (media.state, media.lease, media.edits_fingerprint) == (
        "received",
        "",
        BLUR.fingerprint(),
    )
    assert media.due_at < kit.clock()
    assert photo.revision > counted
    assert (media.recognized_text, media.recognized_in) == ("", "")
    assert edit_history.edits_of(kit.session, media) == BLUR
    assert save(kit, media, BLUR) is False


def test_a_blur_holds_wherever_the_same_file_is(kit: Kit) -> None:
    first = kit.photo(kit.event(), 1)
    second = kit.takeaway(kit.event("Another"), kind=Kind.PHOTO.value)
    media = kit.attach(second, jpeg(1), kind=Kind.PHOTO, renditions={})
    assert media is first.attachments[0].media
    save(kit, media, BLUR)
    rows = kit.session.scalars(select(Decision).where(Decision.action == edit_history.ACTION)).all()
    assert {row.takeaway_id for row in rows} == {first.id, second.id}
    assert rows[0].after == {"sha256": media.sha256, "edits": BLUR.steps(), "way": ""}
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    assert edit_history.edits_of(kit.session, second.attachments[0].media) == BLUR


def test_withdrawn_files_take_their_edits_and_faces_along(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    media = photo.attachments[0].media
    face_review.write_proposals(kit.session, media.id, [(0.1, 0.1, 0.2, 0.2)])
    save(kit, media, BLUR)
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    assert [kit.session.scalars(select(row)).all() for row in (Edit, Face, Media)] == [[], [], []]
    assert files(kit, media) == []
    face_review.write_proposals(kit.session, media.id, [(0.1, 0.1, 0.2, 0.2)])
    assert kit.session.scalars(select(Face)).all() == []


def test_back_and_forth_and_back_to_the_original(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    media = photo.attachments[0].media
    assert edit_history.history(kit.session, photo, media) == edit_history.History()
    for edits in (BLUR, TURN, Edits()):
        save(kit, media, edits)
    assert media.edits_fingerprint == ""
    seen = []
    for way in (
        edit_history.UNDO,
        edit_history.UNDO,
        edit_history.REDO,
        edit_history.UNDO,
        edit_history.UNDO,
        edit_history.REDO,
    ):
        steps = edit_history.history(kit.session, photo, media)
        goal = steps.undo if way == edit_history.UNDO else steps.redo
        assert goal is not None
        save(kit, media, goal, way)
        seen.append(edit_history.edits_of(kit.session, media))
    assert seen == [TURN, BLUR, TURN, BLUR, Edits(), BLUR]
    assert edit_history.history(kit.session, photo, media) == edit_history.History(
        undo=Edits(), redo=TURN
    )
    # Something new after an undo: what was undone is no way forth any more.
    save(kit, media, Edits(turn=180))
    assert edit_history.history(kit.session, photo, media) == edit_history.History(
        undo=BLUR, redo=None
    )


def test_a_broken_file_is_not_edited(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    media.state = "failed"
    kit.session.commit()
    with pytest.raises(Conflict, match="can't be opened"):
        save(kit, media, BLUR)
    assert kit.session.scalars(select(Edit)).all() == []


def test_a_cut_is_checked_against_the_recording(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    media.kind, media.duration = "video", 8.0
    assert edit_history.check(media, [{"kind": "cut", "numbers": [1, 4]}]).cut == (1, 4)
    with pytest.raises(BadInput, match=r"within the recording \(8\.0 s\)"):
        edit_history.check(media, [{"kind": "cut", "numbers": [1, 9]}])


def test_blurring_by_hand_is_a_look_at_the_faces(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    face_review.write_proposals(kit.session, media.id, [(0.1, 0.1, 0.2, 0.2)])
    save(kit, media, TURN)
    assert media.faces == Faces.FOUND
    save(kit, media, BLUR)
    assert media.faces == Faces.SEEN


def test_who_looks_at_an_older_state_is_told_so(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    edit_history.save(kit.session, kit.store, media, BLUR, actor=kit.actor, was="")
    with pytest.raises(Conflict, match="Somebody else"):
        edit_history.save(kit.session, kit.store, media, TURN, actor=kit.actor, was="")
    assert edit_history.edits_of(kit.session, media) == BLUR
    edit_history.save(kit.session, kit.store, media, TURN, actor=kit.actor, was=BLUR.fingerprint())
    assert edit_history.edits_of(kit.session, media) == TURN


def test_two_who_save_at_once_leave_one_state(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    media_id = media.id
    with Session(kit.engine) as other:
        theirs = other.get_one(Media, media_id)
        edit_history.edits_of(other, theirs)
        other.rollback()
        save(kit, media, BLUR)
        edit_history.save(other, kit.store, theirs, TURN, actor=kit.actor)
    kit.session.expire_all()
    assert edit_history.edits_of(kit.session, media) == TURN
    assert media.edits_fingerprint == TURN.fingerprint()
    last = kit.session.scalars(select(Decision).order_by(Decision.at, Decision.id)).all()
    assert {str(row.before["edits"]) for row in last} == {"[]", str(BLUR.steps())}


def test_a_cut_is_read_back_as_it_was_saved(kit: Kit) -> None:
    media = kit.photo(kit.event(), 1).attachments[0].media
    media.kind, media.duration = "video", 8.0
    kit.session.commit()
    save(kit, media, Edits(cut=(0.0, 3.0)))
    assert edit_history.edits_of(kit.session, media) == Edits(cut=(0.0, 3.0))


def test_the_undo_of_review_passes_over_edits(kit: Kit) -> None:
    photo = kit.photo(kit.event(), 1)
    kit.clock.forward(seconds=1)
    decisions.hide(kit.session, photo, kit.actor)
    step = history.last_step(kit.session, "test")
    assert step is not None
    save(kit, photo.attachments[0].media, BLUR)
    assert [row.action for row in history.history_of(kit.session, photo)] == [
        edit_history.ACTION,
        "hidden",
    ]
    assert history.last_step(kit.session, "test") == step
