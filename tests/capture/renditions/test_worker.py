"""From received rows to ready renditions, with real workers on real files."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import MP4, WEBM, sniff
from capture.decoding.probe import probe
from capture.decoding.process_pool import DecoderDied, DecoderPool, PoolBusy
from capture.decoding.truncation.detection import CUT_SHORT
from capture.renditions import worker
from capture.renditions.pipeline import process_file
from capture.renditions.worker import WAITING, check_intake, process_due, requeue_if_damaged
from reporter.annotations.edit_history import save
from reporter.clock import new_id
from reporter.config import LimitSettings, Settings
from reporter.database.job_queue import due_ids
from reporter.enums import MediaState
from reporter.errors import MediaFailed, TooLong
from reporter.gathering.folder import open_session
from reporter.media.edits import Edits, Region
from reporter.media.store import Store, hash_file
from reporter.models import Attachment, EventSession, Gathering, Media, Rendition, Takeaway
from reporter.models.edits import Edit
from reporter.moderation.decisions import withdraw
from tests.support.kiosk_process import TurnableClock, actor, add_takeaway
from tests.support.media import files as media_files
from tests.support.media.faces import detail, portrait_jpeg

LIMITS = LimitSettings()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, 3000) as pool:
        yield pool


class Room:
    """A gathering into which files are put as the intake does it."""

    def __init__(
        self,
        session: Session,
        store: Store,
        event: EventSession,
        *,
        clock: TurnableClock,
        pool: DecoderPool,
    ) -> None:
        self.session, self.store, self.event, self.clock, self.pool = (
            session,
            store,
            event,
            clock,
            pool,
        )
        self._rng = random.Random(5)

    def put(self, path: Path) -> Media:
        """Keep a file as an original, with a row and a takeaway."""
        kind = sniff(path.read_bytes()[:8192])
        assert kind is not None
        takeaway = add_takeaway(self.session, self.event, self._rng, kind=kind.kind)
        incoming = self.store.begin(f"in-{takeaway.receipt}")
        incoming.write(path.read_bytes())
        incoming.finish()
        self.store.keep(incoming.path, incoming.sha256, kind.ext)
        media = Media(
            id=new_id(self.clock(), self._rng),
            sha256=incoming.sha256,
            kind=kind.kind,
            type=kind.mime,
            ext=kind.ext,
            bytes=incoming.size,
            state=MediaState.RECEIVED.value,
            due_at=self.clock(),
            received_at=self.clock(),
        )
        takeaway.attachments.append(Attachment(media=media))
        self.session.commit()
        return media

    def turn(self) -> int:
        """One turn of the worker thread."""
        return process_due(self.session, self.store, self.pool, now=self.clock, limits=LIMITS)

    def made(self, media: Media) -> dict[str, Rendition]:
        """The renditions of a media row, each one checked against its file."""
        self.session.expire_all()
        for rendition in media.renditions:
            path = self.store.rendition(media.sha256, rendition.name, rendition.ext)
            assert (path.stat().st_size, hash_file(path)) == (rendition.bytes, rendition.sha256)
        return {rendition.name: rendition for rendition in media.renditions}

    def revision(self) -> int:
        return self.session.scalars(select(Gathering.revision)).one()

    def files(self) -> list[str]:
        return sorted(p.name for p in self.store.renditions.rglob("*") if p.is_file())


@pytest.fixture
def room(
    session: Session, store: Store, event: EventSession, clock: TurnableClock, pool: DecoderPool
) -> Room:
    return Room(session, store, event, clock=clock, pool=pool)


def test_a_photo_becomes_ready(room: Room) -> None:
    media = room.put(media_files.jpeg(4000, 3000, orientation=6))
    before = room.revision()
    assert room.turn() == 1
    made = room.made(media)
    assert {n: (r.type, r.ext, r.width, r.height) for n, r in made.items()} == {
        "view": ("image/jpeg", ".jpg", 1600, 1200),
        "thumb": ("image/jpeg", ".jpg", 640, 480),
    }
    assert (media.state, media.error, media.lease, media.attempts) == ("ready", "", "", 0)
    assert (media.width, media.height, media.duration) == (4000, 3000, None)
    assert media.captured_local == "2026-05-16T14:30:05"
    assert room.revision() == before + 1
    assert room.session.scalars(select(Takeaway.revision)).one() == before + 1
    assert room.turn() == 0


def test_a_live_video_gets_its_true_duration(room: Room) -> None:
    media = room.put(media_files.webm_live())
    room.turn()
    made = room.made(media)
    assert set(made) == {"play", "poster", "thumb"}
    assert (media.kind, media.width, media.height) == ("video", 640, 360)
    assert media.duration == pytest.approx(3.0, abs=0.15)
    assert made["play"].duration == media.duration
    assert (made["play"].type, made["play"].ext) == ("video/mp4", ".mp4")


def test_an_iphones_time_keeps_its_offset(room: Room) -> None:
    media = room.put(media_files.mov_hevc())
    room.turn()
    room.session.expire_all()
    assert media.captured_local == "2026-05-16T14:30:05+02:00"


def test_a_video_without_pictures_makes_a_voice_note(room: Room) -> None:
    media = room.put(media_files.webm_voice())
    assert room.session.scalars(select(Takeaway.kind)).one() == "video"
    room.turn()
    assert set(room.made(media)) == {"play", "poster", "thumb"}
    assert (media.kind, media.type, media.width) == ("audio", "audio/webm", None)
    assert room.session.scalars(select(Takeaway.kind)).one() == "audio"


def test_a_photo_cut_short_is_ready_with_a_note(room: Room) -> None:
    media = room.put(media_files.jpeg_truncated())
    assert room.turn() == 1
    room.session.expire_all()
    assert media.state == "ready"
    assert media.error == CUT_SHORT
    assert set(room.made(media)) == {"view", "thumb"}


def test_one_bad_file_never_blocks_the_rest(room: Room) -> None:
    first = room.put(media_files.jpeg(600, 400))
    bad = room.put(media_files.jpeg_broken())
    bomb = room.put(media_files.png_bomb())
    last = room.put(media_files.wav())
    before = room.revision()
    assert room.turn() == 4
    room.session.expire_all()
    assert [m.state for m in (first, bad, bomb, last)] == ["ready", "failed", "failed", "ready"]
    assert "damaged" in bad.error
    assert "million pixels" in bomb.error
    assert room.made(bad) == {}
    # The contributor's page and the wall hear of failures too.
    assert room.revision() == before + 4
    assert room.turn() == 0


def test_a_batch_can_be_stopped_between_two_files(room: Room) -> None:
    for number in range(3):
        room.put(media_files.jpeg(64 + number, 48))
    process = partial(
        process_due, room.session, room.store, room.pool, now=room.clock, limits=LIMITS
    )
    assert process(stop=lambda: True) == 1
    assert process() == 2


def kill_worker(_source: Path, out_dir: Path, *_: object) -> None:
    import os
    import signal

    out_dir.mkdir(parents=True, exist_ok=True)
    name = f".{_source.stem}-play.123.part"
    (out_dir / name).write_bytes(b"half a rendition")
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_gets_other_tries_and_then_a_sentence(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = room.put(media_files.png_alpha()), room.put(media_files.jpeg(600, 400))
    real = room.pool.run

    def run(task: Any, source: Path, *args: Any, **more: Any) -> Any:
        return real(kill_worker if source.suffix == ".png" else task, source, *args, **more)

    monkeypatch.setattr(room.pool, "run", run)
    for attempt in range(1, 4):
        assert room.turn() == (2 if attempt == 1 else 1)
        room.session.expire_all()
        assert good.state == "ready"
        if attempt < 3:
            assert (bad.state, bad.attempts, bad.lease) == ("received", attempt, "")
            assert bad.due_at > room.clock()
            assert room.turn() == 0
            room.clock.turn(hours=1)
    assert bad.state == "failed"
    assert "damaged" in bad.error
    assert room.files() == [f"{good.sha256}-{name}.jpg" for name in ("thumb", "view")]


def test_a_lease_that_ran_out_is_taken_up_once(room: Room) -> None:
    """The kiosk was killed while it had the row."""
    media = room.put(media_files.jpeg(600, 400))
    assert worker._claim(room.session, media.id, room.clock()) is not None
    assert room.turn() == 0
    room.clock.turn(seconds=61)
    assert room.turn() == 1
    room.session.expire_all()
    assert media.state == "ready"


def test_what_stops_the_kiosk_again_and_again_is_given_up(room: Room) -> None:
    media = room.put(media_files.jpeg(600, 400))
    for _ in range(3):
        assert worker._claim(room.session, media.id, room.clock()) is not None
        room.clock.turn(seconds=61)
    assert room.turn() == 1
    room.session.expire_all()
    assert (media.state, media.error) == ("failed", worker.GIVEN_UP)


def test_a_sleeper_that_wakes_late_writes_nothing(room: Room, tmp_path: Path) -> None:
    media = room.put(media_files.jpeg(600, 400))
    late = worker._claim(room.session, media.id, room.clock())
    assert late is not None
    room.clock.turn(seconds=61)
    assert room.turn() == 1
    before = room.revision()
    result = process_file(media_files.jpeg(300, 200), tmp_path, "image/jpeg")
    assert worker._finish(room.session, room.store, late, result) is False
    worker._fail(room.session, late, "too late")
    worker._put_back(room.session, late, room.clock(), attempts=2)
    assert room.made(media)["view"].width == 600
    assert (media.state, media.error, room.revision()) == ("ready", "", before)


def test_the_lease_is_renewed_while_a_worker_is_at_it(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = room.put(media_files.webm_live())
    monkeypatch.setattr(worker, "TICK", 0.01)
    seen = []
    real = worker._renew

    def renew(session: Session, job: worker._Job, _now: datetime) -> None:
        real(session, job, room.clock.turn(seconds=1))
        seen.append(session.scalars(select(Media.due_at)).one())
        session.commit()

    monkeypatch.setattr(worker, "_renew", renew)
    room.turn()
    assert len(seen) > 1
    assert seen == sorted(set(seen))
    assert room.made(media)["play"]


def test_withdrawn_while_a_worker_is_at_it_leaves_no_file(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = room.put(media_files.jpeg(600, 400))
    takeaway = media.attachments[0].takeaway
    real = worker._render

    def render(*args: Any, **more: Any) -> Any:
        result = real(*args, **more)
        withdraw(room.session, takeaway, actor(room.clock), room.store)
        (room.store.renditions / media_folder).mkdir(exist_ok=True)
        # The worker's last rename came after the files were removed.
        (room.store.renditions / media_folder / f"{sha}-view.jpg").write_bytes(b"late")
        return result

    sha, media_folder = media.sha256, media.sha256[:2]
    monkeypatch.setattr(worker, "_render", render)
    assert room.turn() == 1
    assert room.files() == []
    assert room.session.scalars(select(Media)).all() == []


def test_a_missing_or_short_original_is_a_sentence(room: Room) -> None:
    gone, short = room.put(media_files.jpeg(600, 400)), room.put(media_files.wav())
    room.store.original(gone.sha256, gone.ext).unlink()
    path = room.store.original(short.sha256, short.ext)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-10])
    room.turn()
    room.session.expire_all()
    assert [m.state for m in (gone, short)] == ["failed", "failed"]
    assert gone.error == short.error == worker.MISSING


def test_a_closing_kiosk_costs_no_attempt(room: Room) -> None:
    media = room.put(media_files.jpeg(600, 400))
    other = room.put(media_files.jpeg(300, 200))
    closed = DecoderPool(1, 2000)
    closed.stop()
    assert process_due(room.session, room.store, closed, now=room.clock, limits=LIMITS) == 1
    room.session.expire_all()
    assert {(m.state, m.attempts, m.lease) for m in (media, other)} == {("received", 0, "")}
    room.clock.turn(seconds=31)
    assert room.turn() == 2


@pytest.mark.parametrize("harm", [lambda p: p.unlink(), lambda p: p.write_bytes(b"cut")])
def test_lost_renditions_are_made_again(room: Room, harm: Callable[[Path], None]) -> None:
    media = room.put(media_files.jpeg(1200, 800))
    room.turn()
    before = {name: r.sha256 for name, r in room.made(media).items()}
    assert requeue_if_damaged(room.session, room.store, media, now=room.clock()) is False
    harm(room.store.rendition(media.sha256, "thumb", ".jpg"))
    assert requeue_if_damaged(room.session, room.store, media, now=room.clock()) is True
    assert room.turn() == 1
    assert {name: r.sha256 for name, r in room.made(media).items()} == before
    assert media.state == "ready"


def test_two_threads_share_the_work_and_do_nothing_twice(
    room: Room, gathering: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [room.put(media_files.jpeg(200 + n, 200)) for n in range(12)]
    seen: list[str] = []
    real = worker._render

    def render(*args: Any, **more: Any) -> Any:
        seen.append(args[3].sha256)
        return real(*args, **more)

    monkeypatch.setattr(worker, "_render", render)

    def work() -> None:
        with open_session(gathering) as session:
            while process_due(session, room.store, room.pool, now=room.clock, limits=LIMITS):
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    room.session.expire_all()
    assert {row.state for row in rows} == {"ready"}
    assert sorted(seen) == sorted(row.sha256 for row in rows)


# --- the look before a receipt is given -------------------------------------------------------------


def test_a_short_video_passes_and_a_long_one_is_refused(pool: DecoderPool) -> None:
    found = check_intake(pool, media_files.mp4(), MP4, LIMITS)
    assert found is not None
    assert (found.width, found.height) == (640, 360)
    strict = LimitSettings(video_seconds=1)
    long = media_files.wav(4.0)
    kind = sniff(long.read_bytes()[:8192])
    assert kind is not None
    with pytest.raises(TooLong, match=r"too long: 0:04 min; the longest here is 0:01"):
        check_intake(pool, long, kind, strict)
    assert check_intake(pool, media_files.mp4(), MP4, strict) is not None


def test_what_does_not_know_its_length_passes(pool: DecoderPool) -> None:
    found = check_intake(pool, media_files.webm_live(), WEBM, LimitSettings(video_seconds=1))
    assert found is not None
    assert found.duration is None


def test_a_broken_video_is_told_at_once(pool: DecoderPool, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(media_files.mp4().read_bytes()[:20_000])
    with pytest.raises(MediaFailed, match="damaged"):
        check_intake(pool, path, MP4, LIMITS)


def test_photos_pass_without_a_worker() -> None:
    kind = sniff(media_files.jpeg().read_bytes()[:8192])
    assert kind is not None
    assert check_intake(DecoderPool(1, 1), media_files.jpeg(), kind, LIMITS) is None


@pytest.mark.parametrize("trouble", [DecoderDied("It took too long."), PoolBusy("Busy.")])
def test_a_look_that_fails_says_nothing_about_the_file(
    pool: DecoderPool, trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(function: Any, *_: Any, **limits: Any) -> None:
        asked.append((function, limits))
        raise trouble

    monkeypatch.setattr(pool, "run", run)
    assert check_intake(pool, media_files.mp4(), MP4, LIMITS) is None
    assert asked == [(probe, {"timeout": 5.0, "patience": 10.0})]


def test_the_lease_is_longer_than_a_tick() -> None:
    assert timedelta(seconds=worker.TICK) * 3 <= worker.LEASE


FACE = (0.36, 0.39, 0.18, 0.29)
BLUR = Edits(blur=(Region("oval", (0.32, 0.32, 0.26, 0.42)),))


def seen(room: Room, media: Media) -> dict[str, float]:
    """What can be recognized of the face in each rendition."""
    details = {}
    for name, rendition in room.made(media).items():
        with Image.open(room.store.rendition(media.sha256, name, rendition.ext)) as image:
            details[name] = detail(np.asarray(image), FACE)
    return details


def test_saved_edits_are_in_every_rendition_and_come_first(room: Room) -> None:
    media = room.put(portrait_jpeg())
    assert room.turn() == 1
    assert min(seen(room, media).values()) > 15
    waiting = [room.put(media_files.jpeg(600 + 2 * n, 400)) for n in range(2)]
    save(room.session, room.store, media, BLUR, actor=actor(room.clock))
    # It is the first of all that is due: somebody waits for it.
    assert due_ids(room.session, Media, states=WAITING, now=room.clock(), limit=1) == [media.id]
    assert room.turn() == 3
    assert {m.state for m in (media, *waiting)} == {"ready"}
    assert len(seen(room, media)) == 2
    assert max(seen(room, media).values()) < 6


def test_what_was_made_with_former_edits_never_takes_their_place(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = room.put(portrait_jpeg())
    real = worker._render
    saved: list[bool] = []

    def render(*args: Any, **more: Any) -> Any:
        result = real(*args, **more)
        if not saved:
            # The worker has made the picture without edits; only now somebody saves them.
            saved.append(save(room.session, room.store, media, BLUR, actor=actor(room.clock)))
        return result

    monkeypatch.setattr(worker, "_render", render)
    assert room.turn() == 1
    assert saved == [True]
    assert room.made(media) == {}
    assert room.files() == []
    assert (media.state, media.lease) == ("received", "")
    assert room.turn() == 1
    assert max(seen(room, media).values()) < 6
    assert media.edits_fingerprint == BLUR.fingerprint()


def test_a_lost_rendition_comes_back_with_its_edits(room: Room) -> None:
    media = room.put(portrait_jpeg())
    save(room.session, room.store, media, BLUR, actor=actor(room.clock))
    room.turn()
    before = {name: made.sha256 for name, made in room.made(media).items()}
    room.store.drop_renditions(media.sha256)
    assert requeue_if_damaged(room.session, room.store, media, now=room.clock()) is True
    room.turn()
    assert {name: made.sha256 for name, made in room.made(media).items()} == before


def test_what_a_killed_worker_left_is_cleared(room: Room) -> None:
    media = room.put(media_files.jpeg(600, 400))
    left = room.store.workplace(media.sha256, "killed")
    left.mkdir(parents=True)
    (left / f"{media.sha256}-view.jpg").write_bytes(b"half")
    room.turn()
    assert sorted(name.split("-")[1] for name in room.files()) == ["thumb.jpg", "view.jpg"]
    assert not left.exists()


def test_edits_that_no_version_can_read_are_a_sentence(room: Room) -> None:
    media = room.put(media_files.jpeg(600, 400))
    room.session.add(Edit(media_id=media.id, position=0, kind="turn", numbers=[45]))
    room.session.commit()
    assert room.turn() == 1
    room.session.expire_all()
    assert media.state == "failed"
    assert "turned by a quarter" in media.error


def test_a_live_recording_keeps_its_length_when_it_is_cut(room: Room) -> None:
    media = room.put(media_files.webm_live())
    room.turn()
    room.session.expire_all()
    whole = media.duration
    assert whole is not None
    save(room.session, room.store, media, Edits(cut=(0.0, 1.0)), actor=actor(room.clock))
    room.turn()
    assert room.made(media)["play"].duration == pytest.approx(1, abs=0.2)
    assert media.duration == whole
