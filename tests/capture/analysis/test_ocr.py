"""Words on flip charts: read where the extra is installed, searchable, gone with what was blurred, never published."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.analysis import ocr, ocr_worker
from capture.analysis.ocr_worker import read_due
from capture.decoding.process_pool import DecoderDied, DecoderPool, PoolBusy
from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from capture.renditions.worker import process_due
from reporter.annotations.edit_history import save
from reporter.config import LimitSettings
from reporter.errors import MediaFailed
from reporter.media.edits import Edits, Region
from reporter.media.store import Store
from reporter.models import EventSession, Media, Takeaway
from reporter.moderation.decisions import approve, withdraw
from reporter.search import SearchRequest, WhooshIndex
from reporter.stories.takeaway_json import takeaway_record
from tests.support.kiosk_process import TurnableClock, actor
from tests.support.media.flip_charts import photo as chart

needs_ocr = pytest.mark.skipif(
    not ocr.can_read(),
    reason="the extra for words in pictures is not installed (pip install -e .[ocr])",
)


class HerePool:
    """Runs a task in this process, or fails as a worker would."""

    def __init__(self, words: str = "", error: Exception | None = None) -> None:
        self.words, self.error, self.read = words, error, 0

    def run(self, function: Callable[..., Any], path: Path, *, timeout: float) -> str:
        assert path.is_file()
        assert timeout > 0
        self.read += 1
        if self.error is not None:
            raise self.error
        return self.words


class Room:
    """A gathering into which photos of flip charts come."""

    def __init__(
        self,
        session: Session,
        store: Store,
        event: EventSession,
        clock: TurnableClock,
        folder: Path,
    ) -> None:
        self.session, self.store, self.event, self.clock = session, store, event, clock
        self.folder, self.rng = folder, random.Random(4)
        self.index = WhooshIndex(folder / "index")

    def put(self, seed: int = 3) -> Takeaway:
        path = self.folder / f"chart-{seed}.jpg"
        pixels = chart(12, 4, shade=0.2, size=(1000, 750), seed=seed).pixels
        Image.fromarray(pixels).save(path, "JPEG", quality=88)
        incoming = self.store.begin(path.name)
        incoming.write(path.read_bytes())
        offer = Submission(
            self.event, files=(ReceivedFile.of(incoming, path.name),), consent="agreed"
        )
        return receive(
            self.session, self.store, offer, now=self.clock(), rng=self.rng, limits=LimitSettings()
        )

    def process(self, pool: DecoderPool) -> None:
        while process_due(self.session, self.store, pool, now=self.clock, limits=LimitSettings()):
            pass

    def found(self, query: str) -> list[str]:
        self.index.sync(self.session)
        return self.index.search(SearchRequest(query)).ids

    def words(self) -> list[str]:
        self.session.expire_all()
        return [media.recognized_text for media in self.session.scalars(select(Media))]


@pytest.fixture(scope="module")
def workers() -> Any:
    with DecoderPool(1, 3000) as pool:
        yield pool


@pytest.fixture
def room(
    session: Session, store: Store, event: EventSession, clock: TurnableClock, tmp_path: Path
) -> Room:
    return Room(session, store, event, clock, tmp_path)


def test_words_are_found_and_go_with_the_picture_they_were_in(
    room: Room, workers: DecoderPool
) -> None:
    takeaway = room.put()
    reader = HerePool("Compost\nWorms")
    assert read_due(room.session, room.store, reader) == 0  # type: ignore[arg-type]
    room.process(workers)
    assert read_due(room.session, room.store, reader) == 1  # type: ignore[arg-type]
    assert read_due(room.session, room.store, reader) == 0  # type: ignore[arg-type]
    assert (reader.read, room.words()) == (1, ["Compost\nWorms"])
    approve(room.session, takeaway, actor(room.clock))
    assert room.found("worms") == [str(takeaway.id)]
    record = json.dumps(takeaway_record(takeaway, lambda media, name: f"/{name}"), default=str)
    assert "Worms" not in record
    # What is blurred can't be found any more, from the moment on at which it is blurred.
    media = takeaway.attachments[0].media
    blurred = Edits(blur=(Region("box", (0.2, 0.2, 0.5, 0.5)),))
    assert save(room.session, room.store, media, blurred, actor=actor(room.clock))
    assert (room.words(), room.found("worms")) == ([""], [])
    room.process(workers)
    assert read_due(room.session, room.store, HerePool("Compost")) == 1  # type: ignore[arg-type]
    assert room.found("compost") == [str(takeaway.id)]
    withdraw(room.session, takeaway, actor(room.clock), room.store)
    assert (room.words(), room.found("compost")) == ([], [])


@pytest.mark.parametrize("error", [MediaFailed("broken"), DecoderDied("too slow")])
def test_what_cant_be_read_is_tried_once(
    room: Room, workers: DecoderPool, error: Exception
) -> None:
    room.put()
    room.process(workers)
    broken = HerePool(error=error)
    assert read_due(room.session, room.store, broken) == 1  # type: ignore[arg-type]
    assert read_due(room.session, room.store, broken) == 0  # type: ignore[arg-type]
    assert (broken.read, room.words()) == (1, [""])


def test_a_busy_laptop_comes_back_to_it(room: Room, workers: DecoderPool) -> None:
    room.put()
    room.process(workers)
    assert read_due(room.session, room.store, HerePool(error=PoolBusy("busy"))) == 0  # type: ignore[arg-type]
    assert read_due(room.session, room.store, HerePool("Seeds")) == 1  # type: ignore[arg-type]
    # What has just arrived goes first.
    room.put(seed=5)
    later = HerePool("Later")
    assert read_due(room.session, room.store, later) == 0  # type: ignore[arg-type]
    assert (later.read, sorted(room.words())) == (0, ["", "Seeds"])


@needs_ocr
def test_the_words_of_a_flip_chart_are_read_and_found(room: Room, workers: DecoderPool) -> None:
    takeaway = room.put()
    room.process(workers)
    assert read_due(room.session, room.store, workers) == 1
    read = room.words()[0].lower().split()
    assert read == ["compost", "water", "seeds", "monday"]
    approve(room.session, takeaway, actor(room.clock))
    assert room.found("monday") == [str(takeaway.id)]


@needs_ocr
def test_hostile_pictures_have_no_words(workers: DecoderPool, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0" + bytes(900))
    with pytest.raises(MediaFailed):
        workers.run(ocr.read_words, broken, timeout=ocr_worker.TIME_LIMIT)
    for size in ((1, 1), (3000, 2)):
        path = tmp_path / f"{size[0]}.jpg"
        Image.new("RGB", size, "white").save(path)
        assert workers.run(ocr.read_words, path, timeout=ocr_worker.TIME_LIMIT) == ""
