"""Segments of the index: commits stay short, many rows share one, and what changes meanwhile is there once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.orm import Session
from whoosh.reading import SegmentReader
from whoosh.writing import MERGE_SMALL

from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.moderation.decisions import withdraw
from reporter.search import SearchRequest, WhooshIndex, index_files, whoosh_index
from reporter.search.changes import changed
from reporter.search.maintenance import look_after, rebuild_asked, rebuild_if_asked
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway

pytestmark = pytest.mark.sqlite("Whoosh's files")


@pytest.fixture
def whoosh(gathering: Settings) -> WhooshIndex:
    return WhooshIndex(gathering.folder / "index")


@dataclass
class Notes:
    """Notes that come in and are taken back, not yet indexed."""

    session: Session
    event: EventSession
    rng: random.Random
    store: Store
    clock: TurnableClock

    def add(self, text: str) -> Takeaway:
        return add_takeaway(self.session, self.event, self.rng, text=text)

    def take_back(self, row: Takeaway) -> None:
        withdraw(self.session, row, actor(self.clock), self.store)


@pytest.fixture
def notes(
    session: Session, event: EventSession, rng: random.Random, store: Store, clock: TurnableClock
) -> Notes:
    return Notes(session, event, rng, store, clock)


def segment_sizes(whoosh: WhooshIndex) -> list[int]:
    """Documents in each segment, the largest first."""
    segments = whoosh._build().open()._segments()
    return sorted((segment.doc_count() for segment in segments), reverse=True)


def found(whoosh: WhooshIndex, word: str) -> int:
    return whoosh.search(SearchRequest(word, place=None)).total


def test_a_commit_never_rewrites_large_segments(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    monkeypatch.setattr(index_files, "MERGED_DOCUMENTS", 6)
    for _number in range(7):
        notes.add("Compost stays warm")
    whoosh.sync(session)
    for number in range(12):
        notes.add("Compost stays damp")
        whoosh.sync(session)
        sizes = segment_sizes(whoosh)
        assert (sizes[0], sum(sizes)) == (7, 8 + number)
    # The small ones were merged meanwhile.
    assert len(segment_sizes(whoosh)) < 8
    assert found(whoosh, "compost") == 19


def test_what_is_withdrawn_between_two_batches_of_a_commit_is_not_found(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    first, *others = [notes.add("Compost stays warm") for _number in range(6)]
    monkeypatch.setattr("reporter.search.changes.BATCH", 2)

    def change_and_read(own: Session, after: int, upto: int | None = None) -> list[Takeaway]:
        if after == others[0].revision:
            with Session(own.get_bind()) as other:
                withdraw(other, other.get_one(Takeaway, first.id), actor(notes.clock), notes.store)
        return changed(own, after, upto)

    monkeypatch.setattr(whoosh_index, "changed", change_and_read)
    assert whoosh.sync(session, batches=3) >= 6
    monkeypatch.undo()
    whoosh.sync(session)
    assert found(whoosh, "compost") == 5
    assert whoosh.ids() == {row.id for row in others}
    assert whoosh.unclean()


def test_what_came_in_last_is_found_before_a_long_backlog(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    """An organizer approves thousands at once, and a visitor looks for her note, which came in after them."""
    monkeypatch.setattr(whoosh_index, "BATCH", 4)
    monkeypatch.setattr("reporter.search.changes.BATCH", 4)
    monkeypatch.setattr(whoosh_index, "LATEST", 2)
    rows = [notes.add(f"Compost {n}") for n in range(15)]
    known: list[tuple[int, int]] = []
    write = WhooshIndex._write

    def watched(self: WhooshIndex, build: Any, own: Session, batches: int) -> int:
        """With a new note, and one that is taken back, during the second commit."""
        known.append((found(whoosh, "compost"), found(whoosh, "damp")))
        if len(known) == 2:
            with Session(own.get_bind()) as other:
                add_takeaway(other, other.merge(notes.event), notes.rng, text="Leaves stay damp")
                withdraw(
                    other, other.get_one(Takeaway, rows[14].id), actor(notes.clock), notes.store
                )
        return write(self, build, own, batches)

    monkeypatch.setattr(WhooshIndex, "_write", watched)
    assert whoosh.sync(session) >= 15
    # The two latest first; then four by four, the new one before the rest, and the withdrawn one gone.
    assert known[:3] == [(2, 0), (6, 0), (9, 1)]
    assert found(whoosh, "compost") == 14
    assert found(whoosh, "damp") == 1
    assert len(whoosh.ids()) == 15
    assert whoosh.misses(session) == 0
    assert whoosh.behind(session) == 0


def test_a_search_after_a_commit_opens_only_what_is_new(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    """Whoever looks for a new takeaway waits no longer for an index of many segments."""
    monkeypatch.setattr(index_files, "MERGED_DOCUMENTS", 0)
    rows = []
    for number in range(6):
        rows.append(notes.add("Compost stays warm"))
        if number == 2:
            notes.add("Compost stays damp")
        whoosh.sync(session)
    opened: list[str] = []

    class Counted(SegmentReader):
        def __init__(self, storage: Any, schema: Any, segment: Any, **options: Any) -> None:
            super().__init__(storage, schema, segment, **options)
            opened.append(segment.segment_id())

    monkeypatch.setattr("whoosh.reading.SegmentReader", Counted)

    def search() -> tuple[int, int]:
        """Takeaways found, and segments opened for it."""
        opened.clear()
        return found(whoosh, "compost"), len(opened)

    assert search() == (7, 6)
    notes.add("Compost stays damp")
    whoosh.sync(session)
    assert search() == (8, 1)
    withdraw(session, rows[2], actor(notes.clock), notes.store)
    whoosh.sync(session)
    assert search() == (7, 1), "that of the withdrawn one: the rest is as it was"
    withdraw(session, rows[3], actor(notes.clock), notes.store)
    whoosh.sync(session)
    assert search() == (6, 0), "its segment had nothing else and is gone"
    monkeypatch.setattr(index_files, "MERGED_DOCUMENTS", 500)
    notes.add("Compost stays cold")
    whoosh.sync(session)
    assert len(segment_sizes(whoosh)) < 6
    assert search()[0] == 7, "merged ones are not there twice"


def test_takeaways_that_come_and_go_leave_no_empty_segment(
    session: Session, whoosh: WhooshIndex, caplog: pytest.LogCaptureFixture, notes: Notes
) -> None:
    """An empty one couldn't be read: the whole index was begun anew, and for minutes nothing else was found."""
    for _number in range(6):
        notes.add("Compost stays warm")
    whoosh.sync(session)
    index_folder = whoosh._build().folder
    for number in range(7):
        row = notes.add("Compost stays damp")
        whoosh.sync(session)
        assert found(whoosh, "compost") == 7
        notes.take_back(row)
        whoosh.sync(session)
        assert found(whoosh, "compost") == 6, number
        assert 0 not in segment_sizes(whoosh)
    assert whoosh._build().folder == index_folder
    assert not caplog.records


