"""Two who review at once, bulk steps and undo, alt text at the gate, and pictures that look alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.errors import NotFound
from reporter.gathering.sessions import add_session
from reporter.media.alt_text import proposal
from reporter.media.near_duplicates import keep_look
from reporter.media.store import Store
from reporter.models import Attachment, Decision, EventSession, Takeaway
from reporter.models.image_quality import ImageQuality, SimilarGroup
from reporter.moderation import decisions
from reporter.moderation.history import history_of, last_step, seen_by_now
from reporter.moderation.visibility import Scope, may_show, showable
from reporter.review.conflicts import decide_many, merge_fields
from reporter.review.undo import undo_step
from tests.support.kiosk_process import START, TurnableClock, actor, add_takeaway, new_media

APPROVED = TakeawayState.APPROVED
HIDDEN = TakeawayState.HIDDEN


def photo(
    session: Session, event: EventSession, rng: random.Random, number: int, **values: Any
) -> Takeaway:
    """A takeaway with one finished photo without alt text."""
    row = add_takeaway(session, event, rng, **{"kind": "photo", **values})
    media = new_media(rng, sha256=f"{number:064x}", state="ready")
    row.attachments.append(Attachment(media=media, position=0))
    session.commit()
    return row


def test_a_bulk_is_one_step_and_one_undo(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    rows = [add_takeaway(session, event, rng) for _ in range(3)]
    rows.append(add_takeaway(session, event, rng, state="hidden"))
    seen = seen_by_now(session)
    done = decide_many(session, rows, actor(clock), APPROVED, seen=seen)
    assert [row.state for row in rows] == ["approved"] * 4
    assert len(done.changed) == 4
    step = last_step(session, "desk")
    assert step is not None
    back = undo_step(session, step, actor(clock))
    assert [row.state for row in rows] == ["new"] * 3 + ["hidden"]
    assert len(back.changed) == 4
    with pytest.raises(NotFound):
        undo_step(session, step, actor(clock))


def test_what_another_decided_meanwhile_is_left_alone_and_told(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    rows = [add_takeaway(session, event, rng) for _ in range(3)]
    seen = seen_by_now(session)
    decisions.hide(session, rows[0], actor(clock, "desk:Bea"))
    decisions.approve(session, rows[1], actor(clock, "desk:Bea"))
    done = decide_many(session, rows, actor(clock), APPROVED, seen=seen)
    assert [row.state for row in rows] == ["hidden", "approved", "approved"]
    assert [(clash.takeaway, clash.who, clash.theirs) for clash in done.clashes] == [
        (rows[0], "desk:Bea", "hidden")
    ]
    # Who has seen it may decide otherwise.
    decide_many(session, rows[:1], actor(clock), APPROVED, seen=seen_by_now(session))
    assert rows[0].state == "approved"


def test_words_that_changed_under_the_hand_are_not_approved_unseen(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    seen = seen_by_now(session)
    decisions.change_own(session, row, actor(clock, "contributor"), {"text": "Buy my stuff"})
    assert decide_many(session, [row], actor(clock), APPROVED, seen=seen).clashes[0].name == "text"
    assert row.state == "new"
    assert decide_many(session, [row], actor(clock), HIDDEN, seen=seen).changed == [row]


def test_two_who_write_keep_both_unless_it_is_the_same_field(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng, tags=["soil"])
    seen = seen_by_now(session)
    form = {"caption": "", "tags": ["soil"], "audience": "public"}
    assert (
        merge_fields(session, row, actor(clock, "desk:Bea"), {**form, "caption": "Hers"}, seen=seen)
        == []
    )
    assert (
        merge_fields(session, row, actor(clock), {**form, "tags": ["soil", "winter"]}, seen=seen)
        == []
    )
    assert (row.caption, [tag.name for tag in row.tags]) == ("Hers", ["soil", "winter"])
    both = {"caption": "Mine", "tags": ["soil"], "audience": "room"}
    clashes = merge_fields(session, row, actor(clock, "desk:Cem"), both, seen=seen)
    assert [(c.name, c.who, c.theirs, c.mine, c.base) for c in clashes] == [
        ("caption", "desk:Bea", "Hers", "Mine", "")
    ]
    assert (row.caption, row.audience) == ("Hers", "room")
    assert (
        merge_fields(session, row, actor(clock), {"caption": "Ours"}, seen=seen_by_now(session))
        == []
    )
    assert row.caption == "Ours"


def test_every_kind_of_change_can_be_undone(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    other = add_session(session, "Elsewhere", now=START, rng=rng)
    row = photo(session, event, rng, 1, text="Frost", tags=["old"])
    sha = row.attachments[0].media.sha256
    before = (row.state, row.starred, row.caption, event.code, "", ["old"])
    steps: list[Any] = []
    decisions.approve(session, row, actor(clock))
    steps.append(last_step(session, "desk"))
    assert row.attachments[0].alt == "Frost"
    for values in (
        {"starred": True},
        {"caption": "Rime"},
        {"session_code": other.code},
        {f"alt-{sha}": "White leaves"},
        {"tags": ["new", "old"]},
    ):
        clock.turn(seconds=1)
        decisions.change(session, row, actor(clock), values)
        steps.append(last_step(session, "desk"))
    assert (row.starred, row.caption, row.session) == (True, "Rime", other)
    for step in reversed(steps):
        undo_step(session, step, actor(clock))
    session.refresh(row)
    now = (
        row.state,
        row.starred,
        row.caption,
        row.session.code,
        row.attachments[0].alt,
        [tag.name for tag in row.tags],
    )
    assert now == before
    assert len(history_of(session, row)) == 12


def test_undo_never_takes_away_what_came_after(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    row = add_takeaway(session, event, rng)
    decisions.change(session, row, actor(clock), {"caption": "First"})
    step = session.scalars(select(Decision.step)).one()
    assert step is not None
    decisions.change(session, row, actor(clock, "desk:Bea"), {"caption": "Second"})
    done = undo_step(session, step, actor(clock))
    assert (row.caption, done.changed) == ("Second", [])
    assert [(clash.who, clash.theirs) for clash in done.clashes] == [("desk:Bea", "Second")]


def test_a_photo_without_alt_text_stays_out_of_public_places(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
) -> None:
    worded = photo(session, event, rng, 1, text="Frost on the kale " * 10)
    wordless = photo(session, event, rng, 2, text="")
    for row in (worded, wordless):
        decisions.approve(session, row, actor(clock))
    assert worded.attachments[0].alt.startswith("Frost on the kale Frost")
    assert worded.attachments[0].alt.endswith("…")
    assert may_show(worded, Scope.PUBLIC)
    assert not may_show(wordless, Scope.PUBLIC)
    assert may_show(wordless, Scope.COMMUNITY)
    assert list(session.scalars(select(Takeaway).where(showable(Scope.PUBLIC)))) == [worded]
    words = proposal(wordless, "Photo")
    assert words == f"Photo: {event.title}"
    decisions.set_alt(
        session, wordless, actor(clock), {wordless.attachments[0].media.sha256: words}
    )
    assert may_show(wordless, Scope.PUBLIC)
    # Other words make another proposal; an organizer's own alt text stays.
    decisions.change_own(session, worded, actor(clock, "contributor"), {"text": "Snow"})
    assert worded.attachments[0].alt == ""


def look(session: Session, row: Takeaway, likeness: int, sharpness: float = 100) -> ImageQuality:
    kept = keep_look(
        session,
        row.attachments[0].media.id,
        sharpness=sharpness,
        brightness=90.0,
        likeness=f"{likeness:016x}",
    )
    session.commit()
    return kept


def test_pictures_that_look_alike_share_a_group(
    session: Session, event: EventSession, rng: random.Random, clock: TurnableClock, store: Store
) -> None:
    rows = [photo(session, event, rng, number) for number in range(4)]
    base = 0x0123456789ABCDEF
    ten, eleven = base ^ 0x0300_0007_0007_0300, base ^ 0x0301_0007_0007_0300
    looks = [
        look(session, row, value)
        for row, value in zip(rows, (base, ten, eleven, ~base & 2**64 - 1), strict=True)
    ]
    assert (base ^ ten).bit_count() == 10
    assert (base ^ eleven).bit_count() == 11
    assert looks[1].group_id == looks[0].group_id
    assert len({one.group_id for one in looks}) == 3
    # Edited, it looks like another one.
    assert look(session, rows[3], base).group_id == looks[0].group_id
    for row in rows:
        decisions.withdraw(session, row, actor(clock), store)
    assert session.scalars(select(SimilarGroup)).all() == []
    assert session.scalars(select(ImageQuality)).all() == []


def test_near_ones_are_found_wherever_the_bits_differ(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    base = rng.getrandbits(64)
    first = look(session, photo(session, event, rng, 0), base)
    for number in range(1, 13):
        other = base
        for bit in rng.sample(range(64), 10):
            other ^= 1 << bit
        assert look(session, photo(session, event, rng, number), other).group_id == first.group_id
