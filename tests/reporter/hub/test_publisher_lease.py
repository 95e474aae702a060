"""The publisher lease: each process of a laptop holds its own part of it, and a killed one's part ends by itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from reporter.database.engine import Base
from reporter.hub.models import HubGathering, RegistryBase
from reporter.hub.publisher_lease import HUB, LENGTH, release, release_for_hub, take
from reporter.models import Delivery

BEGINNING = datetime(2026, 11, 29, 10, 0, 0, 600_000, tzinfo=UTC)
GATHERING = uuid.UUID(int=1)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    RegistryBase.metadata.create_all(engine)
    Base.metadata.create_all(engine, tables=[Delivery.metadata.tables["delivery"]])
    with Session(engine) as session:
        row = HubGathering(id=GATHERING, organization_id=GATHERING, local_id=GATHERING, title="")
        row.created_at = row.due_at = BEGINNING
        session.add(row)
        session.commit()
        yield session
    engine.dispose()


def at(minutes: float) -> datetime:
    return BEGINNING + timedelta(minutes=minutes)


def stored(session: Session) -> HubGathering:
    return session.get_one(HubGathering, GATHERING, populate_existing=True)


def test_a_killed_process_holds_nobody_up_however_long_the_others_go_on(session: Session) -> None:
    assert take(session, GATHERING, "laptop", now=at(0), process="dead")
    for minutes in range(5, 46, 10):
        assert take(session, GATHERING, "laptop", now=at(minutes), process="a")
        assert not take(session, GATHERING, HUB, now=at(minutes))
    release(session, GATHERING, "laptop", now=at(46), process="a")
    assert (stored(session).publisher, stored(session).publisher_until) == ("", None)
    assert take(session, GATHERING, HUB, now=at(46))


def test_a_release_leaves_the_others_their_own_time(session: Session) -> None:
    assert take(session, GATHERING, "laptop", now=at(0), process="b")
    assert take(session, GATHERING, "laptop", now=at(10), process="a")
    assert stored(session).publisher_until == at(10) + LENGTH
    release(session, GATHERING, "laptop", now=at(11), process="a")
    assert not take(session, GATHERING, "another", now=at(29))
    assert take(session, GATHERING, "another", now=at(30))
    # Whoever comes back late releases nothing of theirs.
    release(session, GATHERING, "laptop", now=at(31), process="b")
    assert not take(session, GATHERING, "laptop", now=at(31), process="b")


def test_what_an_earlier_version_stored_counts_until_the_whole_lease_ends(session: Session) -> None:
    row = stored(session)
    row.publisher, row.publisher_until = "laptop dead old", at(20)
    session.commit()
    assert not take(session, GATHERING, HUB, now=at(1))
    assert take(session, GATHERING, "laptop", now=at(2), process="new")
    release(session, GATHERING, "laptop", now=at(3), process="old")
    release(session, GATHERING, "laptop", now=at(3), process="new")
    assert not take(session, GATHERING, HUB, now=at(19))
    assert take(session, GATHERING, HUB, now=at(20))


def test_a_laptop_that_names_no_process_and_the_hub_are_stored_as_ever(session: Session) -> None:
    assert take(session, GATHERING, "laptop", now=at(0))
    assert stored(session).publisher == "laptop"
    release(session, GATHERING, "laptop", now=at(1))
    assert take(session, GATHERING, HUB, now=at(1))
    assert (stored(session).publisher, stored(session).publisher_until) == (HUB, at(1) + LENGTH)
    stored(session).lease = "worker"
    session.commit()
    release_for_hub(session, GATHERING, "worker", now=at(2))
    assert take(session, GATHERING, "laptop", now=at(2))


def test_a_worker_that_ends_leaves_the_lease_to_one_that_lost_its_claim_and_still_sends(
    session: Session,
) -> None:
    assert take(session, GATHERING, HUB, now=at(0))
    stored(session).lease = "next"
    row = Delivery(id=uuid.UUID(int=2), target_id=uuid.UUID(int=3), item_id=uuid.UUID(int=4))
    row.item_kind, row.key, row.state, row.lease = "media", "k", "sending", "late"
    row.created_at, row.due_at = at(0), at(5)
    session.add(row)
    session.commit()
    release_for_hub(session, GATHERING, "next", now=at(1))
    assert not take(session, GATHERING, "laptop", now=at(1))
    # Silent for as long as its row is kept for it, it is no more.
    release_for_hub(session, GATHERING, "next", now=at(5))
    assert take(session, GATHERING, "laptop", now=at(5))
