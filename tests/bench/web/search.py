"""Search over a seeded gathering, beside SQLite's FTS5 on the same texts, and how soon a receipt is found."""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from reporter.clock import utc_now
from reporter.config import Settings
from reporter.enums import TakeawayState
from reporter.gathering.folder import open_session
from reporter.models import Attachment, EventSession, Takeaway
from reporter.search import Recipe, SearchRequest, WhooshIndex, load_hits
from reporter.search.documents import texts_of
from tests.bench.data.seeded import seed
from tests.bench.data.seeded_words import LANGUAGES
from tests.bench.kiosk_process import REAL
from tests.bench.rows import Row, pairs
from tests.support.kiosk_process import KioskProcess

COUNT = int(os.environ.get("BENCH_SEARCH", "10000"))
PHOTOS = 60
QUERIES = 200
FACETS = ("session", "kind", "intent", "author", "state", "day")
Answer = Callable[[str], object]


def measure() -> list[Row]:
    """A row for the median query, one for the slowest of a hundred, one for the time until a takeaway is found."""
    with tempfile.TemporaryDirectory() as name:
        # Of these days: else retention would change it, row by row, while something new is looked for.
        begins = utc_now() - timedelta(days=3)
        settings = seed(Path(name) / "g", COUNT, photos=min(PHOTOS, COUNT // 4), begins=begins)
        index = WhooshIndex(settings.folder / "index", Recipe.of(settings))
        with open_session(settings) as session:
            started = time.perf_counter()
            index.rebuild(session)
            built = time.perf_counter() - started
            rows = _queries(session, index, built)
            # The kiosk's worker must not do the peer's work: it gets an index of its own.
            aside = WhooshIndex(Path(name) / "aside", Recipe.of(settings))
            aside.rebuild(session)
            rows.append(_found_soon(settings, session, aside, Path(name) / "secrets.json"))
        return rows


def _queries(session: Session, index: WhooshIndex, built: float) -> list[Row]:
    peer = _fts5(session)
    asked = _typed()
    ours: Answer = lambda query: index.search(SearchRequest(query, place=None, limit=20))  # noqa: E731
    theirs: Answer = lambda query: _ask_fts5(peer, query)  # noqa: E731
    first = [_took(ours, query) for query in asked]
    shown = statistics.median(
        _took(lambda q: _with_texts(session, index, q), query) for query in asked[:50]
    )
    notes = {
        0.5: f"the very first time: {_share(first, 0.5):.1f} ms, p99 {_share(first, 0.99):.1f} ms; "
        f"with 20 takeaways read from the database and marked: {shown:.1f} ms.",
        0.99: f"Built anew from the database in {built:.1f} s, while the old one answers.",
    }
    rows = [
        pairs(
            f"query over {COUNT} takeaways with {len(FACETS)} facets, p{share * 100:.0f} of {QUERIES}",
            partial(_all, ours, asked, share),
            partial(_all, theirs, asked, share),
            peer="SQLite FTS5, the same facets by GROUP BY",
            runs=5,
            self_timed=True,
            note=note,
        )
        for share, note in notes.items()
    ]
    peer.close()
    return rows


def _all(answer: Answer, asked: list[str], share: float) -> float:
    return _share([_took(answer, query) for query in asked], share)


def _typed() -> list[str]:
    """What people type: a word, two, the beginning of one, a phrase, all in five languages."""
    rng = random.Random(11)
    asked = []
    for number in range(QUERIES):
        words = [
            word
            for word in rng.choice(rng.choice(LANGUAGES).middles).split()
            if len(word) > 3 and word.isalpha()
        ]
        two = rng.sample(words, 2)
        asked.append([two[0], " ".join(two), f"{two[0][:4]}*", f'"{words[0]}"'][number % 4])
    return asked


def _took(answer: Answer, query: str) -> float:
    started = time.perf_counter()
    answer(query)
    return (time.perf_counter() - started) * 1000


def _share(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _with_texts(session: Session, index: WhooshIndex, query: str) -> object:
    ask = SearchRequest(query, place=None, limit=20)
    return load_hits(session, index.search(ask), ask)


def _fts5(session: Session) -> sqlite3.Connection:
    peer = sqlite3.connect(":memory:")
    peer.execute(
        "CREATE VIRTUAL TABLE t USING fts5(text, tokenize='unicode61 remove_diacritics 2')"
    )
    peer.execute(f"CREATE TABLE facts (id INTEGER PRIMARY KEY, {', '.join(FACETS)})")
    codes = {row.id: row.code for row in session.scalars(select(EventSession))}
    rows = session.scalars(
        select(Takeaway)
        .where(Takeaway.state != TakeawayState.WITHDRAWN)
        .options(selectinload(Takeaway.attachments).selectinload(Attachment.media))
    )
    for number, row in enumerate(rows, 1):
        facts = (
            codes[row.session_id],
            row.kind,
            row.intent,
            row.author,
            row.state,
            str(row.recorded_at.date()),
        )
        peer.execute(
            "INSERT INTO t (rowid, text) VALUES (?, ?)", (number, "\n".join(texts_of(row)))
        )
        peer.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *facts))
    session.rollback()
    peer.commit()
    return peer


def _ask_fts5(peer: sqlite3.Connection, query: str) -> object:
    words = query if query.startswith('"') or query.endswith("*") else query.replace(" ", " AND ")
    found = "SELECT rowid, snippet(t, 0, '<mark>', '</mark>', '…', 24) FROM t WHERE t MATCH ? ORDER BY rank LIMIT 20"
    counted = "SELECT {0}, count(*) FROM facts WHERE id IN (SELECT rowid FROM t WHERE t MATCH ?) GROUP BY {0}"
    return [
        peer.execute(found, (words,)).fetchall(),
        peer.execute("SELECT count(*) FROM t WHERE t MATCH ?", (words,)).fetchone(),
        *(peer.execute(counted.format(name), (words,)).fetchall() for name in FACETS),
    ]


def _found_soon(settings: Settings, session: Session, index: WhooshIndex, secrets: Path) -> Row:
    """From the receipt over HTTP to a search over HTTP that finds it, and back: from taking back to not finding it."""
    code = session.scalars(select(EventSession.code)).first()
    session.rollback()
    process = KioskProcess(settings.folder, secrets, program=REAL)
    url = process.start()
    gone: list[float] = []
    try:
        with httpx.Client(base_url=url, headers={"Accept": "application/json"}, timeout=30) as http:

            def ours() -> float:
                word = f"zz{uuid.uuid4().hex}"
                sent = http.post(f"/s/{code}/takeaways", data={"text": f"The word {word}"})
                found = _until(http, word, 1)
                http.post(f"/t/{sent.json()['receipt']}/withdraw")
                gone.append(_until(http, word, 0))
                return found

            return pairs(
                f"from receipt to found, among {COUNT}",
                ours,
                lambda: _one_commit(session, index),
                peer="Whoosh's commit of one document, nothing around it",
                runs=7,
                self_timed=True,
            ).noted(
                f"from taken back to found no more: {statistics.median(gone):.0f} ms, "
                f"{max(gone):.0f} ms at most."
            )
    finally:
        process.kill()


def _until(http: httpx.Client, word: str, total: int) -> float:
    started = time.perf_counter()
    while True:
        answer = http.get("/search", params={"q": word}).raise_for_status().json()
        if answer["total"] == total:
            return (time.perf_counter() - started) * 1000
        if time.perf_counter() - started > 60:
            raise AssertionError(f"still {answer['total']} found, not {total}")


def _one_commit(session: Session, index: WhooshIndex) -> float:
    from reporter.moderation.decisions import bump_revision

    row = session.scalars(select(Takeaway).limit(1)).one()
    bump_revision(session, row)
    session.commit()
    started = time.perf_counter()
    index.sync(session)
    return (time.perf_counter() - started) * 1000
