"""Counts that triggers keep are those of the rows, whatever was written, by whom, and in which order."""

from __future__ import annotations

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete, inspect, select, text, update
from sqlalchemy.orm import Session

from reporter import migrations
from reporter.clock import new_id
from reporter.config import Settings
from reporter.database import kept_counts
from reporter.enums import Audience, Consent, TakeawayState
from reporter.gathering.folder import make_gathering, open_engine
from reporter.gathering.sessions import add_session, takeaway_counts
from reporter.media.near_duplicates import keep_look
from reporter.models import Attachment, EventSession, Media, Takeaway
from reporter.models.image_quality import SimilarGroup
from reporter.review import queries
from reporter.review.picture_findings import looks_of
from reporter.review.queries import ALL, Filter
from reporter.review.timeline import timeline
from tests.support.kiosk_process import START, add_takeaway

pytestmark = pytest.mark.sqlite("PostgreSQL counts rows")

BERLIN = ZoneInfo("Europe/Berlin")
# Two that look alike, and one that does not.
LIKENESSES = ["00000000000000ff", "00000000000000fe", "ffffffffffffffff", ""]
VALUES = {
    "state": st.sampled_from(list(TakeawayState)),
    "audience": st.sampled_from(list(Audience)),
    "consent": st.sampled_from(list(Consent)),
    "starred": st.booleans(),
    "held": st.booleans(),
    "recorded_at": st.integers(-4_000, 4_000_000).map(lambda n: START + timedelta(milliseconds=n)),
}
CHANGES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), VALUES[name])
)
FILTERS = [
    Filter(),
    Filter(state=ALL),
    *(Filter(state=state) for state in TakeawayState),
    *(Filter(state=ALL, flags=(name,)) for name in queries.flag_rules()),
    Filter(state="new", span=(START, START + timedelta(minutes=20))),
    # No five minutes begin there.
    Filter(state="new", span=(START, START + timedelta(minutes=12))),
    Filter(state="approved", flags=("starred", "held")),
    Filter(state="approved", kind="photo"),
]
# To the indexes of version 0028.
BEFORE = (
    "DROP INDEX takeaway_state_approved",
    "DROP INDEX media_state_error",
    "CREATE INDEX ix_media_state ON media (state)",
    "DROP INDEX look_group_sharpness",
    "CREATE INDEX ix_look_group_id ON look (group_id)",
    "DROP INDEX takeaway_session_newest",
    "CREATE INDEX takeaway_state_id ON takeaway (state, id)",
)


