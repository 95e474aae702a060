"""A million takeaways in the index of a hub: documents of our own making, multiplied within the database."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from reporter.models import EventSession, Tag, Takeaway
from reporter.search.documents import document
from reporter.search.postgres.builds import _values
from reporter.search.postgres.vectors import plain_words
from reporter.search.recipe import Recipe

NOW = datetime(2026, 5, 9, 14, tzinfo=UTC)
# Different texts; every takeaway has one of them, with facts of its own.
TEXTS = 4_000
VOCABULARY = 20_000
SYLLABLES = (
    "ba",
    "do",
    "ka",
    "le",
    "mi",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
    "vo",
    "wen",
    "gar",
    "sol",
    "fem",
    "tur",
    "nis",
    "pel",
)
SMALL = ("the", "a", "of", "and", "to", "in", "is", "we", "with", "for", "on", "that", "was", "it")
ORGANIZATION = uuid.UUID(int=1)


@dataclass(frozen=True)
class Place:
    """A gathering that is asked: how many takeaways it has."""

    gathering: uuid.UUID
    size: int


def vocabulary(rng: random.Random) -> list[str]:
    """Words that nobody has, the most frequent first."""
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 4)))] = None
    return list(words)


def sentence(words: list[str], rng: random.Random) -> str:
    """Thirty words or so, frequent ones more often (Zipf 1949), with small words between."""
    return " ".join(
        rng.choice(SMALL) if rng.random() < 0.4 else words[int(VOCABULARY ** rng.random()) - 1]
        for _ in range(rng.randint(8, 50))
    )


def takeaways(words: list[str], rng: random.Random, count: int) -> list[Takeaway]:
    """Rows that no database has."""
    return [_takeaway(words, rng, number) for number in range(count)]


def _takeaway(words: list[str], rng: random.Random, number: int) -> Takeaway:
    title = sentence(words, rng)[:60]
    event = EventSession(code=f"S{number % 20:02}", title=title, speakers="", track="", room="")
    return Takeaway(
        id=uuid.UUID(int=number + 1),
        session=event,
        kind=rng.choice(["note", "photo", "photo", "video", "audio"]),
        text=sentence(words, rng),
        caption="",
        author=rng.choice(["", "", "Ana", "Bo", "Cy"]),
        intent=rng.choice(["", "learned", "idea", "question", "action"]),
        state=rng.choice(["approved", "approved", "approved", "new"]),
        audience="public",
        consent="agreed",
        starred=False,
        held=False,
        recorded_at=NOW + timedelta(seconds=number * 7),
        tags=[Tag(name=words[rng.randrange(40)])] if rng.random() < 0.3 else [],
        attachments=[],
    )


def fill(owner: Engine, total: int, rng: random.Random) -> list[Place]:
    """Gatherings of 200, one of 10,000 and one of a tenth of all, ``total`` documents together; the ones to ask."""
    sizes = [total // 10, min(10_000, total // 20)]
    sizes += [200] * ((total - sum(sizes)) // 200)
    places = [Place(uuid.UUID(int=number + 1), size) for number, size in enumerate(sizes)]
    words = vocabulary(rng)
    made = [document(row, Recipe()) for row in takeaways(words, rng, TEXTS)]
    with owner.begin() as connection:
        _gatherings(connection, places)
        _texts(connection, [_values(1, one) for one in made])
        indexes = "search_document_words", "search_word_slips"
        for name in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        for place in places:
            connection.execute(_COPY, {"gathering": place.gathering, "size": place.size})
        learnt = sorted({word for one in made for word in plain_words(one)})
        for place in places:
            share = learnt if place.size >= 2_000 else learnt[place.gathering.int % 20 :: 20]
            connection.execute(_LEARN, {"gathering": place.gathering, "words": share})
        connection.execute(
            text(
                "CREATE INDEX search_document_words ON search_document USING gin (gathering_id, words) "
                "WITH (fastupdate = off)"
            )
        )
        connection.execute(
            text(
                "CREATE INDEX search_word_slips ON search_word USING gin (gathering_id, word gin_trgm_ops)"
            )
        )
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return [places[0], places[1], places[-1]]


def _gatherings(connection: Connection, places: list[Place]) -> None:
    connection.execute(
        text("INSERT INTO hub_organization (id, name, created_at) VALUES (:id, 'Gardens', :now)"),
        {"id": ORGANIZATION, "now": NOW.replace(tzinfo=None)},
    )
    connection.execute(
        text(
            "INSERT INTO hub_gathering (id, organization_id, local_id, title, settings, created_at, due_at, lease, "
            "publisher) SELECT id, :organization, id, 'Evening', '', :now, :now, '', '' "
            "FROM unnest(CAST(:ids AS uuid[])) AS id"
        ),
        {
            "ids": [place.gathering for place in places],
            "organization": ORGANIZATION,
            "now": NOW.replace(tzinfo=None),
        },
    )
    connection.execute(
        text(
            "INSERT INTO search_build (gathering_id, build, answers, made_for) SELECT id, 1, true, '{}' FROM "
            "unnest(CAST(:ids AS uuid[])) AS id"
        ),
        {"ids": [place.gathering for place in places]},
    )


def _texts(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(
        text(
            "CREATE TEMP TABLE made (number serial, words tsvector, session text, kind text, intent text, author text, "
            "tags text[], state text, day text, seen text[], recorded bigint)"
        )
    )
    connection.execute(
        text(
            "INSERT INTO made (words, session, kind, intent, author, tags, state, day, seen, recorded) VALUES "
            "(CAST(:words AS tsvector), :session, :kind, :intent, :author, :tags, :state, :day, :seen, :recorded)"
        ),
        rows,
    )
    connection.execute(text("CREATE UNIQUE INDEX ON made (number)"))


_COPY = text(
    "INSERT INTO search_document SELECT :gathering, 1, gen_random_uuid(), words, session, kind, intent, author, tags, "
    "state, day, seen, recorded + place FROM (SELECT place, 1 + floor(random() * "
    f"{TEXTS})::int AS number FROM generate_series(1, :size) AS place OFFSET 0) AS drawn JOIN made USING (number)"
)
_LEARN = text("INSERT INTO search_word SELECT :gathering, 1, unnest(CAST(:words AS text[]))")
