"""A copy of a gathering: whole, verified, again and again, and back."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.cli import main
from reporter.config import Settings, load_settings
from reporter.errors import ConfigError, Conflict, DiskFull, NotFound, ReporterError
from reporter.files import remove_file
from reporter.gathering import backup
from reporter.gathering.backup import copy_gathering
from reporter.gathering.folder import make_gathering, open_session
from reporter.gathering.lock import hold_lock
from reporter.media.store import Store, hash_file
from reporter.models import Attachment, EventSession, Rendition, Takeaway
from reporter.moderation.decisions import withdraw
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway, new_media
from tests.support.synced_files import note_synced_files

pytestmark = pytest.mark.sqlite("copies of a folder; a hub has those of its administrator")


def add_photo(
    session: Session, store: Store, event: EventSession, rng: random.Random, content: bytes
) -> Takeaway:
    row = add_takeaway(session, event, rng, text=content.decode())
    incoming = store.begin(row.receipt)
    incoming.write(content)
    incoming.finish()
    sha256 = incoming.sha256
    store.keep(incoming.path, sha256, ".jpg")
    made = store.rendition(sha256, "view", ".jpg")
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(content[:3])
    media = new_media(
        rng,
        sha256=sha256,
        bytes=len(content),
        state="ready",
        renditions=[
            Rendition(name="view", type="image/jpeg", ext=".jpg", bytes=3, sha256=hash_file(made))
        ],
    )
    row.attachments.append(Attachment(media=media))
    session.commit()
    return row


@pytest.fixture
def photos(
    session: Session, store: Store, event: EventSession, rng: random.Random
) -> list[Takeaway]:
    return [add_photo(session, store, event, rng, f"photo {n}".encode()) for n in range(3)]


def files(folder: Path) -> dict[str, bytes]:
    kept = [
        p for name in ("media", "renditions") for p in (folder / name).rglob("*") if p.is_file()
    ]
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_a_copy_is_a_gathering_of_its_own(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    goal = tmp_path / "stick" / "copy"
    heard: list[tuple[int, int]] = []
    done = copy_gathering(gathering.folder, goal, progress=lambda a, b, _: heard.append((a, b)))
    assert (done.copied, done.known, done.missing) == (6, 0, ())
    assert heard[-1] == (6, 6)
    assert files(goal) == files(gathering.folder)
    with open_session(load_settings(goal)) as session:
        assert sorted(row.text for row in session.scalars(select(Takeaway))) == [
            "photo 0",
            "photo 1",
            "photo 2",
        ]


def test_again_copies_only_what_is_new_and_drops_what_was_taken_back(
    gathering: Settings,
    session: Session,
    store: Store,
    event: EventSession,
    rng: random.Random,
    photos: list[Takeaway],
    tmp_path: Path,
    clock: TurnableClock,
) -> None:
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    add_photo(session, store, event, rng, b"photo new")
    withdraw(session, photos[0], actor(clock), store)
    done = copy_gathering(gathering.folder, goal)
    assert (done.copied, done.known) == (2, 4)
    assert files(goal) == files(gathering.folder)
    assert b"photo 0" not in files(goal).values()
    assert b"photo 0" not in (goal / "reporter.db").read_bytes()


def test_a_damaged_file_of_the_copy_is_replaced(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    broken = next((goal / "media").rglob("*.jpg"))
    broken.chmod(0o644)
    broken.write_bytes(b"phot")
    assert copy_gathering(gathering.folder, goal).copied == 1
    assert files(goal) == files(gathering.folder)


def test_a_damaged_original_is_said_not_copied(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    broken = next((gathering.folder / "media").rglob("*.jpg"))
    broken.chmod(0o644)
    broken.write_bytes(b"rotten!")
    with pytest.raises(ReporterError, match=str(broken)):
        copy_gathering(gathering.folder, tmp_path / "copy")


def test_a_missing_original_is_said_and_the_rest_copied(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    lost = next((gathering.folder / "media").rglob("*.jpg"))
    remove_file(lost)
    next((gathering.folder / "renditions").rglob("*.jpg")).unlink()
    done = copy_gathering(gathering.folder, tmp_path / "copy")
    assert done.missing == (lost.name,)
    assert files(tmp_path / "copy") == files(gathering.folder)


def test_nothing_of_others_is_overwritten(
    gathering: Settings, tmp_path: Path, clock: TurnableClock
) -> None:
    other = tmp_path / "other"
    make_gathering(other, "Other", timezone="UTC", language="en", now=clock(), rng=random.Random(9))
    full = tmp_path / "documents"
    full.mkdir()
    (full / "letter.txt").write_text("dear")
    for goal in (other, full, gathering.folder):
        with pytest.raises(Conflict):
            copy_gathering(gathering.folder, goal)
    nowhere = tmp_path / "nowhere"
    with pytest.raises(NotFound, match=f"^There is no gathering in {nowhere}\\.$"):
        copy_gathering(nowhere, tmp_path / "copy")
    assert (full / "letter.txt").read_text() == "dear"


def test_it_is_consistent_while_others_write(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random, tmp_path: Path
) -> None:
    add_takeaway(session, event, rng, text="before")
    session.add(add_takeaway(session, event, rng, text="after"))
    event.title = "not committed"
    session.flush()
    copy_gathering(gathering.folder, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy" / "reporter.db")) as copy:
        assert copy.execute("SELECT count(*) FROM takeaway").fetchone() == (2,)
        assert copy.execute("SELECT title FROM event_session").fetchone() == (
            "Community gardens in winter",
        )


def test_there_and_back_from_the_shell(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    def run(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        return result.exit_code, result.output

    assert run("--gathering", gathering.folder, "backup", tmp_path / "stick")[0] == 0
    code, output = run("--gathering", gathering.folder, "restore", tmp_path / "stick")
    assert (code, "already" in output or "Move it away" in output) == (1, True)
    assert run("--gathering", tmp_path / "new", "restore", tmp_path / "stick")[0] == 0
    assert files(tmp_path / "new") == files(gathering.folder)
    code, output = run("--gathering", tmp_path / "new", "review", "list")
    assert output.count("photo") >= 3


def test_a_broken_configuration_is_said_before_anything_is_written(
    gathering: Settings, tmp_path: Path
) -> None:
    (gathering.folder / "reporter.toml").write_text("name = [")
    with pytest.raises(ConfigError):
        copy_gathering(gathering.folder, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_what_takes_a_place_is_on_the_disk_before(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = note_synced_files(monkeypatch)
    replaced: list[tuple[str, bool]] = []
    replace = os.replace

    def note_replace(source: Path, goal: Path) -> None:
        replaced.append((Path(goal).name, os.stat(source).st_ino in synced))
        replace(source, goal)

    monkeypatch.setattr(os, "replace", note_replace)
    copy_gathering(gathering.folder, tmp_path / "copy")
    assert {"reporter.db", "reporter.toml"} < {name for name, _ in replaced}
    assert [name for name, safe in replaced if not safe] == []
    # The rows are last of what they promise.
    names = [name for name, _ in replaced]
    assert names.index("reporter.db") == 6
    folders = {path.parent for path in (tmp_path / "copy").glob("*/??/*")}
    assert {path.stat().st_ino for path in folders} <= synced
    assert (tmp_path / "copy").stat().st_ino in synced
    # The folder's own name, and what the copy says of itself.
    assert {tmp_path.stat().st_ino, (tmp_path / "copy" / "COPY.txt").stat().st_ino} <= synced


def test_what_is_no_longer_held_is_removed_from_the_disk_too(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick with FAT: syncing its top says nothing about the folder in which a file was removed."""
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    gone = goal / "media" / "zz" / f"{'0' * 64}.jpg"
    gone.parent.mkdir()
    gone.write_bytes(b"taken back")
    synced = note_synced_files(monkeypatch)
    copy_gathering(gathering.folder, goal)
    assert not gone.exists()
    assert gone.parent.stat().st_ino in synced


