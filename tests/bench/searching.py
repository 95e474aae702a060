"""Search with facets and highlights over 10,000 takeaways, beside SQLite's FTS5 on the same texts."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from reporter.clock import new_id, utc_now
from reporter.gathering import make_gathering, open_session
from reporter.models import Gathering, Takeaway
from reporter.search import Ask, WhooshIndex
from reporter.sessioncode import make_receipt
from reporter.sessions import add_session
from tests.bench.rows import Row, pairs

COUNT = 10_000
WORDS = [
    "compost",
    "winter",
    "garden",
    "neighbours",
    "seeds",
    "soil",
    "water",
    "roof",
    "school",
    "market",
    "bicycle",
    "kitchen",
    "repair",
    "solar",
    "bees",
    "worms",
    "hedge",
    "mulch",
    "shade",
    "harvest",
    "bread",
    "tools",
    "library",
    "children",
    "elders",
    "bus",
    "route",
    "bridge",
    "river",
    "flood",
    "heat",
    "tree",
    "council",
    "vote",
    "budget",
    "letter",
    "poster",
    "radio",
    "song",
    "story",
    "map",
    "bench",
    "light",
    "safe",
    "quiet",
    "open",
    "share",
    "borrow",
    "teach",
    "learn",
    "visit",
]


def measure() -> list[Row]:
    """Two rows: a query, and one changed takeaway until it is found."""
    with tempfile.TemporaryDirectory() as name:
        rng = random.Random(5)
        settings = make_gathering(
            Path(name) / "g", "Bench", timezone="UTC", language="en", now=utc_now(), rng=rng
        )
        with open_session(settings) as session:
            texts = _fill(session, rng)
            index = WhooshIndex(settings.folder / "index")
            index.sync(session)
            peer = _fts5(texts)
            queries = [" ".join(rng.sample(WORDS, 2)) for _ in range(20)]
            rows = [
                pairs(
                    f"20 queries over {COUNT} takeaways, with facets and highlights",
                    lambda: [index.search(Ask(q, limit=20)) for q in queries],
                    lambda: [_ask_fts5(peer, q) for q in queries],
                    peer="SQLite FTS5, hits and snippets only", runs=5,
                )
            ]  # fmt: skip
            peer.close()
        return rows


def _fill(session: Session, rng: random.Random) -> list[str]:
    now = utc_now()
    events = [add_session(session, f"Session {n}", now=now, rng=rng) for n in range(40)]
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(5, 40))) for _ in range(COUNT)]
    for number, text in enumerate(texts):
        moment = now + timedelta(seconds=number)
        session.add(
            Takeaway(
                id=new_id(moment, rng), receipt=make_receipt(rng), session=rng.choice(events), kind="note", text=text,
                author=rng.choice(["Ana", "Bo", "Chi", ""]), recorded_at=moment, received_at=moment,
                state="approved", audience="public", revision=number + 1,
            )
        )  # fmt: skip
    session.get_one(Gathering, session.query(Gathering.id).scalar()).revision = COUNT
    session.commit()
    return texts


def _fts5(texts: list[str]) -> sqlite3.Connection:
    peer = sqlite3.connect(":memory:")
    peer.execute("CREATE VIRTUAL TABLE t USING fts5(text)")
    peer.executemany("INSERT INTO t VALUES (?)", [(text,) for text in texts])
    return peer


def _ask_fts5(peer: sqlite3.Connection, query: str) -> list[object]:
    told = "SELECT snippet(t, 0, '<mark>', '</mark>', '…', 24) FROM t WHERE t MATCH ? ORDER BY rank LIMIT 20"
    hits: list[object] = peer.execute(told, (query.replace(" ", " AND "),)).fetchall()
    return hits