@contextlib.contextmanager
def counted_by_rows() -> Iterator[None]:
    """As a hub counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_counts, "are_kept", lambda _session: False)
        yield


def everything_counted(session: Session) -> list[object]:
    """All that pages show of counts."""
    codes = session.scalars(select(EventSession.code)).all()
    filters = [*FILTERS, *(Filter(state="new", session=code) for code in codes)]
    return [
        takeaway_counts(session),
        queries.count_undescribed(session),
        queries.count_without_consent(session),
        *(queries.count_state(session, state) for state in TakeawayState),
        *(queries.state_counts(session, one) for one in filters),
        *(queries.flag_counts(session, one) for one in filters),
        *(timeline(session, one, BERLIN) for one in filters),
        looks_of(session, session.scalars(select(Takeaway)).all()),
    ]


def check(session: Session) -> None:
    kept = everything_counted(session)
    with counted_by_rows():
        assert kept == everything_counted(session)
    assert kept_counts.count_differences(session) == 0


class Kept(RuleBasedStateMachine):
    """A gathering to which anything is done that a page, a merge or an erasure may do to its rows."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.rng = random.Random(1)
        folder = self.folder / uuid.uuid4().hex
        settings = make_gathering(
            folder, "G", timezone="UTC", language="en", now=START, rng=self.rng
        )
        self.engine: Engine = open_engine(settings)
        self.session = Session(self.engine)
        self.events = [
            add_session(self.session, title, now=START, rng=self.rng) for title in ("A", "B")
        ]

    def _any(self, model: type, data: st.DataObject) -> object | None:
        rows: list[object] = list(
            self.session.scalars(select(model).order_by(*inspect(model).primary_key))
        )
        return data.draw(st.sampled_from(rows)) if rows else None

    @rule(which=st.integers(0, 1), change=CHANGES)
    def take_in(self, which: int, change: tuple[str, object]) -> None:
        kind = self.rng.choice(["photo", "note"])
        add_takeaway(self.session, self.events[which], self.rng, kind=kind, **dict([change]))

    @rule(data=st.data(), change=CHANGES, undone=st.booleans())
    def change(self, data: st.DataObject, change: tuple[str, object], undone: bool) -> None:
        if row := self._any(Takeaway, data):
            setattr(row, *change)
            self.session.flush()
            self.session.rollback() if undone else self.session.commit()

    @rule(data=st.data(), change=CHANGES)
    def change_all_of_a_session(self, data: st.DataObject, change: tuple[str, object]) -> None:
        name, value = change
        event = data.draw(st.sampled_from(self.events))
        self.session.execute(
            update(Takeaway).where(Takeaway.session_id == event.id).values({name: value})
        )
        self.session.commit()

    @rule(data=st.data(), which=st.integers(0, 1))
    def move(self, data: st.DataObject, which: int) -> None:
        if row := self._any(Takeaway, data):
            row.session_id = self.events[which].id  # type: ignore[attr-defined]
            self.session.commit()

    @rule(
        data=st.data(),
        alt=st.sampled_from(["", "A tree"]),
        kind=st.sampled_from(["photo", "video"]),
    )
    def attach(self, data: st.DataObject, alt: str, kind: str) -> None:
        """A file of its own, or one that another takeaway has too."""
        row, shared = self._any(Takeaway, data), self._any(Media, data)
        if row is None:
            return
        media = shared if shared and data.draw(st.booleans()) else self._new_media(kind)
        if self.session.get(Attachment, (row.id, media.id)) is None:  # type: ignore[attr-defined]
            self.session.add(Attachment(takeaway_id=row.id, media_id=media.id, alt=alt))  # type: ignore[attr-defined]
        self.session.commit()

    def _new_media(self, kind: str) -> Media:
        number = new_id(START, self.rng)
        media = Media(
            id=number,
            sha256=number.hex,
            kind=kind,
            type="",
            ext="",
            bytes=1,
            due_at=START,
            received_at=START,
        )
        self.session.add(media)
        return media

    @rule(data=st.data(), alt=st.sampled_from(["", "A tree"]))
    def describe(self, data: st.DataObject, alt: str) -> None:
        if attachment := self._any(Attachment, data):
            attachment.alt = alt  # type: ignore[attr-defined]
            self.session.commit()

    @rule(
        data=st.data(),
        likeness=st.sampled_from(LIKENESSES),
        sharpness=st.sampled_from([None, 39.0, 40.0]),
        brightness=st.sampled_from([None, 15.0, 16.0]),
    )
    def look(
        self, data: st.DataObject, likeness: str, sharpness: float | None, brightness: float | None
    ) -> None:
        if media := self._any(Media, data):
            keep_look(
                self.session,
                media.id,  # type: ignore[attr-defined]
                sharpness=sharpness,
                brightness=brightness,
                likeness=likeness,
            )
            self.session.commit()

    @rule(data=st.data())
    def take_a_file_away(self, data: st.DataObject) -> None:
        if attachment := self._any(Attachment, data):
            self.session.delete(attachment)
            self.session.commit()

    @rule(data=st.data())
    def delete_a_group(self, data: st.DataObject) -> None:
        if group := self._any(SimilarGroup, data):
            self.session.execute(delete(SimilarGroup).where(SimilarGroup.id == group.id))  # type: ignore[attr-defined]
            self.session.commit()

    @rule(data=st.data())
    def delete_a_file(self, data: st.DataObject) -> None:
        """Its look goes with it."""
        if media := self._any(Media, data):
            of_it = Attachment.media_id == media.id  # type: ignore[attr-defined]
            self.session.execute(delete(Attachment).where(of_it))
            self.session.execute(delete(Media).where(Media.id == media.id))  # type: ignore[attr-defined]
            self.session.commit()

    @rule(data=st.data())
    def delete_a_takeaway(self, data: st.DataObject) -> None:
        if row := self._any(Takeaway, data):
            self.session.execute(delete(Attachment).where(Attachment.takeaway_id == row.id))  # type: ignore[attr-defined]
            self.session.execute(delete(Takeaway).where(Takeaway.id == row.id))  # type: ignore[attr-defined]
            self.session.commit()

    @invariant()
    @precondition(lambda self: hasattr(self, "session"))
    def kept_counts_are_those_of_the_flags(self) -> None:
        assert kept_counts.count_differences(self.session) == 0

    def teardown(self) -> None:
        if hasattr(self, "session"):
            check(self.session)
            self.session.close()
            self.engine.dispose()


