"""tus without HTTP: whatever breaks, the offset is true and the file is whole."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import random
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import MediaType
from capture.intake import concurrency, receive
from capture.intake.partial_file import Chunk, Writer
from capture.intake.resumable import LEFT_SECONDS, ResumableUploads
from capture.intake.sweep import sweep
from capture.intake.tus_protocol import (
    BrokenOff,
    Checksum,
    ChecksumMismatch,
    OffsetConflict,
    UploadExpired,
)
from capture.intake.upload_rows import UploadProgress
from reporter.actor import Actor
from reporter.config import LimitSettings
from reporter.enums import Source
from reporter.errors import (
    BadInput,
    Busy,
    Conflict,
    DiskFull,
    Forbidden,
    NotFound,
    ReadOnlyDisk,
    ReporterError,
    TakenBack,
    TooLarge,
    TooLong,
    UnsupportedMedia,
)
from reporter.media.store import PIECE, Store
from reporter.models import Attachment, Media, Takeaway, Upload
from reporter.moderation import decisions
from tests.support.submissions import NOW, Room, jpeg, mp4, open_room
from tests.support.synced_files import note_synced_files

CLIENT = "6f1c0e62-6c0e-4b69-8a83-0d5d3d0f7c11"


class Tus:
    """Uploads of a room under a clock that the test moves, and the requests in short."""

    def __init__(self, room: Room, check: Callable[[Path, MediaType], None] | None = None) -> None:
        self.room = room
        self.now = NOW
        self.rng = random.Random(7)
        self.check = check
        self.restart()

    def restart(self) -> None:
        """As if the process had been killed: all that was in memory is gone."""
        self.uploads = ResumableUploads(
            self.room.store,
            self.room.limits,
            clock=self.clock,
            rng=self.rng,
            check=self.check,
        )

    def clock(self) -> datetime:
        return self.now

    def create(self, length: int, **fields: str) -> str:
        fields = {"session": self.room.garden.code, "filename": "IMG_1.JPG", **fields}
        return self.uploads.create(self.room.session, length=length, fields=fields).id

    def send(self, upload_id: str, offset: int, data: bytes, **piece: Checksum) -> str:
        """A PATCH that arrives whole; gives the receipt."""
        body = Chunk(io.BytesIO(data), len(data), **piece)
        return self.uploads.append(self.room.session, upload_id, offset, piece=body).receipt

    def offset(self, upload_id: str) -> int:
        return self.uploads.head(self.room.session, upload_id).offset

    def part(self, upload_id: str) -> Path:
        return self.room.store.incoming / f"{upload_id}.part"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_room(tmp_path) as room:
        yield room


@pytest.fixture
def tus(room: Room) -> Tus:
    return Tus(room)


class Cut:
    """A body that breaks: after ``sound`` bytes it raises what a socket raises, or just ends."""

    def __init__(self, data: bytes, sound: int, error: BaseException | None = None) -> None:
        self._stream = io.BytesIO(data[:sound])
        self._error = error

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        if not data and self._error:
            raise self._error
        return data


class Stalled:
    """A body that falls silent before its second piece until the test wakes it."""

    def __init__(self, first: bytes, rest: bytes) -> None:
        self._pieces = iter([first, rest])
        self._reads = 0
        self.silent = threading.Event()
        self.wake = threading.Event()

    def read(self, size: int, /) -> bytes:
        self._reads += 1
        if self._reads == 2:
            self.silent.set()
            assert self.wake.wait(120)
        return next(self._pieces, b"")


def count(room: Room, model: type) -> int:
    return room.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_file_in_one_request(tus: Tus) -> None:
    data = jpeg(1, 200_000)
    upload_id = tus.create(
        len(data), text="look #bees", author="Ada", audience="room", client_id=CLIENT
    )
    receipt = tus.send(upload_id, 0, data)
    takeaway = decisions.by_receipt(tus.room.session, receipt)
    assert (takeaway.text, takeaway.author, takeaway.audience) == ("look #bees", "Ada", "room")
    assert takeaway.client_id == CLIENT
    assert takeaway.attachments[0].filename == "IMG_1.JPG"
    assert tus.room.originals() == [data]
    assert tus.room.leftovers() == []


def test_creation_takes_the_first_bytes(tus: Tus) -> None:
    data = jpeg(1)
    fields = {"session": tus.room.garden.code}
    piece = Chunk(io.BytesIO(data[:500]), 500)
    begun = tus.uploads.create(tus.room.session, length=2000, fields=fields, piece=piece)
    assert (begun.offset, begun.length, begun.receipt) == (500, 2000, "")
    assert tus.send(begun.id, 500, data[500:])
    assert tus.room.originals() == [data]


def test_an_offset_is_told_when_its_bytes_are_on_the_disk(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = tus.create(2000)
    part, folder = tus.part(upload_id), tus.room.store.incoming
    synced = note_synced_files(monkeypatch)
    tus.send(upload_id, 0, jpeg(1)[:700])
    assert {part.stat().st_ino, folder.stat().st_ino} <= synced
    synced.clear()
    # Bytes that a killed kiosk had written and told nobody.
    with part.open("ab") as file:
        file.write(jpeg(1)[700:900])
    assert tus.offset(upload_id) == 900
    assert {part.stat().st_ino, folder.stat().st_ino} <= synced


def failing_once(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """The next fsync of a file with such a name fails, as of a disk that lost a write; it is told once."""
    fsync = os.fsync
    failed: list[int] = []

    def fail(handle: int) -> None:
        if not failed and os.readlink(f"/proc/self/fd/{handle}").endswith(suffix):
            failed.append(handle)
            raise OSError(errno.EIO, "Input/output error")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", fail)


linux = pytest.mark.skipif(sys.platform != "linux", reason="asks which file a handle is")


@linux
def test_bytes_that_the_disk_lost_are_not_acknowledged_by_a_later_sync(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = tus.create(2000)
    tus.send(upload_id, 0, jpeg(1)[:500])
    failing_once(monkeypatch, ".part")
    with pytest.raises(ReadOnlyDisk):
        tus.send(upload_id, 500, jpeg(1)[500:900])
    with pytest.raises(NotFound):
        tus.offset(upload_id)
    again = tus.create(2000)
    assert tus.send(again, 0, jpeg(1))


@linux
def test_a_receipt_whose_commit_failed_on_the_disk_is_not_told_by_the_next_request(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> bool:
        raise OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))

    upload_id = tus.create(2000)
    failing_once(monkeypatch, "-wal")
    # Tidying up behind it writes, too: here the disk is not back by then.
    monkeypatch.setattr(receive, "drop_unused", unreachable)
    with pytest.raises(OperationalError):
        tus.send(upload_id, 0, jpeg(1))
    tus.room.session.rollback()
    for ask in (lambda: tus.offset(upload_id), lambda: tus.send(upload_id, 2000, b"")):
        with pytest.raises(OperationalError):
            ask()
    # Whoever writes next moves the log into the database.
    other = tus.create(2000)
    assert tus.offset(upload_id) == 2000
    assert tus.offset(other) == 0


def test_a_request_that_was_overtaken_before_its_sync_completes_only_synced_bytes(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = tus.create(2000)
    inode, sync = tus.part(upload_id).stat().st_ino, Writer.sync

    def overtaken(writer: Writer) -> None:
        monkeypatch.setattr(Writer, "sync", sync)
        with writer._live.lock:
            Writer(writer._live, writer._path, position=2000, length=2000)
        writer.sync()

    monkeypatch.setattr(Writer, "sync", overtaken)
    synced = note_synced_files(monkeypatch)
    assert tus.send(upload_id, 0, jpeg(1))
    assert inode in synced


def test_no_database_connection_is_held_while_bytes_flow(tus: Tus) -> None:
    pool = tus.room.engine.pool
    held: list[int] = []

    class Watching(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            held.append(pool.checkedout())  # type: ignore[attr-defined]
            return super().read(size)

        readinto = None  # type: ignore[assignment]

    upload_id = tus.create(len(jpeg(1)))
    assert pool.checkedout() == 0  # type: ignore[attr-defined]
    for data in (jpeg(1)[:900], jpeg(1)[900:]):
        body = Chunk(Watching(data), len(data))
        offset = tus.part(upload_id).stat().st_size
        tus.uploads.append(tus.room.session, upload_id, offset, piece=body)
    assert set(held) == {0}


def test_ids_cannot_be_guessed(tus: Tus) -> None:
    ids = {tus.create(10) for _ in range(20)}
    assert len(ids) == 20
    assert all(len(i) == 40 and int(i, 16) >= 0 for i in ids)


@pytest.mark.parametrize("offset", [0, 99, 101, 2000, 5000])
def test_a_wrong_offset_is_a_conflict_and_changes_nothing(tus: Tus, offset: int) -> None:
    upload_id = tus.create(2000)
    tus.send(upload_id, 0, jpeg(1)[:100])
    with pytest.raises(OffsetConflict, match="at 100"):
        tus.send(upload_id, offset, b"x" * 10)
    assert tus.part(upload_id).read_bytes() == jpeg(1)[:100]


def test_more_than_the_rest_is_refused_before_it_is_read(tus: Tus) -> None:
    upload_id = tus.create(100)
    body = io.BytesIO(b"x" * 101)
    with pytest.raises(TooLarge):
        tus.uploads.append(tus.room.session, upload_id, 0, piece=Chunk(body, 101))
    assert body.tell() == 0
    assert tus.offset(upload_id) == 0


def test_an_unannounced_body_may_not_overshoot_either(tus: Tus) -> None:
    upload_id = tus.create(2000)
    piece = Chunk(io.BytesIO(jpeg(1) + b"!"), None)
    with pytest.raises(TooLarge, match="More bytes"):
        tus.uploads.append(tus.room.session, upload_id, 0, piece=piece)
    # What fitted is the file itself, and the client is told so.
    assert tus.offset(upload_id) == 2000
    assert tus.room.originals() == [jpeg(1)]


def test_an_unannounced_body_may_be_a_part(tus: Tus) -> None:
    upload_id = tus.create(2000)
    piece = Chunk(io.BytesIO(jpeg(1)[:70]), None)
    assert tus.uploads.append(tus.room.session, upload_id, 0, piece=piece).offset == 70
    assert tus.send(upload_id, 70, jpeg(1)[70:])


@pytest.mark.parametrize("error", [None, TimeoutError("timed out"), ConnectionResetError()])
def test_a_broken_request_keeps_its_bytes(tus: Tus, error: OSError | None) -> None:
    data = jpeg(1, 300_000)
    upload_id = tus.create(len(data))
    body = Chunk(Cut(data, 150_000, error), len(data))
    with pytest.raises(BrokenOff):
        tus.uploads.append(tus.room.session, upload_id, 0, piece=body)
    assert tus.offset(upload_id) == 150_000
    assert tus.part(upload_id).read_bytes() == data[:150_000]
    assert tus.send(upload_id, 150_000, data[150_000:])
    assert tus.room.originals() == [data]


def checksum(algorithm: str, data: bytes) -> Checksum:
    return Checksum(algorithm, hashlib.new(algorithm, data).digest())


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_checksums(tus: Tus, algorithm: str) -> None:
    data = jpeg(1, 200_000)
    upload_id = tus.create(len(data))
    tus.send(upload_id, 0, data[:70_000], checksum=checksum(algorithm, data[:70_000]))
    damaged = b"\0" + data[70_001:]
    with pytest.raises(ChecksumMismatch):
        tus.send(upload_id, 70_000, damaged, checksum=checksum(algorithm, data[70_000:]))
    assert tus.offset(upload_id) == 70_000
    assert [path.name for path in tus.room.store.incoming.iterdir()] == [f"{upload_id}.part"]
    receipt = tus.send(
        upload_id, 70_000, data[70_000:], checksum=checksum(algorithm, data[70_000:])
    )
    assert decisions.by_receipt(tus.room.session, receipt)
    assert tus.room.originals() == [data]
    assert tus.room.leftovers() == []


def test_a_broken_request_with_a_checksum_keeps_nothing(tus: Tus) -> None:
    data = jpeg(1, 200_000)
    upload_id = tus.create(len(data))
    body = Chunk(Cut(data, 100_000), len(data), checksum("sha1", data))
    with pytest.raises(BrokenOff):
        tus.uploads.append(tus.room.session, upload_id, 0, piece=body)
    assert tus.offset(upload_id) == 0
    assert tus.room.leftovers() == [f"{upload_id}.part"]


def test_unverified_bytes_never_stand_in_the_file(tus: Tus) -> None:
    data = jpeg(1, 2 * PIECE)
    upload_id = tus.create(len(data))
    seen: list[int] = []

    class Spy:
        def __init__(self) -> None:
            self._stream = io.BytesIO(data)

        def read(self, size: int, /) -> bytes:
            seen.append(tus.part(upload_id).stat().st_size)
            return self._stream.read(size)

    piece = Chunk(Spy(), len(data), checksum("sha1", data))
    assert tus.uploads.append(tus.room.session, upload_id, 0, piece=piece).receipt
    assert set(seen) == {0}
    assert len(seen) >= 3


@pytest.mark.parametrize(
    ("fields", "length", "error"),
    [
        ({"session": ""}, 10, BadInput),
        ({"session": "000000"}, 10, NotFound),
        ({"intent": "boast"}, 10, BadInput),
        ({"audience": "world"}, 10, BadInput),
        ({"consent": "maybe"}, 10, BadInput),
        ({"client_id": "7"}, 10, BadInput),
        ({"text": "x" * 5001}, 10, TooLarge),
        ({}, 0, BadInput),
        ({}, (1 << 20) + 1, TooLarge),
    ],
)
def test_creation_refuses_what_the_end_would_refuse(
    room: Room, fields: dict[str, str], length: int, error: type[ReporterError]
) -> None:
    room.limits = LimitSettings(file_mb=1)
    tus = Tus(room)
    with pytest.raises(error):
        tus.create(length, **fields)
    assert count(room, Upload) == 0
    assert room.leftovers() == []


def test_creation_refuses_a_session_that_is_not_recorded(tus: Tus) -> None:
    with pytest.raises(Forbidden):
        tus.create(10, session=tus.room.quiet.code)


def test_a_code_is_taken_as_people_type_it(tus: Tus) -> None:
    code = tus.room.garden.code.lower()
    upload_id = tus.create(2000, session=f"{code[:3]}-{code[3:]}")
    assert tus.send(upload_id, 0, jpeg(1))


def test_a_full_disk_is_said_before_it_starts(tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    free = (tus.room.limits.keep_free_mb << 20) + 5000
    monkeypatch.setattr(Store, "free_bytes", lambda self: free)
    with pytest.raises(DiskFull):
        tus.create(5001)
    upload_id = tus.create(5000)
    tus.send(upload_id, 0, jpeg(1, 5000)[:1000])
    free -= 1001
    with pytest.raises(DiskFull):
        tus.send(upload_id, 1000, jpeg(1, 5000)[1000:])
    free += 1
    assert tus.send(upload_id, 1000, jpeg(1, 5000)[1000:])


def test_an_upload_runs_out_and_is_swept(tus: Tus) -> None:
    upload_id, done = tus.create(2000), tus.create(2000)
    tus.send(upload_id, 0, jpeg(1)[:100])
    tus.send(done, 0, jpeg(2))
    tus.now += timedelta(hours=47, minutes=59)
    assert tus.offset(upload_id) == 100
    tus.now += timedelta(minutes=1)
    for act in (
        tus.offset,
        lambda i: tus.send(i, 100, b"x"),
        lambda i: tus.uploads.terminate(tus.room.session, i),
    ):
        with pytest.raises(UploadExpired):
            act(upload_id)
    fresh = tus.create(2000)
    assert tus.uploads.sweep_expired(tus.room.session, now=tus.now) == 2
    with pytest.raises(NotFound):
        tus.offset(upload_id)
    assert tus.room.leftovers() == [f"{fresh}.part"]
    assert tus.room.originals() == [jpeg(2)], "what is finished stays"


def test_terminating_forgets_the_bytes_but_not_a_takeaway(tus: Tus) -> None:
    upload_id, done = tus.create(2000), tus.create(2000)
    tus.send(upload_id, 0, jpeg(1)[:100])
    receipt = tus.send(done, 0, jpeg(2))
    for i in (upload_id, done):
        tus.uploads.terminate(tus.room.session, i)
        with pytest.raises(NotFound):
            tus.offset(i)
    assert tus.room.leftovers() == []
    assert decisions.by_receipt(tus.room.session, receipt).attachments


def test_the_receipt_is_given_again(tus: Tus) -> None:
    upload_id = tus.create(2000)
    receipt = tus.send(upload_id, 0, jpeg(1))
    for _ in range(2):
        found = tus.uploads.head(tus.room.session, upload_id)
        assert (found.offset, found.receipt) == (2000, receipt)
        assert tus.send(upload_id, 2000, b"") == receipt
        with pytest.raises(OffsetConflict) as conflict:
            tus.send(upload_id, 0, jpeg(1))
        assert conflict.value.receipt == receipt
        tus.restart()
    assert count(tus.room, Takeaway) == 1


def test_who_begins_anew_after_a_lost_answer_gets_the_receipt_whenever_it_asks(tus: Tus) -> None:
    data = jpeg(1)
    fields = {"client_id": CLIENT, "sha256": hashlib.sha256(data).hexdigest()}
    receipt = tus.send(tus.create(len(data), **fields), 0, data)
    again = tus.create(len(data), **fields)
    tus.restart()
    found = tus.uploads.head(tus.room.session, again)
    assert (found.offset, found.receipt) == (len(data), receipt)
    assert not tus.part(again).exists()


def test_the_last_byte_before_a_kill_is_finished_by_the_next_question(tus: Tus) -> None:
    upload_id = tus.create(2000)
    tus.part(upload_id).write_bytes(jpeg(1))
    tus.restart()
    found = tus.uploads.head(tus.room.session, upload_id)
    assert (found.offset, found.receipt != "") == (2000, True)
    assert tus.room.originals() == [jpeg(1)]


def test_what_a_kill_left_whole_is_finished_without_a_question(tus: Tus) -> None:
    """Its phone may never ask again. What a request has just brought is that request's to finish."""
    data = jpeg(1)
    whole, half, fresh = (tus.create(len(data), text=text) for text in ("whole", "half", "fresh"))
    tus.part(whole).write_bytes(data)
    tus.part(half).write_bytes(data[:-1])
    tus.part(fresh).write_bytes(data)
    gone = tus.create(len(data), text="gone")
    tus.part(gone).unlink()
    for upload_id, age in ((whole, 1), (half, 1), (fresh, 0)):
        os.utime(tus.part(upload_id), times=(NOW.timestamp() - LEFT_SECONDS - age,) * 2)
    tus.restart()
    assert tus.uploads.complete_interrupted(tus.room.session, now=NOW) == 1
    texts = tus.room.session.scalars(select(Takeaway.text)).all()
    assert texts == ["whole"]
    assert tus.room.originals() == [data]
    assert tus.uploads.complete_interrupted(tus.room.session, now=NOW) == 0


