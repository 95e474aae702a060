"""Near-duplicate detection when pictures arrive, so that pages only read the group's number.

Two 64-bit hashes that differ in at most 10 bits differ, in at least one of four 16-bit parts, in at
most 2. So only groups that share such a part are compared: 137 neighbours of each of four numbers,
by index. (Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR
2012.)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import combinations

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from reporter.models.image_quality import ImageQuality, SimilarGroup

# Most bits of 64 in which repeated shots of one scene differ (measured: see capture.renditions.image_quality).
NEAR = 10
# Pictures below these values are flagged for a person to look at; nothing is hidden because of it.
BLURRED = 40.0
DARK = 16.0
_PARTS = (SimilarGroup.part0, SimilarGroup.part1, SimilarGroup.part2, SimilarGroup.part3)
_FLIPS = tuple(
    sum(1 << bit for bit in bits) for count in range(3) for bits in combinations(range(16), count)
)


def keep_look(
    session: Session,
    media_id: uuid.UUID,
    *,
    sharpness: float | None,
    brightness: float | None,
    likeness: str,
) -> ImageQuality:
    """Store a picture's quality and hash, replacing earlier values, and its group. Does not commit."""
    look = session.get(ImageQuality, media_id)
    if look is None:
        look = ImageQuality(media_id=media_id, perceptual_hash="")
    before = look.group_id
    look.sharpness, look.brightness = sharpness, brightness
    if look.perceptual_hash != likeness:
        look.perceptual_hash = likeness
        look.group_id = _group(session, int(likeness, 16)) if likeness else None
    # With its group: else it would be written twice.
    session.add(look)
    session.flush()
    if before is not None and before != look.group_id:
        drop_empty(session, [before])
    return look


def drop_empty(session: Session, group_ids: list[uuid.UUID]) -> None:
    """Delete groups without pictures. Does not commit."""
    used = select(ImageQuality.group_id).where(ImageQuality.group_id.is_not(None))
    session.execute(
        delete(SimilarGroup).where(SimilarGroup.id.in_(group_ids), SimilarGroup.id.not_in(used))
    )


def _group(session: Session, value: int) -> uuid.UUID:
    """The nearest group within the threshold, else a new one. A group keeps the hash of its first
    picture, so that it never drifts."""
    near = min(_near(session, value), default=None)
    if near is not None:
        return near[1]
    parts = {f"part{number}": part for number, part in enumerate(_split(value))}
    group = SimilarGroup(id=uuid.UUID(int=value), **parts)
    session.add(group)
    session.flush()
    return group.id


def _near(session: Session, value: int) -> Iterator[tuple[int, uuid.UUID]]:
    shared = (
        column.in_([part ^ flip for flip in _FLIPS])
        for column, part in zip(_PARTS, _split(value), strict=True)
    )
    for group_id in session.scalars(select(SimilarGroup.id).where(or_(*shared))):
        distance = (value ^ group_id.int).bit_count()
        if distance <= NEAR:
            yield distance, group_id


def _split(value: int) -> list[int]:
    return [value >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
