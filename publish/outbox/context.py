"""Shared context of ledger and outbox."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from publish.net.remote_state import RemoteState
from publish.posts.model import GatheringFacts
from publish.targets import Target as OpenTarget
from reporter import secret_store
from reporter.clock import Clock
from reporter.media.store import Store
from reporter.models import Target


@dataclass(frozen=True)
class PublishContext:
    """File storage, gathering facts, clock, randomness, target factory and byte budget.

    ``close`` it once nothing more is sent.
    """

    store: Store
    facts: GatheringFacts
    clock: Clock
    rng: random.Random
    connect: Callable[[Target], OpenTarget]
    # Network byte budget until a person raises it; 0 means unlimited.
    budget: int = 0
    # Whether this process may publish the gathering now; checked before each row that publishes something.
    may_send: Callable[[], bool] = lambda: True
    # Whether a delivery that has begun may go on; checked every minute while its bytes move.
    may_go_on: Callable[[], bool] = lambda: True
    # Server facts learnt by open targets.
    state: RemoteState = field(default_factory=RemoteState)

    def close(self) -> None:
        """Forget cached server facts, including sessions."""
        self.state.close()


def secret_name(name: str) -> str:
    """Name of a target's secret in ``reporter.secret_store``."""
    return f"target:{name}"


def secrets_of(context: PublishContext, name: str) -> list[str]:
    """Secret values of the named target, which must never be shown."""
    found = secret_store.get_secret(context.facts.secrets_id, secret_name(name))
    return [found] if found else []
