"""What members of an organization may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Ordered from most to least privileged."""

    OWNER = "owner"
    ORGANIZER = "organizer"
    FACILITATOR = "facilitator"
    REVIEWER = "reviewer"


# Sections of the desk a role may use; owners and organizers may use all, members are managed by the owner.
REVIEW = frozenset(
    {"review", "captions", "edit_media", "faces", "themes", "coverage", "conversation"}
)
FACILITATE = REVIEW | {"sessions", "schedule", "wall", "desker", "actions"}


def may_use(role: str, part: str) -> bool:
    """Whether a role may use a section of the desk (the name of its blueprint below ``desk``; ''
    for the desk itself)."""
    if role in (Role.OWNER, Role.ORGANIZER):
        return True
    allowed = {Role.FACILITATOR: FACILITATE, Role.REVIEWER: REVIEW}
    return not part or part in allowed.get(Role(role), frozenset())
