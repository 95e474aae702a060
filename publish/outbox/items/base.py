"""What the ledger, the queue and the worker ask of each kind of item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.outbox.context import PublishContext
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.upsert import Job
from reporter.enums import ItemKind
from reporter.models import Target


class Order(NamedTuple):
    """Where rows of a kind stand among those of a target, the smallest number first."""

    leaving: int
    small: int
    # See ``publish.outbox.policy.wanting.BIG``.
    big: int


class Item(Protocol):
    """A module of this package is one of these."""

    KIND: ItemKind
    ORDER: Order

    @property
    def waits_for(self) -> Callable[[bool], ColumnElement[bool] | None] | None:
        """Which open rows of its target go before one that is ``leaving`` or not. None: none ever do."""

    def wanted(
        self,
        session: Session,
        context: PublishContext,
        target: Target,
        posts: Sequence[FittedPost],
    ) -> Iterable[Wanted]:
        """What of this kind should be at a target; ``posts``: what its readers may see."""

    def prepare(self, session: Session, context: PublishContext, claim: Claim) -> Job:
        """What has to happen at the target for a claimed row. Reads only; raises ``publish.errors``."""

    def settled(self, session: Session, claim: Claim, after: Transition, now: datetime) -> None:
        """Whatever depends on a row that was just stored so, sent or not. Does not commit."""
