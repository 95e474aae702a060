"""Two organizations in one PostgreSQL, and SQL of one's own: what no page would ask for, the database refuses."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from reporter.database.row_security import (
    WEB_ROLE,
    TenantScope,
    check_guarded,
    scope_transactions,
    work_as,
    working_for,
)
from reporter.errors import ConfigError
from reporter.hub.models import HubGathering, Organization, RegistryBase
from reporter.hub.schema import upgrade_hub
from reporter.models import Attachment, EventSession, Gathering, Takeaway, whole_metadata
from reporter.search.postgres import tables as search
from tests.support.kiosk_process import new_media
from tests.support.servers.postgres import Postgres

NOW = datetime(2026, 3, 14, 14, tzinfo=UTC)


class Two:
    """Organizations A and B with a gathering each, and an engine as pages have it."""

    def __init__(self, url: URL, owner: Engine) -> None:
        self.owner = owner
        self.engine = create_engine(url)
        work_as(self.engine, WEB_ROLE)
        scope_transactions(self.engine)
        self.a, self.b = self._make("A"), self._make("B")

    def _make(self, name: str) -> TenantScope:
        scope = TenantScope(uuid.uuid4(), uuid.uuid4())
        with working_for(scope), Session(self.owner) as session:
            session.add(Organization(id=scope.organization, name=name, created_at=NOW))
            session.flush()
            session.add(
                HubGathering(
                    id=scope.gathering,
                    organization_id=scope.organization,
                    local_id=uuid.uuid4(),
                    title=name,
                    created_at=NOW,
                    due_at=NOW,
                )
            )
            session.flush()
            # Ids, codes, receipts and hashes are the same on purpose: within a gathering they are unique.
            event = EventSession(id=uuid.UUID(int=1), code="LOBBY1", title=name, created_at=NOW)
            takeaway = Takeaway(
                id=uuid.UUID(int=2),
                receipt="R1",
                session_id=event.id,
                kind="note",
                text=f"of {name}",
                recorded_at=NOW,
                received_at=NOW,
                revision=1,
            )
            session.add_all([Gathering(id=uuid.UUID(int=3), created_at=NOW), event, takeaway])
            session.commit()
        return scope

    def rows(self, scope: TenantScope, query: str, **values: object) -> list[tuple[object, ...]]:
        """What a query of one's own gets."""
        with working_for(scope), self.engine.begin() as connection:
            done = connection.execute(text(query), values)
            return [tuple(row) for row in done] if done.returns_rows else [(done.rowcount,)]


@pytest.fixture(scope="module")
def superusers_template(postgres_server: Postgres) -> Iterator[str]:
    """The name of a database in which a superuser has made a hub's tables."""
    with postgres_server.database() as url:
        owner = create_engine(postgres_server.admin_url.set(database=url.database))
        scope_transactions(owner)
        upgrade_hub(owner)
        owner.dispose()
        yield str(url.database)


@pytest.fixture(params=["owner without rights", "superuser"])
def two(request: pytest.FixtureRequest, postgres_server: Postgres) -> Iterator[Two]:
    """Once where the tables' owner may make no roles, once where a superuser makes them."""
    if request.param == "superuser":
        template: str = request.getfixturevalue("superusers_template")
    else:
        template = request.getfixturevalue("hub_template")
    with postgres_server.database(template=template) as url:
        if request.param == "superuser":
            url = postgres_server.admin_url.set(database=url.database)
        yield from _two(url)


def _two(url: URL) -> Iterator[Two]:
    owner = create_engine(url)
    scope_transactions(owner)
    made = Two(url, owner)
    yield made
    made.engine.dispose()
    owner.dispose()


def test_everybody_sees_the_rows_of_their_own_gathering_alone(two: Two) -> None:
    assert two.rows(two.a, "SELECT text FROM takeaway") == [("of A",)]
    assert two.rows(two.b, "SELECT text FROM takeaway") == [("of B",)]
    assert two.rows(TenantScope(), "SELECT text FROM takeaway") == []
    assert two.rows(two.a, "SELECT name FROM hub_organization") == [("A",)]
    assert two.rows(two.a, "SELECT title FROM hub_gathering") == [("A",)]


