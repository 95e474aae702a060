"""Decisions on takeaways, stories, and what is left of something withdrawn."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.codes import format_receipt
from reporter.config import Settings
from reporter.errors import BadInput, Conflict, NotFound
from reporter.gathering.folder import open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import (
    Attachment,
    Decision,
    EventSession,
    Media,
    Rendition,
    Story,
    StoryItem,
    Takeaway,
    Tombstone,
)
from reporter.moderation.decisions import (
    approve,
    by_receipt,
    change,
    change_own,
    clean_tags,
    hashtags,
    hide,
    lock_gathering,
    reopen,
    set_alt,
    withdraw,
)
from reporter.moderation.visibility import Scope
from reporter.stories.queries import (
    all_stories,
    session_story,
    stories_of,
    story_takeaways,
    story_title,
)
from reporter.stories.takeaway_json import takeaway_record
from tests.support.kiosk_process import START, TurnableClock, actor, add_takeaway, new_media
from tests.support.synced_files import note_synced_files


def add_media(session: Session, row: Takeaway, rng: random.Random, sha256: str) -> Media:
    media = session.scalar(select(Media).where(Media.sha256 == sha256)) or new_media(
        rng,
        sha256=sha256,
        state="ready",
        renditions=[
            Rendition(name="view", type="image/jpeg", ext=".jpg", bytes=2, sha256="f" * 64)
        ],
    )
    row.attachments.append(Attachment(media=media, position=len(row.attachments), filename="a.jpg"))
    session.commit()
    return media


def test_each_decision_leaves_history_and_a_higher_revision(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    revisions = [row.revision]
    for act in (approve, hide, reopen):
        act(session, row, actor(clock))
        revisions.append(row.revision)
        clock.turn(seconds=1)
    assert revisions == sorted(set(revisions))
    history = session.execute(
        select(Decision.action, Decision.before, Decision.who).order_by(Decision.at)
    )
    assert [tuple(row) for row in history] == [
        ("approved", {"state": "new"}, "desk"),
        ("hidden", {"state": "approved"}, "desk"),
        ("new", {"state": "hidden"}, "desk"),
    ]
    assert row.approved_at is None


def test_deciding_the_same_again_changes_nothing(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    approve(session, row, actor(clock))
    revision, since = row.revision, row.approved_at
    clock.turn(hours=1)
    approve(session, row, actor(clock))
    assert (row.revision, row.approved_at) == (revision, since)
    assert session.scalar(select(func.count()).select_from(Decision)) == 1


def test_changes_are_checked_kept_and_remembered(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    other = add_session(session, "Elsewhere", now=START, rng=rng)
    row = add_takeaway(session, event, rng, tags=["soil", "old"])
    change(
        session,
        row,
        actor(clock),
        {
            "caption": " Warm compost ",
            "tags": ["#Soil", "winter", "Winter "],
            "session_code": other.code,
            "starred": True,
        },
    )
    session.refresh(row)
    assert (row.caption, [t.name for t in row.tags], row.session, row.starred) == (
        "Warm compost",
        ["soil", "winter"],
        other,
        True,
    )
    kept = session.scalars(select(Decision)).one()
    assert kept.before == {
        "caption": "",
        "tags": ["old", "soil"],
        "session_code": event.code,
        "starred": False,
    }


def test_other_words_than_were_approved_wait_again(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng, author="Ana")
    approve(session, row, actor(clock))
    change_own(session, row, actor(clock, "contributor"), {"audience": "room", "text": row.text})
    assert (row.state, row.audience) == ("approved", "room")
    change_own(session, row, actor(clock, "contributor"), {"text": "Buy my stuff"})
    assert (row.state, row.approved_at) == ("new", None)
    hide(session, row, actor(clock))
    change_own(session, row, actor(clock, "contributor"), {"author": "Bo"})
    assert row.state == "hidden"


@pytest.mark.parametrize(
    "values",
    [
        {"audience": "world"},
        {"intent": "x"},
        {"consent": "maybe"},
        {"state": "approved"},
        {"receipt": "1"},
    ],
)
def test_a_wrong_change_is_refused(
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    values: dict[str, str],
) -> None:
    row = add_takeaway(session, event, rng)
    with pytest.raises(BadInput):
        change(session, row, actor(clock), values)


def test_moving_to_a_session_that_is_not_there(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    with pytest.raises(NotFound):
        change(session, row, actor(clock), {"session_code": "AAAAAA"})


def test_alt_text_belongs_to_the_attachment(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    add_media(session, row, rng, "a" * 64)
    before = row.revision
    set_alt(session, row, actor(clock), {"a" * 64: " A steaming heap ", "b" * 64: "not there"})
    assert row.attachments[0].alt == "A steaming heap"
    assert row.revision > before


def test_a_receipt_is_found_however_it_is_typed(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng)
    assert by_receipt(session, format_receipt(row.receipt).lower()) is row
    with pytest.raises(NotFound):
        by_receipt(session, "0000-0000-00001")


def test_withdrawing_leaves_a_tombstone_and_nothing_else(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, store: Store
) -> None:
    row = add_takeaway(session, event, rng, author="Ana", tags=["soil"], state="approved")
    media = add_media(session, row, rng, "a" * 64)
    original = store.original(media.sha256, ".jpg")
    rendition = store.rendition(media.sha256, "view", ".jpg")
    for path in (original, rendition):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"abc")
    change(session, row, actor(clock), {"caption": "secret words"})
    revision = row.revision
    withdraw(session, row, actor(clock, "contributor"), store)
    withdraw(session, row, actor(clock, "contributor"), store)
    assert (row.state, row.text, row.author, row.caption, row.tags, row.attachments) == (
        "withdrawn",
        "",
        "",
        "",
        [],
        [],
    )
    assert row.revision > revision
    assert not original.exists()
    assert not rendition.exists()
    assert session.scalar(select(func.count()).select_from(Media)) == 0
    assert set(session.scalars(select(Tombstone.sha256))) == {"", "a" * 64}
    assert [d.action for d in session.scalars(select(Decision))] == ["withdrawn"]
    assert "secret words" not in str([d.before for d in session.scalars(select(Decision))])
    for act in (approve, hide):
        with pytest.raises(Conflict, match="taken this back"):
            act(session, row, actor(clock))
    with pytest.raises(Conflict):
        change(session, row, actor(clock), {"text": "again"})


def test_bytes_that_another_takeaway_holds_stay(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, store: Store
) -> None:
    first, second = add_takeaway(session, event, rng), add_takeaway(session, event, rng)
    media = add_media(session, first, rng, "a" * 64)
    add_media(session, second, rng, "a" * 64)
    path = store.original(media.sha256, ".jpg")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")
    withdraw(session, first, actor(clock), store)
    assert path.exists()
    withdraw(session, second, actor(clock), store)
    assert not path.exists()


def test_what_is_pending_survives_the_lock(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    """The lock expires all objects, so what was changed before it is written first."""
    row = add_takeaway(session, event, rng)
    row.text = "Mulch"
    lock_gathering(session)
    assert row.text == "Mulch"


def test_files_of_a_withdrawal_go_after_its_rows_and_before_anybody_else_writes(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever brings the same bytes meanwhile must find all of the old ones, or none."""
    row = add_takeaway(session, event, rng, state="approved")
    add_media(session, row, rng, "a" * 64)
    own, seen, entered = row.id, [], threading.Event()

    def bring() -> None:
        with open_session(gathering) as other:
            lock_gathering(other)
            entered.set()
            other.commit()

    bringing = threading.Thread(target=bring)

    def drop(sha256: str, ext: str) -> bool:
        with open_session(gathering) as reader:
            seen.append((sha256, reader.get_one(Takeaway, own).state))
        bringing.start()
        assert not entered.wait(0.3)
        return True

    monkeypatch.setattr(store, "drop", drop)
    withdraw(session, row, actor(clock), store)
    assert seen == [("a" * 64, "withdrawn")]
    assert entered.wait(20), "the lock is still held"
    bringing.join()


