"""A ledger row on its way: ``Claim`` while it is ours, ``Snapshot`` when a try has ended, ``Transition`` as stored."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Self

from publish.errors import Reachability
from publish.posts.model import PostMedia
from publish.targets.base import Draft
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of ``Delivery`` that change; ``lease`` is the worker's own."""

    state: DeliveryState
    key: str
    wanted: str = ""
    sent: str = ""
    remote_id: str = ""
    url: str = ""
    memory: DeliveryMemory = field(default_factory=DeliveryMemory)
    bytes: int = 0
    moved: int = 0
    big: bool = False
    attempts: int = 0
    due_at: datetime
    error: str = ""
    sent_at: datetime | None = None

    def values(self) -> dict[str, Any]:
        """Column name -> value, for one UPDATE."""
        found = {one.name: getattr(self, one.name) for one in fields(Columns)}
        found["remote"] = found.pop("memory").to_json()
        return {**found, "state": self.state.value}

    def changes(self, before: Columns) -> dict[str, Any]:
        """Column name -> value of those that are not as before."""
        old = before.values()
        return {name: value for name, value in self.values().items() if value != old[name]}

    @property
    def shows(self) -> tuple[uuid.UUID, ...]:
        """Takeaways that the target shows."""
        return self.memory.takeaways if self.sent else ()

    @classmethod
    def of(cls, row: Delivery | Columns, **more: Any) -> Self:
        """The columns of a row, and what the subclass has besides."""
        found = {one.name: getattr(row, one.name) for one in fields(Columns)}
        return cls(**{**found, "state": DeliveryState(row.state)}, **more)


@dataclass(frozen=True, kw_only=True)
class Claim(Columns):
    """A claimed row as it is under its lease."""

    id: uuid.UUID
    target_id: uuid.UUID
    kind: ItemKind
    item_id: uuid.UUID
    # Whether it is taken away from the target.
    leaving: bool
    # What stands in its ``lease`` as long as it is ours.
    mark: str


@dataclass(frozen=True)
class Traffic:
    """Bytes of one try. ``resumable``: of the sent ones, those that the next try need not send again."""

    sent: int = 0
    resumable: int = 0
    # Whether the target answered at all.
    reached: bool = False


@dataclass(frozen=True, kw_only=True)
class Snapshot(Columns):
    """A claimed row as its try ended, and what else the policy has to know."""

    kind: ItemKind
    # The target's name, for sentences.
    target: str
    # A person posts there by hand.
    by_hand: bool
    now: datetime
    # From 0 to 1: spreads the waits of many rows.
    chance: float
    traffic: Traffic = Traffic()
    # Of a file: what was sent. None for other kinds, and where it is not shown any more.
    file: PostMedia | None = None
    # What refusals taught of the target (``TargetStatus``).
    learned_limits: Mapping[str, Any] = field(default_factory=dict)

    def unchanged(self) -> Transition:
        """The row as it is; a policy replaces what changes."""
        return Transition(**{one.name: getattr(self, one.name) for one in fields(Columns)})


@dataclass(frozen=True)
class TargetNews:
    """What a try says of its target as a whole."""

    reachability: Reachability | None = None
    message: str = ""
    # Everything else that goes there waits until then: it would only hear the same.
    hold_until: datetime | None = None
    # Why nothing is sent there before a person has looked, or empty.
    paused: str = ""
    learned_limits: Mapping[str, Any] | None = None
    # It takes something else than before: all that goes there is compared once more.
    limits_changed: bool = False


@dataclass(frozen=True, kw_only=True)
class Transition(Columns):
    """The row as it is stored, in one UPDATE, and what belongs to it beside the row."""

    # The words of a post as they were sent, for previews.
    draft: Draft | None = None
    news: TargetNews = TargetNews()
    # Whether the row was worked on; False: others of its target have to go first.
    done: bool = True


@dataclass(frozen=True)
class Recheck:
    """What the ledger has to compare again: the copies of a story elsewhere, or else all that goes to the target."""

    target_id: uuid.UUID
    story_id: uuid.UUID | None = None
