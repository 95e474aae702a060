"""What the analysis found out about the pictures on a contact sheet: blurred, dark, like others. Two queries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from reporter.database import kept_counts
from reporter.media.near_duplicates import BLURRED, DARK
from reporter.models import Attachment, Takeaway
from reporter.models.image_quality import ImageQuality, SimilarGroup
from reporter.review.queries import LIVING, in_question


@dataclass(frozen=True)
class PictureFindings:
    """Analysis results of a takeaway's pictures."""

    blurred: bool = False
    dark: bool = False
    group: str = ""
    # How many others look like it, and whether it is the sharpest of them all.
    others: int = 0
    sharpest: bool = False


def looks_of(session: Session, rows: Sequence[Takeaway]) -> dict[uuid.UUID, PictureFindings]:
    """Analysis results of each takeaway's pictures. Two queries."""
    wanted = [row.id for row in rows]
    query = select(Attachment.takeaway_id, ImageQuality).join(
        ImageQuality, ImageQuality.media_id == Attachment.media_id
    )
    looks: dict[uuid.UUID, list[ImageQuality]] = {}
    for takeaway_id, look in session.execute(query.where(Attachment.takeaway_id.in_(wanted))):
        looks.setdefault(takeaway_id, []).append(look)
    groups = _groups(session, {one.group_id for found in looks.values() for one in found})
    return {row.id: _seen(row, looks[row.id], groups) for row in rows if row.id in looks}


@dataclass(frozen=True)
class _Group:
    """A group of look-alikes: how many takeaways in it are undecided or shown, and the sharpest of those."""

    living: int
    sharpest: uuid.UUID | None


def _groups(session: Session, ids: set[uuid.UUID | None]) -> dict[uuid.UUID, _Group]:
    """Groups by id. A whole room may photograph one slide: only the sharpest of a group is read, not all of it."""
    query = select(SimilarGroup.id, _living(session), _sharpest()).where(
        SimilarGroup.id.in_(ids - {None})
    )
    return {
        group_id: _Group(living or 0, sharpest)
        for group_id, living, sharpest in session.execute(query)
    }


def _living(session: Session) -> ScalarSelect[int]:
    if kept_counts.are_kept(session):
        kept = kept_counts.GROUPS.c
        return select(kept.living).where(kept.group_id == SimilarGroup.id).scalar_subquery()
    return (
        select(func.count(Takeaway.id.distinct()))
        .join(Attachment, Attachment.takeaway_id == Takeaway.id)
        .join(ImageQuality, ImageQuality.media_id == Attachment.media_id)
        .where(ImageQuality.group_id == SimilarGroup.id, in_question(Takeaway))
        .scalar_subquery()
    )


def _sharpest() -> ScalarSelect[uuid.UUID]:
    """Of equally sharp ones the last that came, as the index ``look_group_sharpness`` has them."""
    return (
        select(Takeaway.id)
        .join(Attachment, Attachment.takeaway_id == Takeaway.id)
        .join(ImageQuality, ImageQuality.media_id == Attachment.media_id)
        .where(ImageQuality.group_id == SimilarGroup.id, in_question(Takeaway))
        .order_by(ImageQuality.sharpness.desc().nulls_last(), ImageQuality.media_id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _seen(
    row: Takeaway, looks: list[ImageQuality], groups: Mapping[uuid.UUID, _Group]
) -> PictureFindings:
    group_id = next((look.group_id for look in looks if look.group_id), None)
    group = groups.get(group_id) if group_id else None
    # Films and recordings have findings, and are in no group.
    others = max(0, group.living - (row.state in LIVING)) if group else 0
    return PictureFindings(
        blurred=any(look.sharpness is not None and look.sharpness < BLURRED for look in looks),
        dark=any(look.brightness is not None and look.brightness < DARK for look in looks),
        group=group_id.hex if group_id and others else "",
        others=others,
        sharpest=bool(group and others and group.sharpest == row.id),
    )