def test_random_operations(tmp_path: Path) -> None:
    class Here(Kept):
        folder = tmp_path

    run_state_machine_as_test(Here, settings=settings(max_examples=20, stateful_step_count=30))


def _photos(
    session: Session, event: EventSession, rng: random.Random, count: int
) -> list[Takeaway]:
    """Takeaways with a photo each, all alike."""
    rows = [add_takeaway(session, event, rng, kind="photo") for _number in range(count)]
    for row in rows:
        number = new_id(START, rng)
        media = Media(
            id=number,
            sha256=number.hex,
            kind="photo",
            type="",
            ext="",
            bytes=1,
            due_at=START,
            received_at=START,
        )
        session.add_all([media, Attachment(takeaway_id=row.id, media_id=number)])
        session.flush()
        keep_look(session, number, sharpness=90, brightness=90, likeness=LIKENESSES[0])
    session.commit()
    return rows


def test_many_writers_at_once(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random
) -> None:
    ids = [row.id for row in _photos(session, event, rng, 12)]
    engine = open_engine(gathering)

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _turn in range(25):
            with Session(engine) as own:
                for number in chance.sample(ids, 2):
                    state = chance.choice(["new", "approved", "hidden"])
                    own.execute(update(Takeaway).where(Takeaway.id == number).values(state=state))
                own.rollback() if chance.random() < 0.3 else own.commit()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    session.rollback()
    check(session)
    assert sum(queries.state_counts(session, Filter()).values()) == len(ids)


def test_a_gathering_of_the_version_before_is_counted_when_it_is_opened(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random
) -> None:
    rows = _photos(session, event, rng, 3)
    rows[0].state, rows[0].starred = "approved", True
    session.commit()
    kinds = ("trigger", "view")
    for kind, name in session.execute(text("SELECT type, name FROM sqlite_master")).all():
        if kind in kinds:
            session.execute(text(f"DROP {kind} {name}"))
    for table in kept_counts.TABLES:
        session.execute(text(f"DROP TABLE {table}"))
    for statement in BEFORE:
        session.execute(text(statement))
    session.execute(text("UPDATE alembic_version SET version_num = '0028'"))
    session.commit()
    engine = open_engine(gathering)
    with Session(engine) as upgraded:
        assert migrations.current_revision(engine) == max(migrations._revisions())
        check(upgraded)
        flags = queries.flag_counts(upgraded, Filter(state=ALL))
    engine.dispose()
    assert (flags["alike"], flags["alt"], flags["starred"]) == (3, 3, 1)


def test_counts_take_the_same_work_in_a_gathering_of_any_size(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    """Steps of SQLite's machine, which a busy computer changes nothing about."""
    of_few = _steps(session, event, rng, 24)
    of_many = _steps(session, event, rng, 360)
    assert of_many <= of_few * 1.1


def _steps(session: Session, event: EventSession, rng: random.Random, count: int) -> int:
    """After ``count`` more takeaways in the same hour."""
    for number in range(count):
        recorded = START + timedelta(minutes=5 * (number % 12))
        state = "new" if number % 24 < 12 else "approved"
        add_takeaway(session, event, rng, recorded_at=recorded, state=state)
    steps = 0

    def note() -> None:
        nonlocal steps
        steps += 1

    database = session.connection().connection.driver_connection
    assert database is not None
    database.set_progress_handler(note, 1)
    for state in ("new", "approved"):
        criteria = Filter(state=state)
        queries.flag_counts(session, criteria)
        queries.state_counts(session, criteria)
        timeline(session, criteria, BERLIN)
    queries.count_undescribed(session)
    queries.count_without_consent(session)
    takeaway_counts(session)
    database.set_progress_handler(None, 1)
    return steps


def test_counting_anew_mends_what_is_wrong(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    _photos(session, event, rng, 3)
    for table in kept_counts.TABLES:
        session.execute(text(f"DELETE FROM {table}"))
    session.commit()
    assert kept_counts.count_differences(session) > 0
    kept_counts.recount(session)
    check(session)
    assert queries.flag_counts(session, Filter())["alike"] == 3