def test_what_was_left_and_is_refused_goes_and_stops_nothing(tus: Tus) -> None:
    refused = tus.create(20)
    tus.part(refused).write_bytes(b"no picture, no film.")
    good = tus.create(len(jpeg(1)))
    tus.part(good).write_bytes(jpeg(1))
    for upload_id in (refused, good):
        os.utime(tus.part(upload_id), times=(NOW.timestamp() - LEFT_SECONDS - 1,) * 2)
    assert tus.uploads.complete_interrupted(tus.room.session, now=NOW) == 1
    assert tus.room.originals() == [jpeg(1)]
    assert not tus.part(refused).exists()


def test_where_an_upload_comes_from_is_the_kiosk_s_word(tus: Tus) -> None:
    fields = {"session": tus.room.garden.code, "source": "station", "text": "bees"}

    def begun(source: Source) -> UploadProgress:
        return tus.uploads.create(tus.room.session, length=9, fields=fields, source=source)

    assert "source" not in begun(Source.PHONE).fields
    assert begun(Source.STATION).fields == fields
    rows = tus.room.session.scalars(select(Upload.fields)).all()
    assert sorted(row.get("source", "") for row in rows) == ["", "station"]


def test_every_answer_tells_the_fields(tus: Tus) -> None:
    data = jpeg(1)
    upload_id = tus.create(len(data), text="bees")
    fields = {"session": tus.room.garden.code, "filename": "IMG_1.JPG", "text": "bees"}
    assert tus.uploads.head(tus.room.session, upload_id).fields == fields
    for offset, end in ((0, 500), (500, len(data))):
        body = Chunk(io.BytesIO(data[offset:end]), end - offset)
        found = tus.uploads.append(tus.room.session, upload_id, offset, piece=body)
        assert (found.offset, found.fields) == (end, fields)
        assert found.expires_at == tus.now + timedelta(hours=tus.room.limits.upload_hours)
    assert tus.uploads.head(tus.room.session, upload_id).fields == fields