def test_bytes_that_come_again_while_they_are_withdrawn_stay(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    store: Store,
) -> None:
    row = add_takeaway(session, event, rng, state="approved")
    media = add_media(session, row, rng, "a" * 64)
    path = store.original(media.sha256, ".jpg")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abc")

    def bring(_session: Session) -> None:
        with open_session(gathering) as other:
            again = add_takeaway(other, other.get_one(EventSession, event_id), rng)
            add_media(other, again, rng, "a" * 64)

    event_id = event.id
    listen(session, "after_commit", bring, once=True)
    withdraw(session, row, actor(clock), store)
    assert path.exists()


def test_who_withdraws_what_another_has_just_withdrawn_changes_nothing(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    store: Store,
) -> None:
    row = add_takeaway(session, event, rng, state="approved", text="read before")
    own, text = row.id, row.text
    with open_session(gathering) as other:
        withdraw(other, other.get_one(Takeaway, own), actor(clock, "contributor"), store)
    assert (row.state, row.text) == ("approved", text), "as it was read"
    withdraw(session, row, actor(clock, "desk"), store)
    assert (row.state, row.text) == ("withdrawn", "")
    assert [d.who for d in session.scalars(select(Decision))] == ["contributor"]


@pytest.mark.sqlite("PostgreSQL shows nobody a commit that is not on the disk")
def test_a_withdrawal_that_another_has_just_made_is_on_the_disk_when_it_is_told(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = add_takeaway(session, event, rng, state="approved")
    withdraw(session, row, actor(clock, "contributor"), store)
    synced = note_synced_files(monkeypatch)
    withdraw(session, row, actor(clock, "desk"), store)
    assert (gathering.folder / "reporter.db-wal").stat().st_ino in synced


ACTS: dict[str, Callable[[Session, Takeaway, Actor], object]] = {
    "approve": approve,
    "hide": hide,
    "reopen": reopen,
    "star": lambda session, row, by: change(session, row, by, {"starred": True}),
    "own words": lambda session, row, by: change_own(session, row, by, {"text": "kept after all"}),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_decided_about_what_was_taken_back_since_it_was_read(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
    store: Store,
    act: str,
) -> None:
    row = add_takeaway(session, event, rng, state="approved", text="read before")
    own, text = row.id, row.text
    with open_session(gathering) as other:
        withdraw(other, other.get_one(Takeaway, own), actor(clock, "contributor"), store)
    assert (row.state, row.text) == ("approved", text), "as it was read"
    with pytest.raises(Conflict):
        ACTS[act](session, row, actor(clock, "desk"))
    assert (row.state, row.text, row.starred) == ("withdrawn", "", False)


def test_new_words_that_come_while_somebody_approves_wait_for_review(
    gathering: Settings,
    session: Session,
    event: EventSession,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    row = add_takeaway(session, event, rng, state="new", text="before")
    own, before = row.id, row.text
    with open_session(gathering) as other:
        approve(other, other.get_one(Takeaway, own), actor(clock, "desk"))
    assert (row.state, row.text) == ("new", before), "as it was read"
    change_own(session, row, actor(clock, "contributor"), {"text": "nobody has seen this"})
    assert row.state == "new"


def test_a_sessions_story_takes_what_is_approved_and_in_no_other(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    plain = add_takeaway(session, event, rng, state="approved", text="plain")
    star = add_takeaway(session, event, rng, state="approved", text="star", starred=True)
    add_takeaway(session, event, rng, text="new")
    room = add_takeaway(session, event, rng, state="approved", audience="room")
    composed_one = add_takeaway(session, event, rng, state="approved", text="composed")
    composed = Story(id=new_id(START, rng), title="Best of", created_at=START)
    composed.items.append(StoryItem(takeaway_id=composed_one.id))
    session.add(composed)
    own, *_ = [s for s in all_stories(session, now=START, rng=rng) if s.session_id]
    assert story_takeaways(session, own, Scope.PUBLIC) == [star, plain]
    assert set(story_takeaways(session, own, Scope.ROOM)) == {star, plain, room}
    assert story_takeaways(session, composed, Scope.PUBLIC) == [composed_one]
    assert (story_title(own), story_title(composed)) == (event.title, "Best of")
    assert stories_of(session, composed_one) == [composed]
    assert stories_of(session, plain) == [own]
    assert session_story(session, event, now=START, rng=rng) is own


def test_sessions_without_content_get_no_story(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    add_takeaway(session, event, rng)
    assert all_stories(session, now=START, rng=rng) == []


def test_the_record_says_what_interface_says(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    row = add_takeaway(session, event, rng, tags=["soil"], intent="idea")
    media = add_media(session, row, rng, "a" * 64)
    media.state = "received"
    record = takeaway_record(row, lambda m, name: f"/m/{m.sha256[:3]}/{name}")
    assert record["session"] == {"code": event.code, "title": event.title}
    assert record["recorded_at"] == "2026-03-14T14:00:00+00:00"
    assert record["media"][0]["state"] == "processing"
    assert record["media"][0]["renditions"] == {"view": "/m/aaa/view"}
    wanted = {
        "receipt",
        "id",
        "session",
        "kind",
        "text",
        "author",
        "prompt",
        "intent",
        "audience",
        "state",
        "recorded_at",
        "received_at",
        "tags",
        "media",
        "published",
        "replies",
    }
    assert wanted <= set(record)


def test_tags_are_cleaned() -> None:
    assert clean_tags(["#Soil", " two  words ", "", "#", "soil"]) == ["soil", "two words"]
    assert hashtags("I #Learned of #Compost, #compost and #ü2 but not a#b") == [
        "learned",
        "compost",
        "ü2",
    ]
