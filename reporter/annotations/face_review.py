"""Face review: where faces may be, and which pictures wait for a person because of that.

A detector proposes; a person decides: all agreed, blurred, or hidden. With ``[publish]
check_faces`` the consent gate holds back pictures with no decision.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.annotations.edit_history import note, takeaways_of
from reporter.enums import Audience, Faces, MediaState, TakeawayState
from reporter.media.edits import Edits, Four, Region, Step
from reporter.models import Attachment, Decision, Gathering, Media, Takeaway
from reporter.models.edits import Face
from reporter.moderation.decisions import bump_revision, lock_gathering
from reporter.moderation.visibility import PICTURES, needs_face_review_sql

ACTION = "faces"
MOST_FACES = 60
# The cascade marks eyes to mouth. Margin added on each side, as a share, for hair, chin and ears.
MARGIN = 0.25


def is_checked(session: Session) -> bool:
    """Whether pictures with faces wait for a person's decision."""
    return bool(session.scalar(select(Gathering.check_faces)))


def set_check(session: Session, on: bool) -> bool:
    """Apply the setting ``publish.check_faces``; True if it changed. Commits.

    Everything that waits for face review gets a new revision, including what is published, so that
    the index and the outbox process it.
    """
    if is_checked(session) == on:
        return False
    session.execute(update(Gathering).values(check_faces=on))
    waiting = session.scalars(
        select(Takeaway.id).where(needs_face_review_sql()).order_by(Takeaway.id)
    )
    _touch_many(session, waiting.all())
    session.commit()
    return True


def _touch_many(session: Session, ids: Sequence[uuid.UUID]) -> None:
    """``bump_revision`` in bulk: each takeaway gets a revision of its own."""
    if not ids:
        return
    counted = (
        update(Gathering)
        .values(revision=Gathering.revision + len(ids))
        .returning(Gathering.revision)
    )
    first = session.execute(counted).scalar_one() - len(ids) + 1
    rows = [{"id": one, "revision": first + number} for number, one in enumerate(ids)]
    session.execute(update(Takeaway), rows)


def unlooked(session: Session, limit: int) -> list[uuid.UUID]:
    """Ids of ready pictures and films not yet searched for faces, oldest first."""
    query = select(Media.id).where(
        Media.faces == Faces.UNKNOWN, Media.kind.in_(PICTURES), Media.state == MediaState.READY
    )
    return list(session.scalars(query.order_by(Media.received_at, Media.id).limit(limit)))


def write_proposals(session: Session, media_id: uuid.UUID, boxes: Sequence[Four] | None) -> None:
    """Store detected faces; ``boxes`` None means that detection failed. A person's decision stays. Commits."""
    lock_gathering(session)
    media = session.get(Media, media_id)
    if media is None:
        # It was withdrawn meanwhile.
        session.rollback()
        return
    if media.faces != Faces.SEEN:
        media.faces = (
            Faces.FAILED if boxes is None else Faces.FOUND if boxes else Faces.NONE
        ).value
    session.execute(delete(Face).where(Face.media_id == media_id))
    session.add_all(
        Face(media_id=media_id, position=number, x=x, y=y, width=width, height=height)
        for number, (x, y, width, height) in enumerate((boxes or ())[:MOST_FACES])
    )
    # Otherwise nothing that anybody sees depends on it.
    if is_checked(session):
        _touch_all(session, media)
    session.commit()


def _touch_all(session: Session, media: Media) -> None:
    for takeaway in takeaways_of(session, media):
        bump_revision(session, takeaway)


def proposals(session: Session, media: Media) -> list[Four]:
    """Detected faces, as fractions of the upright original."""
    rows = session.scalars(select(Face).where(Face.media_id == media.id).order_by(Face.position))
    return [(row.x, row.y, row.width, row.height) for row in rows]


def proposed_regions(session: Session, media: Media) -> tuple[Region, ...]:
    """An oval around each proposed face, with a margin for hair and chin."""
    return tuple(Region("oval", _widened(place)) for place in proposals(session, media))