@pytest.mark.parametrize("by", ["head", "patch"])
def test_a_refusal_at_the_end_removes_the_upload(tus: Tus, by: str) -> None:
    data = b"MZ" + b"\0" * 1998
    upload_id = tus.create(2000)
    if by == "head":
        tus.part(upload_id).write_bytes(data)
    with pytest.raises(UnsupportedMedia, match=r"IMG_1\.JPG"):
        tus.offset(upload_id) if by == "head" else tus.send(upload_id, 0, data)
    with pytest.raises(NotFound):
        tus.offset(upload_id)
    assert tus.room.leftovers() == []
    assert count(tus.room, Takeaway) == 0


def test_the_check_of_a_video_refuses_too(room: Room) -> None:
    def check(_path: Path, kind: MediaType) -> None:
        assert kind.mime == "video/mp4"
        raise TooLong("Videos up to 90 seconds fit here.")

    tus = Tus(room, check)
    upload_id = tus.create(3000)
    with pytest.raises(TooLong):
        tus.send(upload_id, 0, mp4(1))
    assert room.leftovers() == []


def test_a_full_disk_at_the_end_keeps_the_upload(room: Room) -> None:
    full = [DiskFull("full")]

    def check(_path: Path, _kind: MediaType) -> None:
        if full:
            raise full.pop()

    tus = Tus(room, check)
    upload_id = tus.create(2000)
    with pytest.raises(DiskFull):
        tus.send(upload_id, 0, jpeg(1))
    assert tus.uploads.head(room.session, upload_id).receipt
    assert room.originals() == [jpeg(1)]


