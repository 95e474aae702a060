"""The one door: safe before thanked, never twice, never back after it was withdrawn."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import MediaType
from capture.intake import fresh, receive
from capture.intake.receive import ReceivedFile, Submission
from capture.intake.sweep import sweep
from reporter.actor import Actor
from reporter.codes import is_valid_receipt
from reporter.enums import MediaState, TakeawayState
from reporter.errors import (
    BadInput,
    Conflict,
    Forbidden,
    MediaFailed,
    ReporterError,
    TakenBack,
    TooLarge,
    UnsupportedMedia,
)
from reporter.media.store import Store
from reporter.models import Attachment, Decision, EventSession, Gathering, Media, Takeaway, Upload
from reporter.moderation import decisions
from reporter.moderation.history import last_step, seen_by_now
from reporter.review.conflicts import decide_many
from reporter.stories.takeaway_json import takeaway_record
from tests.support.submissions import NOW, Room, jpeg, mp4, open_room, wav

CLIENT = "6f1c0e62-6c0e-4b69-8a83-0d5d3d0f7c11"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        yield room


def count(room: Room, model: type) -> int:
    return room.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_line_of_text_is_a_takeaway(room: Room) -> None:
    offer = Submission(
        room.garden, text="  Mulch in autumn #Compost\r\nand #compost, #bees ", author=" Ada \n"
    )
    takeaway = room.receive(offer)
    assert takeaway.text == "Mulch in autumn #Compost\nand #compost, #bees"
    assert (takeaway.kind, takeaway.state, takeaway.source) == ("note", "new", "phone")
    assert takeaway.author == "Ada"
    assert [tag.name for tag in takeaway.tags] == ["bees", "compost"]
    assert is_valid_receipt(takeaway.receipt)
    assert (takeaway.recorded_at, takeaway.received_at) == (NOW, NOW)
    assert takeaway.revision == room.session.scalars(select(Gathering.revision)).one() == 1


@pytest.mark.parametrize("more", ["a file", "words"])
def test_what_was_added_after_somebody_looked_is_not_approved_unseen(room: Room, more: str) -> None:
    """A phone sends several photos one by one; the desk may be faster."""
    first = room.arrive(jpeg(1))
    takeaway = room.receive(Submission(room.garden, files=[first], client_id=CLIENT))
    seen, actor = seen_by_now(room.session), Actor(NOW, room.rng, "desk")
    later = {"files": [room.arrive(jpeg(2))]} if more == "a file" else {"text": "Seen by nobody"}
    room.receive(Submission(room.garden, client_id=CLIENT, **later))
    approved = TakeawayState.APPROVED
    done = decide_many(room.session, [takeaway], actor, approved, seen=seen)
    assert [clash.name for clash in done.clashes] == ["added"]
    assert takeaway.state == "new"
    again = seen_by_now(room.session)
    assert decide_many(room.session, [takeaway], actor, approved, seen=again).changed
    assert last_step(room.session, "contributor") is None, "nobody can undo it"


def test_defaults_come_from_the_session_and_choices_are_kept(room: Room) -> None:
    plain = room.receive(Submission(room.garden, text="a"))
    assert (plain.audience, plain.licence, plain.intent, plain.consent) == (
        "community",
        "CC BY 4.0",
        "",
        "",
    )
    earlier = NOW - timedelta(days=2)
    chosen = room.receive(
        Submission(
            room.garden,
            text="b",
            audience="room",
            intent="idea",
            consent="unsure",
            prompt="What now?",
            source="card",
            recorded_at=earlier,
        )
    )
    assert (chosen.audience, chosen.intent, chosen.consent) == ("room", "idea", "unsure")
    assert (chosen.prompt, chosen.source, chosen.recorded_at) == ("What now?", "card", earlier)


def test_files_are_kept_whole_and_write_once(room: Room) -> None:
    photo, video = jpeg(1), mp4(2)
    takeaway = room.receive(
        Submission(
            room.garden,
            files=[
                room.arrive(photo, "C:\\DCIM\\..\\IMG_1.JPG"),
                room.arrive(video, "a\x1b[31m.mp4"),
            ],
        )
    )
    assert takeaway.kind == "video"
    names = [(a.position, a.filename, a.alt) for a in takeaway.attachments]
    assert names == [(0, "IMG_1.JPG", ""), (1, "a[31m.mp4", "")]
    media = takeaway.attachments[0].media
    assert (media.kind, media.type, media.ext, media.bytes) == ("photo", "image/jpeg", ".jpg", 2000)
    assert (media.state, media.attempts, media.due_at) == ("received", 0, NOW)
    path = room.store.original(hashlib.sha256(photo).hexdigest(), ".jpg")
    assert path.read_bytes() == photo
    assert path.stat().st_mode & 0o222 == 0
    assert room.originals() == sorted([photo, video])
    assert room.leftovers() == []


@pytest.mark.parametrize(
    ("parts", "kind"),
    [([jpeg(1), wav(1)], "photo"), ([wav(1)], "audio"), ([wav(1), mp4(1), jpeg(1)], "video")],
)
def test_the_kind_is_the_richest_of_its_files(room: Room, parts: list[bytes], kind: str) -> None:
    offer = Submission(room.garden, files=[room.arrive(data) for data in parts])
    assert room.receive(offer).kind == kind


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({}, BadInput, "empty"),
        ({"text": " \n\t "}, BadInput, "empty"),
        ({"text": "x", "intent": "boast"}, BadInput, "learned"),
        ({"text": "x", "audience": "world"}, BadInput, "community"),
        ({"text": "x", "consent": "sure"}, BadInput, "agreed"),
        ({"text": "x", "client_id": "12"}, BadInput, "UUID"),
        ({"text": "x", "source": "fax"}, BadInput, "phone"),
        ({"text": "x" * 5001}, TooLarge, "5001 characters; 5000 fit"),
        ({"text": "x", "author": "y" * 201}, TooLarge, "200"),
    ],
)
def test_what_is_refused_leaves_nothing(
    room: Room, changes: dict[str, str], error: type[ReporterError], words: str
) -> None:
    with pytest.raises(error, match=words):
        room.receive(Submission(room.garden, **changes))  # type: ignore[arg-type]
    assert count(room, Takeaway) == 0
    assert room.session.scalars(select(Gathering.revision)).one() == 0


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", BadInput),
        (b"#!/bin/sh\nrm -rf ~\n", UnsupportedMedia),
        (b"%PDF-1.7\n" + b"x" * 3000, UnsupportedMedia),
        (b"<html>" + b" " * 9000, UnsupportedMedia),
    ],
)
def test_content_decides_not_the_name(room: Room, data: bytes, error: type[ReporterError]) -> None:
    file = room.arrive(data, "holiday.jpg")
    with pytest.raises(error, match=r"holiday\.jpg"):
        room.receive(Submission(room.garden, text="look", files=[file]))
    assert count(room, Takeaway) == count(room, Media) == 0
    assert room.originals() == []
    assert file.path.exists(), "a refused file stays with who brought it"


def test_a_photo_named_text_is_a_photo(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1), "notes.txt")]))
    assert takeaway.attachments[0].media.type == "image/jpeg"


def test_too_many_files_and_too_large_ones(room: Room) -> None:
    room.limits = type(room.limits)(files=2, file_mb=1)
    with pytest.raises(TooLarge, match="up to 2 files"):
        room.receive(Submission(room.garden, files=[room.arrive(jpeg(n)) for n in range(3)]))
    with pytest.raises(TooLarge, match="1 MB"):
        room.receive(Submission(room.garden, files=[room.arrive(jpeg(1, (1 << 20) + 1))]))
    room.receive(
        Submission(room.garden, files=[room.arrive(jpeg(n)) for n in (5, 6)], client_id=CLIENT)
    )
    with pytest.raises(TooLarge, match="up to 2 files"):
        room.receive(Submission(room.garden, files=[room.arrive(jpeg(7))], client_id=CLIENT))


@pytest.mark.parametrize("known", [False, True], ids=["new", "continued"])
def test_do_not_record_counts_from_when_it_is_set(room: Room, known: bool) -> None:
    """It is set while a picture is looked at."""
    if known:
        room.receive(Submission(room.garden, text="words", client_id=CLIENT))
    event_id = room.garden.id

    def set_meanwhile(_path: Path, _kind: MediaType) -> None:
        with Session(room.engine) as desk:
            desk.get_one(EventSession, event_id).do_not_record = True
            desk.commit()

    offer = Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT)
    options: dict[str, Any] = {"now": NOW, "rng": room.rng, "limits": room.limits}
    with pytest.raises(Forbidden, match="not to be recorded"):
        receive.take_in(room.session, room.store, offer, check=set_meanwhile, **options)
    assert count(room, Media) == 0
    assert room.originals() == []


def test_a_moved_takeaway_gets_no_picture_where_nothing_may_be_recorded(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, text="words", client_id=CLIENT))
    desk = Actor(NOW, room.rng)
    decisions.change(room.session, takeaway, desk, {"session_code": room.quiet.code})
    with pytest.raises(Forbidden):
        room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    assert room.originals() == []


def test_a_commit_that_fails_leaves_no_original_without_a_row(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: Session) -> None:
        raise sqlalchemy.exc.OperationalError("COMMIT", None, Exception("disk I/O error"))

    file = room.arrive(jpeg(1))
    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", fail)
        with pytest.raises(sqlalchemy.exc.OperationalError, match="disk I/O"):
            room.receive(Submission(room.garden, files=[file], client_id=CLIENT))
    assert room.originals() == []
    assert file.path.exists(), "the caller's, who may try again"
    room.receive(Submission(room.garden, files=[file], client_id=CLIENT))
    assert room.originals() == [jpeg(1)]


def test_do_not_record_takes_words_only(room: Room) -> None:
    with pytest.raises(Forbidden, match="asked not to be recorded"):
        room.receive(Submission(room.quiet, text="a photo", files=[room.arrive(jpeg(1))]))
    assert room.receive(Submission(room.quiet, text="words are fine")).kind == "note"
    assert room.originals() == []


def test_a_check_refuses_before_anything_is_kept(room: Room) -> None:
    seen: list[tuple[str, bytes]] = []

    def check(path: Path, kind: MediaType) -> None:
        seen.append((kind.mime, path.read_bytes()))
        raise MediaFailed("It is broken.")

    offer = Submission(room.garden, files=[room.arrive(mp4(1))])
    with pytest.raises(MediaFailed):
        receive.receive(
            room.session, room.store, offer, now=NOW, rng=room.rng, limits=room.limits, check=check
        )
    assert seen == [("video/mp4", mp4(1))]
    assert count(room, Media) == 0
    assert room.originals() == []


def test_the_same_client_id_gives_the_first_receipt(room: Room) -> None:
    offer = Submission(
        room.garden, text="once", files=[room.arrive(jpeg(1))], client_id=CLIENT.upper()
    )
    first = room.receive(offer)
    revision = first.revision
    for text in ("once", ""):
        again = room.receive(
            Submission(room.garden, text=text, files=[room.arrive(jpeg(1))], client_id=CLIENT)
        )
        assert again.receipt == first.receipt
        assert (again.text, again.revision, len(again.attachments)) == ("once", revision, 1)
    more = Submission(room.garden, text="something else", client_id=CLIENT)
    for _ in range(2):
        again = room.receive(more)
        assert (again.receipt, again.text) == (first.receipt, "once\n\nsomething else")
    assert count(room, Takeaway) == count(room, Attachment) == 1
    assert room.leftovers() == []


def test_files_of_one_takeaway_may_come_one_by_one(room: Room) -> None:
    receipts = [
        room.receive(
            Submission(room.garden, files=[room.arrive(data)], text=text, client_id=CLIENT)
        ).receipt
        for data, text in ((jpeg(1), ""), (jpeg(2), "both #bees"), (jpeg(1), ""), (mp4(3), "later"))
    ]
    assert len(set(receipts)) == 1
    takeaway = decisions.by_receipt(room.session, receipts[0])
    assert [a.media.bytes for a in takeaway.attachments] == [2000, 2000, 3000]
    assert [a.position for a in takeaway.attachments] == [0, 1, 2]
    assert (takeaway.kind, takeaway.text) == ("video", "both #bees\n\nlater")
    assert [tag.name for tag in takeaway.tags] == ["bees"]
    assert takeaway.revision == 3
    assert room.originals() == sorted([jpeg(1), jpeg(2), mp4(3)])


def test_words_that_follow_their_file_are_held_by_the_word_list(room: Room) -> None:
    (room.folder / "blocked-words.txt").write_text("damn\n", encoding="utf-8")
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    assert not takeaway.held
    room.receive(Submission(room.garden, text="a damn fine leek", client_id=CLIENT))
    assert (takeaway.text, takeaway.held) == ("a damn fine leek", True)


def test_the_more_careful_of_two_answers_holds(room: Room) -> None:
    def again(**words: Any) -> tuple[str, str]:
        takeaway = room.receive(Submission(room.garden, text="x", client_id=CLIENT, **words))
        return takeaway.audience, takeaway.consent

    assert again(audience="community", consent="agreed") == ("community", "agreed")
    assert again(audience="public", consent="unsure") == ("community", "unsure")
    assert again(audience="room", consent="agreed") == ("room", "unsure")
    assert again() == ("room", "unsure")


def test_what_was_empty_is_filled_by_a_continuation_and_nothing_else(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, text="x", prompt="What now?", client_id=CLIENT))
    more = Submission(room.garden, text="y", author="Ada", prompt="Why?", client_id=CLIENT)
    room.receive(replace(more, intent="idea"))
    assert (takeaway.author, takeaway.prompt, takeaway.intent) == ("Ada", "What now?", "idea")
    assert takeaway.text == "x\n\ny"


def test_a_text_that_was_emptied_by_hand_stays_empty(room: Room) -> None:
    offer = Submission(room.garden, text="oops", files=[room.arrive(jpeg(1))], client_id=CLIENT)
    takeaway = room.receive(offer)
    decisions.change(room.session, takeaway, Actor(NOW, room.rng), {"text": ""})
    room.receive(Submission(room.garden, text="oops", client_id=CLIENT))
    assert decisions.by_receipt(room.session, takeaway.receipt).text == ""


def test_new_bytes_in_an_approved_takeaway_wait_for_a_decision(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    decisions.approve(room.session, takeaway, Actor(NOW, room.rng, "desk"))
    room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    assert takeaway.state == TakeawayState.APPROVED
    room.receive(Submission(room.garden, files=[room.arrive(jpeg(2))], client_id=CLIENT))
    assert (takeaway.state, takeaway.approved_at) == (TakeawayState.NEW, None)
    last = room.session.scalars(select(Decision).where(Decision.action == "new")).one()
    assert (last.before, last.after) == ({"state": "approved"}, {"state": "new"})


def test_a_hidden_takeaway_stays_hidden(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    decisions.hide(room.session, takeaway, Actor(NOW, room.rng, "desk"))
    room.receive(Submission(room.garden, files=[room.arrive(jpeg(2))], client_id=CLIENT))
    assert (takeaway.state, len(takeaway.attachments)) == (TakeawayState.HIDDEN, 2)


def test_the_same_bytes_for_the_same_session_are_known(room: Room) -> None:
    first = room.receive(Submission(room.garden, text="bees", files=[room.arrive(jpeg(1))]))
    for text, client_id in (("", None), ("bees", None), ("bees", CLIENT)):
        offer = Submission(
            room.garden, text=text, files=[room.arrive(jpeg(1))], client_id=client_id
        )
        assert room.receive(offer).receipt == first.receipt
    assert count(room, Takeaway) == 1


def test_other_words_or_another_session_share_the_media(room: Room) -> None:
    other = room.add_session("Wasps")
    room.session.commit()
    receipts = {
        room.receive(Submission(event, text=text, files=[room.arrive(jpeg(1))])).receipt
        for event, text in ((room.garden, "bees"), (room.garden, "my bees"), (other, "bees"))
    }
    assert len(receipts) == count(room, Takeaway) == count(room, Attachment) == 3
    assert count(room, Media) == 1
    assert room.originals() == [jpeg(1)]


def test_one_file_twice_in_one_offer_is_attached_once(room: Room) -> None:
    takeaway = room.receive(
        Submission(room.garden, files=[room.arrive(jpeg(1)), room.arrive(jpeg(1))])
    )
    assert len(takeaway.attachments) == 1
    assert room.leftovers() == []


def withdrawn(room: Room, offer: Submission) -> Takeaway:
    takeaway = room.receive(offer)
    decisions.withdraw(room.session, takeaway, Actor(NOW, room.rng), room.store)
    return takeaway


def test_a_retry_of_what_was_taken_back_is_refused(room: Room) -> None:
    withdrawn(
        room, Submission(room.garden, text="mine", files=[room.arrive(jpeg(1))], client_id=CLIENT)
    )
    for data in (jpeg(1), jpeg(2)):
        with pytest.raises(TakenBack, match="open the page"):
            room.receive(
                Submission(room.garden, text="mine", files=[room.arrive(data)], client_id=CLIENT)
            )
    assert count(room, Takeaway) == 1
    assert count(room, Media) == count(room, Attachment) == 0
    assert room.originals() == []


@pytest.mark.parametrize("client_id", [None, "7f1d1f0e-3c4b-4d5a-9e6f-2a1b3c4d5e6f"])
def test_bytes_that_were_taken_back_may_be_sent_as_something_new(
    room: Room, client_id: str | None
) -> None:
    first = withdrawn(
        room, Submission(room.garden, text="mine", files=[room.arrive(jpeg(1))], client_id=CLIENT)
    )
    again = room.receive(
        Submission(room.garden, text="new", files=[room.arrive(jpeg(1))], client_id=client_id)
    )
    assert again.receipt != first.receipt
    assert (again.state, again.text, again.client_id) == ("new", "new", client_id)
    assert room.originals() == [jpeg(1)]
    assert room.leftovers() == []


def test_the_same_bytes_arriving_during_a_withdrawal_are_not_lost(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The withdrawal removes its file at the very moment at which another session gets the same one."""
    other = room.add_session("Wasps")
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))]))
    room.session.refresh(other)
    room.session.expunge(other)
    file = room.arrive(jpeg(1))
    drop = Store.drop

    def send() -> str:
        with Session(room.engine) as session:
            return room.receive(Submission(other, files=[file]), session=session).receipt

    with ThreadPoolExecutor(1) as pool:
        sent: list[Future[str]] = []

        def slow_drop(store: Store, sha256: str, ext: str) -> None:
            sent.append(pool.submit(send))
            wait(sent, timeout=0.5)
            drop(store, sha256, ext)

        monkeypatch.setattr(Store, "drop", slow_drop)
        decisions.withdraw(room.session, takeaway, Actor(NOW, room.rng), room.store)
        receipt = sent[0].result(120)
    assert len(decisions.by_receipt(room.session, receipt).attachments) == 1
    assert room.originals() == [jpeg(1)]


