"""Cards become takeaways: real files in made trees, read by the real decoders, through the one door."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from capture.cards import scan as scan_module
from capture.cards import verified_copy
from capture.cards.importer import CARD_GONE, Importer, ImportProgress, begin_import
from capture.cards.manual_cuts import begin_at, is_photo, move_cut, set_clock
from capture.cards.scan import ScannedItem, read_playlist, scan, walk
from capture.cards.session_assignment import UNASSIGNED, UNASSIGNED_TITLE
from capture.cards.shot_intake import ImportContext
from capture.cards.verified_copy import CardTrouble
from capture.codes.qr_writer import screen_url
from capture.decoding.motion_photo import INNER_FILM
from capture.decoding.process_pool import DecoderPool
from capture.decoding.truncation.detection import CUT_SHORT
from capture.imaging.raw_preview import find_preview
from capture.renditions.worker import process_due
from reporter.config import LimitSettings, Settings
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Media, Takeaway
from reporter.models.camera import Camera as CameraRow
from reporter.models.camera import CardImport, Shot
from reporter.moderation.decisions import approve, withdraw
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media import files
from tests.support.media.camera_rolls import BASE, Camera, code_of, snapshot, with_code
from tests.support.media.raw_files import raw_file
from tests.support.media.scene import scene
from tests.support.waiting import until

NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
# What a right clock in Berlin shows then.
TEN = datetime(2026, 3, 14, 10, 0)  # noqa: DTZ001


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, 3000) as pool:
        yield pool


@dataclass
class Desk:
    """A gathering with three sessions, one after the other, and imports in short."""

    session: Session
    store: Store
    pool: DecoderPool
    clock: TurnableClock
    rng: random.Random
    zone: Settings
    events: list[EventSession]

    def read(
        self,
        *paths: Path,
        stop_after: int = 10**12,
        event: EventSession | None = None,
        on_tell: Callable[[ImportProgress], None] | None = None,
    ) -> CardImport:
        job = begin_import(self.session, "card", now=self.clock(), rng=self.rng, event=event)
        context = ImportContext(
            self.session,
            self.store,
            self.pool,
            self.clock,
            self.rng,
            LimitSettings(),
            self.zone.zone,
        )
        copied = [0]

        def tell(tally: ImportProgress) -> None:
            copied[0] = tally.bytes_done
            if on_tell is not None:
                on_tell(tally)

        Importer(context, job, tell=tell, stopped=lambda: copied[0] >= stop_after).run(list(paths))
        self.session.commit()
        return job

    def places(self) -> dict[str, str]:
        """{name of the file: title of the session}."""
        rows = self.session.scalars(select(Takeaway))
        return {a.filename: row.session.title for row in rows for a in row.attachments}

    def originals(self) -> set[str]:
        return {path.stem for path in self.store.media.glob("*/*")}

    def camera(self, model: str = "Model 7") -> CameraRow:
        return self.session.scalars(select(CameraRow).where(CameraRow.model == model)).one()


@pytest.fixture
def desk(
    session: Session,
    store: Store,
    pool: DecoderPool,
    clock: TurnableClock,
    rng: random.Random,
    gathering: Settings,
) -> Desk:
    events = [
        add_session(
            session,
            title,
            now=clock(),
            rng=rng,
            starts_at=NINE + timedelta(hours=n),
            ends_at=NINE + timedelta(hours=n, minutes=50),
        )
        for n, title in enumerate(("Gardens", "Roofs", "Bicycles"))
    ]
    return Desk(session, store, pool, clock, rng, gathering, events)


def test_markers_split_the_roll_and_the_clock_is_learnt(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card", wrong=timedelta(days=-4000, hours=-5))
    gardens, roofs, _ = desk.events
    camera.marker(TEN, gardens)
    photos = [camera.shoot(TEN + minutes(5)), camera.shoot(TEN + minutes(5))]
    camera.marker(TEN + minutes(49), "END")
    lost = camera.shoot(TEN + minutes(300))
    camera.marker(TEN + minutes(60), roofs)
    camera.shoot(TEN + minutes(70), with_code(code_of(gardens), 0.04))
    before = snapshot(camera.card)
    job = desk.read(camera.card)
    # Number 4 was taken after number 6 by the clock: time says Roofs, the number says no session. A person decides.
    assert desk.places() == {
        "IMG_0002.JPG": "Gardens",
        "IMG_0003.JPG": "Gardens",
        "IMG_0005.JPG": "Not yet assigned",
        "IMG_0007.JPG": "Roofs",
    }
    assert (job.imported, job.duplicates, job.markers, job.failures) == (4, 0, 3, [])
    assert desk.camera().offset_s == pytest.approx((4000 * 24 + 5) * 3600, abs=600)
    times = {
        a.filename: row.recorded_at
        for row in desk.session.scalars(select(Takeaway))
        for a in row.attachments
    }
    assert abs(times["IMG_0002.JPG"] - (NINE + minutes(5))) < minutes(10)
    assert snapshot(camera.card) == before
    assert desk.originals() == {
        hashlib.sha256(before[name][2]).hexdigest()
        for name in (*photos, lost, "DCIM/100FIELD/IMG_0007.JPG")
    }
    assert list(desk.store.incoming.iterdir()) == []


def test_two_cameras_on_one_card_have_rolls_and_clocks_of_their_own(
    desk: Desk, tmp_path: Path
) -> None:
    card = tmp_path / "card"
    one = Camera(card, wrong=timedelta(hours=-6))
    two = Camera(
        card, name=("Fielding", "Model 9", "SN-9"), wrong=timedelta(days=370), prefix="DSC_"
    )
    one.marker(TEN, desk.events[0])
    two.marker(TEN + minutes(61), desk.events[1])
    one.shoot(TEN + minutes(20))
    two.shoot(TEN + minutes(65))
    one.shoot(TEN + minutes(30))
    desk.read(card)
    assert desk.places() == {
        "IMG_0002.JPG": "Gardens",
        "IMG_0003.JPG": "Gardens",
        "DSC_0002.JPG": "Roofs",
    }
    assert desk.camera("Model 7").offset_s == 6 * 3600
    assert desk.camera("Model 9").offset_s == pytest.approx(-370 * 86_400, abs=600)


def test_the_laptops_screen_sets_a_clock_to_the_second(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card", wrong=timedelta(seconds=-4321))
    screen = screen_url(BASE, desk.events[0].code, NINE + minutes(7))
    camera.shoot(TEN + minutes(7), with_code(screen, 0.4))
    camera.shoot(TEN + minutes(10))
    desk.read(camera.card)
    row = desk.session.scalars(select(Takeaway)).one()
    assert (row.recorded_at, row.session.title) == (NINE + minutes(10), "Gardens")
    set_clock(desk.session, desk.camera(), 0, actor(desk.clock))
    assert row.recorded_at == NINE + minutes(10) - timedelta(seconds=4321)


def test_without_markers_a_session_is_only_proposed_and_one_tap_takes_it(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.shoot(TEN + minutes(10))
    camera.shoot(TEN + minutes(70))
    desk.read(camera.card)
    assert set(desk.places().values()) == {"Not yet assigned"}
    drawer = desk.session.scalars(select(EventSession).where(EventSession.guid == UNASSIGNED)).one()
    rows = list(desk.session.scalars(select(Takeaway)))
    assert (drawer.retired, {row.audience for row in rows}) == (True, {"room"})
    shots = list(desk.session.scalars(select(Shot).order_by(Shot.taken_at)))
    begin_at(desk.session, shots[1], desk.events[1], actor(desk.clock))
    assert desk.places() == {"IMG_0001.JPG": "Not yet assigned", "IMG_0002.JPG": "Roofs"}
    assert {row.audience for row in rows} == {"room", "public"}


def test_a_cut_is_moved_to_and_fro_and_its_marker_says_nothing_against_it(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    for n in range(3):
        camera.shoot(TEN + minutes(n + 1))
    camera.marker(TEN + minutes(60), desk.events[1])
    for n in range(3):
        camera.shoot(TEN + minutes(n + 61))
    desk.read(camera.card)
    shots = list(desk.session.scalars(select(Shot).order_by(Shot.taken_at)))

    def roofs() -> set[str]:
        return {name[6:8] for name, title in desk.places().items() if title == "Roofs"}

    assert roofs() == {"06", "07", "08"}
    move_cut(desk.session, shots[4], shots[2], actor(desk.clock))
    assert roofs() == {"03", "04", "06", "07", "08"}
    move_cut(desk.session, shots[2], shots[6], actor(desk.clock))
    assert roofs() == {"07", "08"}
    assert set(desk.places().values()) == {"Gardens", "Roofs"}
    move_cut(desk.session, shots[6], shots[4], actor(desk.clock))
    assert roofs() == {"06", "07", "08"}


def test_a_known_file_is_passed_over_under_any_name(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    for n in range(3):
        camera.shoot(TEN + minutes(n))
    desk.read(camera.card)
    again = tmp_path / "again" / "DCIM" / "900OTHER"
    again.mkdir(parents=True)
    for number, name in enumerate(camera.files):
        shutil.copy(camera.card / name, again / f"COPY{number}.jpg")
    job = desk.read(tmp_path / "again")
    assert (job.imported, job.duplicates, job.markers) == (0, 4, 0)
    assert desk.session.scalar(select(func.count(Takeaway.id))) == 3
    row = desk.session.scalars(select(Takeaway)).first()
    assert row is not None
    withdraw(desk.session, row, actor(desk.clock), desk.store)
    assert (desk.read(camera.card).imported, len(desk.originals())) == (0, 2)


def test_what_comes_later_goes_on_where_the_roll_was(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(1))
    desk.read(camera.card)
    camera.shoot(TEN + minutes(20))
    desk.read(camera.card)
    assert desk.places() == {"IMG_0002.JPG": "Gardens", "IMG_0003.JPG": "Gardens"}


def test_given_a_session_everything_belongs_to_it(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(1))
    job = desk.read(camera.card, event=desk.events[2])
    assert (desk.places(), job.markers) == ({"IMG_0002.JPG": "Bicycles"}, 1)


def test_a_stopped_import_goes_on_without_a_duplicate(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    for n in range(6):
        camera.shoot(TEN + minutes(n + 1))
    half = sum((camera.card / name).stat().st_size for name in camera.files) // 2
    job = desk.read(camera.card, stop_after=half)
    done = job.imported
    assert (job.state, 0 < done < 6) == ("stopped", True)
    assert list(desk.store.incoming.iterdir()) == []
    assert desk.read(camera.card).imported == 6 - done
    assert set(desk.places().values()) == {"Gardens"}
    assert len(desk.places()) == 6


def test_a_card_pulled_out_half_way_loses_nothing_and_says_what_is_missing(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    for n in range(6):
        camera.shoot(TEN + minutes(n + 1))
    away = tmp_path / "pocket"

    def pull(tally: ImportProgress) -> None:
        if tally.files_done >= 2 and camera.card.exists():
            camera.card.rename(away)

    job = desk.read(camera.card, on_tell=pull)
    missing = {entry["file"] for entry in job.failures}
    assert job.message == CARD_GONE
    assert all("error" not in entry for entry in job.failures)
    kept = {f"DCIM/100FIELD/{name}" for name in desk.places()}
    assert kept | missing | {camera.files[0]} == set(camera.files)
    assert not kept & missing
    assert 0 < len(kept) < 6
    away.rename(camera.card)
    assert desk.read(camera.card).imported == len(missing)
    assert len(desk.places()) == 6


def test_a_copy_that_reads_back_differently_is_refused(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path / "card")
    camera.shoot(TEN)
    # The disk gives back other bytes than were written.
    monkeypatch.setattr(verified_copy, "hash_file", lambda path, **_how: "0" * 64)
    job = desk.read(camera.card)
    assert "the copy is damaged" in job.failures[0]["error"]
    assert (job.imported, desk.originals(), list(desk.store.incoming.iterdir())) == (0, set(), [])


def test_large_files_go_through_little_memory(desk: Desk, tmp_path: Path) -> None:
    """Sixty megabytes of a film and photos: never more than a few pieces of them at once."""
    camera = Camera(tmp_path / "card", size=(320, 240))
    for n in range(6):
        name = camera.shoot(TEN + minutes(n))
        with (camera.card / name).open("ab") as file:
            # What stands behind the end of a picture no decoder reads.
            file.write(bytes([n]) * 10_000_000)
    tracemalloc.start()
    try:
        job = desk.read(camera.card)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (job.imported, job.failures) == (6, [])
    assert most < 8_000_000
    assert sum(path.stat().st_size for path in desk.store.folder.rglob("*.jpg")) > 60_000_000


def test_a_broken_file_is_told_and_others_are_not_held_up(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.write("DCIM/100FIELD/IMG_0002.JPG", b"", TEN)
    camera.write(
        "DCIM/100FIELD/IMG_0003.CR3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99), TEN
    )
    camera.write("DCIM/100FIELD/IMG_0004.MOV", files.mp4().read_bytes()[:3000], TEN)
    camera.write("DCIM/100FIELD/INDEX.DAT", b"a camera's own notes", TEN)
    camera.number = 4
    camera.shoot(TEN + minutes(3))
    job = desk.read(camera.card)
    assert sorted(entry["file"][-12:] for entry in job.failed) == [
        "IMG_0002.JPG",
        "IMG_0003.CR3",
        "IMG_0004.MOV",
    ]
    assert [entry["file"] for entry in job.skipped] == ["DCIM/100FIELD/INDEX.DAT"]
    assert desk.places() == {"IMG_0005.JPG": "Gardens"}


def test_pictures_of_a_session_that_must_not_be_recorded_stay_out(
    desk: Desk, tmp_path: Path
) -> None:
    desk.events[0].do_not_record = True
    desk.session.commit()
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(3))
    job = desk.read(camera.card)
    assert "asked not to be recorded" in job.failures[0]["error"]
    assert desk.originals() == set()


def test_a_marker_that_is_a_picture_comes_in_with_the_next_import(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    desk.read(camera.card)
    is_photo(desk.session, desk.session.scalars(select(Shot)).one(), actor(desk.clock))
    job = desk.read(camera.card)
    assert (job.imported, desk.places()) == (1, {"IMG_0001.JPG": "Not yet assigned"})
    assert desk.read(camera.card).duplicates == 1


def test_what_a_person_moved_or_approved_stays_where_it_is(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.shoot(TEN + minutes(10))
    camera.shoot(TEN + minutes(11))
    desk.read(camera.card)
    first, second = desk.session.scalars(select(Takeaway).order_by(Takeaway.recorded_at))
    first.session_id = desk.events[2].id
    approve(desk.session, second, actor(desk.clock))
    # A second card brings the marker that was photographed before both.
    other = Camera(tmp_path / "other", number=50)
    other.marker(TEN + minutes(2), desk.events[0])
    other.shoot(TEN + minutes(30))
    desk.read(other.card)
    assert desk.places() == {
        "IMG_0001.JPG": "Bicycles",
        "IMG_0002.JPG": "Not yet assigned",
        "IMG_0052.JPG": "Gardens",
    }


# Formats and trees -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["cr2", "nef", "arw", "dng"])
def test_a_raw_file_is_kept_whole_and_shown_by_its_preview(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    camera = Camera(tmp_path / "card")
    picture = scene(900, 600)
    data = raw_file(kind, np.ascontiguousarray(np.rot90(picture)), TEN, orientation=6)
    camera.write(f"DCIM/100FIELD/IMG_0001.{kind.upper()}", data, TEN)
    marker = raw_file(kind, with_code(code_of(desk.events[1]), 0.4), TEN + minutes(60))
    camera.write(f"DCIM/100FIELD/IMG_0002.{kind.upper()}", marker, TEN)
    job = desk.read(camera.card)
    assert (job.imported, job.markers, job.failures) == (1, 1, [])
    media = desk.session.scalars(select(Media)).one()
    assert desk.store.original(media.sha256, f".{kind}").read_bytes() == data
    while process_due(desk.session, desk.store, desk.pool, now=desk.clock, limits=LimitSettings()):
        pass
    desk.session.refresh(media)
    assert (media.state, media.width, media.height) == ("ready", 900, 600)
    assert media.captured_local == "2026-03-14T10:00:00"
    from PIL import Image

    with Image.open(desk.store.rendition(media.sha256, "view", ".jpg")) as view:
        assert view.size == (900, 600)
        assert np.abs(np.asarray(view).astype(int) - picture).mean() < 6
    assert desk.session.scalars(select(CameraRow)).one().serial == f"SN-{kind}"


def test_a_raw_file_without_a_picture_is_refused(desk: Desk, tmp_path: Path) -> None:
    data = bytearray(raw_file("nef", scene(300, 200), TEN))
    start, _size = find_preview(_write(tmp_path / "x.nef", bytes(data))) or (0, 0)
    data[start : start + 2] = b"\0\0"
    camera = Camera(tmp_path / "card")
    camera.write("DCIM/100FIELD/IMG_0001.NEF", bytes(data), TEN)
    assert "no picture in this raw file" in desk.read(camera.card).failures[0]["error"]


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_raw_and_jpeg_of_one_picture_are_one_takeaway(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(3))
    data = raw_file("nef", scene(600, 400), TEN + minutes(3))
    camera.write("DCIM/100FIELD/IMG_0002.NEF", data, TEN + minutes(3))
    job = desk.read(camera.card)
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename for a in row.attachments] == ["IMG_0002.JPG", "IMG_0002.NEF"]
    assert (job.imported, desk.read(camera.card).duplicates) == (2, 3)


def test_a_live_photo_is_one_takeaway_of_its_pictures_time(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    still, film = files.heic(600, 400), files.mov_hevc(2.0)
    camera.write("DCIM/100APPLE/IMG_0001.MOV", film.read_bytes(), TEN + minutes(900))
    camera.write("DCIM/100APPLE/IMG_0001.HEIC", still.read_bytes(), TEN + minutes(800))
    camera.write("DCIM/100APPLE/IMG_0001.AAE", b"<plist/>", TEN)
    job = desk.read(camera.card)
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename for a in row.attachments] == ["IMG_0001.HEIC", "IMG_0001.MOV"]
    assert row.recorded_at == (files.TAKEN_AT - 2 * minutes(60)).replace(tzinfo=UTC)
    assert [entry["file"] for entry in job.skipped] == ["DCIM/100APPLE/IMG_0001.AAE"]


def test_chapters_of_a_recording_are_one_takeaway_in_their_order(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    for seconds, name in ((1.2, "GX020042.MP4"), (1.0, "GX010042.MP4"), (1.4, "GX030042.MP4")):
        data = files.mp4(seconds).read_bytes()
        camera.write(f"DCIM/100GOPRO/{name}", data, TEN + minutes(seconds))
    camera.write("DCIM/100GOPRO/GL010042.LRV", files.mp4(0.8).read_bytes(), TEN)
    # The film of this small copy is not there: it is the only one.
    camera.write("DCIM/100GOPRO/GL010077.LRV", files.mp4(0.6).read_bytes(), TEN)
    job = desk.read(camera.card)
    found = [
        [a.filename for a in row.attachments] for row in desk.session.scalars(select(Takeaway))
    ]
    assert sorted(found) == [
        ["GL010077.LRV"],
        ["GX010042.MP4", "GX020042.MP4", "GX030042.MP4"],
    ]
    assert [entry["file"] for entry in job.skipped] == ["DCIM/100GOPRO/GL010042.LRV"]
    assert "small copy" in job.skipped[0]["reason"]


def test_single_tracks_beside_their_mix_and_small_copies_stay_on_the_card(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    # Other sounds than each other, or the second would be known already.
    for seconds, name in ((1.0, "ZOOM0001_Tr1.WAV"), (1.1, "ZOOM0001_LR.WAV")):
        camera.write(f"ZOOM0001/{name}", files.wav(seconds).read_bytes(), TEN)
    camera.write("ZOOM0001/ZOOM0001.hprj", b"<project/>", TEN)
    film, copy = files.mp4(1.0).read_bytes(), files.mp4(0.6).read_bytes()
    camera.write("DCIM/Camera01/VID_20261224_101112_00_001.mp4", film, TEN)
    camera.write("DCIM/Camera01/LRV_20261224_101112_01_001.lrv", copy, TEN)
    camera.write("CONTENTS/ICON/0001AB.JPG", files.jpeg(64, 48).read_bytes(), TEN)
    job = desk.read(camera.card)
    found = [
        [a.filename for a in row.attachments] for row in desk.session.scalars(select(Takeaway))
    ]
    assert sorted(found) == [
        ["VID_20261224_101112_00_001.mp4"],
        ["ZOOM0001_LR.WAV"],
    ]
    assert {entry["file"] for entry in job.skipped} == {
        "CONTENTS/ICON/",
        "DCIM/Camera01/LRV_20261224_101112_01_001.lrv",
        "ZOOM0001/ZOOM0001.hprj",
        "ZOOM0001/ZOOM0001_Tr1.WAV",
    }


def shot_and_raw(desk: Desk, card: Path) -> tuple[Camera, bytes]:
    """A card whose JPEG was read; and the raw file of the same shot, which came late."""
    camera = Camera(card)
    camera.shoot(TEN + minutes(3))
    desk.read(camera.card)
    return camera, raw_file("nef", scene(600, 400), TEN + minutes(3))


def test_the_rest_of_a_shot_joins_its_takeaway_when_it_comes_later(
    desk: Desk, tmp_path: Path
) -> None:
    camera, raw = shot_and_raw(desk, tmp_path / "card")
    camera.write("DCIM/100FIELD/IMG_0001.NEF", raw, TEN + minutes(3))
    note = files.wav(1.0).read_bytes()
    camera.write("DCIM/100FIELD/IMG_0001.WAV", note, TEN + minutes(3))
    job = desk.read(camera.card)
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename[-3:] for a in row.attachments] == ["JPG", "NEF", "WAV"]
    assert (job.imported, job.duplicates, desk.read(camera.card).duplicates) == (2, 1, 3)


def test_the_rest_of_a_shot_finds_a_takeaway_that_moved_to_its_session(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(3))
    desk.read(camera.card)
    assert desk.places() == {"IMG_0002.JPG": "Gardens"}
    raw = raw_file("nef", scene(600, 400), TEN + minutes(3))
    camera.write("DCIM/100FIELD/IMG_0002.NEF", raw, TEN + minutes(3))
    assert desk.read(camera.card).imported == 1
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename[-3:] for a in row.attachments] == ["JPG", "NEF"]
    assert row.session.title == "Gardens"


def test_a_voice_note_that_comes_later_belongs_to_the_camera_of_its_picture(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    camera.shoot(TEN + minutes(3))
    desk.read(camera.card)
    row = desk.session.scalars(select(Takeaway)).one()
    recorded = row.recorded_at
    # It names no camera, and its time is that of the copy.
    camera.write("DCIM/100FIELD/IMG_0002.WAV", files.wav(1.0).read_bytes(), TEN + minutes(99))
    assert desk.read(camera.card).imported == 1
    assert desk.places() == {"IMG_0002.JPG": "Gardens", "IMG_0002.WAV": "Gardens"}
    assert desk.session.scalars(select(CameraRow)).one() is desk.camera()
    assert row.recorded_at == recorded
    revision = row.revision
    desk.read(camera.card)
    assert (row.recorded_at, row.revision) == (recorded, revision)


def test_in_a_watched_folder_the_film_of_a_live_photo_finds_its_picture(
    desk: Desk, tmp_path: Path
) -> None:
    camera = Camera(tmp_path / "synced")
    job = begin_import(desk.session, "synced", now=desk.clock(), rng=desk.rng)
    context = ImportContext(
        desk.session, desk.store, desk.pool, desk.clock, desk.rng, LimitSettings(), desk.zone.zone
    )
    importer = Importer(context, job, tell=lambda _: None, stopped=lambda: False)
    still = camera.write("IMG_0001.HEIC", files.heic(600, 400).read_bytes(), TEN)
    importer.take([one for one in walk(camera.card) if one.name == still])
    film = camera.write("IMG_0001.MOV", files.mov_hevc(1.0).read_bytes(), TEN)
    importer.take([one for one in walk(camera.card) if one.name == film])
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename for a in row.attachments] == [still, film]


def test_the_rest_of_a_shot_that_was_taken_back_stays_away(desk: Desk, tmp_path: Path) -> None:
    camera, raw = shot_and_raw(desk, tmp_path / "card")
    withdraw(
        desk.session, desk.session.scalars(select(Takeaway)).one(), actor(desk.clock), desk.store
    )
    camera.write("DCIM/100FIELD/IMG_0001.NEF", raw, TEN + minutes(3))
    job = desk.read(camera.card)
    assert (job.imported, desk.originals()) == (0, set())
    assert [entry["file"] for entry in job.skipped] == ["DCIM/100FIELD/IMG_0001.NEF"]
    assert "taken back" in job.skipped[0]["reason"]


def test_a_broken_picture_does_not_cost_its_raw_file(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    raw = raw_file("nef", scene(600, 400), TEN)
    camera.write("DCIM/100FIELD/IMG_0001.NEF", raw, TEN)
    camera.write("DCIM/100FIELD/IMG_0001.JPG", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(99), TEN)
    job = desk.read(camera.card)
    assert [entry["file"][-12:] for entry in job.failed] == ["IMG_0001.JPG"]
    row = desk.session.scalars(select(Takeaway)).one()
    assert [a.filename for a in row.attachments] == ["IMG_0001.NEF"]


def test_a_picture_that_cannot_be_read_does_not_cost_its_raw_file(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera(tmp_path / "card")
    camera.write("DCIM/100FIELD/IMG_0001.NEF", raw_file("nef", scene(600, 400), TEN), TEN)
    camera.shoot(TEN)
    read = verified_copy._pieces

    def worn_out(found: ScannedItem) -> Iterator[bytes]:
        if found.filename == "IMG_0001.JPG":
            raise verified_copy._trouble(found, OSError(errno.EIO, os.strerror(errno.EIO)))
        return read(found)

    monkeypatch.setattr(verified_copy, "_pieces", worn_out)
    job = desk.read(camera.card)
    assert [entry["file"][-12:] for entry in job.failed] == ["IMG_0001.JPG"]
    assert os.strerror(errno.EIO) in job.failed[0]["error"]
    assert desk.places() == {"IMG_0001.NEF": UNASSIGNED_TITLE}
    assert (job.imported, list(desk.store.incoming.iterdir())) == (1, [])


def test_a_file_or_folder_that_cannot_be_opened_does_not_cost_the_others(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root may read everything, the system's refusal is made."""
    camera = Camera(tmp_path / "card")
    for _ in range(3):
        camera.shoot(TEN)
    camera.write("DCIM/101FIELD/IMG_0001.JPG", b"words", TEN)
    camera.write("lost+found/#1234", b"words", TEN)
    shut = {camera.card / "DCIM/100FIELD/IMG_0002.JPG", camera.card / "DCIM/101FIELD"}

    def refusing(real: Callable[..., Any]) -> Callable[..., Any]:
        def asked(path: Any, *how: Any, **more: Any) -> Any:
            if Path(path) in shut:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *how, **more)

        return asked

    monkeypatch.setattr(scan_module.os, "scandir", refusing(os.scandir))
    monkeypatch.setattr(Path, "open", refusing(Path.open))
    lying = scan(camera.card)
    assert [one.name[-12:] for one in lying.found] == ["IMG_0001.JPG", "IMG_0003.JPG"]
    assert [one.name for one in lying.skipped] == ["lost+found/"]
    assert {one.name for one in lying.unread} == {
        "DCIM/100FIELD/IMG_0002.JPG",
        "DCIM/101FIELD",
    }
    job = desk.read(camera.card)
    assert job.imported == 2
    assert {entry["file"] for entry in job.failed} == {one.name for one in lying.unread}
    assert os.strerror(errno.EACCES) in job.failed[0]["error"]

    shut.add(camera.card)
    with pytest.raises(CardTrouble, match=os.strerror(errno.EACCES)):
        desk.read(camera.card)


