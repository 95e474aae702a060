"""What a delivery remembers beside its columns: the one schema of the JSON column ``Delivery.remote``.

Every other module, of ``publish`` too, reads and writes the column through ``DeliveryMemory``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import ColumnElement

# When a field is forgotten: at the target's acknowledgement, or when a person says "try again" after a bad line.
SENT, RETRIED = "sent", "retried"


def _until(*events: str, default: Any) -> Any:
    return field(default=default, metadata={"until": events})


@dataclass(frozen=True)
class DeliveryMemory:
    """Origin of the item, what the target told of it, and what counts only while it is under way."""

    # What people call it.
    title: str = ""
    # What it is built from.
    story: uuid.UUID | None = None
    takeaway: uuid.UUID | None = None
    # Takeaways that the target shows, and those that it may show if the last answer was lost.
    takeaways: tuple[uuid.UUID, ...] = ()
    trying: tuple[uuid.UUID, ...] = _until(SENT, default=())
    # Files (media ids) that were not there yet when the post was sent.
    missing: tuple[uuid.UUID, ...] = ()
    # Day of the post (RFC 3339), for front pages.
    date: str = ""
    # Extension under which a file was sent.
    ext: str = ""
    # Whatever else the target needs to find, use or remove it (``Remote.extra``).
    extra: Mapping[str, Any] = field(default_factory=dict)
    # Somebody took something back: it does not wait for files.
    urgent: bool = _until(SENT, default=False)
    # It failed in a batch: goes by itself.
    alone: bool = _until(SENT, default=False)
    # Costly tries in a row that broke off, and bytes that the longest of them sent.
    cuts: int = _until(SENT, RETRIED, default=0)
    reach: int = _until(SENT, RETRIED, default=0)
    # Bytes that a photo, or a file inside a post, may have on this line.
    most: int | None = _until(RETRIED, default=None)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DeliveryMemory:
        """Read the column; what this version does not know is left out."""
        known = {name: read(stored[name]) for name, read in _READ.items() if name in stored}
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """Write the column: the title always, other fields where they hold something."""
        values = {name: _plain(name, getattr(self, name)) for name in _READ}
        return {name: value for name, value in values.items() if value or name == "title"}

    def once_sent(self, extra: Mapping[str, Any]) -> DeliveryMemory:
        """The target has acknowledged it and told ``extra``."""
        return replace(self._without(SENT), extra=dict(extra))

    def once_withdrawn(self) -> DeliveryMemory:
        """Nothing of it is at the target any more."""
        return DeliveryMemory(title=self.title, story=self.story)

    def once_retried(self) -> DeliveryMemory:
        """As on a new line."""
        return self._without(RETRIED)

    def mapped(
        self, story: Callable[[uuid.UUID], uuid.UUID], takeaway: Callable[[uuid.UUID], uuid.UUID]
    ) -> DeliveryMemory:
        """The same with the ids of another gathering (see ``reporter.merge``)."""
        return replace(
            self,
            story=story(self.story) if self.story else None,
            takeaway=takeaway(self.takeaway) if self.takeaway else None,
            takeaways=tuple(map(takeaway, self.takeaways)),
            trying=tuple(map(takeaway, self.trying)),
        )

    @property
    def may_show(self) -> frozenset[uuid.UUID]:
        """Takeaways that the target shows, or might: a try without an answer counts."""
        return frozenset((*self.takeaways, *self.trying))

    def _without(self, event: str) -> DeliveryMemory:
        gone: dict[str, Any] = {
            f.name: f.default for f in fields(self) if event in f.metadata.get("until", ())
        }
        return replace(self, **gone)


def _ids(stored: list[str]) -> tuple[uuid.UUID, ...]:
    return tuple(map(uuid.UUID, stored))


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, uuid.UUID):
        # As rows of all versions have them; ``story_sql`` compares the text.
        return value.hex if name == "story" else str(value)
    return dict(value) if isinstance(value, Mapping) else value


_READ: dict[str, Callable[[Any], Any]] = {
    "title": str,
    "story": uuid.UUID,
    "takeaway": uuid.UUID,
    "takeaways": _ids,
    "trying": _ids,
    "missing": _ids,
    "date": str,
    "ext": str,
    "extra": dict,
    "urgent": bool,
    "alone": bool,
    "cuts": int,
    "reach": int,
    "most": int,
}


def urgent_sql(remote: Any) -> ColumnElement[bool]:
    """``urgent`` of a row, in SQL. ``remote``: the column ``Delivery.remote``."""
    found: ColumnElement[bool] = remote["urgent"].as_boolean()
    return found


def story_sql(remote: Any) -> ColumnElement[str]:
    """``story`` of a row in SQL: its id as 32 hexadecimal digits. ``remote``: the column ``Delivery.remote``."""
    found: ColumnElement[str] = remote["story"].as_string()
    return found