def test_files_of_one_client_id_share_a_receipt(tus: Tus) -> None:
    receipts = set()
    for n in range(3):
        upload_id = tus.create(2000, client_id=CLIENT, filename=f"{n}.jpg", text="three")
        receipts.add(tus.send(upload_id, 0, jpeg(n)))
    (receipt,) = receipts
    takeaway = decisions.by_receipt(tus.room.session, receipt)
    assert [a.filename for a in takeaway.attachments] == ["0.jpg", "1.jpg", "2.jpg"]
    assert takeaway.text == "three"


def test_an_upload_of_something_withdrawn_is_refused(tus: Tus) -> None:
    late = tus.create(2000, client_id=CLIENT)
    receipt = tus.send(tus.create(2000, client_id=CLIENT), 0, jpeg(1))
    room = tus.room
    takeaway = decisions.by_receipt(room.session, receipt)
    decisions.withdraw(room.session, takeaway, Actor(NOW, room.rng), room.store)
    with pytest.raises(TakenBack):
        tus.create(2000, client_id=CLIENT)
    with pytest.raises((TakenBack, NotFound)):
        tus.send(late, 0, jpeg(1))
    assert room.originals() == []
    assert room.leftovers() == []


@pytest.mark.parametrize("spelled", [CLIENT.upper(), f"urn:uuid:{CLIENT}", CLIENT.replace("-", "")])
def test_a_withdrawal_finds_what_is_under_way_however_its_id_is_spelled(
    tus: Tus, spelled: str
) -> None:
    room = tus.room
    late = tus.create(2000, client_id=spelled)
    tus.send(late, 0, jpeg(1)[:100])
    receipt = tus.send(tus.create(2000, client_id=spelled), 0, jpeg(2))
    takeaway = decisions.by_receipt(room.session, receipt)
    decisions.withdraw(room.session, takeaway, Actor(NOW, room.rng), room.store)
    assert count(room, Upload) == 0
    assert room.leftovers() == []


