"""A large index is built by a process of its own, the first time too, and the kiosk goes on with it."""

from __future__ import annotations

import os
import random

import pytest
from sqlalchemy.orm import Session

from kiosk.runtime import kiosk_index
from kiosk.runtime.kiosk_index import KioskIndex
from reporter.config import Settings
from reporter.models import EventSession
from reporter.search import SearchRequest, WhooshIndex
from tests.support.kiosk_process import add_takeaway


@pytest.fixture
def index(gathering: Settings, monkeypatch: pytest.MonkeyPatch) -> KioskIndex:
    monkeypatch.setattr(kiosk_index, "FEW", 1)
    return KioskIndex(gathering)


def found(index: WhooshIndex, word: str) -> int:
    return index.search(SearchRequest(word, place=None)).total


@pytest.mark.sqlite("another process opens the folder")
def test_another_process_builds_it_and_this_one_goes_on(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: KioskIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_takeaway(session, event, rng, text="Compost stays warm")
    index.sync(session)
    before = index._build().folder
    here: list[int] = []
    monkeypatch.setattr(WhooshIndex, "rebuild", lambda *_: here.append(os.getpid()))
    assert index.rebuild(session) == 1
    assert not here
    assert index._build().folder != before
    add_takeaway(session, event, rng, text="Compost stays damp")
    assert index.sync(session) == 1
    assert found(index, "compost") == 2


@pytest.mark.sqlite("another process opens the folder")
def test_another_process_makes_the_first_one(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: KioskIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kiosk_index, "MANY", 2)
    for _number in range(3):
        add_takeaway(session, event, rng, text="Compost stays warm")
    here: list[int] = []
    monkeypatch.setattr(WhooshIndex, "_catch_up", lambda *_, **__: here.append(os.getpid()))
    assert index.sync(session) == 3
    assert not here
    assert found(index, "compost") == 3
    assert index.behind(session) == 0


def test_where_that_process_dies_it_catches_up_here(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: KioskIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kiosk_index, "MANY", 0)
    add_takeaway(session, event, rng, text="Compost stays warm")
    monkeypatch.setattr(kiosk_index, "_do", os.abort)
    assert index.sync(session) == 1
    assert found(index, "compost") == 1


def test_where_that_process_dies_it_is_built_here(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: KioskIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_takeaway(session, event, rng, text="Compost stays warm")
    monkeypatch.setattr(kiosk_index, "_do", os.abort)
    assert index.rebuild(session) == 1
    assert found(index, "compost") == 1


def test_a_few_are_not_worth_a_process(
    session: Session,
    event: EventSession,
    rng: random.Random,
    gathering: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_takeaway(session, event, rng, text="Compost stays warm")
    index = KioskIndex(gathering)
    monkeypatch.setattr(index, "_work_aside", pytest.fail)
    assert index.rebuild(session) == 1


@pytest.mark.sqlite("another process opens the folder")
def test_the_first_one_of_very_many_has_few_segments(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: KioskIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reporter.search.changes.BATCH", 2)
    for _number in range(8):
        add_takeaway(session, event, rng, text="Compost stays warm")
    assert index.sync(session, batches=3) == 8
    assert len([*index._build().folder.glob("*.seg")]) == 2
    assert found(index, "compost") == 8
