"""What is the index's own in PostgreSQL: gatherings kept apart, one writer, builds beside one another."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession
from reporter.moderation.decisions import withdraw
from reporter.search import SearchRequest
from reporter.search.maintenance import look_after, rebuild_asked, rebuild_if_asked
from reporter.search.postgres import builds
from reporter.search.postgres.index import PostgresIndex
from reporter.search.postgres.tables import TABLES
from reporter.search.postgres.vectors import quoted, vector
from tests.reporter.search.conftest import engine_for
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.servers.postgres import Postgres


@pytest.fixture
def engine(search_database: URL) -> Iterator[Engine]:
    engine = engine_for(search_database, uuid.uuid4())
    yield engine
    engine.dispose()


@pytest.fixture
def filled(
    session: Session, event: EventSession, rng: random.Random, engine: Engine
) -> PostgresIndex:
    for words in ("compost stays warm", "zanzibar is private"):
        add_takeaway(session, event, rng, text=words, state="approved")
    index = PostgresIndex(engine)
    index.sync(session)
    return index


def count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def test_no_gathering_sees_another(filled: PostgresIndex, search_database: URL) -> None:
    engine = engine_for(search_database, uuid.uuid4())
    other = PostgresIndex(engine)
    assert other.search(SearchRequest("compost")).total == 0
    assert other.search(SearchRequest("compst")).suggestion == ""
    with engine.begin() as connection:
        assert [count(connection, f"{table}_here") for table in TABLES] == [0, 0, 1]
        # Nor can it write there.
        with pytest.raises(ProgrammingError, match="check option"):
            connection.execute(
                text(
                    "INSERT INTO search_word_here (gathering_id, build, word) VALUES (:own, 1, 'x')"
                ),
                {"own": uuid.uuid4()},
            )
    engine.dispose()
    assert filled.search(SearchRequest("compost")).total == 1


def test_the_tables_are_closed_to_who_serves_pages(
    filled: PostgresIndex, postgres_server: Postgres, search_database: URL
) -> None:
    """A role with rights to tables and views, as pages have it: the database itself compares the gathering."""
    role = f"page_{uuid.uuid4().hex[:8]}"
    with postgres_server.administering(str(search_database.database)) as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'page'"))
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
        assert count(connection, "search_document") > 0
    with filled._engine.begin() as connection:
        gathering = connection.scalar(text("SELECT current_setting('app.gathering')"))
    for own, documents in ((None, 0), (uuid.uuid4(), 0), (gathering, 2)):
        options = {"options": f"-c app.gathering={own}"} if own else {}
        engine = create_engine(
            search_database.set(username=role, password="page"), connect_args=options
        )
        with engine.begin() as connection:
            seen = [count(connection, name) for name in ("search_document", "search_document_here")]
        engine.dispose()
        assert seen == [documents] * 2, own
    with postgres_server.administering(str(search_database.database)) as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))


def test_the_words_are_found_by_their_index(engine: Engine, filled: PostgresIndex) -> None:
    """Below row security they would not be: ``@@`` is not leakproof."""
    asked = (
        "EXPLAIN SELECT 1 FROM search_document_here WHERE words @@ to_tsquery('simple', 'compost')"
    )
    with engine.begin() as connection:
        put = (
            "INSERT INTO search_document_here SELECT gathering_id, build, gen_random_uuid(), words, session, kind, "
            "intent, author, tags, state, day, seen, recorded FROM search_document_here, generate_series(1, 999)"
        )
        connection.execute(text(put))
        connection.execute(text("ANALYZE search_document"))
        # Small tables are read whole.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(connection.scalars(text(asked)))
        assert "search_document_words" in plan, plan
        assert "words @@" in plan.partition("Index Cond")[2], plan
        connection.rollback()


def test_few_documents_are_found_without_their_index_and_many_with_it(
    session: Session, filled: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = ("compost", "war*", "-compost", "compst", "zanzibar warm", "")
    few = [filled.search(SearchRequest(one)) for one in questions]
    assert filled._build().is_small
    monkeypatch.setattr(builds, "FEW", 1)
    assert not filled._build().is_small
    many = [filled.search(SearchRequest(one)) for one in questions]
    assert [(one.ids, one.facets, one.suggestion) for one in many] == [
        (one.ids, one.facets, one.suggestion) for one in few
    ]
    assert [one.total for one in few] == [1, 1, 1, 1, 2, 2]


def test_another_writer_at_it_is_left_alone(
    session: Session, event: EventSession, rng: random.Random, filled: PostgresIndex
) -> None:
    add_takeaway(session, event, rng, text="waits", state="approved")
    with filled._writing() as connection:
        assert connection is not None
        assert filled.sync(session) == 0
    assert filled.sync(session) == 1
    assert filled.search(SearchRequest("waits")).total == 1


def test_rebuilding_goes_on_beside(
    session: Session, event: EventSession, rng: random.Random, filled: PostgresIndex
) -> None:
    seen: list[int] = []

    def look(_done: int, _total: int) -> None:
        if not seen:
            add_takeaway(session, event, rng, text="came meanwhile", state="approved")
            filled.sync(session)
            assert filled.search(SearchRequest("meanwhile")).total == 1
        seen.append(filled.search(SearchRequest("compost")).total)

    before = filled._build().number
    assert filled.rebuild(session, look) == 3
    assert (seen, filled._build().number > before) == ([1], True)
    assert (filled.search(SearchRequest("meanwhile")).total, filled.behind(session)) == (1, 0)
    assert len(filled.ids()) == 3


def test_words_that_were_taken_back_leave_the_database_too(
    session: Session,
    filled: PostgresIndex,
    engine: Engine,
    clock: TurnableClock,
    gathering: Settings,
) -> None:
    def kept() -> bool:
        query = text("SELECT count(*) FROM search_word_here WHERE word = 'zanzibar'")
        with engine.begin() as connection:
            return bool(connection.scalar(query))

    found = filled.search(SearchRequest("zanzibar"))
    row = next(
        one for one in session.query(EventSession).one().takeaways if str(one.id) in found.ids
    )
    withdraw(session, row, actor(clock), Store(gathering.folder))
    filled.sync(session)
    assert (filled.search(SearchRequest("zanzibar", place=None)).total, kept()) == (0, True)
    look_after(session, filled, now=clock())
    rebuild_if_asked(session, filled)
    assert not kept()
    look_after(session, filled, now=clock())
    assert rebuild_asked(session) is None


def test_an_index_that_lost_something_is_noticed(
    session: Session, filled: PostgresIndex, engine: Engine, clock: TurnableClock
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM search_document_here WHERE words @@ '''w/compost'''"))
    assert filled.misses(session) == 1
    look_after(session, filled, now=clock())
    assert rebuild_if_asked(session, filled) == 2
    assert (filled.misses(session), filled.search(SearchRequest("compost")).total) == (0, 1)


def test_any_lexeme_is_quoted_as_postgres_reads_it(engine: Engine) -> None:
    hostile = ["it's", "back\\slash", "a:b", "' | 'x", "日本", "  ", "!&()<->", "\\'"]
    with engine.begin() as connection:
        for lexeme in hostile:
            read = (
                "SELECT tsvector_to_array(CAST(:vector AS tsvector)), "
                "CAST(:vector AS tsvector) @@ CAST(:query AS tsquery)"
            )
            result = connection.execute(
                text(read), {"vector": quoted(lexeme), "query": quoted(lexeme)}
            )
            assert tuple(result.one()) == ([lexeme], True)


def test_a_long_text_keeps_its_words_findable(engine: Engine) -> None:
    fields = ("stem", "about", "title", "room", "by", "tag", "session", "kind", "intent", "state")
    document: dict[str, list[str]] = {name: [] for name in (*fields, "audience", "day", "has")}
    words = [*(["again"] * 400), *(f"word{number}" for number in range(17_000))]
    made = vector({**document, "word": words})
    with engine.begin() as connection:
        found = "SELECT CAST(:made AS tsvector) @@ CAST(:query AS tsquery)"
        for query, true in (("'w/word16999'", True), ("'w/again' <-> 'w/word0'", False)):
            assert connection.scalar(text(found), {"made": made, "query": query}) is true, query
