"""The index: what is found, what the asker may see, how it heals."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import approve, change, hide, withdraw
from reporter.moderation.visibility import Scope
from reporter.search import (
    Recipe,
    Relaxation,
    SearchIndex,
    SearchRequest,
    Sort,
    WhooshIndex,
    load_hits,
    text_of,
)
from reporter.search.index_files import writing
from reporter.search.maintenance import ask_rebuild, look_after, rebuild_asked, rebuild_if_asked
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway


@pytest.fixture
def whoosh(gathering: Settings) -> WhooshIndex:
    return WhooshIndex(gathering.folder / "index")


def texts(session: Session, index: SearchIndex, ask: SearchRequest) -> list[str]:
    return [row.text for row, _mark in load_hits(session, index.search(ask), ask)]


@pytest.fixture
def filled(
    session: Session, event: EventSession, rng: random.Random, index: SearchIndex
) -> SearchIndex:
    fill(session, event, rng, index)
    return index


@pytest.fixture
def filled_whoosh(
    session: Session, event: EventSession, rng: random.Random, whoosh: WhooshIndex
) -> WhooshIndex:
    """For what is about Whoosh's files."""
    fill(session, event, rng, whoosh)
    return whoosh


def fill(session: Session, event: EventSession, rng: random.Random, index: SearchIndex) -> None:
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


WANTED = [
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
    ("building bed", ["Build beds from pallets"]),
    ("intent:question", ["Where is the café?"]),
    ("#soil", ["Compost stays warm in winter"]),
    ("session:winter kind:photo", ["Build beds from pallets"]),
    ("day:2026-03-14 by:bo", ["Where is the café?"]),
    ("day:saturday café", ["Where is the café?"]),
    ("day:sunday", []),
    ("has:tag", ["Compost stays warm in winter"]),
    ("-has:author -compost", ["Build beds from pallets", "日本の庭 is a garden"]),
    ("日本", ["日本の庭 is a garden"]),
    ("庭", ["日本の庭 is a garden"]),
    ("本庭", []),
    ("(compost OR café) -question AND NOT intent:question", ["Compost stays warm in winter"]),
    ("the pallets", ["Build beds from pallets"]),
]


def test_what_is_found(session: Session, filled: SearchIndex) -> None:
    found = {
        query: sorted(texts(session, filled, SearchRequest(query))) for query, _wanted in WANTED
    }
    assert found == dict(WANTED)


def test_the_title_of_the_session_finds_its_takeaways(
    session: Session, filled: SearchIndex
) -> None:
    assert len(texts(session, filled, SearchRequest("community gardens"))) == 4


HOSTILE = ["(((", '"', "NOT", "a:b:c", "~", "[", "*" * 400, "x" * 5000, "^^", "\x00"]


def test_hostile_queries_answer(filled: SearchIndex) -> None:
    for query in HOSTILE:
        assert filled.search(SearchRequest(query)).total <= 4, query


def test_an_empty_query_lists_the_newest_first(
    session: Session,
    event: EventSession,
    filled: SearchIndex,
    rng: random.Random,
    clock: TurnableClock,
) -> None:
    add_takeaway(
        session, event, rng, text="last", state="approved", recorded_at=clock.turn(hours=1)
    )
    filled.sync(session)
    assert texts(session, filled, SearchRequest(""))[0] == "last"


def test_facets_are_counted_over_all_not_the_page(
    session: Session, filled: SearchIndex, event: EventSession
) -> None:
    found = filled.search(SearchRequest("", limit=1))
    assert (len(found.ids), found.total) == (1, 4)
    assert found.facets["session"] == {event.code: 4}
    assert found.facets["kind"] == {"note": 3, "photo": 1}
    assert found.facets["author"] == {"Ana": 1, "Bo": 1}
    assert found.facets["tag"] == {"soil": 1}
    assert found.facets["day"] == {"2026-03-14": 4}
    assert texts(session, filled, SearchRequest("", filters={"kind": "photo"})) == [
        "Build beds from pallets"
    ]


def test_the_place_decides_what_is_seen(session: Session, filled: SearchIndex) -> None:
    assert "Compost secret, not yet approved" not in texts(
        session, filled, SearchRequest("compost")
    )
    assert "Compost secret, not yet approved" in texts(
        session, filled, SearchRequest("compost", place=None)
    )
    assert texts(session, filled, SearchRequest("pallets", place=Scope.PUBLIC)) == []


