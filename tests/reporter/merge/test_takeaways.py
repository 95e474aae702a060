"""Two kiosks of one gathering become one: union, tombstones, decisions, what was published."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kiosk.services.merging import look
from publish.bundle.builder import make_bundle
from publish.posts.model import gathering_facts
from reporter import models
from reporter.annotations import edit_history, face_review, recording_captions
from reporter.enums import Kind, Source, TakeawayState
from reporter.errors import BadInput, NotFound
from reporter.follow_up import action_items
from reporter.media.edits import Edits, Region
from reporter.media.store import hash_file
from reporter.merge.bundle import is_bundle, merge_bundle
from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.gathering import merge_gathering
from reporter.merge.other_database import open_other
from reporter.models import Media
from reporter.models.follow_up import ActionItem, Contact, NextGathering
from reporter.moderation import decisions
from reporter.moderation.history import ADDED, seen_by_now
from reporter.review.conflicts import decide_many
from reporter.review.undo import undo_step
from reporter.stories import editing
from reporter.stories.queries import session_story
from tests.support.media.recordings import mp4
from tests.support.publish.fakes import FakePlace, Kit, jpeg, open_again, open_kit
from tests.support.publish.rounds import publish
from tests.support.servers.on_postgresql import copy_gathering


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def twin(kit: Kit, folder: Path) -> Path:
    """A second kiosk that began as a copy of the first."""
    kit.session.commit()
    copy_gathering(kit.settings.folder, folder)
    return folder


def merge(kit: Kit, other: Path) -> MergeReport:
    kit.clock.forward(minutes=1)
    with open_other(other) as theirs:
        work = MergeContext(kit.session, theirs, kit.store, other, kit.actor, look)
        merge_gathering(work)
        kit.session.expire_all()
        return work.done


def texts(kit: Kit) -> set[str]:
    kit.session.expire_all()
    return set(kit.session.scalars(select(models.Takeaway.text)))


def test_union_of_both_and_again_changes_nothing(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    kit.takeaway(event, "here before")
    with open_kit(tmp_path / "theirs", seed=2) as other:
        same = other.event(guid="s1", title="Renamed there")
        photo = other.photo(same, 7, "Leeks")
        other.takeaway(other.event("Only there", guid="s2"), "there")
        done = merge(kit, other.settings.folder)
        assert (done.takeaways, done.files, done.sessions, done.left) == (2, 1, 1, [])
        assert texts(kit) == {"here before", "Leeks", "there"}
        came = kit.session.get_one(models.Takeaway, photo.id)
        assert (came.session_id, came.receipt) == (event.id, photo.receipt)
        [attachment] = came.attachments
        media = attachment.media
        assert kit.store.original(media.sha256, ".jpg").read_bytes() == jpeg(7)
        assert media.state == "ready"
        view = kit.store.rendition(media.sha256, "view", ".jpg")
        assert view.read_bytes() == jpeg(7, (320, 240))
        revision = kit.session.scalar(select(models.Gathering.revision))
        again = merge(kit, other.settings.folder)
        assert (again.takeaways, again.files, again.changed, again.known) == (0, 0, 0, 2)
        assert kit.session.scalar(select(models.Gathering.revision)) == revision


def test_damaged_original_is_not_taken(kit: Kit, tmp_path: Path) -> None:
    with open_kit(tmp_path / "theirs", seed=2) as other:
        photo = other.photo(other.event(), 7, "Leeks")
        sha256 = photo.attachments[0].media.sha256
        other.store.original(sha256, ".jpg").write_bytes(jpeg(8))
        done = merge(kit, other.settings.folder)
    assert done.left == [f"{sha256[:12]}: Its original is damaged in the other folder."]
    assert kit.session.scalars(select(models.Media)).all() == []
    assert not list(kit.store.media.rglob("*.jpg"))
    assert not list(kit.store.incoming.iterdir())


@pytest.mark.parametrize("here", ["approved here", "approved there"])
@pytest.mark.parametrize("more", ["a file", "words", "nothing"])
def test_an_approval_reaches_only_what_was_seen(
    kit: Kit, tmp_path: Path, here: str, more: str
) -> None:
    """A phone came to both laptops; whoever approved there or here saw only one half."""
    row = kit.photo(kit.event(), 1, "Leeks", state="new")
    folder = twin(kit, tmp_path / "theirs")
    kit.clock.forward(minutes=1)
    with open_again(folder) as there:
        theirs = there.session.get_one(models.Takeaway, row.id)
        sides = ((kit, row), (there, theirs))
        approves, adds = sides if here == "approved here" else sides[::-1]
        decisions.approve(approves[0].session, approves[1], approves[0].actor)
        if more == "a file":
            view = {"view": jpeg(2, (320, 240))}
            adds[0].attach(adds[1], jpeg(2), kind=Kind.PHOTO, renditions=view)
            decisions.bump_revision(adds[0].session, adds[1])
        elif more == "words":
            words = {"text": "Seen by nobody"}
            decisions.change_own(adds[0].session, adds[1], adds[0].actor, words)
        adds[0].session.commit()
    merge(kit, folder)
    kit.session.refresh(row)
    assert row.state == ("approved" if more == "nothing" else "new")
    assert (len(row.attachments), row.text == "Leeks") == (1 + (more == "a file"), more != "words")


def test_what_was_taken_back_on_either_side_is_gone(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    ours, theirs = kit.photo(event, 1, "taken back here"), kit.photo(event, 2, "taken back there")
    folder = twin(kit, tmp_path / "theirs")
    decisions.withdraw(kit.session, ours, kit.actor, kit.store)
    with open_again(folder) as there:
        row = there.session.get_one(models.Takeaway, theirs.id)
        decisions.withdraw(there.session, row, there.actor, there.store)
    done = merge(kit, folder)
    assert done.withdrawn == 1
    states = set(kit.session.scalars(select(models.Takeaway.state)))
    assert states == {"withdrawn"}
    assert texts(kit) == {""}
    assert not list(kit.store.media.rglob("*.jpg"))
    assert merge(kit, folder).withdrawn == 0


@pytest.mark.parametrize(("source", "comes"), [("phone", 1), ("card", 0)])
def test_bytes_taken_back_here_come_in_what_somebody_else_sent(
    kit: Kit, tmp_path: Path, source: str, comes: int
) -> None:
    """A phone there was told that its picture is safe; a card means nothing by it."""
    event = kit.event(guid="s1")
    ours = kit.photo(event, 1, "mine")
    decisions.withdraw(kit.session, ours, kit.actor, kit.store)
    with open_kit(tmp_path / "theirs", seed=2) as other:
        theirs = other.photo(other.event(guid="s1"), 1, "the same picture")
        theirs.source = source
        other.session.commit()
        done = merge(kit, other.settings.folder)
    assert done.takeaways == comes
    assert len(kit.session.scalars(select(models.Media)).all()) == comes


def test_bytes_that_came_before_their_rows_stay_for_who_did_not_take_them_back(
    kit: Kit, tmp_path: Path
) -> None:
    """Two sent the same picture and one took it back; a push brings originals first, then rows."""
    kit.event(guid="s1")
    with open_kit(tmp_path / "theirs", seed=2) as other:
        event = other.event(guid="s1")
        gone, kept = other.photo(event, 1, "mine"), other.takeaway(event, "the same picture")
        [attachment] = gone.attachments
        sha256 = attachment.media.sha256
        other.session.add(
            models.Attachment(
                takeaway_id=kept.id, media_id=attachment.media_id, position=0, filename="", alt=""
            )
        )
        other.session.commit()
        decisions.withdraw(other.session, gone, other.actor, other.store)
        early = kit.store.original(sha256, ".jpg")
        early.parent.mkdir(parents=True)
        other.store.original(sha256, ".jpg").rename(early)
        done, number = merge(kit, other.settings.folder), kept.id
    assert done.left == []
    came = kit.session.get_one(models.Takeaway, number)
    assert [one.media.sha256 for one in came.attachments] == [sha256]
    assert early.read_bytes() == jpeg(1)


CLIENT = "6f1c0e62-6c0e-4b69-8a83-0d5d3d0f7c11"


@pytest.mark.parametrize("where", ["here", "there"])
def test_what_was_taken_back_on_one_kiosk_goes_with_its_other_try(
    kit: Kit, tmp_path: Path, where: str
) -> None:
    """A phone sent it to both, since an answer was lost, and withdraws by the receipt that it has."""
    ours = kit.takeaway(kit.event(guid="s1"), "mine", client_id=CLIENT)
    with open_kit(tmp_path / "theirs", seed=2) as other:
        theirs = other.takeaway(other.event(guid="s1"), "mine", client_id=CLIENT)
        receipts = (ours.receipt, theirs.receipt)
        side, row = (kit, ours) if where == "here" else (other, theirs)
        decisions.withdraw(side.session, row, side.actor, side.store)
        for _ in range(2):
            merge(kit, other.settings.folder)
    assert {decisions.by_receipt(kit.session, one).state for one in receipts} == {"withdrawn"}
    assert texts(kit) == {""}


def test_newest_decision_holds_and_history_keeps_both(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    first, second = kit.takeaway(event, "one"), kit.takeaway(event, "two")
    folder = twin(kit, tmp_path / "theirs")
    kit.clock.forward(minutes=1)
    decisions.change(kit.session, first, kit.actor, {"caption": "old words here"})
    with open_again(folder) as there:
        there.clock.now = kit.clock.now + timedelta(minutes=1)
        row = there.session.get_one(models.Takeaway, first.id)
        decisions.change(
            there.session, row, there.actor, {"caption": "new words there", "tags": ["x"]}
        )
        row = there.session.get_one(models.Takeaway, second.id)
        decisions.hide(there.session, row, there.actor)
    kit.clock.forward(minutes=2)
    decisions.change(kit.session, second, kit.actor, {"caption": "kept in view"})
    done = merge(kit, folder)
    assert (done.changed, done.look) == (2, [first.receipt])
    assert (first.caption, [tag.name for tag in first.tags]) == ("new words there", ["x"])
    # Of each field what was decided on it last.
    assert (second.caption, second.state) == ("kept in view", "hidden")
    steps = kit.session.scalars(
        select(models.Decision)
        .where(models.Decision.takeaway_id == first.id)
        .order_by(models.Decision.at)
    )
    assert [step.after.get("caption") for step in steps] == [
        "old words here",
        "new words there",
    ]
    again = merge(kit, folder)
    assert (again.changed, again.look) == (0, [])


def test_what_was_undone_there_is_undone_here_and_only_once(kit: Kit, tmp_path: Path) -> None:
    note = kit.takeaway(kit.event(), "one")
    kit.clock.forward(minutes=1)
    by = kit.actor.one_step()
    assert by.step is not None
    decisions.change(kit.session, note, by, {"caption": "wrong words"})
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        there.clock.now = kit.clock.now + timedelta(minutes=1)
        undo_step(there.session, by.step, there.actor)
    kit.clock.forward(minutes=2)
    assert merge(kit, folder).changed == 1
    assert note.caption == ""
    with pytest.raises(NotFound):
        undo_step(kit.session, by.step, kit.actor)


def test_newer_alt_text_comes_and_so_does_a_file_that_only_the_other_has(
    kit: Kit, tmp_path: Path
) -> None:
    event = kit.event()
    first, second = kit.photo(event, 1, "leeks"), kit.photo(event, 2, "kale")
    folder = twin(kit, tmp_path / "theirs")
    shas = [row.attachments[0].media.sha256 for row in (first, second)]
    revisions = first.revision, second.revision
    with open_again(folder) as there:
        there.clock.now = kit.clock.now + timedelta(minutes=1)
        row = there.session.get_one(models.Takeaway, first.id)
        decisions.set_alt(there.session, row, there.actor, {shas[0]: "Three leeks in frost"})
        row = there.session.get_one(models.Takeaway, second.id)
        decisions.set_alt(there.session, row, there.actor, {shas[1]: "older words"})
        there.attach(row, jpeg(3), kind=Kind.PHOTO, renditions={}, alt="The whole bed")
    kit.clock.forward(minutes=2)
    decisions.set_alt(kit.session, second, kit.actor, {shas[1]: "Kale in snow"})
    revisions = first.revision, second.revision
    assert merge(kit, folder).changed == 2
    assert [one.alt for one in first.attachments] == ["Three leeks in frost"]
    came = [(one.position, one.alt, one.filename) for one in second.attachments]
    assert came == [(0, "Kale in snow", "IMG_1.jpg"), (1, "The whole bed", "IMG_1.jpg")]
    assert second.attachments[1].media.state == "received", "its renditions are still to be made"
    assert first.revision > revisions[0]
    assert second.revision > revisions[1]
    assert merge(kit, folder).changed == 0
    assert len(second.attachments) == 2


def test_what_the_other_published_is_updated_and_not_sent_again(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    event = kit.event()
    kit.takeaway(event, "words")
    kit.target()
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        there.photo(there.session.get_one(models.EventSession, event.id), 3, "from there")
        publish(there.session, there.context)
    assert (place.count("create"), place.count("put_media")) == (1, 1)
    done = merge(kit, folder)
    assert done.deliveries == 2
    kit.takeaway(event, "and more from here")
    publish(kit.session, kit.context)
    assert (place.count("create"), place.count("put_media")) == (1, 1)
    [post] = place.posts.values()
    assert set(post["texts"]) == {"words", "from there", "and more from here"}
    assert len(post["files"]) == len(place.files) == 1
    place.calls.clear()
    merge(kit, folder)
    publish(kit.session, kit.context)
    assert place.calls == []


def test_double_of_another_gathering_is_taken_down(
    kit: Kit, place: FakePlace, tmp_path: Path
) -> None:
    kit.takeaway(kit.event(guid="s1"), "here")
    kit.target()
    publish(kit.session, kit.context)
    with open_kit(tmp_path / "theirs", seed=2) as other:
        other.takeaway(other.event(guid="s1"), "there")
        other.target()
        publish(other.session, other.context)
        assert len(place.posts) == 2
        merge(kit, other.settings.folder)
    publish(kit.session, kit.context)
    assert [set(post["texts"]) for post in place.posts.values()] == [{"here", "there"}]


BLUR = Region("oval", (0.1, 0.1, 0.2, 0.2))


def edited_twin(kit: Kit, folder: Path, edits: Edits) -> Path:
    """A twin on which the only picture was edited."""
    twin(kit, folder)
    with open_again(folder) as there:
        media = there.session.scalars(select(models.Media)).one()
        edit_history.save(there.session, there.store, media, edits, actor=there.actor)
    return folder


def test_blurred_there_is_blurred_here(kit: Kit, tmp_path: Path) -> None:
    photo = kit.photo(kit.event(), 5, "a face")
    folder = edited_twin(kit, tmp_path / "theirs", Edits(blur=(BLUR,)))
    merge(kit, folder)
    kit.session.expire_all()
    media = photo.attachments[0].media
    assert edit_history.edits_of(kit.session, media) == Edits(blur=(BLUR,))
    # What was made without the blur is gone at once.
    assert (media.state, media.renditions, media.faces) == ("received", [], "seen")
    assert not kit.store.rendition(media.sha256, "view", ".jpg").exists()
    merge(kit, folder)
    assert edit_history.edits_of(kit.session, media) == Edits(blur=(BLUR,))


def test_edited_on_both_the_later_holds_and_both_blurs(kit: Kit, tmp_path: Path) -> None:
    photo = kit.photo(kit.event(), 5, "a face")
    folder = edited_twin(kit, tmp_path / "theirs", Edits(blur=(BLUR,), turn=180))
    ours = Region("box", (0.5, 0.5, 0.2, 0.2))
    kit.clock.forward(hours=1)
    edit_history.save(
        kit.session,
        kit.store,
        photo.attachments[0].media,
        Edits(blur=(ours,), turn=90),
        actor=kit.actor,
    )
    merge(kit, folder)
    kit.session.expire_all()
    media = photo.attachments[0].media
    assert edit_history.edits_of(kit.session, media) == Edits(blur=(BLUR, ours), turn=90)


def test_an_edited_picture_comes_with_its_edits_and_faces(kit: Kit, tmp_path: Path) -> None:
    with open_kit(tmp_path / "theirs", seed=2) as other:
        media = other.photo(other.event(guid="s1"), 5, "a face").attachments[0].media
        face_review.write_proposals(other.session, media.id, [BLUR.place])
        edit_history.save(other.session, other.store, media, Edits(blur=(BLUR,)), actor=other.actor)
        folder = other.settings.folder
        sha256 = media.sha256
    merge(kit, folder)
    media = kit.session.scalars(select(models.Media).where(models.Media.sha256 == sha256)).one()
    assert edit_history.edits_of(kit.session, media) == Edits(blur=(BLUR,))
    assert media.edits_fingerprint == Edits(blur=(BLUR,)).fingerprint()
    assert (media.state, media.renditions) == ("received", [])
    assert face_review.proposals(kit.session, media) == [BLUR.place]


def test_cards_read_on_both_are_one(kit: Kit, tmp_path: Path) -> None:
    photo = kit.photo(kit.event(guid="s1"), 1, source="card", kind=Kind.PHOTO.value)
    with open_kit(tmp_path / "theirs", seed=2) as other:
        other.photo(other.event(guid="s1"), 1, source="card")
        done = merge(kit, other.settings.folder)
    assert (done.takeaways, done.known) == (0, 1)
    assert list(kit.session.scalars(select(models.Takeaway.id))) == [photo.id]


def bury(kit: Kit, takeaway: uuid.UUID) -> None:
    """Let a takeaway have been taken back there before."""
    kit.session.add(
        models.Tombstone(
            takeaway_id=takeaway,
            sha256="",
            receipt="x",
            session_code="",
            withdrawn_at=kit.clock(),
        )
    )
    kit.session.commit()


def test_a_bundle_comes_in_as_approved_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    with open_kit(tmp_path / "theirs", seed=2) as other:
        event = other.event()
        photo = other.photo(event, 3, "Leeks in the frost")
        back = other.takeaway(event, "taken back here")
        code, photo_id, back_id, receipt = event.code, photo.id, back.id, photo.receipt
        make_bundle(
            other.session, other.store, folder, facts=other.facts, now=other.clock(), rng=other.rng
        )
    with open_kit(tmp_path / "ours") as kit:
        bury(kit, back_id)
        assert is_bundle(folder)
        done = merge_bundle(kit.session, kit.store, folder, kit.actor, look=look)
        assert (done.takeaways, done.files, done.known, done.left) == (1, 1, 1, [])
        row = kit.session.get_one(models.Takeaway, photo_id)
        assert (row.text, row.state, row.session.code) == (
            "Leeks in the frost",
            "approved",
            code,
        )
        assert row.receipt != receipt
        [attachment] = row.attachments
        kept = kit.store.original(attachment.media.sha256, ".jpg")
        assert hash_file(kept) == attachment.media.sha256
        again = merge_bundle(kit.session, kit.store, folder, kit.actor, look=look)
        assert (again.takeaways, again.files, again.known) == (0, 0, 2)


TYPES = {"play": ("video/mp4", ".mp4")}
# What the sniffer takes for a film: its first box (ISO/IEC 14496-12, 4.3).
FILM = b"\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\1\0mdat" + bytes(248)


def film(kit: Kit, event: models.EventSession, words: str = "A walk") -> models.Takeaway:
    row = kit.takeaway(event, words, kind=Kind.VIDEO.value)
    media = kit.attach(
        row, FILM, kind=Kind.VIDEO, renditions={"play": FILM, "poster": jpeg(3)}, types=TYPES
    )
    media.duration = 60.0
    kit.session.commit()
    return row


def spoken_in(kit: Kit) -> dict[str, str]:
    """The words of each recording, and what is read in its captions."""
    kit.session.expire_all()
    rows = kit.session.scalars(select(Media).where(Media.kind == Kind.VIDEO))
    return {
        row.recognized_text: " / ".join(
            c.text for c in recording_captions.captions_of(kit.session, row)
        )
        for row in rows
    }


def test_captions_come_along_and_corrections_after_them(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    with open_kit(tmp_path / "theirs", seed=2) as other:
        media = film(other, other.event(guid="s1")).attachments[0].media
        recording_captions.keep(
            other.session, media, "0:01 Gardens in winter\n0:05 need straw", other.actor
        )
        assert merge(kit, other.settings.folder).captions == 1
        assert spoken_in(kit) == {"Gardens in winter\nneed straw": "Gardens in winter / need straw"}
        assert merge(kit, other.settings.folder).captions == 0
        recording_captions.keep(
            other.session, media, "0:01 Gardens in winter\n0:05 need much straw", other.actor
        )
        revision = kit.session.scalar(select(models.Gathering.revision)) or 0
        assert merge(kit, other.settings.folder).captions == 1
        assert list(spoken_in(kit).values()) == ["Gardens in winter / need much straw"]
        assert (kit.session.scalar(select(models.Gathering.revision)) or 0) > revision
        ours = kit.session.scalars(select(Media).where(Media.sha256 == media.sha256)).one()
        recording_captions.keep(kit.session, ours, "0:01 Ours", kit.actor)
        assert merge(kit, other.settings.folder).captions == 0
        assert list(spoken_in(kit).values()) == ["Ours"]
    assert event.title


def items_in(kit: Kit) -> set[tuple[str, str, str, str]]:
    kit.session.expire_all()
    return {(i.kind, i.what, i.state, i.outcome) for i in action_items.all_items(kit.session)}


def test_questions_and_actions_come_with_what_became_of_them(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    ours = kit.takeaway(event, "Who has the key?", intent="question", client_id="phone-1")
    mine = action_items.begin_item(
        kit.session, kit.actor, "question", {"what": "Who has the key?"}, takeaway=ours
    )
    with open_kit(tmp_path / "theirs", seed=2) as other:
        there = other.event(guid="s1")
        same = other.takeaway(there, "Who has the key?", intent="question", client_id="phone-1")
        back = other.takeaway(there, "I will tell everybody", intent="action")
        other.clock.forward(hours=1)
        key = action_items.begin_item(
            other.session, other.actor, "question", {"what": "The key?"}, takeaway=same
        )
        other_back = action_items.begin_item(
            other.session, other.actor, "action", {"what": "Tell"}, takeaway=back
        )
        action_items.begin_item(
            other.session, other.actor, "action", {"what": "Buy straw", "who": "Ada"}
        )
        done = {"state": "done", "outcome": "Rosa has it."}
        action_items.change_item(other.session, key, other.actor, done)
        # On our side it was taken back before.
        bury(kit, back.id)
        expected = {
            ("question", "The key?", "done", "Rosa has it."),
            ("action", "Buy straw", "open", ""),
        }
        assert merge(kit, other.settings.folder).items == 2
        assert items_in(kit) == expected
        assert kit.session.get(ActionItem, mine.id) is not None
        assert kit.session.get(ActionItem, other_back.id) is None
        assert merge(kit, other.settings.folder).items == 0
        assert items_in(kit) == expected
        # What is changed here afterwards is newer.
        kit.clock.forward(hours=2)
        [straw] = kit.session.scalars(select(ActionItem).where(ActionItem.what == "Buy straw"))
        assert (straw.who, straw.who_agreed) == ("Ada", False)
        action_items.change_item(
            kit.session, straw, kit.actor, {"state": "done", "outcome": "Bought."}
        )
        assert merge(kit, other.settings.folder).items == 0
        assert ("action", "Buy straw", "done", "Bought.") in items_in(kit)
        # Taken back there: what is open about it goes here too.
        decisions.withdraw(other.session, same, other.actor, other.store)
        merge(kit, other.settings.folder)
        assert items_in(kit) == {("action", "Buy straw", "done", "Bought.")}


def test_addresses_stay_where_they_were_left_and_the_next_gathering_comes(
    kit: Kit, tmp_path: Path
) -> None:
    with open_kit(tmp_path / "theirs", seed=2) as other:
        other.takeaway(other.event(), "words")
        contact = Contact(
            id=other.id(),
            address="eve@example.org",
            invite=True,
            token="t",
            created_at=other.clock(),
        )
        other.session.add(contact)
        following = NextGathering(
            id=1, title="Autumn gathering", starts_at=other.clock(), changed_at=other.clock()
        )
        other.session.add(following)
        other.session.commit()
        merge(kit, other.settings.folder)
        assert kit.session.scalars(select(NextGathering.title)).all() == ["Autumn gathering"]
        assert kit.session.scalars(select(Contact)).all() == []
        other.clock.forward(hours=1)
        following.title, following.changed_at = "Harvest", other.clock()
        other.session.commit()
        merge(kit, other.settings.folder)
        assert kit.session.scalars(select(NextGathering.title)).all() == ["Harvest"]


def test_a_bundle_brings_captions_and_what_is_open(tmp_path: Path) -> None:
    folder = tmp_path / "bag"
    with open_kit(tmp_path / "theirs", seed=2) as other:
        event = other.event()
        media = film(other, event).attachments[0].media
        recording_captions.keep(other.session, media, "0:01 Gardens in winter", other.actor)
        asked = other.takeaway(event, "Who has the key?", intent="question")
        back = other.takeaway(event, "taken back here", intent="action")
        for row in (asked, back):
            action_items.begin_item(
                other.session,
                other.actor,
                row.intent,
                {"what": row.text, "who": "Eve"},
                takeaway=row,
            )
        back_id = back.id
        make_bundle(
            other.session,
            other.store,
            folder,
            facts=gathering_facts(other.session, other.settings),
            now=other.clock(),
            rng=other.rng,
        )
    assert "Eve" not in (folder / "data" / "takeaways.json").read_text(), "she did not agree"
    with open_kit(tmp_path / "ours") as kit:
        bury(kit, back_id)
        done = merge_bundle(kit.session, kit.store, folder, kit.actor, look=look)
        assert (done.takeaways, done.items, done.left) == (2, 1, [])
        assert spoken_in(kit) == {"Gardens in winter": "Gardens in winter"}
        assert items_in(kit) == {("question", "Who has the key?", "open", "")}
        again = merge_bundle(kit.session, kit.store, folder, kit.actor, look=look)
        assert (again.takeaways, again.items) == (0, 0)
        assert items_in(kit) == {("question", "Who has the key?", "open", "")}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "spell"},
        {"what": " "},
        {"state": "lost"},
        {"due_on": "soon"},
        {"takeaway": "me"},
    ],
)
def test_items_of_a_bundle_that_are_none_are_refused(
    kit: Kit, tmp_path: Path, wrong: dict[str, str]
) -> None:
    item = {
        "kind": "action",
        "what": "Plant",
        "who": "",
        "due_on": None,
        "state": "open",
        "outcome": "",
        "takeaway": "",
    }
    (tmp_path / "bag" / "data").mkdir(parents=True)
    records = {"format": 1, "takeaways": [], "actions": [{**item, **wrong}]}
    (tmp_path / "bag" / "data" / "takeaways.json").write_text(json.dumps(records))
    with pytest.raises(BadInput):
        merge_bundle(kit.session, kit.store, tmp_path / "bag", kit.actor, look=look)
    assert items_in(kit) == set()


def test_each_laptop_makes_its_own_film(kit: Kit, tmp_path: Path) -> None:
    """Neither another laptop's database nor a bundle brings one."""
    with open_kit(tmp_path / "theirs", seed=2) as other:
        event = other.event(title="Film of the evening", guid="film-of-the-evening", retired=True)
        note = other.takeaway(other.event(guid="s1"), "seen in it")
        film = other.takeaway(event, kind=Kind.VIDEO.value, source=Source.FILM.value)
        data = mp4(1.0).read_bytes()
        types = {"play": ("video/mp4", ".mp4")}
        other.attach(film, data, kind=Kind.VIDEO, renditions={"play": data}, types=types)
        film.parts = [models.FilmPart(part_id=note.id)]
        other.session.commit()
        bundle = make_bundle(
            other.session,
            other.store,
            tmp_path / "bundle",
            facts=other.facts,
            now=other.clock(),
            rng=other.rng,
        )
        theirs = other.settings.folder
    records = json.loads((bundle.path / "data/takeaways.json").read_text("utf-8"))["takeaways"]
    assert sorted(len(one["parts"]) for one in records) == [0, 1]
    merge(kit, theirs)
    assert texts(kit) == {"seen in it"}
    with open_kit(tmp_path / "third", seed=3) as third:
        merge_bundle(third.session, third.store, bundle.path, third.actor, look=look)
        assert texts(third) == {"seen in it"}