def test_all_that_is_not_taken_is_named_with_its_reason(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    notes = (
        "DCIM/100FIELD/IMG_0001.XMP",
        "DCIM/100FIELD/DJI_0002.SRT",
        "DCIM/100FIELD/READ ME.TXT",
        "DCIM/.Trashes/501",
        "System Volume Information/IndexerVolumeGuid",
        "DCIM/100FIELD/._IMG_0001.JPG",
    )
    for name in notes:
        camera.write(name, b"words of a machine", TEN)
    camera.write("DCIM/100FIELD/A001.R3D", b"\0\0\1\0RED2" + bytes(99), TEN)
    job = desk.read(camera.card)
    assert {entry["file"] for entry in job.skipped} == {
        "DCIM/100FIELD/IMG_0001.XMP",
        "DCIM/100FIELD/DJI_0002.SRT",
        "DCIM/100FIELD/READ ME.TXT",
        "DCIM/.Trashes/",
        "System Volume Information/",
        "DCIM/100FIELD/._IMG_0001.JPG",
    }
    assert all(entry["reason"].endswith(".") for entry in job.skipped)
    assert "RED raw (R3D)" in job.failed[0]["error"]


def playlist(*items: tuple[str, int]) -> bytes:
    """An AVCHD playlist: (clip, how it follows)."""
    body = b""
    for name, condition in items:
        item = name.encode() + b"M2TS" + bytes([0, condition, 0]) + bytes(8)
        body += len(item).to_bytes(2, "big") + item
    table = b"\0\0" + len(items).to_bytes(2, "big") + b"\0\0" + body
    return b"MPLS0100" + (20).to_bytes(4, "big") + bytes(8) + len(table).to_bytes(4, "big") + table


def test_lists_that_repeat_or_turn_a_recording_round_cost_no_clip(tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    for n in range(4):
        camera.write(f"BDMV/STREAM/0000{n}.MTS", files.mts(1.0).read_bytes(), TEN)
    lists = (
        (("00001", 1), ("00000", 5)),
        (("00000", 1), ("00001", 5), ("00002", 5)),
        (("00003", 1), ("00003", 5)),
    )
    for n, items in enumerate(lists):
        camera.write(f"BDMV/PLAYLIST/0000{n}.MPL", playlist(*items), TEN)
    joined = [[piece.path.stem for piece in one.pieces] for one in walk(camera.card)]
    assert joined == [["00000", "00001", "00002"], ["00003"]]


def test_what_is_not_shown_in_all_its_parts_is_told(desk: Desk, tmp_path: Path) -> None:
    camera = Camera(tmp_path / "card")
    picture = (camera.card / camera.shoot(TEN)).read_bytes()
    moving = camera.card / "DCIM" / "MVIMG_0001.jpg"
    film = files.mp4(1.0).read_bytes()
    moving.write_bytes(picture + film)
    heic = files.heic(600, 400).read_bytes()
    box = (8 + len(film)).to_bytes(4, "big") + b"mpvd" + film
    (moving.parent / "IMG_0002.HEIC").write_bytes(heic + box)
    (moving.parent / "IMG_0003.HEIC").write_bytes(heic)
    # The word alone is no film.
    (moving.parent / "IMG_0004.jpg").write_bytes(picture + b"\0\0\0\x18ftyp and nothing else")
    (moving.parent / "IMG_0005.jpg").write_bytes(picture[: len(picture) * 2 // 3])

    job = desk.read(tmp_path / "card")
    assert (job.imported, job.failed, job.missing, job.skipped) == (6, [], [], [])
    assert {(entry["file"], entry["note"]) for entry in job.notes} == {
        ("DCIM/MVIMG_0001.jpg", INNER_FILM),
        ("DCIM/IMG_0002.HEIC", INNER_FILM),
        ("DCIM/IMG_0005.jpg", CUT_SHORT),
    }
    assert hashlib.sha256(picture + film).hexdigest() in desk.originals()


def test_a_camcorders_card_has_joined_spans_clips_and_notes(desk: Desk, tmp_path: Path) -> None:
    card = tmp_path / "card"
    camera = Camera(card)
    clip = files.mts(2.0).read_bytes()
    cut = len(clip) // 384 * 192
    stream = "PRIVATE/AVCHD/BDMV/STREAM"
    camera.write(f"{stream}/00000.MTS", clip[:cut], TEN + minutes(4))
    camera.write(f"{stream}/00001.MTS", clip[cut:], TEN + minutes(5))
    camera.write(f"{stream}/00002.MTS", files.mts(1.0).read_bytes(), TEN + minutes(6))
    names = playlist(("00000", 1), ("00001", 5), ("00002", 1))
    camera.write("PRIVATE/AVCHD/BDMV/PLAYLIST/00000.MPL", names, TEN)
    camera.write("PRIVATE/M4ROOT/CLIP/C0001.MP4", files.mp4(1.0).read_bytes(), TEN + minutes(7))
    camera.write("PRIVATE/M4ROOT/CLIP/C0001M01.XML", b"<NonRealTimeMeta/>", TEN)
    camera.write("PRIVATE/M4ROOT/SUB/C0001S03.MP4", files.mp4(1.2).read_bytes(), TEN)
    camera.write("PRIVATE/M4ROOT/THMBNL/C0001T01.JPG", files.jpeg(160, 120).read_bytes(), TEN)
    camera.write("DCIM/100FIELD/IMG_0009.WAV", files.wav(1.0).read_bytes(), TEN + minutes(8))
    camera.write("DCIM/100FIELD/IMG_0010.HEIC", files.heic(600, 400).read_bytes(), TEN)
    camera.write("DCIM/100FIELD/IMG_0011.MOV", files.mov_hevc(1.0).read_bytes(), TEN)
    camera.write("DCIM/100FIELD/MVI_0012.THM", files.jpeg(160, 120).read_bytes(), TEN)
    assert read_playlist(names) == [["00000", "00001"], ["00002"]]
    assert len(walk(card)) == 6
    job = desk.read(card)
    assert (job.imported, job.failed, job.missing) == (6, [], [])
    assert [entry["file"].rsplit("/", 2)[-2:] for entry in job.skipped] == [
        ["100FIELD", "MVI_0012.THM"],
        ["PLAYLIST", "00000.MPL"],
        ["CLIP", "C0001M01.XML"],
        ["SUB", ""],
        ["THMBNL", ""],
    ]
    assert hashlib.sha256(clip).hexdigest() in desk.originals()
    kinds = {
        a.filename: a.media.kind
        for row in desk.session.scalars(select(Takeaway))
        for a in row.attachments
    }
    assert kinds == {
        "00000.MTS": "video",
        "00002.MTS": "video",
        "C0001.MP4": "video",
        "IMG_0009.WAV": "audio",
        "IMG_0010.HEIC": "photo",
        "IMG_0011.MOV": "video",
    }
    assert desk.read(card).duplicates == 6


@pytest.mark.parametrize(("seconds", "imported"), [(2.0, 0), (11.0, 1)])
def test_the_first_seconds_of_a_video_are_a_marker_too(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, imported: int
) -> None:
    from tests.support.media import recordings

    marker = with_code(code_of(desk.events[1]), 0.4, size=(640, 360))
    shown = {True: marker, False: scene(640, 360)}
    monkeypatch.setattr(recordings, "scene", lambda w, h, at=0.0: shown[0.9 <= at < 2])
    clip = tmp_path / "clip.mp4"
    recordings.record(clip, format="mp4", video="libx264", seconds=seconds, fps=5)
    camera = Camera(tmp_path / "card")
    camera.write("DCIM/100FIELD/MVI_0001.MP4", clip.read_bytes(), TEN + minutes(60))
    camera.number = 1
    camera.name = ("", "", "")
    camera.shoot(TEN + minutes(70))
    job = desk.read(camera.card)
    assert (job.markers, job.imported) == (1, 1 + imported)
    assert set(desk.places().values()) == {"Roofs"}


# The real command ------------------------------------------------------------------------------------


def command(settings: Settings, secrets: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    line = [sys.executable, "-m", "kiosk", "--gathering", str(settings.folder), "import", *words]
    return line, {**os.environ, "REPORTER_SECRETS_FILE": str(secrets)}


@pytest.mark.long
def test_the_command_killed_again_and_again_brings_everything_in_once(
    desk: Desk, tmp_path: Path, gathering: Settings, secrets_file: Path
) -> None:
    camera = Camera(tmp_path / "card")
    camera.marker(TEN, desk.events[0])
    for n in range(14):
        camera.shoot(TEN + minutes(n + 1))
    desk.session.commit()
    line, environment = command(gathering, secrets_file, str(camera.card), "--json")
    where = Path(__file__).parents[3]
    counted = select(func.count(Takeaway.id))
    for aim in (2, 7):
        run = subprocess.Popen(
            line,
            cwd=where,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 180
        while (desk.session.scalar(counted) or 0) < aim and time.monotonic() < end:
            desk.session.rollback()
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    last = subprocess.run(
        line, cwd=where, env=environment, capture_output=True, text=True, check=True
    )
    report = json.loads(last.stdout)
    assert (report["imported"] + report["known"], report["failed"]) == (15, 0)
    assert {entry["session"] for entry in report["takeaways"]} <= {desk.events[0].code}
    desk.session.expire_all()
    assert len(desk.places()) == desk.session.scalar(counted) == 14
    assert set(desk.places().values()) == {"Gardens"}


def test_a_watched_folder_waits_until_a_file_is_whole(
    desk: Desk, tmp_path: Path, gathering: Settings, secrets_file: Path
) -> None:
    desk.session.commit()
    folder = tmp_path / "tethered"
    folder.mkdir()
    camera = Camera(tmp_path / "elsewhere")
    whole = [(camera.card / camera.shoot(TEN + minutes(n))).read_bytes() for n in range(2)]
    (folder / "a.jpg").write_bytes(whole[0][: len(whole[0]) // 2])
    (folder / "b.jpg").write_bytes(whole[1])
    line, environment = command(
        gathering, secrets_file, str(folder), "--watch", "--session", desk.events[1].code
    )
    run = subprocess.Popen(
        [*line, "--json"],
        cwd=Path(__file__).parents[3],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: set(_names(desk)) == {"b.jpg"})
        (folder / "a.jpg").write_bytes(whole[0])
        until(lambda: set(_names(desk)) == {"a.jpg", "b.jpg"})
    finally:
        run.send_signal(signal.SIGINT)
        output = run.communicate(timeout=180)[0]
    assert run.returncode == 0
    assert (json.loads(output)["imported"], json.loads(output)["failed"]) == (2, 0)
    assert set(desk.places().values()) == {"Roofs"}


def _names(desk: Desk) -> dict[str, str]:
    desk.session.rollback()
    return desk.places()