def test_a_withdrawal_takes_along_what_has_just_been_added(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    assert len(takeaway.attachments) == 1
    room.session.refresh(room.garden)
    with Session(room.engine) as other:
        room.receive(
            Submission(room.garden, files=[room.arrive(jpeg(2))], client_id=CLIENT), session=other
        )
    decisions.withdraw(room.session, takeaway, Actor(NOW, room.rng), room.store)
    assert count(room, Attachment) == count(room, Media) == 0
    assert room.originals() == []


def test_a_card_brings_nothing_back(room: Room) -> None:
    withdrawn(room, Submission(room.garden, files=[room.arrive(jpeg(1))]))
    card = Submission(
        room.garden, files=[room.arrive(jpeg(1)), room.arrive(jpeg(2))], source="card"
    )
    takeaway = room.receive(card)
    assert [a.media.sha256 for a in takeaway.attachments] == [hashlib.sha256(jpeg(2)).hexdigest()]
    assert room.originals() == [jpeg(2)]
    with pytest.raises(Conflict, match="taken back"):
        room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], source="card"))


def test_failed_media_is_tried_again_when_the_bytes_come_again(room: Room) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    media = takeaway.attachments[0].media
    path = room.store.original(media.sha256, media.ext)
    path.chmod(0o600)
    path.write_bytes(b"\0" * media.bytes)
    media.state, media.error, media.attempts, media.lease = "failed", "It is broken.", 5, "w1"
    room.session.commit()
    room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    assert path.read_bytes() == jpeg(1)
    assert (media.state, media.error, media.attempts, media.lease) == ("received", "", 0, "")