@pytest.mark.parametrize("takeover", ["head", "patch"])
@pytest.mark.parametrize("finished", [False, True])
def test_a_silent_request_that_wakes_late_changes_no_byte(
    tus: Tus, takeover: str, finished: bool
) -> None:
    data = jpeg(1, 300_000)
    upload_id = tus.create(len(data))
    body = Stalled(data[:PIECE], b"\xff" * PIECE)
    with ThreadPoolExecutor(1) as pool, Session(tus.room.engine) as other:
        piece = Chunk(body, len(data))
        sleeper = pool.submit(tus.uploads.append, other, upload_id, 0, piece=piece)
        try:
            assert body.silent.wait(120)
            if takeover == "head":
                assert tus.offset(upload_id) == PIECE
            end = len(data) if finished else 100_000
            receipt = tus.send(upload_id, PIECE, data[PIECE:end])
        finally:
            body.wake.set()
        with pytest.raises(Conflict, match="newer request"):
            sleeper.result(120)
    if not finished:
        assert tus.part(upload_id).read_bytes() == data[:100_000]
        receipt = tus.send(upload_id, 100_000, data[100_000:])
    assert tus.room.originals() == [data]
    assert decisions.by_receipt(tus.room.session, receipt).attachments[0].media.bytes == len(data)


