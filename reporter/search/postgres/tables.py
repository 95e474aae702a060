"""Tables of the search index in PostgreSQL: documents, words for spelling, and which of several builds is live.

Their contents can be rebuilt from the rows. Each row belongs to one gathering, named by the
transaction setting ``app.gathering``. The operators ``@@`` and ``%`` are not LEAKPROOF, so under
row-level security PostgreSQL uses no index for them
(https://www.postgresql.org/docs/15/ddl-rowsecurity.html, "leakproof"). Therefore pages read and
write views, which compare the gathering and belong to the owner of the tables; row-level security
closes the tables themselves to everybody but this owner.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_HERE = "NULLIF(current_setting('app.gathering', true), '')::uuid"

# words: see ``vectors.vector``. seen: places where the consent gate allows it (documents.place_word).
_TABLES = f"""
CREATE TABLE search_document (
    gathering_id uuid NOT NULL DEFAULT {_HERE},
    build integer NOT NULL,
    takeaway_id uuid NOT NULL,
    words tsvector NOT NULL,
    session text NOT NULL,
    kind text NOT NULL,
    intent text NOT NULL,
    author text NOT NULL,
    tags text[] NOT NULL,
    state text NOT NULL,
    day text NOT NULL,
    seen text[] NOT NULL,
    recorded bigint NOT NULL,
    PRIMARY KEY (gathering_id, build, takeaway_id)
);
CREATE INDEX search_document_words ON search_document USING gin (gathering_id, words) WITH (fastupdate = off);
CREATE INDEX search_document_recorded ON search_document (gathering_id, build, recorded);
CREATE TABLE search_word (
    gathering_id uuid NOT NULL DEFAULT {_HERE},
    build integer NOT NULL,
    word text NOT NULL,
    PRIMARY KEY (gathering_id, build, word)
);
CREATE INDEX search_word_slips ON search_word USING gin (gathering_id, word gin_trgm_ops);
CREATE TABLE search_build (
    gathering_id uuid NOT NULL DEFAULT {_HERE},
    build integer NOT NULL,
    answers boolean NOT NULL,
    made_for jsonb NOT NULL,
    indexed_to bigint NOT NULL DEFAULT 0,
    taken_back boolean NOT NULL DEFAULT false,
    PRIMARY KEY (gathering_id, build)
);
CREATE UNIQUE INDEX search_build_answers ON search_build (gathering_id) WHERE answers;
"""
TABLES = ("search_document", "search_word", "search_build")


def make_tables(connection: Connection) -> None:
    """Create tables, indexes and views. The role must own the database, or the extensions must exist."""
    for extension in ("pg_trgm", "btree_gin"):
        connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS {extension}"))
    for statement in filter(str.strip, _TABLES.split(";\n")):
        connection.execute(text(statement))
    for table in TABLES:
        for statement in _guarded(table):
            connection.execute(text(statement))


def force_guard(connection: Connection, *, forced: bool) -> None:
    """Enable or disable row-level security for the owner of the tables too.

    Needed if pages run as the owner because there is no role for them: search is then equally safe,
    but compares every document of the gathering with the query.
    """
    for table in TABLES:
        word = "FORCE" if forced else "NO FORCE"
        connection.execute(text(f"ALTER TABLE {table} {word} ROW LEVEL SECURITY"))


def _guarded(table: str) -> tuple[str, ...]:
    own = f"gathering_id = {_HERE}"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY own ON {table} USING ({own}) WITH CHECK ({own})",
        f"CREATE VIEW {table}_here AS SELECT * FROM {table} WHERE {own} WITH CHECK OPTION",  # noqa: S608
    )
