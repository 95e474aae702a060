"""The typed schema of the JSON column ``Delivery.remote``: delivery details without a column of their own.

All other modules, including ``publish``, read and write the column through ``DeliveryMemory``.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

# When a field is cleared: at the target's acknowledgement, or when a person retries after failures on a bad connection.
SENT, RETRIED = "sent", "retried"
# See ``DeliveryMemory.tried``.
SEVERAL = "several"


def _until(*events: str, **default: Any) -> Any:
    return field(**default, metadata={"until": events})


@dataclass(frozen=True)
class DeliveryMemory:
    """Origin of the item, what the target returned for it, and temporary state while it is being sent."""

    # Title for display.
    title: str = ""
    # What the item is built from.
    story: uuid.UUID | None = None
    takeaway: uuid.UUID | None = None
    # Takeaways that the target shows, and those that it may show if the last response was lost.
    takeaways: tuple[uuid.UUID, ...] = ()
    trying: tuple[uuid.UUID, ...] = _until(SENT, default=())
    # When each of ``trying`` was last begun to be sent; versions before this field did not store it.
    begun: Mapping[uuid.UUID, datetime] = _until(SENT, default_factory=dict)
    # Fingerprint of what was begun to be sent and not acknowledged: it may be there, whatever else failed.
    # ``SEVERAL`` if several versions were.
    tried: str = _until(SENT, default="")
    # A try was not answered before it was sent after all: what that one made may come late, as a double.
    doubtful: bool = False
    # Files (media ids) that were missing when the post was sent.
    missing: tuple[uuid.UUID, ...] = ()
    # Date of the post (RFC 3339), for front pages.
    date: str = ""
    # File extension used when a file was sent.
    ext: str = ""
    # Anything else needed to find, use or remove it at the target (``Remote.extra``).
    extra: Mapping[str, Any] = field(default_factory=dict)
    # Something was withdrawn: send without waiting for files.
    urgent: bool = _until(SENT, default=False)
    # It failed in a batch: send it alone.
    alone: bool = _until(SENT, default=False)
    # Consecutive aborted attempts at large uploads, and the most bytes that one of them sent.
    cuts: int = _until(SENT, RETRIED, default=0)
    reach: int = _until(SENT, RETRIED, default=0)
    # Size limit in bytes, on this connection, for a photo or a file inside a post.
    most: int | None = _until(RETRIED, default=None)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> DeliveryMemory:
        """Parse the column; fields unknown to this version are ignored."""
        known = {name: read(stored[name]) for name, read in _READ.items() if name in stored}
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """Serialize for the column: always the title, other fields only if set."""
        values = {name: _plain(name, getattr(self, name)) for name in _READ}
        return {name: value for name, value in values.items() if value or name == "title"}

    def once_sent(self, extra: Mapping[str, Any]) -> DeliveryMemory:
        """State after the target acknowledged it and returned ``extra``."""
        return replace(self._without(SENT), extra=dict(extra))

    def once_withdrawn(self) -> DeliveryMemory:
        """State after everything was removed at the target."""
        return DeliveryMemory(title=self.title, story=self.story)

    def once_retried(self) -> DeliveryMemory:
        """State after a manual retry, as on a new connection."""
        return self._without(RETRIED)

    def mapped(
        self, story: Callable[[uuid.UUID], uuid.UUID], takeaway: Callable[[uuid.UUID], uuid.UUID]
    ) -> DeliveryMemory:
        """A copy with the ids of another gathering (see ``reporter.merge``)."""
        return replace(
            self,
            story=story(self.story) if self.story else None,
            takeaway=takeaway(self.takeaway) if self.takeaway else None,
            takeaways=tuple(map(takeaway, self.takeaways)),
            trying=tuple(map(takeaway, self.trying)),
            begun={takeaway(one): at for one, at in self.begun.items()},
        )

    def once_tried(
        self, fingerprint: str, begun: Mapping[uuid.UUID, datetime] | None = None
    ) -> DeliveryMemory:
        """State while this version is being sent; ``begun``: the takeaways in it, with the moment."""
        tried = fingerprint if self.tried in ("", fingerprint) else SEVERAL
        return replace(self.also_trying(begun or {}), tried=tried)

    def also_trying(self, begun: Mapping[uuid.UUID, datetime]) -> DeliveryMemory:
        """State where a try with these takeaways, begun at these moments, had no answer either."""
        both = dict(self.begun)
        for one, at in begun.items():
            both[one] = max(at, both.get(one, at))
        return replace(self, trying=tuple(dict.fromkeys((*self.trying, *begun))), begun=both)

    @property
    def may_show(self) -> frozenset[uuid.UUID]:
        """Takeaways that the target shows or might show: an attempt without a response counts."""
        return frozenset((*self.takeaways, *self.trying))

    def _without(self, event: str) -> DeliveryMemory:
        fresh = DeliveryMemory()
        gone: dict[str, Any] = {
            f.name: getattr(fresh, f.name)
            for f in fields(self)
            if event in f.metadata.get("until", ())
        }
        return replace(self, **gone)


def _ids(stored: list[str]) -> tuple[uuid.UUID, ...]:
    return tuple(map(uuid.UUID, stored))


def _moments(stored: Mapping[str, str]) -> dict[uuid.UUID, datetime]:
    return {uuid.UUID(one): datetime.fromisoformat(at) for one, at in stored.items()}


def _plain(name: str, value: Any) -> Any:
    if name == "begun":
        return {str(one): at.isoformat() for one, at in value.items()}
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, uuid.UUID):
        # Spacing as in rows of all versions; ``story_sql`` compares the text.
        return value.hex if name == "story" else str(value)
    return dict(value) if isinstance(value, Mapping) else value


_READ: dict[str, Callable[[Any], Any]] = {
    "title": str,
    "story": uuid.UUID,
    "takeaway": uuid.UUID,
    "takeaways": _ids,
    "trying": _ids,
    "begun": _moments,
    "tried": str,
    "doubtful": bool,
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
    """SQL expression for ``urgent``. ``remote``: the column ``Delivery.remote``."""
    found: ColumnElement[bool] = remote["urgent"].as_boolean()
    return found


def doubtful_sql(remote: Any) -> ColumnElement[bool]:
    """SQL expression for ``doubtful``. ``remote``: the column ``Delivery.remote``."""
    found: ColumnElement[bool] = remote["doubtful"].as_boolean()
    return found


def story_sql(remote: Any) -> ColumnElement[str]:
    """SQL expression for ``story``: its id as 32 hexadecimal digits. ``remote``: the column ``Delivery.remote``."""
    found: ColumnElement[str] = remote["story"].as_string()
    return found