@pytest.mark.parametrize("client_id", [CLIENT, None])
def test_a_missing_original_heals(room: Room, client_id: str | None) -> None:
    takeaway = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))], client_id=CLIENT))
    media = takeaway.attachments[0].media
    media.state = MediaState.READY.value
    room.session.commit()
    room.store.original(media.sha256, media.ext).unlink()
    text = "" if client_id else "other words"
    room.receive(
        Submission(room.garden, text=text, files=[room.arrive(jpeg(1))], client_id=client_id)
    )
    assert room.originals() == [jpeg(1)]
    assert media.state == MediaState.READY


def test_a_failed_commit_keeps_no_row_and_can_be_repeated(room: Room) -> None:
    file = room.arrive(jpeg(1))

    def refuse(_taken: fresh.RecordedTakeaway) -> None:
        raise OSError("the cable fell out")

    offer = Submission(room.garden, text="a #b", files=[file], client_id=CLIENT)
    with pytest.raises(OSError, match="cable"):
        receive.receive(
            room.session, room.store, offer, now=NOW, rng=room.rng, limits=room.limits, seal=refuse
        )
    assert count(room, Takeaway) == count(room, Media) == 0
    assert room.receive(offer).attachments[0].media.sha256 == file.sha256
    assert room.originals() == [jpeg(1)]