def test_highlights_are_escaped(
    session: Session, event: EventSession, rng: random.Random, index: SearchIndex
) -> None:
    add_takeaway(session, event, rng, text="<script>x</script> mulch & more", state="approved")
    index.sync(session)
    ask = SearchRequest("mulch")
    ((_row, mark),) = load_hits(session, index.search(ask), ask)
    assert "<mark>mulch</mark> &amp; more" in mark
    assert "<script>" not in mark


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("palets", "pallets"),
        ("copmost winter", "compost winter"),
        ("bids OR xy", ""),
        ("qqqqq", ""),
    ],
)
def test_a_slip_is_forgiven(session: Session, filled: SearchIndex, typed: str, meant: str) -> None:
    found = filled.search(SearchRequest(typed))
    assert found.suggestion == meant
    if meant:
        assert found.loosened is Relaxation.SPELLING
        assert found.ids == filled.search(SearchRequest(meant)).ids != []


def test_no_word_of_hidden_texts_is_proposed(filled: SearchIndex) -> None:
    assert filled.search(SearchRequest("secrt")).suggestion == ""
    assert filled.search(SearchRequest("secrt", place=None)).suggestion == "secret"


def test_some_of_the_words_are_better_than_nothing(session: Session, filled: SearchIndex) -> None:
    found = filled.search(SearchRequest("compost pallets"))
    assert found.loosened is Relaxation.SOME_WORDS
    assert found.total == 2
    # What else was asked for stays.
    assert filled.search(SearchRequest("compost pallets kind:photo")).total == 1


def test_the_last_word_may_be_unfinished(session: Session, filled: SearchIndex) -> None:
    assert texts(session, filled, SearchRequest("beds pall", unfinished=True)) == [
        "Build beds from pallets"
    ]
    found = filled.search(SearchRequest("by:a", unfinished=True))
    assert (found.total, found.loosened) == (1, Relaxation.NOT)
    # A finished one is taken at its word, and loosened only because nothing has it.
    assert filled.search(SearchRequest("beds pall")).loosened is Relaxation.BEGINNINGS


def test_changes_hiding_and_withdrawal_reach_the_index(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: SearchIndex,
    clock: TurnableClock,
    store: Store,
) -> None:
    row = add_takeaway(session, event, rng)
    assert index.behind(session) > 0
    index.sync(session)
    assert index.behind(session) == 0
    assert texts(session, index, SearchRequest("compost")) == []
    approve(session, row, actor(clock))
    change(session, row, actor(clock), {"caption": "steaming heap"})
    assert index.sync(session) == 1
    assert texts(session, index, SearchRequest("steaming")) == [row.text]
    hide(session, row, actor(clock))
    # Before the index knows, the gate is asked.
    assert texts(session, index, SearchRequest("steaming")) == []
    index.sync(session)
    assert index.search(SearchRequest("steaming")).total == 0
    withdraw(session, row, actor(clock), store)
    index.sync(session)
    assert index.search(SearchRequest("", place=None)).total == 0


def test_a_deleted_index_heals(
    session: Session, filled_whoosh: WhooshIndex, gathering: Settings
) -> None:
    folder = gathering.folder / "index"
    shutil.rmtree(folder)
    assert filled_whoosh.behind(session) > 0
    assert filled_whoosh.sync(session) == 5
    assert len(texts(session, filled_whoosh, SearchRequest("compost"))) == 1
    for path in folder.glob("*/*.toc"):
        path.unlink()
    assert filled_whoosh.sync(session) == 5
    assert len(texts(session, filled_whoosh, SearchRequest("compost"))) == 1


_BROKEN = """
import sys
from pathlib import Path
from reporter.config import load_settings
from reporter.gathering.folder import open_session
from reporter.search import Recipe, SearchRequest, WhooshIndex

settings = load_settings(Path(sys.argv[1]))
index = WhooshIndex(settings.folder / "index", Recipe.of(settings))
with open_session(settings) as session:
    found = index.search(SearchRequest("compost")).total
    print(found, index.sync(session), index.search(SearchRequest("compost")).total)
"""


