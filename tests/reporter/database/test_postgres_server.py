"""What tests get as PostgreSQL: a real one, where row security holds for whoever asks."""

from __future__ import annotations

from sqlalchemy import URL, create_engine, text

from tests.support.servers.postgres import Postgres


def test_a_database_is_empty_and_its_role_no_superuser(database_url: URL) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        role = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.scalar(text(tables)) == 0
        assert connection.scalar(text(role)) is False
        # Part of postgresql-contrib, and one that whoever owns the database may install.
        connection.execute(text("CREATE EXTENSION pg_trgm"))
        assert connection.scalar(text("SELECT similarity('palets', 'pallets')")) > 0.5
    engine.dispose()


def test_what_was_committed_outlives_a_kill(postgres_server: Postgres, database_url: URL) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE said (word text)"))
        connection.execute(text("INSERT INTO said VALUES ('kept')"))
    engine.dispose()
    postgres_server.kill()
    postgres_server.start()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT word FROM said")) == "kept"
    engine.dispose()
