"""Making and opening a gathering, its schema, its sessions."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from reporter import migrations
from reporter.clock import new_id, rfc3339
from reporter.codes import is_valid
from reporter.config import FOLDERS, Settings, check_language, load_settings
from reporter.database import kept_counts
from reporter.errors import BadInput, ConfigError, Conflict, NotFound
from reporter.gathering.folder import make_gathering, open_engine, open_session
from reporter.gathering.sessions import (
    add_session,
    all_sessions,
    by_code,
    ensure_lobby,
    import_schedule,
    is_running,
    running,
    takeaway_counts,
)
from reporter.models import EventSession, Gathering, whole_metadata
from reporter.schedule import ScheduledSession
from tests.support.kiosk_process import START, TurnableClock, add_takeaway
from tests.support.shared_app import NewGatherings


def scheduled(guid: str, **values: object) -> ScheduledSession:
    plain = ScheduledSession(
        guid=guid,
        title=guid.title(),
        room="Hall",
        track="",
        speakers=("Ana", "Bo"),
        description="",
        starts_at=START,
        ends_at=START + timedelta(hours=1),
        do_not_record=False,
        licence="",
        language="",
    )
    return replace(plain, **values)  # type: ignore[arg-type]


@pytest.mark.sqlite("its rows are elsewhere")
def test_a_gathering_is_one_folder(
    tmp_path: Path, clock: TurnableClock, rng: random.Random
) -> None:
    folder = tmp_path / "evening"
    gathering = make_gathering(
        folder, "Evening", timezone="Europe/Berlin", language="en", now=clock(), rng=rng
    )
    names = {path.name for path in folder.iterdir()}
    assert names == {"reporter.toml", "reporter.db", *FOLDERS}
    with open_session(gathering) as session:
        assert session.scalars(select(Gathering)).one().revision == 0


def test_the_gathering_of_a_test_is_as_one_that_was_made_for_it(
    new_gatherings: NewGatherings, tmp_path: Path, clock: TurnableClock
) -> None:
    def facts(name: str, chance: random.Random) -> tuple[object, ...]:
        gathering = new_gatherings.new(tmp_path / name, now=clock(), rng=chance)
        assert load_settings(gathering.folder) == gathering
        with open_session(gathering) as session:
            row = session.scalars(select(Gathering)).one()
            return row.id, row.created_at, row.revision, chance.getstate()

    first, second = facts("a", random.Random(3)), facts("b", random.Random(3))
    assert first == second
    assert facts("c", random.Random(4))[0] != first[0]
    clock.turn(hours=1)
    assert facts("d", random.Random(3))[1] == clock()


@pytest.mark.sqlite("pragmas")
def test_the_database_keeps_its_word_at_a_power_cut(session: Session) -> None:
    assert session.scalar(text("PRAGMA journal_mode")) == "wal"
    assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
    assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_gathering_is_never_made_over_another(gathering: Settings, clock: TurnableClock) -> None:
    with pytest.raises(Conflict, match="already"):
        make_gathering(
            gathering.folder, "B", timezone="UTC", language="en", now=clock(), rng=random.Random(1)
        )


def _is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or name not in kept_counts.TABLES


def test_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_of_models}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, whole_metadata())
    engine.dispose()
    assert differences == []


@pytest.mark.sqlite("PostgreSQL's copies are an administrator's")
def test_an_older_database_is_copied_aside_first(gathering: Settings) -> None:
    path = gathering.folder / "reporter.db"
    engine = open_engine(gathering)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        connection.execute(text("CREATE TABLE of_old (x)"))
    copy = migrations._copy_aside(engine, "0001")
    engine.dispose()
    assert copy == Path(f"{path}.before-upgrade-of-0001")
    kept = sqlite3.connect(copy)
    assert kept.execute("SELECT count(*) FROM of_old").fetchone() == (0,)
    kept.close()


def test_ledger_and_connections_of_an_older_gathering_keep_their_rows(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    config = migrations.alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0011")
        connection.execute(
            text(
                "INSERT INTO target VALUES ('t', 'folder', 'stick', '{}', 'public', '', '2026-05-09')"
            )
        )
        for kind in ("story", "face"):
            connection.execute(
                text(
                    "INSERT INTO delivery (id, target_id, item_kind, item_id, key, state, wanted, sent, remote_id, url,"
                    " remote, bytes, moved, big, attempts, due_at, lease, error, created_at) VALUES (:kind, 't', :kind,"
                    " 'i', 'k', 'sent', 'w', 'w', '', '', '{}', 0, 0, 0, 0, '2026-05-09', '', '', '2026-05-09')"
                ),
                {"kind": kind},
            )
        connection.execute(
            text(
                "INSERT INTO line (target_id, held_at, way, said, ahead_s, told, learnt) VALUES"
                " ('t', '2026-05-09', 'down', 'No way.', 7.5, '{\"files\": 4}', '{\"image_bytes\": 9}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO story (id, title, lead, short, report, draft, rest, created_at)"
                " VALUES ('s', 'Winter', '', '', 0, 0, 1, '2026-05-09')"
            )
        )
    migrations.upgrade(engine)
    with engine.connect() as connection:
        # Its arrangement is neither newer nor older than another laptop's.
        assert connection.scalar(text("SELECT edits FROM story")) == 0
        kinds = connection.execute(text("SELECT item_kind FROM delivery ORDER BY item_kind"))
        assert [one[0] for one in kinds] == ["front_page", "story"]
        kept = "paused_at, reachability, message, clock_skew_s, reported_limits, learned_limits"
        assert tuple(connection.execute(text(f"SELECT {kept} FROM line")).one()) == (
            "2026-05-09",
            "down",
            "No way.",
            7.5,
            '{"files": 4}',
            '{"image_bytes": 9}',
        )
    engine.dispose()


def test_ids_sort_by_time_and_carry_version_7(rng: random.Random) -> None:
    ids = [new_id(START + timedelta(milliseconds=n), rng) for n in range(50)]
    assert ids == sorted(ids)
    assert {made.version for made in ids} == {7}
    assert len(set(ids)) == 50
    assert new_id(START, random.Random(1)).int >> 80 == int(START.timestamp() * 1000)


def test_times_are_told_with_their_offset() -> None:
    assert rfc3339(datetime(2026, 3, 14, 14, 0, 0, 999, tzinfo=UTC)) == "2026-03-14T14:00:00+00:00"
    assert rfc3339(None) is None


def test_naive_times_never_get_in(session: Session, event: EventSession) -> None:
    event.starts_at = datetime(2026, 3, 14, 14, 0)  # noqa: DTZ001  (that is the point)
    with pytest.raises(Exception, match="which zone"):
        session.commit()


def test_importing_again_updates_by_guid_and_keeps_codes(
    session: Session, rng: random.Random
) -> None:
    first = import_schedule(
        session, [scheduled("a"), scheduled("b"), scheduled("c")], now=START, rng=rng
    )
    codes = {row.guid: row.code for row in all_sessions(session)}
    again = import_schedule(
        session, [scheduled("a", room="Attic"), scheduled("b"), scheduled("d")], now=START, rng=rng
    )
    rows = {row.guid: row for row in all_sessions(session)}
    assert (first.added, again.added, again.updated, again.unchanged, again.retired) == (
        3,
        1,
        1,
        1,
        1,
    )
    assert rows["a"].room == "Attic"
    assert {guid: rows[guid].code for guid in "ab"} == {guid: codes[guid] for guid in "ab"}
    assert set(rows) == {"a", "b", "d"}
    # The code of what is gone may stand on a poster: it still opens its page.
    assert by_code(session, codes["c"]).guid == "c"
    back = import_schedule(session, [scheduled(g) for g in "abcd"], now=START, rng=rng)
    assert back.updated == 2
    assert {row.guid: row.code for row in all_sessions(session)}["c"] == codes["c"]


def test_takeaways_of_a_session_that_changed_are_told_anew(
    session: Session, rng: random.Random
) -> None:
    import_schedule(session, [scheduled("a"), scheduled("b")], now=START, rng=rng)
    of_a, of_b = (
        add_takeaway(session, by_guid, rng)
        for by_guid in sorted(all_sessions(session), key=lambda row: row.guid or "")
    )
    before = (of_a.revision, of_b.revision)
    import_schedule(session, [scheduled("a", room="Attic"), scheduled("b")], now=START, rng=rng)
    assert of_a.revision > max(before)
    assert of_b.revision == before[1]


def test_sessions_added_by_hand_survive_an_import(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    done = import_schedule(session, [scheduled("a")], now=START, rng=rng)
    assert done.retired == 0
    assert event in all_sessions(session)


def test_do_not_record_becomes_a_default_of_consent(session: Session, rng: random.Random) -> None:
    import_schedule(
        session, [scheduled("a", do_not_record=True, licence="CC BY 4.0")], now=START, rng=rng
    )
    row = all_sessions(session)[0]
    assert (row.do_not_record, row.audience, row.licence) == (True, "room", "CC BY 4.0")
    assert row.speakers == "Ana, Bo"


def test_codes_are_valid_unique_and_found_however_typed(
    session: Session, rng: random.Random
) -> None:
    rows = [add_session(session, f"S{n}", now=START, rng=rng) for n in range(30)]
    assert len({row.code for row in rows}) == 30
    assert all(is_valid(row.code) for row in rows)
    typed = f" {rows[3].code[:3].lower()}-{rows[3].code[3:].lower()} "
    assert by_code(session, typed) is rows[3]
    with pytest.raises(NotFound):
        by_code(session, "nothing")
    with pytest.raises(BadInput):
        add_session(session, "  ", now=START, rng=rng)


def test_a_lobby_is_made_only_where_there_is_nothing(session: Session, rng: random.Random) -> None:
    lobby = ensure_lobby(session, now=START, rng=rng)
    assert lobby is not None
    assert lobby.title == "Lobby"
    assert ensure_lobby(session, now=START, rng=rng) is None


def test_what_runs_now_has_a_grace_and_the_latest_first(
    session: Session, rng: random.Random
) -> None:
    hour = timedelta(hours=1)
    lobby = add_session(session, "Lobby", now=START, rng=rng)
    early = add_session(session, "Early", now=START, rng=rng, starts_at=START, ends_at=START + hour)
    late = add_session(session, "Late", now=START, rng=rng, starts_at=START + hour)
    rows = [lobby, early, late]
    assert running(rows, START - timedelta(minutes=16)) == [lobby]
    assert running(rows, START - timedelta(minutes=15)) == [early, lobby]
    # People record in the last minutes: until it ends, its code is shown and not that of the next.
    assert running(rows, START + timedelta(minutes=59)) == [early, late, lobby]
    assert running(rows, START + hour) == [late, early, lobby]
    assert not is_running(early, START + hour + timedelta(minutes=16))
    # Without an end it lasts an hour.
    assert is_running(late, START + 2 * hour)
    assert not is_running(late, START + 2 * hour + timedelta(minutes=16))


def test_counts_leave_out_what_was_taken_back(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    for state in ("new", "approved", "withdrawn"):
        add_takeaway(session, event, rng, state=state)
    assert takeaway_counts(session) == {event.code: 2}


@pytest.mark.parametrize("language", ["xx", "klingon", "", "e", "en_XX_none_1", "fi", "zh-TW"])
def test_a_language_that_is_not_there_is_refused(
    tmp_path: Path, rng: random.Random, clock: TurnableClock, language: str
) -> None:
    with pytest.raises(ConfigError, match="There is no language"):
        make_gathering(
            tmp_path / "g", "Spring", timezone="UTC", language=language, now=clock(), rng=rng
        )
    for known in ("en", "pt-BR", "pt_BR", "uk", "zh-Hans"):
        check_language(known)