def test_what_was_written_is_known_without_reading_it(room: Room) -> None:
    """A hundred phones wait for the JSON of their takeaways: it takes no statement more than the takeaway itself."""
    offer = Submission(
        room.garden,
        text="a #bees #ants",
        files=[room.arrive(jpeg(1), "one.jpg"), room.arrive(mp4(2), "two.mp4")],
        recorded_at=NOW - timedelta(days=2),
        consent="unsure",
    )
    statements: list[str] = []

    def note(*_: Any) -> None:
        statements.append(str(_[2]))

    sqlalchemy.event.listen(room.engine, "before_cursor_execute", note)
    try:
        taken = receive.take_in(
            room.session, room.store, offer, now=NOW, rng=room.rng, limits=room.limits
        )
        assert taken.rows is not None
        known = takeaway_record(taken.rows.as_object(), lambda _media, _name: "")
    finally:
        sqlalchemy.event.remove(room.engine, "before_cursor_execute", note)
    # What was seen, the counter, the same under its lock, the takeaway, its tags, and two for each file.
    assert len(statements) == 5 + 2 * 2
    stored = room.session.get_one(Takeaway, taken.id)
    assert known == takeaway_record(stored, lambda _media, _name: "")
    assert not room.session.new


def race(room: Room, offers: list[Submission]) -> list[str]:
    """All offers at once, each through a database session of its own."""
    start = threading.Barrier(len(offers))

    def send(offer: Submission) -> str:
        with Session(room.engine) as session:
            start.wait()
            return room.receive(offer, session=session).receipt

    room.session.refresh(room.garden)
    room.session.expunge(room.garden)
    with ThreadPoolExecutor(len(offers)) as pool:
        return list(pool.map(send, offers))