@pytest.mark.parametrize("mixed", [True, False])
def test_another_gathering_with_the_own_organization_opens_nothing(two: Two, mixed: bool) -> None:
    forged = (
        TenantScope(two.a.organization, two.b.gathering)
        if mixed
        else TenantScope(gathering=two.b.gathering)
    )
    assert two.rows(forged, "SELECT text FROM takeaway") == []
    assert two.rows(forged, "UPDATE takeaway SET text = 'stolen'") == [(0,)]
    with pytest.raises(DBAPIError):
        two.rows(
            forged, "INSERT INTO blocked_device (device, blocked_at, who) VALUES ('x', now(), '')"
        )
    assert two.rows(two.b, "SELECT text FROM takeaway") == [("of B",)]


def test_nothing_of_another_gathering_is_changed_or_made(two: Two) -> None:
    theirs = {"o": two.b.organization, "g": two.b.gathering}
    where = "WHERE organization_id = :o AND gathering_id = :g"
    assert two.rows(two.a, f"UPDATE takeaway SET text = 'x' {where}", **theirs) == [(0,)]
    assert two.rows(two.a, f"DELETE FROM takeaway {where}", **theirs) == [(0,)]
    with pytest.raises(DBAPIError, match="row-level security"):
        two.rows(
            two.a,
            "INSERT INTO blocked_device (organization_id, gathering_id, device, blocked_at, who) "
            "VALUES (:o, :g, 'x', now(), '')",
            **theirs,
        )
    with pytest.raises(DBAPIError, match="row-level security"):
        two.rows(two.a, "UPDATE takeaway SET gathering_id = :g, organization_id = :o", **theirs)
    assert two.rows(two.b, "SELECT text FROM takeaway") == [("of B",)]


def test_no_reference_leads_into_another_gathering(two: Two) -> None:
    """References are checked past row security, so they have to name the gathering themselves."""
    with working_for(two.b), Session(two.engine) as session:
        media = new_media(
            random.Random(9),
            id=uuid.UUID(int=9),
            due_at=NOW,
            received_at=NOW,
        )
        session.add(media)
        session.commit()
    with working_for(two.a), Session(two.engine) as session:
        session.add(Attachment(takeaway_id=uuid.UUID(int=2), media_id=uuid.UUID(int=9)))
        with pytest.raises(IntegrityError):
            session.commit()


def test_every_table_is_guarded(two: Two) -> None:
    asked = text(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity "
        "AND relnamespace = 'public'::regnamespace"
    )
    closed = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relname = ANY(:names)")
    with two.owner.connect() as connection:
        guarded = set(connection.scalars(asked))
        there = set(inspect(connection).get_table_names())
        assert set(connection.scalars(closed, {"names": list(search.TABLES)})) == set(search.TABLES)
    free = {"alembic_version", "hub_version", "hub_setting"}
    # Forced where pages work as the owner; else closed to all but the owner, whose views compare the gathering.
    assert there - guarded - set(search.TABLES) == free
    assert set(whole_metadata().tables) | set(RegistryBase.metadata.tables) - free <= guarded


def test_the_steps_make_what_the_models_say(two: Two) -> None:
    with two.owner.connect() as connection:
        for table in (*whole_metadata().tables.values(), *RegistryBase.metadata.tables.values()):
            there = _columns(connection, table.name)
            asked = {column.name: bool(column.nullable) for column in table.columns}
            assert asked.items() <= there.items(), table.name
            assert set(there) - set(asked) <= {"organization_id", "gathering_id"}, table.name


def _columns(connection: Connection, table: str) -> dict[str, bool]:
    return {one["name"]: one["nullable"] for one in inspect(connection).get_columns(table)}


def test_a_process_that_could_bypass_policies_is_refused(
    database_url: URL, postgres_server: Postgres
) -> None:
    plain = create_engine(database_url)
    check_guarded(plain)
    plain.dispose()
    mighty = create_engine(postgres_server.admin_url.set(database=database_url.database))
    with pytest.raises(ConfigError):
        check_guarded(mighty)
    mighty.dispose()


def test_an_update_runs_again_and_changes_nothing(two: Two) -> None:
    upgrade_hub(two.owner)
    assert two.rows(two.a, "SELECT text FROM takeaway") == [("of A",)]
    with working_for(TenantScope()), two.owner.connect() as connection:
        if two.owner.url.username != "admin":
            assert connection.scalar(text("SELECT count(*) FROM takeaway")) == 0
