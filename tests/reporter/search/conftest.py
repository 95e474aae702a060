"""The same questions to both engines."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine

from reporter.config import Settings
from reporter.search import SearchIndex, WhooshIndex
from reporter.search.postgres.index import PostgresIndex
from reporter.search.postgres.tables import make_tables
from tests.support.servers.postgres import Postgres


@pytest.fixture(scope="session")
def search_database(postgres_server: Postgres) -> Iterator[URL]:
    """A database with the tables of the index, for all tests: each is another gathering."""
    with postgres_server.database() as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            make_tables(connection)
        engine.dispose()
        yield url


def engine_for(url: URL, gathering: uuid.UUID) -> Engine:
    """An engine that works for one gathering."""
    return create_engine(url, connect_args={"options": f"-c app.gathering={gathering}"})


@pytest.fixture(
    params=["whoosh", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]
)
def index(request: pytest.FixtureRequest, gathering: Settings) -> Iterator[SearchIndex]:
    """An empty index of each engine."""
    if request.param == "whoosh":
        yield WhooshIndex(gathering.folder / "index")
        return
    engine = engine_for(request.getfixturevalue("search_database"), uuid.uuid4())
    yield PostgresIndex(engine)
    engine.dispose()
