"""A ledger row during delivery: ``Claim`` while leased, ``Snapshot`` at the end of a try,
``Transition`` to be stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from publish.errors import Reachability
from publish.posts.model import PostMedia, Remote
from publish.targets.base import Draft
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of ``Delivery`` that change; ``lease`` is managed by the worker."""

    state: DeliveryState
    key: str
    wanted: str = ""
    sent: str = ""
    remote_id: str = ""
    url: str = ""
    memory: DeliveryMemory = field(default_factory=DeliveryMemory)
    bytes: int = 0
    bytes_sent: int = 0
    big: bool = False
    attempts: int = 0
    due_at: datetime
    error: str = ""
    sent_at: datetime | None = None

    def values(self) -> dict[str, Any]:
        """Attribute -> value, for one UPDATE."""
        found = {one.name: getattr(self, one.name) for one in fields(Columns)}
        found["remote"] = found.pop("memory").to_json()
        return {**found, "state": self.state.value}

    def changes(self, before: Columns) -> dict[str, Any]:
        """Attribute -> value, for changed columns only."""
        old = before.values()
        return {name: value for name, value in self.values().items() if value != old[name]}

    @property
    def shows(self) -> tuple[uuid.UUID, ...]:
        """Takeaways shown at the target."""
        return self.memory.takeaways if self.sent else ()

    @classmethod
    def of(cls, row: Delivery | Columns, **more: Any) -> Self:
        """Build from a row's columns and the subclass's own fields."""
        found = {one.name: getattr(row, one.name) for one in fields(Columns)}
        return cls(**{**found, "state": DeliveryState(row.state)}, **more)


@dataclass(frozen=True, kw_only=True)
class Claim(Columns):
    """A claimed row as read under its lease."""

    id: uuid.UUID
    target_id: uuid.UUID
    kind: ItemKind
    item_id: uuid.UUID
    # Whether it is being withdrawn from the target.
    leaving: bool
    # Value of its ``lease`` column while it is ours.
    mark: str


@dataclass(frozen=True)
class Traffic:
    """Bytes of one try. ``resumable``: sent bytes that the next try need not resend."""

    sent: int = 0
    resumable: int = 0
    # Whether the target responded at all.
    reached: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot(Columns):
    """A claimed row at the end of its try, with everything else the policy needs."""

    kind: ItemKind
    # The target's name, for messages.
    target: str
    # A person posts there by hand.
    by_hand: bool
    now: datetime
    # Random number from 0 to 1 that spreads the retry times of many rows.
    chance: float
    traffic: Traffic = Traffic()
    # For a file: what was sent. None for other kinds, and if it is no longer shown.
    file: PostMedia | None = None
    # Limits learnt from the target's refusals (``TargetStatus``).
    learned_limits: Mapping[str, Any] = field(default_factory=dict)

    def unchanged(self) -> Transition:
        """A transition without changes, for a policy to modify."""
        return Transition(**{one.name: getattr(self, one.name) for one in fields(Columns)})


@dataclass(frozen=True)
class TargetNews:
    """What a try revealed about its target as a whole."""

    reachability: Reachability | None = None
    message: str = ""
    # Nothing else is sent there until then, since it would fail the same way.
    hold_until: datetime | None = None
    # Why the target is paused until a person has looked, or empty.
    paused: str = ""
    learned_limits: Mapping[str, Any] | None = None
    # Its limits changed: everything for it is compared once more.
    limits_changed: bool = False


@dataclass(frozen=True, kw_only=True)
class Transition(Columns):
    """The row's new state, stored in one UPDATE, and its side effects."""

    # Text of a post as sent, for previews.
    draft: Draft | None = None
    # See ``publish.outbox.policy.decide.Sent``.
    files: Mapping[str, Remote] = field(default_factory=dict)
    news: TargetNews = TargetNews()
    # Whether the row was worked on; False: other rows of its target go first.
    done: bool = True


@dataclass(frozen=True)
class Recheck:
    """What the ledger has to compare again: a story's copies elsewhere, or everything for the target."""

    target_id: uuid.UUID
    story_id: uuid.UUID | None = None