def test_a_stray_request_at_a_wrong_place_does_not_disturb_a_good_one(tus: Tus) -> None:
    data = jpeg(1, 2 * PIECE)
    upload_id = tus.create(len(data))
    body = Stalled(data[:PIECE], data[PIECE:])
    with ThreadPoolExecutor(1) as pool, Session(tus.room.engine) as other:
        good = pool.submit(tus.uploads.append, other, upload_id, 0, piece=Chunk(body, len(data)))
        try:
            assert body.silent.wait(120)
            with pytest.raises(OffsetConflict):
                tus.send(upload_id, 7, b"stray")
        finally:
            body.wake.set()
        assert good.result(120).receipt
    assert tus.room.originals() == [data]


def test_asking_alone_silences_the_older_request(tus: Tus) -> None:
    data = jpeg(1, 300_000)
    upload_id = tus.create(len(data))
    body = Stalled(data[:PIECE], data[PIECE : 2 * PIECE])
    with ThreadPoolExecutor(1) as pool, Session(tus.room.engine) as other:
        piece = Chunk(body, len(data))
        sleeper = pool.submit(tus.uploads.append, other, upload_id, 0, piece=piece)
        try:
            assert body.silent.wait(120)
            offset = tus.offset(upload_id)
        finally:
            body.wake.set()
        with pytest.raises(Conflict, match="newer request"):
            sleeper.result(120)
    assert tus.part(upload_id).stat().st_size == offset == PIECE
    assert tus.send(upload_id, offset, data[offset:])


