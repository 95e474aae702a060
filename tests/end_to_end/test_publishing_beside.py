"""Two programs on one gathering, a folder of a newer version, a place that refuses: sentences, no tracebacks."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from kiosk.cli import main
from publish.outbox import ledger
from publish.status import target_registry
from reporter.config import Settings
from reporter.errors import Conflict
from reporter.gathering import lock
from reporter.gathering.backup import copy_gathering
from reporter.gathering.folder import open_session
from reporter.models import Delivery, EventSession, Story, Target
from reporter.stories import queries
from tests.publish.conformance.mastodon import Mastodon
from tests.support.commands.process import run_command
from tests.support.kiosk_process import KioskProcess, TurnableClock, add_takeaway
from tests.support.publish.fakes import Kit


def run(*arguments: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def run_side_by_side(count: int, *arguments: str | Path) -> list[tuple[int, str, str]]:
    """The real command, several times at once: status, output and errors of each."""
    with ThreadPoolExecutor(count) as threads:
        begun = [threads.submit(run_command, *map(str, arguments)) for _ in range(count)]
        ended = [one.result() for one in begun]
    return [(one.returncode, one.stdout, one.stderr) for one in ended]


def names_in(folder: Path) -> list[str]:
    """What lies there, without what SQLite keeps beside an open database."""
    return sorted(p.name for p in folder.iterdir() if not p.name.endswith(("-shm", "-wal")))


@pytest.fixture
def filled(kit: Kit, tmp_path: Path) -> Settings:
    """A gathering with photos of many sessions, and a folder as a target."""
    for number in range(12):
        kit.photo(kit.event(f"Session {number}"), number, f"Words {number}")
    (tmp_path / "site").mkdir()
    target_registry.add_target(
        kit.session,
        "folder",
        "stick",
        {"url": str(tmp_path / "site")},
        now=kit.clock(),
        rng=kit.rng,
    )
    kit.session.commit()
    return kit.settings


def test_publishing_beside_the_kiosk_and_another_publish_sends_each_once(
    filled: Settings, secrets_file: Path, tmp_path: Path
) -> None:
    kiosk = KioskProcess(filled.folder, secrets_file)
    at = ("--gathering", filled.folder)
    try:
        kiosk.start()
        for status, out, errors in run_side_by_side(3, "publish", "--wait", "--json", *at):
            assert "Traceback" not in errors
            assert status == 0, errors
            assert {row["state"] for row in json.loads(out)["deliveries"]} == {"sent"}
    finally:
        kiosk.stop()
    assert not any("Traceback" in line for line in kiosk.lines)
    assert len(list((tmp_path / "site").glob("sr-*.html"))) == 12
    with open_session(filled) as session:
        keys = [row.key for row in session.query(Delivery)]
    assert len(keys) == len(set(keys))


def test_rows_that_another_process_adds_meanwhile_are_found(
    kit: Kit, filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, rivals = ledger._rows, iter([True])

    def read_before_the_other(session: Session, target: Target) -> list[Delivery]:
        """What is read is old at once: the other one, who has read the same, commits first."""
        found = rows(session, target)
        if next(rivals, False):
            session.rollback()
            with open_session(filled) as other:
                ledger.queue(other, kit.context)
        return found

    monkeypatch.setattr(ledger, "_rows", read_before_the_other)
    ledger.queue(kit.session, kit.context)
    assert len(kit.deliveries("story")) == 12
    assert next(rivals, None) is None


def test_two_copies_into_one_folder_at_once(filled: Settings, tmp_path: Path) -> None:
    at, goal = ("--gathering", filled.folder), tmp_path / "copy"
    results = run_side_by_side(3, "backup", goal, *at)
    assert not any("Traceback" in errors for _status, _out, errors in results)
    assert 0 in {status for status, _out, _said in results}
    for status, _out, errors in results:
        assert status == 0 or "Another copy is being written into" in errors
    # Whatever came first: the copy is whole, and the next one finds all of it.
    done = copy_gathering(filled.folder, goal)
    assert (done.copied, done.missing) == (0, ())
    assert not (goal / ".copying").exists()


def test_a_copy_under_way_is_said_and_one_that_broke_off_goes_on(
    filled: Settings, tmp_path: Path
) -> None:
    goal = tmp_path / "copy"
    goal.mkdir()
    with lock.hold_lock(goal / ".copying"), pytest.raises(Conflict, match="right now"):
        copy_gathering(filled.folder, goal)
    # A power cut leaves the lock's file and half a copy.
    (goal / ".copying").touch()
    (goal / "media").mkdir()
    assert copy_gathering(filled.folder, goal).copied == 24
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "letter.txt").touch()
    with pytest.raises(Conflict, match="something else"):
        copy_gathering(filled.folder, tmp_path / "else")


@pytest.mark.parametrize(
    "command", [["publish"], ["sessions", "list"], ["doctor"], ["review", "list"], ["kiosk"]]
)
def test_a_folder_of_a_newer_version_is_said_and_left_alone(
    gathering: Settings, command: list[str]
) -> None:
    with closing(sqlite3.connect(gathering.folder / "reporter.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = 'of_the_future'")
        database.commit()
    before = names_in(gathering.folder)
    result = run("--gathering", gathering.folder, *command)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "opened by a newer Social Reporter" in result.stderr
    assert names_in(gathering.folder) == before


def test_a_database_that_is_none_is_said(gathering: Settings) -> None:
    (gathering.folder / "reporter.db").write_bytes(b"this is no database" * 1000)
    result = run("--gathering", gathering.folder, "sessions", "list")
    assert result.exit_code == 1
    assert "database can't be used (file is not a database)" in result.stderr


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with closing(Mastodon()) as server:
        yield server


@pytest.mark.parametrize("wait", [["--wait"], []])
def test_a_place_that_refuses_the_sign_in_ends_with_1_and_says_what_waits(
    gathering: Settings, session: Session, event: EventSession, server: Mastodon, wait: list[str]
) -> None:
    at = ("--gathering", gathering.folder)
    receipt = add_takeaway(session, event, random.Random(1)).receipt
    assert run(*at, "review", "approve", receipt).exit_code == 0
    added = run(*at, "targets", "add", "mastodon", "garden", f"url={server.url}", stdin="wrong\n")
    assert added.exit_code == 0, added.output
    result = run(*at, "publish", *wait)
    assert result.exit_code == 1
    assert (
        "reporter: garden: 1 waits for you: garden refused user name or password" in result.stderr
    )
    result = run(*at, "publish", *wait, "--json")
    assert result.exit_code == 1
    assert [row["state"] for row in json.loads(result.stdout)["deliveries"]] == ["waiting"]


def test_one_story_for_one_session_whoever_makes_it(
    gathering: Settings, event: EventSession, clock: TurnableClock
) -> None:
    with open_session(gathering) as one, open_session(gathering) as other:
        first = queries.session_story(one, event, now=clock(), rng=random.Random(1))
        made = first.id
        one.commit()
        assert queries.session_story(other, event, now=clock(), rng=random.Random(2)).id == made
        other.commit()
    with open_session(gathering) as session:
        assert session.query(Story).filter_by(session_id=event.id).count() == 1
