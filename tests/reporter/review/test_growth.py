"""What a page of the review asks for costs SQLite the same steps, however much there is beside what it shows."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.models import Attachment, EventSession, Media, Tag, Takeaway
from reporter.models.image_quality import ImageQuality, SimilarGroup
from reporter.review.picture_findings import looks_of
from reporter.review.queries import Filter, page
from reporter.review.tag_suggestions import NEAR, suggested_tags
from tests.support.kiosk_process import START, add_takeaway, new_media

pytestmark = pytest.mark.sqlite("its steps")

FEW, MANY = 30, 600


def _steps(session: Session, ask: Callable[[], Any]) -> int:
    """Steps of SQLite's machine, without statistics of the tables: they don't depend on what else the computer does."""
    session.commit()
    connection = session.connection().connection.dbapi_connection
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(count, 1)  # type: ignore[union-attr]
    ask()
    connection.set_progress_handler(None, 0)  # type: ignore[union-attr]
    return steps


def _add_photos(
    session: Session, event: EventSession, rng: random.Random, sizes: list[int]
) -> None:
    """Approved takeaways with a photo each, in groups of so many look-alikes; of each the last one is the sharpest."""
    ids = [(new_id(START, rng), new_id(START, rng)) for _number in range(sum(sizes))]
    groups = [new_id(START, rng) for _size in sizes]
    of = [group for group, size in zip(groups, sizes, strict=True) for _number in range(size)]
    parts = {f"part{number}": 0 for number in range(4)}
    session.execute(insert(SimilarGroup), [{"id": group, **parts} for group in groups])
    one = add_takeaway(session, event, rng, kind="photo", state="approved")
    columns = {name: getattr(one, name) for name in _columns(Takeaway) - {"id", "receipt"}}
    rows = [{**columns, "id": row, "receipt": row.hex} for row, _media in ids]
    session.execute(insert(Takeaway), rows)
    session.add_all(new_media(rng, id=media) for _row, media in ids)
    session.flush()
    session.execute(
        insert(Attachment), [{"takeaway_id": row, "media_id": media} for row, media in ids]
    )
    looks = zip(ids, of, strict=True)
    session.execute(
        insert(ImageQuality),
        [
            {"media_id": media, "group_id": group, "sharpness": 50.0 + number, "brightness": 90}
            for number, ((_row, media), group) in enumerate(looks)
        ],
    )
    session.commit()


def _columns(model: type) -> set[str]:
    return {column.key for column in model.__mapper__.column_attrs}  # type: ignore[attr-defined]


def _pictured(session: Session) -> list[Takeaway]:
    """The first photo and the sharpest one."""
    query = (
        select(Takeaway)
        .join(Attachment)
        .join(Media)
        .join(ImageQuality, ImageQuality.media_id == Media.id)
    )
    rows = session.scalars(query.order_by(ImageQuality.sharpness)).all()
    return [rows[0], rows[-1]]


def test_of_a_large_group_only_the_sharpest_is_read(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    _add_photos(session, event, rng, [FEW])
    rows = _pictured(session)
    few = _steps(session, lambda: looks_of(session, rows))
    _add_photos(session, event, rng, [MANY])
    rows = _pictured(session)[1:] * 2
    many = _steps(session, lambda: looks_of(session, rows))
    (found,) = looks_of(session, rows).values()
    assert (found.others, found.sharpest) == (MANY - 1, True)
    assert many <= few * 1.2, (few, many)


def test_a_page_of_look_alikes_reads_no_others(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    criteria = Filter(state="approved", flags=("alike",))
    _add_photos(session, event, rng, [2] * (FEW // 2))
    few = _steps(session, lambda: page(session, criteria, size=10))
    _add_photos(session, event, rng, [2] * (MANY // 2))
    many = _steps(session, lambda: page(session, criteria, size=10))
    assert many <= few * 1.2, (few, many)


def test_suggested_tags_read_only_the_newest_takeaways_of_a_session(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    _add_photos(session, event, rng, [MANY])
    row = session.scalars(select(Takeaway)).first()
    assert row is not None
    few = _steps(session, lambda: suggested_tags(session, row))
    ids = session.scalars(select(Takeaway.id).order_by(Takeaway.id)).all()
    session.execute(
        insert(Tag), [{"takeaway_id": one, "name": "old"} for one in ids[: -2 * NEAR - 200]]
    )
    _add_photos(session, event, rng, [MANY])
    many = _steps(session, lambda: suggested_tags(session, row))
    assert many <= few * 1.2, (few, many)