def test_who_asks_while_the_file_moves_waits_for_the_receipt(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, go_on, link = threading.Event(), threading.Event(), Store.link

    def slow_link(store: Store, path: Path, sha256: str, ext: str) -> Path:
        goal = link(store, path, sha256, ext)
        moved.set()
        assert go_on.wait(120)
        return goal

    monkeypatch.setattr(Store, "link", slow_link)
    upload_id = tus.create(2000)

    def ask(how: str) -> str:
        with Session(tus.room.engine) as session:
            if how == "head":
                return tus.uploads.head(session, upload_id).receipt
            piece = Chunk(io.BytesIO(b""), 0)
            return tus.uploads.append(session, upload_id, 2000, piece=piece).receipt

    with ThreadPoolExecutor(4) as pool:
        sender = pool.submit(tus.send, upload_id, 0, jpeg(1))
        assert moved.wait(120)
        askers = [pool.submit(ask, how) for how in ("head", "append", "head")]
        assert wait(askers, timeout=0.3).done == set()
        go_on.set()
        receipts = {sender.result(120), *(asker.result(120) for asker in askers)}
    assert len(receipts) == 1
    assert receipts != {""}
    assert count(tus.room, Takeaway) == 1


def test_many_requests_on_an_upload_that_is_being_finished_leave_its_finisher_a_place(
    room: Room,
) -> None:
    checking, askers_inside = threading.Event(), threading.Semaphore(0)

    def check(_path: Path, _kind: MediaType) -> None:
        with concurrency.outside():
            checking.set()
            for _each in range(concurrency.AT_ONCE):
                assert askers_inside.acquire(timeout=20)

    tus = Tus(room, check)
    upload_id, receipts = tus.create(2000), []

    def request(data: bytes, offset: int) -> None:
        concurrency.enter()
        try:
            if offset:
                askers_inside.release()
            with Session(room.engine) as session:
                piece = Chunk(io.BytesIO(data), len(data))
                receipts.append(tus.uploads.append(session, upload_id, offset, piece=piece).receipt)
        finally:
            concurrency.leave()

    begun = [threading.Thread(target=request, args=(jpeg(1), 0), daemon=True)]
    begun[0].start()
    assert checking.wait(20)
    begun += [
        threading.Thread(target=request, args=(b"", 2000), daemon=True)
        for _each in range(concurrency.AT_ONCE)
    ]
    for thread in begun[1:]:
        thread.start()
    for thread in begun:
        thread.join(20)
    assert not any(thread.is_alive() for thread in begun)
    assert len(receipts) == concurrency.AT_ONCE + 1
    assert len(set(receipts)) == 1


def test_who_asks_for_an_upload_that_is_finished_for_long_is_told_to_come_again(
    tus: Tus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency, "WAIT_SECONDS", 0.05)
    upload_id = tus.create(2000)
    with tus.uploads._using(upload_id) as live:
        with live.finishing:
            for ask in (tus.offset, lambda i: tus.send(i, 0, jpeg(1))):
                with pytest.raises(Busy):
                    ask(upload_id)
        assert tus.send(upload_id, 0, jpeg(1))


def test_memory_does_not_grow_with_uploads(tus: Tus) -> None:
    for n in range(20):
        upload_id = tus.create(2000)
        tus.send(upload_id, 0, jpeg(n))
        with pytest.raises(NotFound):
            tus.offset("f" * 40)
    assert tus.uploads._live == {}


def test_cleanup_spares_uploads_under_way(tus: Tus) -> None:
    upload_id = tus.create(2000)
    tus.send(upload_id, 0, jpeg(1)[:100])
    later = datetime.now(NOW.tzinfo) + timedelta(days=2)
    assert sweep(tus.room.session, tus.room.store, later).removed == 0
    assert tus.send(upload_id, 100, jpeg(1)[100:])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 90_000)),
        st.tuples(st.just("cut"), st.integers(1, 90_000), st.integers(0, 90_000)),
        st.tuples(st.just("damaged"), st.integers(1, 90_000)),
        st.tuples(st.just("checked"), st.integers(1, 90_000)),
        st.tuples(st.just("stale"), st.integers(1, 90_000)),
        st.tuples(st.just("overshoot"), st.integers(1, 90_000)),
        st.tuples(st.just("head")),
        st.tuples(st.just("kill")),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, seed=st.integers(0, 1 << 30), size=st.integers(30, 250_000))
