"""The index: what is found, what the asker may see, how it heals."""

from __future__ import annotations

import random
import shutil
from typing import Any

import pytest
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.curate import approve, change, hide, withdraw
from reporter.gate import Place
from reporter.models import EventSession
from reporter.search import Ask, WhooshIndex, load_hits
from reporter.store import Store
from tests.product import TurnableClock, add_takeaway, hand


@pytest.fixture
def index(gathering: Settings) -> WhooshIndex:
    return WhooshIndex(gathering.folder / "index")


def texts(session: Session, index: WhooshIndex, ask: Ask) -> list[str]:
    return [row.text for row, _mark in load_hits(session, index.search(ask), ask)]


@pytest.fixture
def filled(
    session: Session, event: EventSession, rng: random.Random, index: WhooshIndex
) -> WhooshIndex:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("Compost stays warm in winter", {"author": "Ana", "tags": ["soil"], "intent": "learned"}),
        ("Where is the café?", {"author": "Bo", "intent": "question"}),
        ("Build beds from pallets", {"kind": "photo", "audience": "room"}),
        ("日本の庭 is a garden", {}),
    ]
    for text, values in rows:
        add_takeaway(session, event, rng, text=text, state="approved", **values)
    add_takeaway(session, event, rng, text="Compost secret, not yet approved")
    index.sync(session)
    return index


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("compost", ["Compost stays warm in winter"]),
        ("COMPOST winter", ["Compost stays warm in winter"]),
        ("cafe", ["Where is the café?"]),
        ("by:ana", ["Compost stays warm in winter"]),
        ("soil", ["Compost stays warm in winter"]),
        ('"beds from"', ["Build beds from pallets"]),
        ("kind:photo", ["Build beds from pallets"]),
        ("compost NOT winter", []),
        ("pallets OR café", ["Build beds from pallets", "Where is the café?"]),
        ("bui*", ["Build beds from pallets"]),
    ],
)
def test_what_is_found(
    session: Session, filled: WhooshIndex, query: str, wanted: list[str]
) -> None:
    assert sorted(texts(session, filled, Ask(query))) == wanted


def test_the_title_of_the_session_finds_its_takeaways(
    session: Session, filled: WhooshIndex
) -> None:
    assert len(texts(session, filled, Ask("community gardens"))) == 4


@pytest.mark.parametrize(
    "query", ["(((", '"', "NOT", "a:b:c", "~", "[", "*" * 400, "x" * 5000, "^^", "\x00"]
)
def test_hostile_queries_answer(session: Session, filled: WhooshIndex, query: str) -> None:
    assert filled.search(Ask(query)).total <= 4


def test_an_empty_query_lists_the_newest_first(
    session: Session,
    event: EventSession,
    filled: WhooshIndex,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    add_takeaway(
        session, event, rng, text="last", state="approved", recorded_at=clock.turn(hours=1)
    )
    filled.sync(session)
    assert texts(session, filled, Ask(""))[0] == "last"


def test_facets_are_counted_over_all_not_the_page(
    session: Session, filled: WhooshIndex, event: EventSession
) -> None:
    found = filled.search(Ask("", limit=1))
    assert (len(found.hits), found.total) == (1, 4)
    assert found.facets["session"] == {event.code: 4}
    assert found.facets["kind"] == {"note": 3, "photo": 1}
    assert found.facets["author"] == {"Ana": 1, "Bo": 1}
    assert found.facets["tag"] == {"soil": 1}
    assert texts(session, filled, Ask("", filters={"kind": "photo"})) == ["Build beds from pallets"]


def test_the_place_decides_what_is_seen(session: Session, filled: WhooshIndex) -> None:
    assert "Compost secret, not yet approved" not in texts(session, filled, Ask("compost"))
    assert "Compost secret, not yet approved" in texts(session, filled, Ask("compost", place=None))
    assert texts(session, filled, Ask("pallets", place=Place.PUBLIC)) == []


def test_highlights_are_escaped(
    session: Session, event: EventSession, rng: random.Random, index: WhooshIndex
) -> None:
    add_takeaway(session, event, rng, text="<script>x</script> mulch & more", state="approved")
    index.sync(session)
    (hit,) = index.search(Ask("mulch")).hits
    assert "<mark>mulch</mark> &amp; more" in hit.highlight
    assert "<script>" not in hit.highlight


def test_a_slip_is_answered_with_a_proposal(filled: WhooshIndex) -> None:
    found = filled.search(Ask("palets"))
    assert (found.total, found.suggestion) == (0, "pallets")


def test_changes_hiding_and_withdrawal_reach_the_index(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: WhooshIndex,
    clock: TurnableClock,
    store: Store,
) -> None:
    row = add_takeaway(session, event, rng)
    assert index.behind(session) > 0
    index.sync(session)
    assert index.behind(session) == 0
    assert texts(session, index, Ask("compost")) == []
    approve(session, row, hand(clock))
    change(session, row, hand(clock), {"caption": "steaming heap"})
    assert index.sync(session) == 1
    assert texts(session, index, Ask("steaming")) == [row.text]
    hide(session, row, hand(clock))
    # Before the index knows, the gate is asked.
    assert texts(session, index, Ask("steaming")) == []
    index.sync(session)
    assert index.search(Ask("steaming")).total == 0
    withdraw(session, row, hand(clock), store)
    index.sync(session)
    assert index.search(Ask("", place=None)).total == 0


def test_a_deleted_or_broken_index_heals(
    session: Session, filled: WhooshIndex, gathering: Settings
) -> None:
    folder = gathering.folder / "index"
    shutil.rmtree(folder)
    assert filled.behind(session) > 0
    assert filled.sync(session) == 5
    assert len(texts(session, filled, Ask("compost"))) == 1
    for path in folder.glob("_MAIN_*"):
        path.unlink() if "toc" in path.name else path.write_bytes(b"garbage")
    for path in folder.glob("*.toc"):
        path.write_bytes(b"garbage")
    filled.sync(session)
    assert len(texts(session, filled, Ask("compost"))) == 1


def test_another_writer_at_it_is_left_alone(
    session: Session, event: EventSession, rng: random.Random, filled: WhooshIndex
) -> None:
    add_takeaway(session, event, rng, text="waits", state="approved")
    writer = filled._open().writer()
    assert filled.sync(session) == 0
    writer.cancel()
    assert filled.sync(session) == 1
    assert texts(session, filled, Ask("waits")) == ["waits"]


def test_rebuilding_gives_the_same(session: Session, filled: WhooshIndex) -> None:
    told: list[tuple[int, int]] = []
    assert filled.rebuild(session, lambda *step: told.append(step)) == 5
    assert told[-1] == (5, 5)
    assert len(texts(session, filled, Ask("compost"))) == 1
