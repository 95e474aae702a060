"""What a person decided about themes stays when new takeaways come, and can be undone."""

from __future__ import annotations

import random
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.errors import BadInput
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway, Theme
from reporter.moderation.decisions import hide, withdraw
from reporter.moderation.visibility import Scope, showable
from reporter.themes.board import TELLING, ThemeBoard, theme_board, theme_members, themes_alone
from reporter.themes.decisions import (
    drop_theme,
    find_theme,
    merge_themes,
    move_takeaways,
    rename_theme,
    split_theme,
    undo_theme_step,
)
from reporter.themes.names import BETWEEN
from reporter.themes.refresh import refresh
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.themes.labelled import labelled

SAID = [one for one in labelled() if one.label in ("bicycles", "shared food", "energy")]


class Room:
    """A gathering that says something."""

    def __init__(
        self, session: Session, event: EventSession, rng: random.Random, clock: TurnableClock
    ) -> None:
        self.session, self.event, self.rng = session, event, rng
        self.actor = actor(clock)

    def say(self, *texts: str, state: str = "approved") -> list[Takeaway]:
        """Takeaways with these texts."""
        return [
            add_takeaway(self.session, self.event, self.rng, text=text, state=state)
            for text in texts
        ]

    def board(self) -> ThemeBoard:
        """Themes as they are now."""
        refresh(self.session, "en", self.actor)
        return theme_board(self.session, "en")


@pytest.fixture
def room(session: Session, event: EventSession, rng: random.Random, clock: TurnableClock) -> Room:
    return Room(session, event, rng, clock)


@pytest.fixture
def full(room: Room) -> Room:
    room.say(*(one.text for one in SAID))
    return room


def theme_of(room: Room, number: int = 0) -> Theme:
    """One of the themes on the board."""
    return find_theme(room.session, room.board().themes[number].id.hex)


def without_theme(board: ThemeBoard) -> set[uuid.UUID]:
    """Takeaways in no theme, or in one that was dropped."""
    return {row.id for group in (board.loose, *board.dropped) for row in group.takeaways}


def state_of(room: Room) -> list[tuple[str, list[str]]]:
    """Names and members of all themes, to compare."""
    return sorted(
        (theme.name, sorted(row.receipt for row in theme.takeaways))
        for theme in room.board().themes
    )


def test_every_takeaway_is_in_one_theme_or_in_the_rest(full: Room) -> None:
    board = full.board()
    assert 2 <= len(board.themes) <= 12
    everything = [row.id for theme in board.themes for row in theme.takeaways]
    everything += [row.id for row in board.loose.takeaways]
    assert sorted(everything) == sorted(full.session.scalars(select(Takeaway.id)))


def test_too_little_is_said_to_be_too_little(room: Room) -> None:
    said = room.say("Bikes need lanes", "Soup for all", "")
    board = room.board()
    assert board.themes == []
    assert board.rest == len(said)


def test_questions_and_sessions_are_told(full: Room) -> None:
    board = full.board()
    asked = {row.text for theme in board.themes for row in theme.questions}
    assert asked == {one.text for one in SAID if one.text.rstrip().endswith(("?", "؟"))}
    assert all(theme.sessions == [full.event] for theme in board.themes)
    assert all(1 <= len(theme.telling) <= 3 for theme in board.themes)


def test_a_starred_takeaway_is_told_first(full: Room) -> None:
    last = full.board().themes[0].takeaways[-1]
    last.starred = True
    full.session.commit()
    assert full.board().themes[0].telling[0] is last


def test_a_name_stays_with_its_members_when_much_more_comes(full: Room) -> None:
    theme = theme_of(full)
    members = {row.id for row in full.board().themes[0].takeaways}
    rename_theme(full.session, theme, "  What we \n said ", full.actor)
    full.say(*(one.text for one in labelled() if one.label in ("privacy", "gardens")))
    found = next(view for view in full.board().themes if view.named)
    assert found.name == "What we said"
    assert members <= {row.id for row in found.takeaways}
    assert len(full.board().themes) > 1


def test_merging_keeps_the_other_name_and_all_members(full: Room) -> None:
    first, second = full.board().themes[:2]
    into = find_theme(full.session, second.id.hex)
    merge_themes(full.session, theme_of(full), into, full.actor)
    merged = next(view for view in full.board().themes if view.id == second.id)
    assert {row.id for row in merged.takeaways} == {
        row.id for view in (first, second) for row in view.takeaways
    }
    with pytest.raises(BadInput):
        merge_themes(full.session, into, into, full.actor)


def test_what_was_dropped_is_not_found_again(full: Room) -> None:
    gone = full.board().themes[0]
    drop_theme(full.session, theme_of(full), full.actor)
    full.say(*(one.text for one in labelled() if one.label == "privacy"))
    board = full.board()
    assert gone.id not in {view.id for view in board.themes}
    assert {row.id for row in gone.takeaways} <= without_theme(board)
    drop_theme(full.session, find_theme(full.session, gone.id.hex), full.actor, dropped=False)
    assert gone.id in {view.id for view in full.board().themes}