def arranged(kit: Kit, story: models.Story) -> list[str]:
    """The texts of a story's pieces, in order."""
    kit.session.expire_all()
    return [piece.text for piece in editing.pieces(kit.session, story)]


def story_of(kit: Kit) -> models.Story:
    """The own story of the only session."""
    event = kit.session.scalars(select(models.EventSession)).one()
    return session_story(kit.session, event, now=kit.clock(), rng=kit.rng)


def test_a_story_is_as_it_was_arranged_last_wherever(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    rows = [kit.takeaway(event, text) for text in ("Leeks", "Kale", "Frost")]
    editing.add(kit.session, story_of(kit), rows[:2])
    folder = twin(kit, tmp_path / "hub")
    with open_again(folder) as hub:
        theirs = story_of(hub)
        assert arranged(hub, theirs) == ["Leeks", "Kale"]
        editing.move(hub.session, theirs, rows[1].id.hex, -1)
        editing.add_words(hub.session, theirs, hub.actor, "What stands the winter:")
        editing.set_texts(hub.session, theirs, {"title": "Winter"}, was={"title": ""})
        done = merge(kit, folder)
        assert done.stories == 1
        assert arranged(kit, story_of(kit)) == ["Kale", "Leeks", "What stands the winter:"]
        assert story_of(kit).title == "Winter"
        assert merge(kit, folder).stories == 0

        decisions.withdraw(kit.session, rows[0], kit.actor, kit.store)
        editing.remove(kit.session, story_of(kit), rows[1].id.hex)
        assert merge(kit, folder).stories == 0
        assert arranged(kit, story_of(kit)) == ["What stands the winter:"]
        merge(hub, kit.settings.folder)
        assert arranged(hub, story_of(hub)) == ["What stands the winter:"]


def test_two_arrangements_of_one_moment_end_as_one(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    rows = [kit.takeaway(event, text) for text in ("Leeks", "Kale")]
    folder = twin(kit, tmp_path / "hub")
    with open_again(folder) as hub:
        editing.add(kit.session, story_of(kit), rows)
        theirs = [hub.session.get_one(models.Takeaway, row.id) for row in reversed(rows)]
        editing.add(hub.session, story_of(hub), theirs)
        merge(kit, folder)
        merge(hub, kit.settings.folder)
        assert arranged(kit, story_of(kit)) == arranged(hub, story_of(hub))
        assert merge(kit, folder).stories == merge(hub, kit.settings.folder).stories == 0


def test_arrangements_of_before_their_count_stay_where_they_are(kit: Kit, tmp_path: Path) -> None:
    event = kit.event(guid="s1")
    rows = [kit.takeaway(event, text) for text in ("Leeks", "Kale")]
    editing.add(kit.session, story_of(kit), rows)
    folder = twin(kit, tmp_path / "hub")
    with open_again(folder) as hub:
        editing.move(kit.session, story_of(kit), rows[1].id.hex, -1)
        for side in (kit, hub):
            story_of(side).edits = 0
            side.session.commit()
        assert merge(kit, folder).stories == merge(hub, kit.settings.folder).stories == 0
        assert (arranged(kit, story_of(kit)), arranged(hub, story_of(hub))) == (
            ["Kale", "Leeks"],
            ["Leeks", "Kale"],
        )


@pytest.mark.parametrize("more_there", [0, 1])
def test_a_piece_that_the_other_lacks_stays_in_its_story(
    kit: Kit, tmp_path: Path, more_there: int
) -> None:
    """Each laptop makes its own film."""
    event = kit.event(guid="s1")
    note = kit.takeaway(event, "Leeks")
    folder = twin(kit, tmp_path / "hub")
    own = film(kit, event, "The film")
    own.source = Source.FILM.value
    editing.add(kit.session, story_of(kit), [own, note])
    with open_again(folder) as hub:
        editing.add(hub.session, story_of(hub), [hub.session.get_one(models.Takeaway, note.id)])
        theirs = story_of(hub)
        theirs.items[0].position, theirs.edits = 1, 1 + more_there
        theirs.title = "Winter" * more_there
        hub.session.commit()
        assert merge(kit, folder).stories == more_there
        assert arranged(kit, story_of(kit)) == ["The film", "Leeks"]
        assert merge(kit, folder).stories == merge(hub, kit.settings.folder).stories == 0
        assert arranged(hub, story_of(hub)) == ["Leeks"]


_SMALLER = pytest.mark.sqlite("PostgreSQL's counts have 32 bits")


@pytest.mark.parametrize(("edits", "kept"), [pytest.param(2**40, 10**9, marks=_SMALLER), (-5, 1)])
def test_the_count_of_another_laptop_leaves_room_for_changes(
    kit: Kit, tmp_path: Path, edits: int, kept: int
) -> None:
    note = kit.takeaway(kit.event(guid="s1"), "Leeks")
    editing.add(kit.session, story_of(kit), [note])
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        story_of(other).edits, story_of(other).title = edits, "Winter"
        other.session.commit()
        for _ in range(2):
            merge(kit, folder)
    assert story_of(kit).edits == kept


@pytest.mark.parametrize("more", ["a file", "words"])
def test_a_page_opened_before_a_merge_approves_nothing_that_came_with_it(
    kit: Kit, tmp_path: Path, more: str
) -> None:
    """A phone sent the same takeaway to both laptops, with more to the other one: no decision tells of it there."""
    row = kit.photo(kit.event(), 1, "Leeks", state="new")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        theirs = other.session.get_one(models.Takeaway, row.id)
        if more == "a file":
            other.attach(theirs, jpeg(2), kind=Kind.PHOTO, renditions={})
        else:
            theirs.text = "Leeks and more"
            other.session.commit()
        seen = seen_by_now(kit.session)
        assert merge(kit, folder).changed == 1
        approved = TakeawayState.APPROVED
        outcome = decide_many(kit.session, [row], kit.actor, approved, seen=seen)
        assert ([clash.name for clash in outcome.clashes], row.state) == ([ADDED], "new")
        merge(other, kit.settings.folder)
        merge(kit, folder)
        notes = [
            [(one.id, one.after) for one in side.session.scalars(select(models.Decision))]
            for side in (kit, other)
        ]
        assert len(notes[0]) == 1
        assert notes[0] == notes[1]
        now = seen_by_now(kit.session)
        assert decide_many(kit.session, [row], kit.actor, approved, seen=now).changed == [row]


def test_a_file_that_cannot_be_taken_withdraws_no_approval(kit: Kit, tmp_path: Path) -> None:
    row = kit.photo(kit.event(), 1, "Leeks")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        theirs = other.session.get_one(models.Takeaway, row.id)
        media = other.attach(theirs, jpeg(2), kind=Kind.PHOTO, renditions={})
        other.store.original(media.sha256, ".jpg").write_bytes(jpeg(3))
    done = merge(kit, folder)
    assert (len(done.left), done.changed, row.state) == (1, 0, "approved")
