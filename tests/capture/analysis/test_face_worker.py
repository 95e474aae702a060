"""Looking for faces in what is ready, with the real workers: what is found, and what can't be looked into."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

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
from tests.support.media.faces import portrait, portrait_jpeg
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


def test_faces_in_a_mirrored_film_are_where_players_show_them(tmp_path: Path) -> None:
    """As front cameras mark them: a box on the other side would be blurred in vain."""
    film = tmp_path / "a.mp4"
    record_still(film, portrait(640, 480, ((0.1, 0.2, 0.4),)))
    data = bytearray(film.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 4] = (-0x10000).to_bytes(4, "big", signed=True)
    film.write_bytes(data)
    (box,) = find_faces(film, "video/mp4")
    assert box[0] + box[2] / 2 == pytest.approx(0.7, abs=0.1)


def record_still(path: Path, pixels: Any) -> None:
    """A film of one picture."""
    import av

    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = pixels.shape[1], pixels.shape[0], "yuv420p"
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        out.mux([*stream.encode(frame), *stream.encode(None)])


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
