"""Interface that ledger, queue and worker expect from each item kind."""

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
from reporter.models import Delivery, Target


class Order(NamedTuple):
    """Delivery order of a kind's rows within a target, smallest first."""

    leaving: int
    small: int
    # See ``publish.outbox.policy.wanting.BIG``.
    big: int


class ItemModule(Protocol):
    """Interface of the modules in this package."""

    KIND: ItemKind
    ORDER: Order

    @property
    def waits_for(self) -> Callable[[Delivery, datetime], ColumnElement[bool] | None] | None:
        """Condition for the open rows of its target that have to be delivered before a row of this
        kind. None: it never waits.
        """

    def wanted(
        self,
        session: Session,
        context: PublishContext,
        target: Target,
        posts: Sequence[FittedPost],
    ) -> Iterable[Wanted]:
        """Items of this kind that should exist at a target; ``posts`` are those its readers may see."""

    def prepare(self, session: Session, context: PublishContext, claim: Claim) -> Job:
        """The job for a claimed row. Read-only; raises ``publish.errors``."""

    def settled(self, session: Session, claim: Claim, after: Transition, now: datetime) -> None:
        """Update what depends on a row whose outcome was just stored, sent or not. Does not commit."""