def still_proposed(edits: Edits, regions: Sequence[Region]) -> list[Region]:
    """Proposals whose centre is not blurred yet."""
    return [region for region in regions if not any(_covers(b, region) for b in edits.blur)]


def _covers(blurred: Region, region: Region) -> bool:
    x, y, width, height = region.place
    left, top, wide, high = blurred.place
    return left <= x + width / 2 <= left + wide and top <= y + height / 2 <= top + high


def with_faces_blurred(edits: Edits, regions: Sequence[Region]) -> list[Step]:
    """The edit steps plus a blur for each proposal that is not blurred yet."""
    return [*Edits(blur=tuple(still_proposed(edits, regions))).steps(), *edits.steps()]


def _widened(place: Four) -> Four:
    x, y, width, height = place
    left, top = max(0.0, x - MARGIN * width), max(0.0, y - MARGIN * height)
    right = min(1.0, x + (1 + MARGIN) * width)
    bottom = min(1.0, y + (1 + MARGIN) * height)
    return round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4)


def decide(session: Session, media: Media, actor: Actor) -> None:
    """Record that a person has reviewed the faces and the whole picture may be shown; kept in the history. Commits."""
    was = media.faces
    if was == Faces.SEEN:
        return
    media.faces = Faces.SEEN.value
    before, after = ({"sha256": media.sha256, "faces": word} for word in (was, media.faces))
    note(session, media, actor, ACTION, values=(before, after))
    session.commit()


def undecide(session: Session, media: Media, actor: Actor) -> None:
    """Undo the decision: the picture waits for face review again. Commits."""
    if media.faces != Faces.SEEN:
        return
    # Its decision stays in the history, so that other laptops learn that it no longer holds.
    for step in _decisions(session, media):
        step.undone = True
    hold(session, media, seen=False)
    session.commit()


def is_decided(session: Session, media: Media) -> bool:
    """Whether a decision that the whole picture may be shown stands."""
    return any(not step.undone for step in _decisions(session, media))


def _decisions(session: Session, media: Media) -> list[Decision]:
    with_it = [takeaway.id for takeaway in takeaways_of(session, media)]
    query = select(Decision).where(Decision.action == ACTION, Decision.takeaway_id.in_(with_it))
    return [step for step in session.scalars(query) if step.after["sha256"] == media.sha256]


def hold(session: Session, media: Media, *, seen: bool) -> None:
    """Let it count as reviewed, or as what was detected in it. Does not commit."""
    if seen == (media.faces == Faces.SEEN):
        return
    found = session.scalar(select(func.count()).where(Face.media_id == media.id))
    media.faces = (Faces.SEEN if seen else Faces.FOUND if found else Faces.UNKNOWN).value
    _touch_all(session, media)


def _waiting() -> Select[Takeaway, Media]:
    gone = (TakeawayState.HIDDEN, TakeawayState.WITHDRAWN)
    return (
        select(Takeaway, Media)
        .join(Attachment, Attachment.takeaway_id == Takeaway.id)
        .join(Media, Media.id == Attachment.media_id)
        .where(
            Takeaway.state.not_in(gone),
            Media.kind.in_(PICTURES),
            Media.faces.in_((Faces.FOUND, Faces.FAILED)),
        )
    )


def waiting(session: Session, limit: int) -> list[tuple[Takeaway, Media]]:
    """Pictures that wait for a person's face review, in order of arrival."""
    query = _waiting().order_by(Takeaway.id, Attachment.position).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def count_held(session: Session) -> int:
    """Number of approved takeaways shown only in the room until their faces are reviewed."""
    if not is_checked(session):
        return 0
    held = select(func.count(Takeaway.id)).where(
        Takeaway.state == TakeawayState.APPROVED,
        Takeaway.audience != Audience.ROOM,
        needs_face_review_sql(),
    )
    return session.scalar(held) or 0


def count_waiting(session: Session) -> tuple[int, int]:
    """How many pictures wait for a person, and how many for the detector."""
    person = select(func.count()).select_from(_waiting().subquery())
    detector = select(func.count(Media.id)).where(
        Media.faces == Faces.UNKNOWN, Media.kind.in_(PICTURES)
    )
    return session.scalar(person) or 0, session.scalar(detector) or 0
