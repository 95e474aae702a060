"""The seeded gathering of the benchmarks: real files behind its rows, and the same each time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import select

from reporter.enums import Faces, MediaState, TakeawayState
from reporter.gathering.folder import open_session
from reporter.media.store import Store
from reporter.models import Gathering, Media, Takeaway
from reporter.models.image_quality import ImageQuality
from tests.bench.data.seeded import seed


def test_rows_and_files_agree(tmp_path: Path) -> None:
    settings = seed(tmp_path / "g", 60, photos=5)
    store = Store(settings.folder)
    with open_session(settings) as session:
        takeaways = list(session.scalars(select(Takeaway)))
        assert len(takeaways) == session.scalar(select(Gathering.revision)) == 60
        assert len({row.revision for row in takeaways}) == 60
        shown = [row for row in takeaways if row.state != TakeawayState.WITHDRAWN]
        assert all(row.attachments for row in shown if row.kind == "photo")
        media = list(session.scalars(select(Media)))
        assert len(media) == sum(len(row.attachments) for row in shown) > 10
        for one in media:
            data = store.original(one.sha256, one.ext).read_bytes()
            assert hashlib.sha256(data).hexdigest() == one.sha256
            assert one.state == MediaState.READY
            assert {made.name for made in one.renditions} == {"thumb", "view"}
            for made in one.renditions:
                path = store.rendition(one.sha256, made.name, made.ext)
                assert path.stat().st_size == made.bytes


def test_the_same_seed_gives_the_same_words(tmp_path: Path) -> None:
    rows = []
    for name in ("a", "b"):
        with open_session(seed(tmp_path / name, 30, photos=0)) as session:
            rows.append(session.execute(select(Takeaway.id, Takeaway.text, Takeaway.state)).all())
    assert rows[0] == rows[1]


def test_photos_as_rows_alone_leave_the_workers_nothing_to_do(tmp_path: Path) -> None:
    with open_session(seed(tmp_path / "g", 40, photos=1, files=False)) as session:
        media = list(session.scalars(select(Media)))
        assert len(media) > 10
        for one in media:
            assert (one.state, one.faces) == (MediaState.READY, Faces.NONE)
            assert {made.name: made.sha256 for made in one.renditions}["view"] == one.recognized_in
            assert one.attachments
        assert len(set(session.scalars(select(ImageQuality.group_id)))) < len(media)
