"""The review page at 100, 1,000 and 10,000 takeaways, beside the page of 100, and how many questions it asks.

Pages are shorter than the desk's, so that those of all sizes are full: of 100 takeaways about 30 wait, and as many
look alike.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import event

from kiosk.app import create_app
from kiosk.runtime.database import db
from kiosk.web.desk.review import views
from tests.bench.data.seeded import seed
from tests.bench.rows import Row, Work, pairs

COUNTS = tuple(int(n) for n in os.environ.get("BENCH_REVIEW", "100,1000,10000").split(","))
PHOTOS = 60
PAGE = 16
PAGES = (("what waits", "/desk/review"), ("look-alikes", "/desk/review?state=approved&alike=1"))


def measure() -> list[Row]:
    """A row for each size and page; the note tells the number of database queries."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(views, "PAGE", PAGE))
        apps = {count: stack.enter_context(_app(count)) for count in COUNTS}
        few = apps[COUNTS[0]]
        return [
            pairs(
                f"review page ({words}), {count} takeaways",
                _ask(app, path),
                _ask(few, path),
                peer=f"{COUNTS[0]} takeaways",
                note=f"{_queries(app, path)} queries, pages of {PAGE}.",
                runs=7,
            )
            for words, path in PAGES
            for count, app in apps.items()
        ]


@contextmanager
def _app(count: int) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory() as name:
        app = create_app(seed(Path(name) / "g", count, photos=min(PHOTOS, count // 4)))
        try:
            yield app
        finally:
            app.extensions["kiosk"].stop()
            with app.app_context():
                db.engine.dispose()


def _ask(app: Flask, path: str) -> Work:
    client = app.test_client()

    def work() -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.text.count('class="pick"') == PAGE

    return work


def _queries(app: Flask, path: str) -> int:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    _ask(app, path)()
    event.remove(engine, "before_cursor_execute", note)
    return len(sent)
