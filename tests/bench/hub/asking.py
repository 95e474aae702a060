"""Times of a hub's engines: searches beside the bare statements, claims by sixteen workers."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import Session

from kiosk.hub_worker import claim_next
from reporter.database.row_security import (
    WEB_ROLE,
    WORKER_ROLE,
    TenantScope,
    scope_transactions,
    work_as,
    working_for,
)
from reporter.search import SearchRequest, Sort
from reporter.search.postgres.index import PostgresIndex
from tests.bench.hub.filling import NOW, ORGANIZATION, Place, vocabulary

WORKERS = 16


@dataclass
class Times:
    """Milliseconds in order of measurement."""

    name: str
    ms: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        """Return a quantile."""
        ordered = sorted(self.ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median(self) -> float:
        """Return the median."""
        return statistics.median(self.ms)


def page_engine(url: URL, role: str = WEB_ROLE, **options: Any) -> Engine:
    """Return an engine as a hub's pages or workers use it."""
    engine = create_engine(url, pool_size=WORKERS, **options)
    work_as(engine, role)
    scope_transactions(engine)
    return engine


def questions(rng: random.Random, count: int) -> Iterator[SearchRequest]:
    """Return typical searches: one word, two, a prefix, a tag, a filter, the newest, a phrase; some misspelt."""
    words = vocabulary(random.Random(7))
    for _ in range(count):
        # As likely as words are used, but for the most frequent.
        one, other = (words[int(20 * 500 ** rng.random())] for _ in range(2))
        slip = one[:2] + one[3:]
        yield rng.choice(
            [
                SearchRequest(one),
                SearchRequest(one),
                SearchRequest(f"{one} {other}"),
                SearchRequest(f"{one} OR {other}"),
                SearchRequest(f"{one[:4]}", unfinished=True),
                SearchRequest(f"{one} -{other}", filters={"kind": "photo"}),
                SearchRequest(f"#{words[rng.randrange(40)]}", sort=Sort.NEWEST),
                SearchRequest("", filters={"intent": "question"}),
                SearchRequest(slip),
            ]
        )


def ask(url: URL, place: Place, count: int) -> tuple[Times, Times]:
    """Time our searches in one gathering and the same statements sent by psycopg, alternately."""
    ours, bare = Times(f"{place.size:,} takeaways"), Times("bare")
    engine = page_engine(url)
    index = PostgresIndex(engine)
    sent: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: Any, _cur: Any, statement: str, values: Any, *_: Any) -> None:
        sent.append((statement, values))

    scope = TenantScope(ORGANIZATION, place.gathering)
    with working_for(scope), _bare(url, scope) as cursor:
        for number, one in enumerate(questions(random.Random(3), count + 10)):
            sent.clear()
            took = _timed(lambda one=one: index.search(one))  # type: ignore[misc]
            again = _timed(lambda: _send_all(cursor, sent))
            if number >= 10:
                ours.ms.append(took)
                bare.ms.append(again)
    engine.dispose()
    return ours, bare


def _send_all(cursor: psycopg.Cursor[Any], sent: list[tuple[str, Any]]) -> None:
    for statement, values in sent:
        cursor.execute(statement, values)
        cursor.fetchall()


@contextmanager
def _bare(url: URL, scope: TenantScope) -> Iterator[psycopg.Cursor[Any]]:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {WEB_ROLE}")
        cursor.execute("SELECT set_config('app.gathering', %s, false)", (str(scope.gathering),))
        yield cursor


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def claim(url: URL, each: int) -> tuple[Times, Times]:
    """Time sixteen workers that claim at once, and one alone. Raises if two got the same gathering."""
    engine = page_engine(url, WORKER_ROLE)
    together, alone = Times("16 workers"), Times("1 worker")
    # Each time one's own: what the others claimed is due again later only.
    taken: list[Any] = []

    def work(times: Times, name: str, start: threading.Barrier) -> None:
        with Session(engine) as session:
            start.wait(60)
            for number in range(each):
                began = time.perf_counter()
                one = claim_next(session, f"{name}/{number}", now=NOW + timedelta(minutes=1))
                times.ms.append((time.perf_counter() - began) * 1000)
                taken.append(one.gathering if one else None)

    for times, count in ((alone, 1), (together, WORKERS)):
        start = threading.Barrier(count)
        threads = [
            threading.Thread(target=work, args=(times, f"w{number}", start))
            for number in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    engine.dispose()
    if len(set(taken)) != len(taken) or None in taken:
        raise AssertionError("a gathering was claimed twice, or there were none left")
    return together, alone
