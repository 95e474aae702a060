"""Many takeaways are grouped in steps of bounded size: a sample is clustered, the others join its themes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway, ThemeMember
from reporter.themes import refresh as refreshing
from reporter.themes.board import theme_board
from reporter.themes.decisions import find_theme, move_takeaways, rename_theme
from reporter.themes.engine import Groups
from reporter.themes.refresh import Grouping, grouping, refresh
from reporter.themes.texts import Prepared
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.themes.clusters import v_measure
from tests.support.themes.labelled import labelled

LABELS = ("bicycles", "shared food", "energy")
SAID = [one for one in labelled() if one.label in LABELS]


@pytest.fixture
def said(session: Session, event: EventSession, rng: random.Random) -> dict[uuid.UUID, str]:
    """The label of each takeaway."""
    rows = [add_takeaway(session, event, rng, text=one.text, state="approved") for one in SAID]
    return {row.id: one.label for row, one in zip(rows, SAID, strict=True)}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each step worked with."""
    found: list[int] = []
    whole = refreshing.find_groups

    def counted(texts: Sequence[Prepared], **more: Any) -> Groups:
        found.append(len(texts))
        return whole(texts, **more)

    monkeypatch.setattr(refreshing, "find_groups", counted)
    monkeypatch.setattr(refreshing, "MOST_WHOLE", 50)
    monkeypatch.setattr(refreshing, "SAMPLE", 40)
    monkeypatch.setattr(refreshing, "ASSIGNED", 15)
    monkeypatch.setattr(refreshing, "SMALL", 5)
    monkeypatch.setattr(refreshing, "EXAMPLES", 5)
    return found


def test_steps_are_small_and_reach_every_takeaway(
    session: Session, said: dict[uuid.UUID, str], sizes: list[int], clock: TurnableClock
) -> None:
    everyone = len(SAID)
    assert grouping(session) == Grouping(0, everyone)
    assert refresh(session, "en", actor(clock))
    assert grouping(session) == Grouping(40, everyone)
    assert theme_board(session, "en").themes
    while refresh(session, "en", actor(clock)):
        pass
    assert grouping(session) == Grouping(everyone, everyone)
    assert sizes[0] == 40
    assert len(sizes) == 1 + -(-(everyone - 40) // 15)
    assert max(sizes[1:]) <= 15 + 5 * len(theme_board(session, "en").themes)
    members = dict(session.execute(select(ThemeMember.takeaway_id, ThemeMember.theme_id)).all())
    assert set(members) == set(said)
    number = {theme: at for at, theme in enumerate({*members.values()})}
    labels = [number[members[one]] for one in said]
    assert v_measure(list(said.values()), labels) > 0.5


def test_a_person_s_decisions_stay_where_only_a_sample_is_clustered(
    session: Session,
    event: EventSession,
    rng: random.Random,
    said: dict[uuid.UUID, str],
    sizes: list[int],
    clock: TurnableClock,
) -> None:
    while refresh(session, "en", actor(clock)):
        pass
    first, second = theme_board(session, "en").themes[:2]
    kept = find_theme(session, first.id.hex)
    rename_theme(session, kept, "Ours", actor(clock))
    move_takeaways(session, [moved := second.takeaways[0]], kept, actor(clock))
    move_takeaways(session, [out := second.takeaways[1]], None, actor(clock))
    for one in SAID:
        add_takeaway(session, event, rng, text=one.text, state="approved")
    while refresh(session, "en", actor(clock)):
        pass
    board = theme_board(session, "en")
    [ours] = [view for view in board.themes if view.named]
    inside = {row.id for row in ours.takeaways}
    assert {row.id for row in first.takeaways} | {moved.id} <= inside
    assert out.id in {row.id for row in board.loose.takeaways}
    assert board.rest + sum(view.count for view in board.themes) == 2 * len(SAID)
    # Those that were found before and that nobody kept are found anew.
    assert second.id not in {view.id for view in board.themes}


def test_a_step_that_meets_a_decision_stores_nothing(
    session: Session,
    said: dict[uuid.UUID, str],
    sizes: list[int],
    clock: TurnableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decisions = iter([1, 2])
    monkeypatch.setattr(refreshing, "_last_step", lambda _session: next(decisions))
    assert not refresh(session, "en", actor(clock))
    assert session.scalar(select(ThemeMember.takeaway_id).limit(1)) is None
    assert session.scalar(select(Takeaway.id).limit(1)) is not None
