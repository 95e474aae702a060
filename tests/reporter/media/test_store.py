"""Originals on the disk, rows as a queue, secrets outside the gathering."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from reporter import secret_store
from reporter.config import Settings
from reporter.database.job_queue import back_off, claim, due_ids, holds
from reporter.errors import DiskFull, NotFound, ReadOnlyDisk, ReporterError, TooLarge
from reporter.gathering.folder import open_engine
from reporter.media.store import Incoming, Store, hash_file, make_durable_folder
from reporter.models import Media
from tests.support.kiosk_process import START, new_media
from tests.support.synced_files import note_synced_files

syncs_folders = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no call that syncs a folder"
)


def test_an_original_is_named_by_its_content_and_write_once(store: Store) -> None:
    incoming = store.begin("one")
    for piece in (b"ab", b"c" * 70_000):
        incoming.write(piece)
    incoming.finish()
    wanted = hashlib.sha256(b"ab" + b"c" * 70_000).hexdigest()
    assert (incoming.sha256, incoming.size, len(incoming.head)) == (wanted, 70_002, 8192)
    path = store.keep(incoming.path, incoming.sha256, ".bin")
    assert path == store.original(wanted, ".bin")
    assert hash_file(path) == wanted
    assert not incoming.path.exists()
    assert path.stat().st_mode & 0o222 == 0


def arrived(store: Store, name: str) -> Incoming:
    incoming = store.begin(name)
    incoming.write(b"same")
    incoming.finish()
    return incoming


def test_the_same_bytes_at_the_same_moment_keep_the_first_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sender may be thanked already, and its own copy gone."""
    one, two = arrived(store, "one"), arrived(store, "two")
    link = os.link

    def overtaken(path: Path, goal: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        store.link(two.path, two.sha256, ".bin")
        link(path, goal)

    monkeypatch.setattr(os, "link", overtaken)
    store.link(one.path, one.sha256, ".bin")
    assert store.is_linked(two.path, two.sha256, ".bin")


def test_a_broken_original_is_replaced_by_the_bytes_that_come(store: Store) -> None:
    one = arrived(store, "one")
    goal = store.link(one.path, one.sha256, ".bin")
    goal.unlink()
    goal.write_bytes(b"sa")
    store.link(one.path, one.sha256, ".bin")
    assert goal.read_bytes() == b"same"


def test_without_hard_links_two_senders_of_the_same_bytes_do_not_meet(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = arrived(store, "one"), arrived(store, "two")
    copy, both = shutil.copyfile, threading.Barrier(2, timeout=60)

    def no_links(path: Path, goal: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def broken_off(path: Path, goal: Path) -> None:
        """The second one's copy stops in the middle, after the first one's is finished and before it is in place."""
        if path == one.path:
            copy(path, goal)
            both.wait()
        else:
            both.wait()
            goal.write_bytes(b"sa")
            raise OSError(errno.EIO, "Input/output error")

    def second() -> None:
        with pytest.raises(ReadOnlyDisk):
            store.link(two.path, two.sha256, ".bin")

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(shutil, "copyfile", broken_off)
    thread = threading.Thread(target=second)
    monkeypatch.setattr("reporter.media.store.sync_file", lambda handle: thread.join(60))
    thread.start()
    goal = store.link(one.path, one.sha256, ".bin")
    assert goal.read_bytes() == b"same"
    assert list(goal.parent.iterdir()) == [goal]


@syncs_folders
def test_a_folder_that_another_has_just_made_is_made_durable(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = arrived(store, "one")
    # Another thread made it, and has not come to the sync.
    store.original(one.sha256, ".bin").parent.mkdir()
    synced = note_synced_files(monkeypatch)
    store.link(one.path, one.sha256, ".bin")
    assert store.media.stat().st_ino in synced


def test_what_a_killed_copy_left_goes_with_its_original(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = arrived(store, "one")

    def no_links(path: Path, goal: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    def killed(path: Path, goal: Path) -> None:
        goal.write_bytes(b"sa")
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_links)
        patch.setattr(shutil, "copyfile", killed)
        # A process that ends here tidies nothing.
        patch.setattr("reporter.media.store.try_remove", lambda _path: True)
        with pytest.raises(ReadOnlyDisk):
            store.link(one.path, one.sha256, ".bin")
    goal = store.link(one.path, one.sha256, ".bin")
    assert len(list(goal.parent.iterdir())) == 2
    assert store.drop_all(one.sha256)
    assert list(goal.parent.iterdir()) == []


@syncs_folders
def test_every_level_of_a_new_folder_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = note_synced_files(monkeypatch)
    make_durable_folder(tmp_path / "a" / "b" / "c")
    for folder in (tmp_path, tmp_path / "a", tmp_path / "a" / "b"):
        assert folder.stat().st_ino in synced


def test_the_same_bytes_again_need_no_second_place(store: Store) -> None:
    for name in ("one", "two"):
        incoming = store.begin(name)
        incoming.write(b"same")
        incoming.finish()
        path = store.keep(incoming.path, incoming.sha256, ".bin")
    assert path.read_bytes() == b"same"
    assert list(store.incoming.iterdir()) == []


def test_a_truncated_original_is_replaced_by_the_whole_one(store: Store) -> None:
    incoming = store.begin("one")
    incoming.write(b"whole")
    incoming.finish()
    broken = store.original(incoming.sha256, ".bin")
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"wh")
    assert store.keep(incoming.path, incoming.sha256, ".bin").read_bytes() == b"whole"


def test_limits_are_kept_while_writing(store: Store) -> None:
    incoming = store.begin("one", limit=1 << 20)
    incoming.write(b"x" * (1 << 20))
    with pytest.raises(TooLarge, match="1 MB"):
        incoming.write(b"x")
    incoming.discard()
    assert list(store.incoming.iterdir()) == []


def test_a_full_disk_is_said_before_it_starts(store: Store) -> None:
    with pytest.raises(DiskFull, match="not enough room"):
        store.need_room(store.free_bytes(), keep_free=1 << 30)
    store.need_room(1, keep_free=0)


@pytest.mark.parametrize("sha", ["..", "../../etc/passwd", "A" * 64, "a" * 63, ""])
def test_only_hashes_name_files(store: Store, sha: str) -> None:
    with pytest.raises(NotFound):
        store.original(sha, ".jpg")
    with pytest.raises(NotFound):
        store.rendition(sha, "view", ".jpg")


def media_row(session: Session, rng: random.Random) -> Media:
    row = new_media(rng)
    session.add(row)
    session.commit()
    return row


def test_a_row_is_claimed_once_by_many(
    gathering: Settings, session: Session, rng: random.Random
) -> None:
    ids = [media_row(session, rng).id for _ in range(60)]
    engine = open_engine(gathering)
    taken: list[object] = []

    def worker(name: str) -> None:
        with Session(engine) as own:
            for row_id in due_ids(own, Media, states=["received"], now=START, limit=100):
                won = claim(
                    own,
                    Media,
                    row_id,
                    states=["received"],
                    to="processing",
                    lease=name,
                    now=START,
                    until=START + timedelta(minutes=1),
                )
                if won:
                    taken.append(row_id)

    threads = [threading.Thread(target=worker, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert sorted(taken, key=str) == sorted(ids, key=str)


def test_a_lease_that_ran_out_is_free_again(session: Session, rng: random.Random) -> None:
    row_id = media_row(session, rng).id

    def take(lease: str, now: timedelta) -> bool:
        return claim(
            session,
            Media,
            row_id,
            states=["received", "processing"],
            to="processing",
            lease=lease,
            now=START + now,
            until=START + now + timedelta(minutes=1),
        )

    assert take("killed", timedelta(0))
    assert not take("early", timedelta(seconds=59))
    assert holds(session, Media, row_id, "killed")
    assert take("next", timedelta(seconds=60))
    assert not holds(session, Media, row_id, "killed")
    assert session.get_one(Media, row_id, populate_existing=True).attempts == 2


def test_waiting_doubles_with_jitter_up_to_a_bound() -> None:
    assert back_off(1, 1.0) == timedelta(seconds=5)
    assert back_off(1, 0.0) == timedelta(seconds=2.5)
    assert back_off(4, 1.0) == timedelta(seconds=40)
    assert back_off(500, 1.0) == timedelta(hours=1)


def test_secrets_stand_in_a_private_file_outside(gathering: Settings, secrets_file: Path) -> None:
    secret_store.set_secret("g", "target:blog", "pass word")
    assert secret_store.get_secret("g", "target:blog") == "pass word"
    assert secret_store.get_secret("other", "target:blog") is None
    if sys.platform != "win32":  # there rights are a list, not bits
        assert secrets_file.stat().st_mode & 0o777 == 0o600
    assert gathering.folder not in secrets_file.parents
    secret_store.remove_secret("g", "target:blog")
    secret_store.remove_secret("g", "target:blog")
    assert json.loads(secrets_file.read_text()) == {}


def test_the_signing_key_is_made_once_per_gathering(secrets_file: Path) -> None:
    first = secret_store.signing_key("g")
    assert secret_store.signing_key("g") == first
    assert secret_store.signing_key("h") != first
    assert len(first) >= 64


def test_a_broken_secrets_file_is_said_and_kept(secrets_file: Path) -> None:
    secrets_file.parent.mkdir(parents=True)
    secrets_file.write_text("{")
    with pytest.raises(ReporterError, match="passwords"):
        secret_store.get_secret("g", "x")
    assert secrets_file.read_text() == "{"