@pytest.mark.sqlite("another process opens the folder")
def test_a_broken_index_answers_with_nothing_and_heals(
    session: Session, filled_whoosh: WhooshIndex, gathering: Settings
) -> None:
    filled_whoosh.recipe = Recipe.of(gathering)
    filled_whoosh.rebuild(session)
    for path in (gathering.folder / "index").glob("*/*.seg"):
        path.write_bytes(b"garbage" * 100)
    # In a process of its own: Whoosh leaves a file open that it can't make out, and Python complains of it later.
    process = subprocess.run(
        [sys.executable, "-c", _BROKEN, str(gathering.folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert process.stdout.split() == ["0", "5", "1"]
    assert len(texts(session, filled_whoosh, SearchRequest("compost"))) == 1


def test_another_writer_at_it_is_left_alone(
    session: Session, event: EventSession, rng: random.Random, filled_whoosh: WhooshIndex
) -> None:
    add_takeaway(session, event, rng, text="waits", state="approved")
    with writing(filled_whoosh._build()):
        assert filled_whoosh.sync(session) == 0
    assert filled_whoosh.sync(session) == 1
    assert texts(session, filled_whoosh, SearchRequest("waits")) == ["waits"]


def test_rebuilding_gives_the_same(session: Session, filled: SearchIndex) -> None:
    steps: list[tuple[int, int]] = []
    assert filled.rebuild(session, lambda *step: steps.append(step)) == 5
    assert steps[-1] == (5, 5)
    assert len(texts(session, filled, SearchRequest("compost"))) == 1


def test_rebuilding_goes_on_aside_and_switches(
    session: Session,
    event: EventSession,
    rng: random.Random,
    filled_whoosh: WhooshIndex,
    gathering: Settings,
) -> None:
    before = (gathering.folder / "index" / "current").read_text()
    seen: list[int] = []

    def look(_done: int, _total: int) -> None:
        # Halfway there, the old one still answers, and takes in what comes.
        if not seen:
            row = add_takeaway(session, event, rng, text="Came meanwhile", state="approved")
            filled_whoosh.sync(session)
            assert texts(session, filled_whoosh, SearchRequest("meanwhile")) == [row.text]
        seen.append(filled_whoosh.search(SearchRequest("compost")).total)

    filled_whoosh.rebuild(session, look)
    assert seen == [1]
    assert (gathering.folder / "index" / "current").read_text() != before
    assert texts(session, filled_whoosh, SearchRequest("meanwhile")) == ["Came meanwhile"]
    assert filled_whoosh.behind(session) == 0
    assert len(list((gathering.folder / "index").iterdir())) == 2


def test_the_desk_asks_for_a_rebuild_by_a_row(
    session: Session, filled: SearchIndex, clock: TurnableClock
) -> None:
    assert rebuild_if_asked(session, filled) == 0
    ask_rebuild(session, now=clock())
    assert rebuild_asked(session) == clock()
    assert rebuild_if_asked(session, filled) == 5
    assert rebuild_asked(session) is None


def test_other_settings_mean_another_index(session: Session, filled: SearchIndex) -> None:
    assert not filled.outdated()
    filled.recipe = Recipe("Asia/Tokyo", "ja")
    assert filled.outdated()
    # 15:00 in Berlin is the evening of the same day in Tokyo; 23:30 in Auckland is not.
    assert rebuild_if_asked(session, filled) == 5
    assert not filled.outdated()
    filled.recipe = Recipe("Pacific/Auckland", "en")
    rebuild_if_asked(session, filled)
    assert filled.search(SearchRequest("")).facets["day"] == {"2026-03-15": 4}


def test_words_that_were_taken_back_leave_the_files_too(
    session: Session,
    event: EventSession,
    rng: random.Random,
    filled_whoosh: WhooshIndex,
    clock: TurnableClock,
    store: Store,
    gathering: Settings,
) -> None:
    row = add_takeaway(session, event, rng, text="Zanzibarprivate", state="approved")
    filled_whoosh.sync(session)

    def on_disk() -> bool:
        files = [p for p in (gathering.folder / "index").rglob("*") if p.is_file()]
        return any(b"zanzibarprivate" in path.read_bytes() for path in files)

    assert on_disk()
    withdraw(session, row, actor(clock), store)
    filled_whoosh.sync(session)
    assert filled_whoosh.search(SearchRequest("zanzibarprivate", place=None)).total == 0
    look_after(session, filled_whoosh, now=clock())
    rebuild_if_asked(session, filled_whoosh)
    assert not on_disk()
    look_after(session, filled_whoosh, now=clock())
    assert rebuild_asked(session) is None


def test_an_index_that_lost_something_is_noticed(
    session: Session, filled_whoosh: WhooshIndex, clock: TurnableClock
) -> None:
    with writing(filled_whoosh._build()) as writer:
        writer.delete_by_term("by", "ana")
    assert filled_whoosh.misses(session) == 1
    look_after(session, filled_whoosh, now=clock())
    assert rebuild_if_asked(session, filled_whoosh) == 5
    assert (filled_whoosh.misses(session), filled_whoosh.search(SearchRequest("by:ana")).total) == (
        0,
        1,
    )


def test_answers_are_sorted_as_asked(
    session: Session,
    event: EventSession,
    rng: random.Random,
    index: SearchIndex,
    clock: TurnableClock,
) -> None:
    for text in ("bees, bees and bees", "a day without bees in it at all", "the last of the bees"):
        add_takeaway(
            session, event, rng, text=text, state="approved", recorded_at=clock.turn(minutes=1)
        )
    index.sync(session)
    assert texts(session, index, SearchRequest("bees"))[0].startswith("bees")
    assert texts(session, index, SearchRequest("bees", sort=Sort.NEWEST))[0].startswith("the last")
    assert texts(session, index, SearchRequest("bees", sort=Sort.OLDEST))[0].startswith("bees")
    assert texts(session, index, SearchRequest("", sort=Sort.OLDEST))[-1].startswith("the last")


def test_more_like_this(
    session: Session, event: EventSession, rng: random.Random, index: SearchIndex
) -> None:
    one = add_takeaway(
        session, event, rng, text="Beans and maize grow well together", state="approved"
    )
    add_takeaway(session, event, rng, text="Maize climbs, the bean grows", state="approved")
    add_takeaway(session, event, rng, text="The council answers letters", state="approved")
    add_takeaway(session, event, rng, text="Growing beans with maize, unseen", state="new")
    index.sync(session)
    ask = SearchRequest(text_of(one), like=str(one.id))
    assert texts(session, index, ask) == ["Maize climbs, the bean grows"]


def test_many_readers_and_a_writer_get_along(
    session: Session, event: EventSession, rng: random.Random, filled: SearchIndex
) -> None:
    totals: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            totals.append(filled.search(SearchRequest("compost OR pallets", limit=5)).total)

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        try:
            _change_it(session, event, rng, filled)
        finally:
            stop.set()
        for one in asking:
            one.result(timeout=60)
    assert min(totals) >= 2
    assert filled.search(SearchRequest("compost")).total == 13


def _change_it(
    session: Session, event: EventSession, rng: random.Random, filled: SearchIndex
) -> None:
    for number in range(12):
        add_takeaway(session, event, rng, text=f"compost {number}", state="approved")
        filled.sync(session)
    filled.rebuild(session)


def test_arabic_is_found_however_it_is_written(
    session: Session, event: EventSession, rng: random.Random, filled: SearchIndex
) -> None:
    row = add_takeaway(
        session, event, rng, text="زرنا الحديقة في ١٢ مايو مع المدرسة", state="approved"
    )
    filled.sync(session)
    for query in (
        "حديقة",
        "الحديقة",
        "حديقه",
        "والحديقة",
        "مدرسة",
        "للمدرسة",
        "12",
        "١٢",
        "12 مايو",
    ):
        assert filled.search(SearchRequest(query)).ids == [str(row.id)], query


@pytest.mark.parametrize("former", [None, "snowballstemmer 2.2.0"])
def test_an_update_of_what_makes_words_rebuilds_beside(
    session: Session, filled_whoosh: WhooshIndex, gathering: Settings, *, former: str | None
) -> None:
    [made_for] = (gathering.folder / "index").glob("i*/made-for.json")
    recipe = json.loads(made_for.read_text())
    if former is None:
        del recipe["analysis"]
    else:
        recipe["analysis"] = former
    made_for.write_text(json.dumps(recipe))
    later = WhooshIndex(gathering.folder / "index", filled_whoosh.recipe)
    # It goes on answering until the new one is there.
    assert (
        later.search(SearchRequest("")).total == filled_whoosh.search(SearchRequest("")).total > 0
    )
    assert later.outdated()
    assert rebuild_if_asked(session, later) == 5
    assert not later.outdated()
    [now] = (gathering.folder / "index").glob("i*/made-for.json")
    assert now != made_for
    assert "snowballstemmer 3." in json.loads(now.read_text())["analysis"]


def test_few_search_at_once(
    session: Session, filled_whoosh: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crowd that searches fills no memory."""
    at_it, most = [0], [0]
    begun, go_on, counting = threading.Semaphore(0), threading.Event(), threading.Lock()

    def answer(*_asked: object) -> dict[str, object]:
        with counting:
            at_it[0] += 1
            most[0] = max(most[0], at_it[0])
        begun.release()
        assert go_on.wait(60)
        with counting:
            at_it[0] -= 1
        return {"total": 0, "ids": []}

    monkeypatch.setattr("reporter.search.executor.answer", answer)
    with ThreadPoolExecutor(6) as crowd:
        asked = [crowd.submit(filled_whoosh.search, SearchRequest("leeks")) for _ in range(6)]
        assert begun.acquire(timeout=60)
        assert begun.acquire(timeout=60)
        assert not begun.acquire(timeout=0.2)
        go_on.set()
        assert {one.result(60).total for one in asked} == {0}
    assert most == [2]
