"""What an organizer deletes or changes on one laptop is deleted or changed on all, whichever merges which."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from kiosk.services.merging import look
from publish import targets
from publish.status.target_registry import add_target, remove_target
from reporter import models
from reporter.follow_up.next_gathering import forget_next, next_gathering, set_next
from reporter.gathering import session_editing
from reporter.gathering.session_editing import SessionFields
from reporter.gathering.sessions import let_words_leave
from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.gathering import merge_gathering
from reporter.merge.other_database import open_other
from reporter.models import Theme, ThemeMember
from reporter.stories import editing
from reporter.themes.decisions import merge_themes, rename_theme, split_theme, undo_theme_step
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit, open_again, open_kit
from tests.support.servers.on_postgresql import copy_gathering


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


@pytest.fixture
def twin(ours: Kit, tmp_path: Path) -> Iterator[Callable[[], Kit]]:
    """A second laptop, which begins as a copy of the first."""
    opened = []

    def begin() -> Kit:
        ours.session.commit()
        copy_gathering(ours.settings.folder, tmp_path / "theirs")
        opened.append(open_again(tmp_path / "theirs"))
        kit = opened[-1].__enter__()
        kit.clock.forward(minutes=1)
        return kit

    yield begin
    for one in opened:
        one.__exit__(None, None, None)


def merge(kit: Kit, other: Kit) -> MergeReport:
    other.session.commit()
    kit.clock.forward(minutes=1)
    with open_other(other.settings.folder) as rows:
        work = MergeContext(kit.session, rows, kit.store, other.settings.folder, kit.actor, look)
        merge_gathering(work)
    kit.session.expire_all()
    return work.done


def both_ways(ours: Kit, theirs: Kit) -> None:
    """Merge in both directions; once more, nothing is new."""
    merge(ours, theirs)
    merge(theirs, ours)
    for one, other in ((ours, theirs), (theirs, ours)):
        again = merge(one, other)
        assert again == MergeReport(known=again.known)


def titles(kit: Kit) -> list[str]:
    composed = select(models.Story.title).where(models.Story.session_id.is_(None))
    return sorted(kit.session.scalars(composed))


@pytest.mark.parametrize("first", ["who deleted", "the other"])
def test_a_deleted_story_stays_deleted(ours: Kit, twin: Callable[[], Kit], first: str) -> None:
    story = editing.new_story(ours.session, ours.actor, "Best of")
    editing.add(ours.session, story, [ours.takeaway(ours.event(), "Leeks")])
    editing.new_story(ours.session, ours.actor, "Stays")
    theirs = twin()
    editing.delete_story(ours.session, story, now=ours.clock())
    pair = (ours, theirs) if first == "who deleted" else (theirs, ours)
    both_ways(*pair)
    assert titles(ours) == titles(theirs) == ["Stays"]


def test_a_story_that_was_changed_more_often_since_comes_back(
    ours: Kit, twin: Callable[[], Kit]
) -> None:
    story = editing.new_story(ours.session, ours.actor, "Best of")
    theirs = twin()
    editing.delete_story(ours.session, story, now=ours.clock())
    again = editing.find_story(theirs.session, story.id.hex)
    for title in ("Best", "Best of all"):
        editing.set_texts(theirs.session, again, {"title": title}, was={"title": again.title})
    both_ways(theirs, ours)
    assert titles(ours) == titles(theirs) == ["Best of all"]


def test_a_next_gathering_that_was_called_off_stays_so(ours: Kit, twin: Callable[[], Kit]) -> None:
    when = ours.clock() + timedelta(days=90)
    set_next(ours.session, ours.actor, title="Summer", starts_at=when)
    theirs = twin()
    forget_next(theirs.session, now=theirs.clock())
    both_ways(ours, theirs)
    assert next_gathering(ours.session) is next_gathering(theirs.session) is None
    set_next(ours.session, ours.actor, title="Summer after all", starts_at=when)
    both_ways(theirs, ours)
    there = next_gathering(theirs.session)
    assert there is not None
    assert there.title == "Summer after all"


def test_a_removed_place_stays_removed_here_and_the_other_laptop_keeps_its_own(
    ours: Kit, twin: Callable[[], Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeTarget, "place", FakePlace(), raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    ours.target("fake")
    theirs = twin()
    remove_target(ours.session, ours.facts, "fake", now=ours.clock())
    both_ways(ours, theirs)
    names = select(models.Target.name)
    assert list(ours.session.scalars(names)) == []
    assert list(theirs.session.scalars(names)) == ["fake"]


def test_a_removed_place_does_not_come_back_as_the_other_laptop_knows_it(
    ours: Kit, twin: Callable[[], Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both added it, each for itself; only once it is added here again it is the same again."""
    monkeypatch.setattr(FakeTarget, "place", FakePlace(), raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    theirs = twin()
    for one in (ours, theirs):
        one.target("blog", "wordpress", options={"url": "https://blog.example", "user": "ada"})
    theirs.target("else", "wordpress", options={"url": "https://blog.example", "user": "eve"})
    remove_target(ours.session, ours.facts, "blog", now=ours.clock())
    both_ways(ours, theirs)
    names = select(models.Target.name).order_by(models.Target.name)
    assert list(ours.session.scalars(names)) == ["else"]
    assert list(theirs.session.scalars(names)) == ["blog", "else"]
    ours.clock.forward(minutes=1)
    again = {"url": "https://blog.example/", "user": "ada"}
    add_target(ours.session, "wordpress", "ours", again, now=ours.clock(), rng=ours.rng)
    both_ways(ours, theirs)
    assert list(ours.session.scalars(names)) == ["else", "ours"]
    remove_target(ours.session, ours.facts, "ours", now=ours.clock())
    both_ways(ours, theirs)
    assert list(ours.session.scalars(names)) == ["else"]


def test_themes_follow_the_last_decision(ours: Kit, twin: Callable[[], Kit]) -> None:
    event = ours.event()
    rows = [ours.takeaway(event, text) for text in ("Leeks", "Beans")]
    beds = split_theme(ours.session, rows[:1], "Beds", ours.actor)
    plots = split_theme(ours.session, rows[1:], "Plots", ours.actor)
    theirs = twin()
    numbers = (beds.id, plots.id)
    there = [theirs.session.get_one(Theme, one) for one in numbers]
    rename_theme(theirs.session, there[1], "Winter plots", theirs.actor)
    merge_themes(theirs.session, there[0], there[1], theirs.actor)
    both_ways(ours, theirs)
    named = select(Theme.name).order_by(Theme.name)
    assert list(ours.session.scalars(named)) == list(theirs.session.scalars(named))
    assert list(ours.session.scalars(named)) == ["Winter plots"]
    assert {ours.session.get_one(ThemeMember, row.id).theme_id for row in rows} == {numbers[1]}
    theirs.clock.forward(minutes=5)
    undo_theme_step(theirs.session, theirs.clock())
    both_ways(ours, theirs)
    assert list(ours.session.scalars(named)) == ["Beds", "Winter plots"]
    assert ours.session.get_one(ThemeMember, rows[0].id).theme_id == numbers[0]


def test_each_field_of_a_session_is_as_it_was_changed_last(
    ours: Kit, twin: Callable[[], Kit]
) -> None:
    event = ours.event(title="Gardens")
    takeaway = ours.takeaway(event, "Leeks")
    theirs = twin()
    there = theirs.session.get_one(models.EventSession, event.id)
    fields = SessionFields("Gardens", room="Hall", do_not_record=True, starts_at=event.starts_at)
    session_editing.edit_session(ours.session, event, fields, now=ours.clock())
    ours.clock.forward(minutes=5)
    let_words_leave(ours.session, event, leave=True, now=ours.clock())
    fields = SessionFields("Gardens in winter", room="Attic", starts_at=there.starts_at)
    session_editing.edit_session(theirs.session, there, fields, now=theirs.clock())
    before = theirs.session.get_one(models.Takeaway, takeaway.id).revision
    both_ways(theirs, ours)
    for kit in (ours, theirs):
        row = kit.session.get_one(models.EventSession, event.id)
        values = (row.title, row.room, row.do_not_record, row.words_leave, row.audience)
        assert values == ("Gardens in winter", "Attic", True, True, "room")
    assert theirs.session.get_one(models.Takeaway, takeaway.id).revision > before
    session_editing.remove_session(theirs.session, there, now=theirs.clock())
    both_ways(ours, theirs)
    assert session_editing.removed_sessions(ours.session) == [event]
