"""SQLite's planner learns how large the tables are."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.codes import make_receipt
from reporter.database.planner_statistics import refresh_statistics
from reporter.gathering.folder import make_gathering, open_engine
from reporter.gathering.sessions import add_session
from reporter.models import Takeaway

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)


def _add(session: Session, count: int, rng: random.Random) -> None:
    event = add_session(session, "Talk", now=NOW, rng=rng)
    rows = [
        {
            "id": new_id(NOW, rng),
            "receipt": make_receipt(rng),
            "session_id": event.id,
            "kind": "note",
            "text": "Compost",
            "audience": "public",
            "state": "new",
            "recorded_at": NOW,
            "received_at": NOW,
            "revision": number,
        }
        for number in range(count)
    ]
    session.execute(insert(Takeaway), rows)
    session.commit()


@pytest.mark.sqlite("PostgreSQL counts by itself")
def test_it_counts_when_the_gathering_has_doubled(tmp_path: Path) -> None:
    rng = random.Random(4)
    settings = make_gathering(
        tmp_path / "g", "Large", timezone="UTC", language="en", now=NOW, rng=rng
    )
    engine = open_engine(settings)
    with Session(engine) as session:
        _add(session, 100, rng)
        assert not refresh_statistics(engine), "so few need no plan"
        _add(session, 300, rng)
        assert refresh_statistics(engine)
        assert not refresh_statistics(engine)
        _add(session, 300, rng)
        assert not refresh_statistics(engine)
        _add(session, 200, rng)
        assert refresh_statistics(engine)
        stats = session.scalars(
            text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'takeaway' AND idx IS NOT NULL")
        ).all()
        assert stats
        assert {int(stat.split()[0]) for stat in stats} <= set(range(800, 1000))
    engine.dispose()
