"""Moments as other servers tell them: anybody may write any date there, also in the year 0, or none."""

from __future__ import annotations

from datetime import UTC, datetime

# Nothing on the web is older, and what is said to be later than this is nonsense.
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(*told: object) -> datetime:
    """The first of several that can be one, in ISO 8601; without a zone it is UTC. Else the beginning of 1970."""
    return next(filter(None, map(_read, told)), _NEVER)


def _read(told: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