def test_a_copy_says_what_it_is_and_keeps_originals_from_being_changed(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    text = (goal / "COPY.txt").read_text(encoding="utf-8")
    assert "with 3 takeaways, the newest received at 20" in text
    modes = [path.stat().st_mode & 0o777 for path in (goal / "media").rglob("*.jpg")]
    assert modes == [0o444] * 3


def test_the_log_of_a_former_copy_is_gone_before_the_new_database_comes(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would replay it over the new one; a kill between the two is enough."""
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    with closing(sqlite3.connect(goal / "reporter.db")) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("UPDATE takeaway SET text = 'as of a kiosk that was killed'")
        opened.commit()
        log = (goal / "reporter.db-wal").read_bytes()
        with pytest.raises(Conflict, match="open in another program"):
            copy_gathering(gathering.folder, goal)
    opened.close()
    (goal / "reporter.db-wal").write_bytes(log)
    replace = os.replace

    def killed(source: Path, to: Path) -> None:
        replace(source, to)
        if Path(to).name == "reporter.db":
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        copy_gathering(gathering.folder, goal)
    with closing(sqlite3.connect(goal / "reporter.db")) as copy:
        texts = {text for (text,) in copy.execute("SELECT text FROM takeaway")}
    assert texts == {row.text for row in photos}


def test_a_copy_that_broke_off_is_finished_and_one_under_way_left_alone(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    goal = tmp_path / "copy"
    goal.mkdir()
    with hold_lock(goal / ".copying"), pytest.raises(Conflict, match=f"into {goal} right now"):
        copy_gathering(gathering.folder, goal)
    # Killed, a copy leaves its lock behind, which nobody holds.
    (goal / ".copying").touch()
    (goal / "reporter.db-wal").write_bytes(b"of a former database")
    assert copy_gathering(gathering.folder, goal).copied == 6
    assert not (goal / "reporter.db-wal").exists()


def test_a_copy_looks_again_when_something_goes_meanwhile(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path
) -> None:
    lost = next((gathering.folder / "media").rglob("*.jpg"))
    kept = lost.read_bytes()
    remove_file(lost)
    looks = 0

    def bring_back(done: int, total: int, _what: str) -> None:
        nonlocal looks
        looks += done == total
        if looks == 2:
            lost.write_bytes(kept)

    done = copy_gathering(gathering.folder, tmp_path / "copy", progress=bring_back)
    assert (looks, done.copied, done.missing) == (3, 1, ())


def test_a_database_of_a_later_version_or_a_damaged_one_is_said(
    gathering: Settings, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(gathering.folder / "reporter.db")) as rows:
        rows.execute("ALTER TABLE rendition RENAME TO later")
    with pytest.raises(ReporterError, match="update this one"):
        copy_gathering(gathering.folder, tmp_path / "copy")
    assert not (tmp_path / "copy" / "reporter.db").exists()


def test_a_database_that_breaks_its_own_rules_never_takes_the_place_of_a_good_copy(
    gathering: Settings, event: EventSession, tmp_path: Path
) -> None:
    goal = tmp_path / "copy"
    copy_gathering(gathering.folder, goal)
    good = (goal / "reporter.db").read_bytes()
    with closing(sqlite3.connect(gathering.folder / "reporter.db")) as rows:
        find = "SELECT sql FROM sqlite_master WHERE name = 'event_session'"
        (schema,) = rows.execute(find).fetchone()
        for sql in (schema.replace("title VARCHAR NOT NULL", "title VARCHAR"), schema):
            rows.execute("PRAGMA writable_schema=ON")
            rows.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'event_session'", [sql])
            rows.commit()
            rows.execute("PRAGMA writable_schema=RESET")
            if sql != schema:
                rows.execute("UPDATE event_session SET title = NULL")
                rows.commit()
    message = r"^The database of the copy is damaged \(NULL value in event_session\.title\)"
    with pytest.raises(ReporterError, match=message):
        copy_gathering(gathering.folder, goal)
    assert (goal / "reporter.db").read_bytes() == good


def test_a_copy_without_room_is_refused_before_it_begins(
    gathering: Settings, photos: list[Takeaway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_gathering(gathering.folder, tmp_path / "copy")
    whole = files(tmp_path / "copy")
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    # All of it is there: nothing more is needed.
    copy_gathering(gathering.folder, tmp_path / "copy")
    with pytest.raises(DiskFull, match="needs 1 MB more, and only 0 MB are free at"):
        copy_gathering(gathering.folder, tmp_path / "other")
    assert files(tmp_path / "other") == {}
    assert files(tmp_path / "copy") == whole


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "No room is left at"),
        (errno.EROFS, "Nothing can be written at"),
        (errno.EIO, "can't be reached any more"),
    ],
)
def test_a_stick_that_fails_is_named_and_the_next_copy_goes_on(
    gathering: Settings,
    photos: list[Takeaway],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    words: str,
) -> None:
    goal, copied = tmp_path / "copy", []

    def fail_at_the_third(source: Path, to: Path) -> Path:
        copied.append(to)
        to.write_bytes(source.read_bytes()[:1])
        if len(copied) == 3:
            raise OSError(number, os.strerror(number), str(to))
        to.write_bytes(source.read_bytes())
        return to

    with monkeypatch.context() as failing:
        failing.setattr(backup.shutil, "copyfile", fail_at_the_third)
        with pytest.raises(DiskFull, match=words) as told:
            copy_gathering(gathering.folder, goal)
    assert str(goal) in told.value.message
    assert list(goal.rglob("*.new")) == [], "half a file takes no room"
    assert copy_gathering(gathering.folder, goal).known == 2
    assert files(goal) == files(gathering.folder)
    assert not (goal / ".begun").exists()
