"""Looking for faces in what is ready, with the real workers: what is found, and what can't be looked into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.analysis import face_worker
from capture.analysis.face_detection import find_faces
from capture.decoding.process_pool import DecoderPool, PoolBusy
from reporter.annotations import face_review
from reporter.config import LimitSettings
from reporter.enums import Faces, Kind
from reporter.models import Media
from reporter.moderation import decisions
from tests.support.media import files
from tests.support.media.faces import portrait_jpeg
from tests.support.publish.fakes import Kit


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, 3000) as pool:
        yield pool


def add(kit: Kit, path: Path, kind: Kind = Kind.PHOTO) -> Media:
    row = kit.takeaway(kit.event(path.name), kind=kind.value)
    return kit.attach(row, path.read_bytes(), kind=kind, renditions={})


def look(kit: Kit, pool: DecoderPool) -> int:
    return face_worker.look_for_faces(kit.session, kit.store, pool, limits=LimitSettings())


def test_faces_are_noted_once_and_never_for_sound(kit: Kit, pool: DecoderPool) -> None:
    two = add(kit, portrait_jpeg(1200, 800, ((0.1, 0.1, 0.3), (0.6, 0.3, 0.2))))
    none, sound = add(kit, files.jpeg(800, 600)), add(kit, files.wav(), Kind.AUDIO)
    waits = add(kit, files.jpeg(400, 300))
    waits.state = "received"
    kit.session.commit()
    assert look(kit, pool) == 2
    assert [m.faces for m in (two, none, sound, waits)] == ["found", "none", "", ""]
    assert len(face_review.proposals(kit.session, two)) == 2
    assert look(kit, pool) == 0


def test_what_can_not_be_opened_waits_for_a_person(kit: Kit, pool: DecoderPool) -> None:
    broken, lost = add(kit, files.jpeg(800, 600)), add(kit, files.jpeg(400, 300))
    kit.store.original(broken.sha256, ".jpg").write_bytes(b"\xff\xd8\xff not a picture")
    kit.store.original(lost.sha256, ".jpg").unlink()
    assert look(kit, pool) == 2
    assert [m.faces for m in (broken, lost)] == [Faces.FAILED, Faces.FAILED]


def test_a_busy_laptop_looks_later(
    kit: Kit, pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = add(kit, portrait_jpeg())

    def busy(*_args: object, **_more: object) -> None:
        raise PoolBusy("Later.")

    monkeypatch.setattr(pool, "run", busy)
    assert look(kit, pool) == 0
    assert media.faces == Faces.UNKNOWN


def test_withdrawn_meanwhile_leaves_nothing(
    kit: Kit, pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = add(kit, portrait_jpeg())

    def run(task: object, path: Path, mime: str, **_more: object) -> list[tuple[float, ...]]:
        found = find_faces(path, mime)
        decisions.withdraw(kit.session, media.attachments[0].takeaway, kit.actor, kit.store)
        return list(found)

    monkeypatch.setattr(pool, "run", run)
    assert look(kit, pool) == 1
    assert face_review.unlooked(kit.session, 9) == []