def test_any_course_of_cuts_ends_with_the_same_bytes(
    tus: Tus, steps: list[tuple[str, int, int]], seed: int, size: int
) -> None:
    """A model of the protocol beside the real thing: after each step both have the same offset."""
    data, at = jpeg(seed, size), 0
    upload_id = tus.create(size)
    session = tus.room.session
    receipt = ""
    for name, *numbers in steps:
        if receipt:
            break
        piece = data[at : at + numbers[0]] if numbers else b""
        if name in ("send", "checked"):
            sums = {"checksum": checksum("sha1", piece)} if name == "checked" else {}
            receipt = tus.send(upload_id, at, piece, **sums)
            at += len(piece)
        elif name == "cut":
            sound = min(numbers[1], len(piece))
            body = Chunk(Cut(piece, sound, TimeoutError()), len(piece))
            if sound < len(piece):
                with pytest.raises(BrokenOff):
                    tus.uploads.append(session, upload_id, at, piece=body)
                at += sound
        elif name == "damaged":
            with pytest.raises(ChecksumMismatch):
                tus.send(upload_id, at, piece, checksum=checksum("sha256", piece + b"!"))
        elif name == "stale" and at:
            with pytest.raises(OffsetConflict):
                tus.send(upload_id, max(0, at - numbers[0]), piece)
        elif name == "overshoot":
            with pytest.raises(TooLarge):
                tus.send(upload_id, at, data[at:] + b"!" * numbers[0])
        elif name == "kill":
            tus.restart()
        assert tus.offset(upload_id) == at
    if not receipt:
        receipt = tus.send(upload_id, at, data[at:])
    media = decisions.by_receipt(session, receipt).attachments[0].media
    assert media.sha256 == hashlib.sha256(data).hexdigest()
    assert tus.room.store.original(media.sha256, media.ext).read_bytes() == data
    assert count(tus.room, Media) == count(tus.room, Attachment)
