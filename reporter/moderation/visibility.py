"""The consent gate: one visibility rule for wall, search, media, bundle and every target.

With ``[publish] check_faces`` takeaways with faces wait for a person's review before they leave the
room. In the room, on the wall and in its search, approved pictures are shown without that review.

A film is shown to an audience as long as every takeaway in it may be, and looks as it does in the
film.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import aliased, object_session

from reporter.enums import Audience, Consent, Faces, Kind, Source, TakeawayState
from reporter.media.alt_text import lacks_alt, undescribed
from reporter.models import Attachment, EventSession, FilmPart, Gathering, Media, Takeaway


class Scope(StrEnum):
    """The audience of a place: people in this room, the organization's community, the public."""

    ROOM = "room"
    COMMUNITY = "community"
    PUBLIC = "public"


@dataclass(frozen=True)
class Rule:
    """What may be shown at a place."""

    states: frozenset[str]
    audiences: frozenset[str]
    consents: frozenset[str]


# Outside the room nobody is shown if the contributor answered "not sure" or "a child", or did not
# answer, until an organizer, who can ask, has set the consent to "agreed".
_CLEARED = frozenset({Consent.NONE, Consent.AGREED})
_RULES = {
    Scope.ROOM: (frozenset(Audience), frozenset(Consent)),
    Scope.COMMUNITY: (frozenset({Audience.PUBLIC, Audience.COMMUNITY}), _CLEARED),
    Scope.PUBLIC: (frozenset({Audience.PUBLIC}), _CLEARED),
}


# Pictures and films that may contain faces not reviewed yet.
UNDECIDED = (Faces.UNKNOWN.value, Faces.FOUND.value, Faces.FAILED.value)
PICTURES = (Kind.PHOTO.value, Kind.VIDEO.value)


def rule(place: Scope, *, new_too: bool = False) -> Rule:
    """The rule of a place. ``new_too``: the wall's setting "all new" (in the room only)."""
    audiences, consents = _RULES[place]
    states = {TakeawayState.APPROVED}
    if new_too and place is Scope.ROOM:
        states.add(TakeawayState.NEW)
    return Rule(frozenset(states), audiences, consents)


def may_show(takeaway: Takeaway, place: Scope, *, new_too: bool = False) -> bool:
    """Whether this takeaway may be shown at that place; a film only if all its parts may."""
    return _passes(takeaway, place, new_too=new_too) and (
        takeaway.source != Source.FILM or _parts_pass(takeaway, place)
    )


def _passes(takeaway: Takeaway, place: Scope, *, new_too: bool) -> bool:
    allowed = rule(place, new_too=new_too)
    return (
        takeaway.state in allowed.states
        and not (takeaway.held and takeaway.state == TakeawayState.NEW)
        and takeaway.audience in allowed.audiences
        and takeaway.consent in allowed.consents
        and not (
            place is not Scope.ROOM and needs_face_review(takeaway) and _faces_checked(takeaway)
        )
        and not (place is Scope.PUBLIC and undescribed(takeaway))
        and not (place is not Scope.ROOM and words_stay(takeaway.session))
    )


def _parts_pass(film: Takeaway, place: Scope) -> bool:
    return bool(film.parts) and all(
        _looks_same(part) and _passes(part.takeaway, place, new_too=False) for part in film.parts
    )


def _looks_same(part: FilmPart) -> bool:
    """Whether its picture still has the edits used in the film."""
    return not part.sha256 or any(
        a.media.sha256 == part.sha256 and a.media.edits_fingerprint == part.edits_fingerprint
        for a in part.takeaway.attachments
    )


def words_stay(event: EventSession | Row[Any]) -> bool:
    """Whether the session must not be recorded and its words have not been cleared for publication."""
    return bool(event.do_not_record and not event.words_leave)


def needs_face_review(takeaway: Takeaway) -> bool:
    """Whether it has a picture that may contain a face and that no person has reviewed."""
    media = [attachment.media for attachment in takeaway.attachments]
    return any(m.kind in PICTURES and m.faces in UNDECIDED for m in media)


def _faces_checked(takeaway: Takeaway) -> bool:
    """Whether the gathering requires face review. Without a database session: yes."""
    session = object_session(takeaway)
    return session is None or bool(session.scalar(select(Gathering.check_faces)))


@cache
def showable(place: Scope, *, new_too: bool = False) -> ColumnElement[bool]:
    """The same rule as an SQL condition. (Made once: making it takes longer than many a query with it.)"""
    return and_(
        _passes_sql(Takeaway, place, new_too=new_too),
        or_(Takeaway.source != Source.FILM, _parts_pass_sql(place)),
    )


def _passes_sql(of: type[Takeaway], place: Scope, *, new_too: bool) -> ColumnElement[bool]:
    allowed = rule(place, new_too=new_too)
    return and_(
        of.state.in_(allowed.states),
        # Contains a blocked word: an organizer decides, whatever the wall's setting.
        or_(of.held.is_(False), of.state != TakeawayState.NEW),
        of.audience.in_(allowed.audiences),
        of.consent.in_(allowed.consents),
        *([] if place is Scope.ROOM else [or_(~_faces_are_checked(), ~needs_face_review_sql(of))]),
        # The public includes people who can't see: photos need alt text.
        *([~lacks_alt(of)] if place is Scope.PUBLIC else []),
        *([] if place is Scope.ROOM else [~_words_stay(of)]),
    )


def _parts_pass_sql(place: Scope) -> ColumnElement[bool]:
    part = aliased(Takeaway)
    inside = select(FilmPart.part_id).where(FilmPart.film_id == Takeaway.id).correlate(Takeaway)
    passes = and_(_passes_sql(part, place, new_too=False), _looks_same_sql())
    refused = inside.join(part, part.id == FilmPart.part_id).where(~passes)
    return and_(inside.exists(), ~refused.exists())


def _looks_same_sql() -> ColumnElement[bool]:
    same = (
        select(Attachment.media_id)
        .join(Media)
        .where(
            Attachment.takeaway_id == FilmPart.part_id,
            Media.sha256 == FilmPart.sha256,
            Media.edits_fingerprint == FilmPart.edits_fingerprint,
        )
        .correlate(FilmPart)
    )
    return or_(FilmPart.sha256 == "", same.exists())


def needs_face_review_sql(of: type[Takeaway] = Takeaway) -> ColumnElement[bool]:
    """``needs_face_review`` as an SQL condition; ``of``: an alias of Takeaway."""
    return (
        select(Attachment.media_id)
        .join(Media)
        .where(
            Attachment.takeaway_id == of.id,
            Media.kind.in_(PICTURES),
            Media.faces.in_(UNDECIDED),
        )
        .correlate(of)
        .exists()
    )


def _words_stay(of: type[Takeaway]) -> ColumnElement[bool]:
    return of.session.has(
        and_(EventSession.do_not_record.is_(True), EventSession.words_leave.is_(False))
    )


def _faces_are_checked() -> ColumnElement[bool]:
    return select(Gathering.id).where(Gathering.check_faces.is_(True)).exists()