def test_what_was_moved_or_split_off_stays_there(full: Room) -> None:
    first, second = full.board().themes[:2]
    moved, alone, out = first.takeaways[:3]
    move_takeaways(full.session, [moved], find_theme(full.session, second.id.hex), full.actor)
    made = split_theme(full.session, [alone], "Alone", full.actor)
    move_takeaways(full.session, [out], None, full.actor)
    full.say(*(one.text for one in labelled() if one.label == "privacy"))
    board = full.board()
    place = {row.id: view.id for view in board.themes for row in view.takeaways}
    assert place[moved.id] == second.id
    assert place[alone.id] == made.id
    assert out.id in without_theme(board)
    with pytest.raises(BadInput):
        split_theme(full.session, [], "Nothing", full.actor)


def test_each_step_can_be_undone_the_newest_first(full: Room) -> None:
    board, states = full.board(), []

    def remember() -> None:
        states.append(state_of(full))

    remember()
    rename_theme(full.session, theme_of(full), "Named", full.actor)
    remember()
    first, second = full.board().themes[:2]
    merge_themes(
        full.session,
        find_theme(full.session, first.id.hex),
        find_theme(full.session, second.id.hex),
        full.actor,
    )
    remember()
    split_theme(full.session, board.themes[0].takeaways[:3], "Split", full.actor)
    remember()
    drop_theme(full.session, theme_of(full), full.actor)
    for before in reversed(states):
        undo_theme_step(full.session, full.actor.now)
        assert state_of(full) == before
    with pytest.raises(BadInput):
        undo_theme_step(full.session, full.actor.now)


def test_what_is_taken_back_or_hidden_is_in_no_theme_and_in_no_name(
    room: Room, store: Store
) -> None:
    said = room.say(*(["Zorblax wurkles need grimmet"] * 9))
    more = room.say(*(one.text for one in SAID))
    assert any("Zorblax" in view.name for view in room.board().themes)
    for row in said[:5]:
        withdraw(room.session, row, room.actor, store)
    for row in said[5:]:
        hide(room.session, row, room.actor)
    board = room.board()
    assert not any("Zorblax" in view.name for view in board.themes)
    known = {row.id for view in board.themes for row in view.takeaways}
    assert not known & {row.id for row in said}
    assert without_theme(board) | known == {row.id for row in more}


def test_the_gate_decides_whose_words_make_a_name(full: Room) -> None:
    full.say(*(["Zorblax wurkles need grimmet"] * 9), state="new")
    assert any("Zorblax" in view.name for view in full.board().themes)
    shown = theme_board(full.session, "en", showable(Scope.PUBLIC))
    assert not any("Zorblax" in view.name for view in shown.themes)
    assert themes_alone(full.session, "en", showable(Scope.PUBLIC)) == shown.themes
    assert themes_alone(full.session, "en") == full.board().themes


def test_one_more_takeaway_is_placed_without_finding_all_anew(
    full: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.themes.refresh.SMALL", 10)
    before = {view.id for view in full.board().themes}
    [new] = full.say("The cargo bike needs new brakes and a bike lane")
    board = full.board()
    assert {view.id for view in board.themes} == before
    [place] = [view for view in board.themes if new in view.takeaways]
    assert sum("bik" in row.text or "bic" in row.text for row in place.takeaways) >= 2
    # Nothing is new any more.
    assert not refresh(full.session, "en", full.actor)


def test_a_large_theme_is_named_from_its_most_representative_takeaways(
    full: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = {view.id: view for view in full.board().themes}
    monkeypatch.setattr("reporter.themes.board.NAMED_FROM", 5)
    few = {view.id: view for view in full.board().themes}
    assert {one: view.count for one, view in few.items()} == {
        one: view.count for one, view in views.items()
    }
    for one, view in few.items():
        assert view.takeaways == views[one].takeaways[:5]
        assert view.telling == views[one].telling
        said = " ".join(row.text for row in view.takeaways).casefold()
        assert all(word.casefold() in said for word in view.name.split(BETWEEN))


def test_of_large_themes_only_what_is_shown_is_loaded(
    full: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporter.themes.board.NAMED_FROM", 2)
    views = len(full.board().themes)
    full.session.expunge_all()
    board = full.board()
    loaded = [row for row in full.session.identity_map.values() if isinstance(row, Takeaway)]
    assert 0 < len(loaded) <= (views + 1) * (2 + TELLING) < len(SAID)
    assert sum(view.count for view in board.themes) + board.rest == len(SAID)


def test_all_members_are_listed_the_nearest_first(full: Room) -> None:
    board, members = full.board(), theme_members(full.session)
    for view in board.themes:
        assert [one.receipt for one in members[view.id]] == [row.receipt for row in view.takeaways]
        assert view.count == len(members[view.id])
    few = theme_members(full.session, Takeaway.id == board.themes[0].takeaways[0].id)
    assert [len(listed) for listed in few.values()] == [1]