def test_an_empty_segment_of_an_earlier_version_is_read(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    monkeypatch.setattr(index_files, "_merge_small", MERGE_SMALL)
    for _number in range(60):
        notes.add("Compost stays warm")
    whoosh.sync(session)
    for _number in range(7):
        row = notes.add("Compost stays damp")
        whoosh.sync(session)
        notes.take_back(row)
        whoosh.sync(session)
        if 0 in (segment.doc_count_all() for segment in whoosh._build().open()._segments()):
            break
    else:
        raise AssertionError("no empty segment was made")
    index_folder = whoosh._build().folder
    assert found(whoosh, "compost") == 60
    assert found(whoosh, "compots") == 60
    assert whoosh._build().folder == index_folder


def test_a_commit_counts_documents_without_opening_segments(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    first, _other = [notes.add("Compost") for _number in range(2)]
    whoosh.sync(session)
    notes.take_back(first)
    whoosh.sync(session)
    monkeypatch.delattr("whoosh.reading.SegmentReader")
    assert whoosh._build().count() == whoosh._build().noted_documents == 1
    assert whoosh.misses(session) == 0


def test_very_many_segments_are_rewritten_as_one(
    session: Session, whoosh: WhooshIndex, monkeypatch: pytest.MonkeyPatch, notes: Notes
) -> None:
    monkeypatch.setattr(index_files, "MERGED_DOCUMENTS", 0)
    monkeypatch.setattr(index_files, "MOST_SEGMENTS", 3)
    for number in range(3):
        look_after(session, whoosh, now=notes.clock())
        assert rebuild_asked(session) is None
        notes.add(f"Compost stays warm {number}")
        whoosh.sync(session)
    look_after(session, whoosh, now=notes.clock())
    assert rebuild_asked(session) is not None
    rebuild_if_asked(session, whoosh)
    assert segment_sizes(whoosh) == [3]
    assert not whoosh.scattered()
