"""The gate for consent: one rule for wall, search, media, bundle and every target."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_

from reporter.models import Takeaway
from reporter.states import Audience, Consent, TakeawayState


class Place(StrEnum):
    """Who is on the other side: people in this room, the organization's community, anybody."""

    ROOM = "room"
    COMMUNITY = "community"
    PUBLIC = "public"


@dataclass(frozen=True)
class Rule:
    """What passes at one place."""

    states: frozenset[str]
    audiences: frozenset[str]
    consents: frozenset[str]


# Beyond the room nobody is shown of whom the contributor said "not sure" or "a child", until an organizer,
# who can ask, has set the consent to "agreed".
_CLEARED = frozenset({Consent.NONE, Consent.AGREED})
_RULES = {
    Place.ROOM: (frozenset(Audience), frozenset(Consent)),
    Place.COMMUNITY: (frozenset({Audience.PUBLIC, Audience.COMMUNITY}), _CLEARED),
    Place.PUBLIC: (frozenset({Audience.PUBLIC}), _CLEARED),
}


def rule(place: Place, *, new_too: bool = False) -> Rule:
    """The rule of a place. ``new_too``: the wall's setting "all new" (in the room only)."""
    audiences, consents = _RULES[place]
    states = {TakeawayState.APPROVED}
    if new_too and place is Place.ROOM:
        states.add(TakeawayState.NEW)
    return Rule(frozenset(states), audiences, consents)


def may_show(takeaway: Takeaway, place: Place, *, new_too: bool = False) -> bool:
    """Whether this takeaway may be shown at that place."""
    allowed = rule(place, new_too=new_too)
    return (
        takeaway.state in allowed.states
        and not (takeaway.held and takeaway.state == TakeawayState.NEW)
        and takeaway.audience in allowed.audiences
        and takeaway.consent in allowed.consents
    )


def showable(place: Place, *, new_too: bool = False) -> ColumnElement[bool]:
    """The same rule as a condition for queries."""
    allowed = rule(place, new_too=new_too)
    return and_(
        Takeaway.state.in_(allowed.states),
        # A word of the list: an organizer decides, whatever the wall shows otherwise.
        or_(Takeaway.held.is_(False), Takeaway.state != TakeawayState.NEW),
        Takeaway.audience.in_(allowed.audiences),
        Takeaway.consent.in_(allowed.consents),
    )