@pytest.mark.parametrize("client_id", [CLIENT, None])
def test_a_race_of_equal_offers_has_one_winner(room: Room, client_id: str | None) -> None:
    offers = [
        Submission(room.garden, text="me", files=[room.arrive(jpeg(1))], client_id=client_id)
        for _ in range(12)
    ]
    assert len(set(race(room, offers))) == 1
    assert count(room, Takeaway) == count(room, Media) == count(room, Attachment) == 1
    assert room.originals() == [jpeg(1)]
    assert room.leftovers() == []


def test_a_race_of_the_files_of_one_takeaway_loses_none(room: Room) -> None:
    offers = [
        Submission(room.garden, files=[room.arrive(jpeg(n))], client_id=CLIENT) for n in range(12)
    ]
    (receipt,) = set(race(room, offers))
    takeaway = decisions.by_receipt(room.session, receipt)
    assert sorted(a.position for a in takeaway.attachments) == list(range(12))
    assert room.originals() == sorted(jpeg(n) for n in range(12))


def test_losing_to_a_writer_without_the_lock_returns_the_winners(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that appear between our look and our write (another writer's) end in their receipt, not in an error."""
    winner = room.receive(Submission(room.garden, text="first", client_id=CLIENT))
    find, blind = receive._find, iter([True, True])
    monkeypatch.setattr(receive, "_find", lambda *a: None if next(blind, False) else find(*a))
    file = room.arrive(jpeg(1))
    again = room.receive(Submission(room.garden, files=[file], client_id=CLIENT))
    assert again.receipt == winner.receipt
    assert [a.media.sha256 for a in again.attachments] == [file.sha256]
    assert room.originals() == [jpeg(1)]


def aged(path: Path, hours: float) -> Path:
    moment = (NOW - timedelta(hours=hours)).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_sweep_removes_what_nobody_waits_for(room: Room) -> None:
    old = aged(room.arrive(jpeg(1)).path, 2)
    young = aged(room.arrive(jpeg(2)).path, 0.5)
    partial = aged(room.arrive(jpeg(3)).path, 30).rename(room.store.incoming / "up1.part")
    room.session.add(
        Upload(
            id="up1", session_id=room.garden.id, length=9, fields={}, created_at=NOW, expires_at=NOW
        )
    )
    room.session.commit()
    swept = sweep(room.session, room.store, NOW)
    assert (swept.removed, swept.orphans) == (1, ())
    assert not old.exists()
    assert young.exists()
    assert partial.exists()


def test_sweep_removes_what_a_film_or_a_merge_has_left(room: Room) -> None:
    """They have folders of their own, with people's words and pictures in them."""
    for name, hours in (("tmp1", 2), ("peer-1", 2), ("peer-2", 0.5)):
        part = room.store.incoming / name / "media" / "a.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"words")
        for path in (part, part.parent, part.parent.parent):
            aged(path, hours)
    assert sweep(room.session, room.store, NOW).removed == 2
    assert [path.name for path in room.store.incoming.iterdir()] == ["peer-2"]


def orphan(room: Room, data: bytes, hours: float) -> Path:
    file: ReceivedFile = room.arrive(data)
    return aged(room.store.keep(file.path, file.sha256, ".jpg"), hours)


def test_sweep_reports_orphans_and_never_removes_them(room: Room) -> None:
    kept = room.receive(Submission(room.garden, files=[room.arrive(jpeg(1))])).attachments[0].media
    path = aged(room.store.original(kept.sha256, kept.ext), 99)
    lost, young = orphan(room, jpeg(2), 2), orphan(room, jpeg(3), 0)
    swept = sweep(room.session, room.store, NOW)
    assert (swept.removed, swept.orphans) == (0, (lost,))
    assert path.exists()
    assert young.exists()
    room.receive(Submission(room.garden, files=[room.arrive(jpeg(2))]))
    assert sweep(room.session, room.store, NOW).orphans == ()


def test_sweep_finishes_a_removal_that_was_cut_off(room: Room) -> None:
    withdrawn(room, Submission(room.garden, files=[room.arrive(jpeg(1))]))
    left = orphan(room, jpeg(1), 2)
    rendition = room.store.rendition(left.stem, "thumb", ".jpg")
    rendition.parent.mkdir(parents=True)
    rendition.write_bytes(b"small")
    assert sweep(room.session, room.store, NOW).removed == 1
    assert not left.exists()
    assert not rendition.exists()


def test_files_stand_among_the_originals_before_its_turn_to_write(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[bytes]] = []

    def note(session: Session) -> int:
        seen.append(room.originals())
        return decisions.next_revision(session)

    monkeypatch.setattr(fresh, "next_revision", note)
    photo = jpeg(1)
    room.receive(Submission(room.garden, files=[room.arrive(photo)]))
    assert seen == [[photo]]


def test_an_original_that_somebody_takes_away_meanwhile_is_put_back(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A withdrawal of the same bytes removes the file between our link and our turn."""
    photo = jpeg(1)

    def take_away(session: Session) -> int:
        revision = decisions.next_revision(session)
        room.store.drop(hashlib.sha256(photo).hexdigest(), ".jpg")
        return revision

    monkeypatch.setattr(fresh, "next_revision", take_away)
    room.receive(Submission(room.garden, files=[room.arrive(photo)]))
    assert room.originals() == [photo]


def test_what_is_new_costs_few_statements_and_loads_no_object(room: Room) -> None:
    """A hundred phones send at once, and all of them wait for the one who writes."""
    photo = room.arrive(jpeg(1))
    offer = Submission(room.garden, text="Mulch #bees", files=[photo], client_id=CLIENT)
    loaded: list[object] = []
    statements: list[str] = []
    listen = sqlalchemy.event.listen
    listen(room.session, "loaded_as_persistent", lambda _s, row: loaded.append(row))
    listen(room.session, "after_attach", lambda _s, row: loaded.append(row))
    listen(room.engine, "before_cursor_execute", lambda _c, _cur, text, *_: statements.append(text))
    taken = receive.take_in(
        room.session, room.store, offer, now=NOW, rng=room.rng, limits=room.limits
    )
    row = room.session.get_one(Takeaway, taken.id)
    # Seen or not, the lock, the session as it is now, a row each (4), and what the test itself loads (1 or 2).
    assert len(statements) <= 9, statements
    assert loaded == [row]
    assert (row.receipt, row.kind, [tag.name for tag in row.tags]) == (
        taken.receipt,
        "photo",
        ["bees"],
    )
    assert [(a.position, a.media.state) for a in row.attachments] == [(0, MediaState.RECEIVED)]


def test_what_changed_while_it_waited_for_its_turn_counts(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session's audience was narrowed, and the same phone's other request was first."""
    offer = Submission(room.garden, text="Mulch", client_id=CLIENT)

    def narrow(session: Session) -> int:
        monkeypatch.setattr(fresh, "next_revision", decisions.next_revision)
        with Session(room.engine) as other:
            other.get_one(EventSession, room.garden.id).audience = "room"
            other.commit()
            receive.receive(
                other,
                room.store,
                replace(offer, event=other.get_one(EventSession, room.garden.id), author="Ada"),
                now=NOW,
                rng=room.rng,
                limits=room.limits,
            )
        return decisions.next_revision(session)

    monkeypatch.setattr(fresh, "next_revision", narrow)
    took = room.receive(offer)
    assert count(room, Takeaway) == 1
    assert (took.audience, took.author) == ("room", "Ada")


@pytest.mark.parametrize("known", [False, True])
def test_what_is_refused_in_its_turn_leaves_no_original(
    room: Room, monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    """Somebody else's bytes stay, should they be the same."""
    photo = jpeg(1)
    if known:
        room.receive(Submission(room.garden, files=[room.arrive(photo)], device="a" * 16))

    def refuse(*_args: Any) -> Takeaway:
        raise Conflict("Taken back at this very moment.")

    monkeypatch.setattr(receive, "new_takeaway", refuse)
    monkeypatch.setattr(fresh, "takeaway_values", refuse)
    with pytest.raises(Conflict):
        room.receive(Submission(room.garden, files=[room.arrive(photo)], device="b" * 16))
    assert room.originals() == ([photo] if known else [])
