"""What members of an organization may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """From most to least."""

    OWNER = "owner"
    ORGANIZER = "organizer"
    FACILITATOR = "facilitator"
    REVIEWER = "reviewer"


# Parts of the desk that a role may use; an owner and an organizer may use all, members are the owner's.
REVIEW = frozenset(
    {"review", "captions", "edit_media", "faces", "themes", "coverage", "conversation"}
)
FACILITATE = REVIEW | {"sessions", "schedule", "wall", "desker", "actions"}


def may_use(role: str, part: str) -> bool:
    """Whether a role may use a part of the desk (the name of its blueprint below ``desk``; '' for the desk itself)."""
    if role in (Role.OWNER, Role.ORGANIZER):
        return True
    allowed = {Role.FACILITATOR: FACILITATE, Role.REVIEWER: REVIEW}
    return not part or part in allowed.get(Role(role), frozenset())
