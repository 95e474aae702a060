"""What is decided about a session, a story or a picture on one laptop holds on the others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from publish.conversation import follow_up_plan
from reporter import models
from reporter.annotations import edit_history, face_review
from reporter.gathering import session_editing
from reporter.gathering.session_editing import SessionFields
from reporter.gathering.sessions import let_words_leave
from reporter.media.edits import Edits, Region
from reporter.merge.takeaways import _merge_session_fields
from reporter.stories import editing
from reporter.stories.queries import session_story, stories_of
from tests.reporter.merge.test_takeaways import merge, twin
from tests.support.publish.fakes import START, Kit, open_again, open_kit


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def event_of(kit: Kit) -> models.EventSession:
    kit.session.expire_all()
    return kit.session.scalars(select(models.EventSession)).one()


def revision_of(kit: Kit) -> int:
    """What index and outbox compare."""
    return kit.session.scalars(select(models.Gathering.revision)).one()


WISHES = ("do_not_record", "words_leave", "audience")
STRICTEST: dict[str, Callable[[list[Any]], Any]] = {
    "do_not_record": any,
    "words_leave": all,
    "audience": partial(max, key=("public", "community", "room").index),
}


def wish_of(event: models.EventSession) -> tuple[bool, bool, str]:
    return event.do_not_record, event.words_leave, event.audience


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_do_not_record_reaches_the_others_and_can_be_lifted(kit: Kit, tmp_path: Path) -> None:
    kit.takeaway(kit.event(guid="s1"), "words")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        fields = SessionFields("Community gardens in winter", do_not_record=True)
        session_editing.edit_session(there.session, event_of(there), fields, now=after(5))
        before = revision_of(kit)
        merge(kit, folder)
        assert wish_of(event_of(kit)) == (True, False, "room")
        assert revision_of(kit) > before
        # An import or a merge of what was before changes nothing.
        merge(there, kit.settings.folder)
        assert wish_of(event_of(there)) == (True, False, "room")
        let_words_leave(kit.session, event_of(kit), leave=True, now=after(9))
        merge(there, kit.settings.folder)
        assert wish_of(event_of(there)) == (True, True, "room")
        fields = SessionFields("Community gardens in winter")
        session_editing.edit_session(there.session, event_of(there), fields, now=after(12))
        merge(kit, folder)
        assert wish_of(event_of(kit)) == (False, False, "public")
        assert merge(kit, folder).changed == 0


def test_of_two_wishes_without_a_date_the_stricter_holds(kit: Kit, tmp_path: Path) -> None:
    kit.event(guid="s1")
    with open_kit(tmp_path / "theirs", seed=2) as there:
        there.event(guid="s1", do_not_record=True, audience="room")
        merge(kit, there.settings.folder)
        merge(there, kit.settings.folder)
        assert wish_of(event_of(kit)) == wish_of(event_of(there)) == (True, False, "room")


@st.composite
def sessions_of_a_schedule(draw: st.DrawFn) -> models.EventSession:
    names = draw(st.lists(st.sampled_from(("do_not_record", "words_leave", "audience"))))
    return models.EventSession(
        do_not_record=draw(st.booleans()),
        words_leave=draw(st.booleans()),
        audience=draw(st.sampled_from(("public", "community", "room"))),
        changes={name: after(draw(st.integers(0, 2))).isoformat() for name in names},
    )


def merged(rows: Iterable[models.EventSession]) -> tuple[object, ...]:
    """What becomes of copies of these that are merged one after the other."""
    first, *others = rows
    ours = models.EventSession(
        **{name: getattr(first, name) for name in WISHES}, changes=dict(first.changes)
    )
    for theirs in (*others, *others):
        _merge_session_fields(ours, theirs)
    return (*wish_of(ours), *sorted(ours.changes.items()))


@settings(max_examples=200)
@given(st.lists(sessions_of_a_schedule(), min_size=3, max_size=3))
def test_in_whatever_order_the_same_wish_wins(rows: list[models.EventSession]) -> None:
    [found] = {merged(order) for order in itertools.permutations(rows)}
    for at, name in enumerate(WISHES):
        if not any(name in row.changes for row in rows):
            values = [getattr(row, name) for row in rows]
            assert found[at] == STRICTEST[name](values)


def media_of(kit: Kit) -> models.Media:
    kit.session.expire_all()
    return kit.session.scalars(select(models.Media)).one()


def test_a_review_of_faces_comes_with_its_decision_and_goes_with_its_undoing(
    kit: Kit, tmp_path: Path
) -> None:
    kit.photo(kit.event(guid="s1"), 1, "faces")
    face_review.write_proposals(kit.session, media_of(kit).id, [(0.1, 0.1, 0.2, 0.2)])
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        face_review.decide(there.session, media_of(there), there.actor)
        before = revision_of(kit)
        merge(kit, folder)
        assert media_of(kit).faces == "seen"
        assert revision_of(kit) > before
        # Undone here: what is known of it there does not bring it back.
        face_review.undecide(kit.session, media_of(kit), kit.actor)
        merge(kit, folder)
        assert media_of(kit).faces == "found"
        merge(there, kit.settings.folder)
        assert media_of(there).faces == "found"
        # Decided anew, it holds again.
        there.clock.forward(minutes=9)
        face_review.decide(there.session, media_of(there), there.actor)
        merge(kit, folder)
        assert media_of(kit).faces == media_of(there).faces == "seen"


BLUR = Edits(blur=(Region("oval", (0.1, 0.1, 0.2, 0.2)),))


@pytest.mark.parametrize("between", [True, False], ids=["known-first", "all-at-once"])
def test_a_picture_blurred_instead_of_its_review_stays_reviewed(
    kit: Kit, tmp_path: Path, between: bool
) -> None:
    kit.photo(kit.event(guid="s1"), 1, "faces")
    face_review.write_proposals(kit.session, media_of(kit).id, [(0.1, 0.1, 0.2, 0.2)])
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        face_review.decide(kit.session, media_of(kit), kit.actor)
        merge(there, kit.settings.folder)
        face_review.undecide(kit.session, media_of(kit), kit.actor)
        if between:
            merge(there, kit.settings.folder)
            assert media_of(there).faces == "found"
        edit_history.save(kit.session, kit.store, media_of(kit), BLUR, actor=kit.actor)
        for _ in range(2):
            merge(there, kit.settings.folder)
            merge(kit, folder)
            assert media_of(kit).faces == media_of(there).faces == "seen"


def test_undoing_a_review_says_nothing_of_a_blur_that_was_not_known_there(
    kit: Kit, tmp_path: Path
) -> None:
    kit.photo(kit.event(guid="s1"), 1, "faces")
    face_review.write_proposals(kit.session, media_of(kit).id, [(0.1, 0.1, 0.2, 0.2)])
    face_review.decide(kit.session, media_of(kit), kit.actor)
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        edit_history.save(kit.session, kit.store, media_of(kit), BLUR, actor=kit.actor)
        face_review.undecide(there.session, media_of(there), there.actor)
        for _ in range(2):
            merge(kit, folder)
            merge(there, kit.settings.folder)
            assert media_of(kit).faces == media_of(there).faces == "seen"


def test_undoing_a_review_lifts_it_from_a_picture_whose_blur_is_known_there(
    kit: Kit, tmp_path: Path
) -> None:
    kit.photo(kit.event(guid="s1"), 1, "faces")
    edit_history.save(kit.session, kit.store, media_of(kit), BLUR, actor=kit.actor)
    face_review.write_proposals(kit.session, media_of(kit).id, [(0.1, 0.1, 0.2, 0.2)])
    face_review.undecide(kit.session, media_of(kit), kit.actor)
    face_review.decide(kit.session, media_of(kit), kit.actor)
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        face_review.undecide(there.session, media_of(there), there.actor)
        merge(kit, folder)
        assert media_of(kit).faces == "found"


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(("seen", "undo", "wish", "let"))),
        min_size=1,
        max_size=6,
    ),
    st.permutations(range(3)),
)
def test_laptops_agree_about_sessions_and_faces(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, str]],
    order: list[int],
) -> None:
    place = tmp_path_factory.mktemp("three")
    with ExitStack() as open_now:
        first = open_now.enter_context(open_kit(place / "0"))
        first.photo(first.event(guid="s1"), 1, "faces")
        kits = [first]
        for number in (1, 2):
            folder = twin(first, place / str(number))
            kits.append(open_now.enter_context(open_again(folder, seed=20 + number)))
        for minute, (which, what) in enumerate(steps, 1):
            one, now = kits[which], after(minute)
            one.clock.now = now
            if what == "seen":
                face_review.decide(one.session, media_of(one), one.actor)
            elif what == "undo":
                face_review.undecide(one.session, media_of(one), one.actor)
            elif what == "wish":
                fields = SessionFields("S", do_not_record=not event_of(one).do_not_record)
                session_editing.edit_session(one.session, event_of(one), fields, now=now)
            else:
                let_words_leave(one.session, event_of(one), leave=True, now=now)
        for a, b in [*itertools.permutations(order, 2)] * 2:
            merge(kits[a], kits[b].settings.folder)
        outcomes = {(*wish_of(event_of(one)), media_of(one).faces) for one in kits}
        assert len(outcomes) == 1
        last = next((what for _which, what in reversed(steps) if what in ("wish", "let")), None)
        if last == "let":
            assert event_of(first).words_leave


def test_a_story_of_the_plan_takes_nothing_away_elsewhere(kit: Kit, tmp_path: Path) -> None:
    row = kit.takeaway(kit.event(guid="s1"), "words", starred=True)
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        story = follow_up_plan.draft(there.session, there.facts, "thanks", there.actor)
        follow_up_plan.release(there.session, "thanks", there.actor)
        merge(kit, folder)
        came = kit.session.get_one(models.Story, story.id)
        assert came.planned
        assert not came.draft
        own = session_story(kit.session, event_of(kit), now=kit.clock(), rng=kit.rng)
        assert stories_of(kit.session, row) == [came, own]
        # Another that only composes does take it.
        came.planned = False
        assert stories_of(kit.session, row) == [came]


def test_a_known_story_that_becomes_the_plans_is_compared_again(kit: Kit, tmp_path: Path) -> None:
    story = editing.new_story(kit.session, kit.actor, "Thanks")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as there:
        there.session.get_one(models.Story, story.id).planned = True
        there.session.commit()
    before = revision_of(kit)
    merge(kit, folder)
    assert kit.session.get_one(models.Story, story.id).planned
    once = revision_of(kit)
    assert once > before
    merge(kit, folder)
    assert revision_of(kit) == once
