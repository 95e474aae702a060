"""What ledger and outbox work with."""

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
    """Files, facts, time, chance, how a target's row becomes a working one, and how many bytes may be spent.

    ``close`` it when nothing is sent any more.
    """

    store: Store
    facts: GatheringFacts
    clock: Clock
    rng: random.Random
    connect: Callable[[Target], OpenTarget]
    # Bytes that may go over the network before a person raises it; 0: as many as it takes.
    budget: int = 0
    # Whether nobody else publishes this gathering just now: asked before each row that brings something out.
    may_send: Callable[[], bool] = lambda: True
    # What open targets learn of their servers.
    state: RemoteState = field(default_factory=RemoteState)

    def close(self) -> None:
        """Forget what was learnt of servers, sign-ins too."""
        self.state.close()


def secret_name(name: str) -> str:
    """How ``reporter.secret_store`` calls the secret of a target."""
    return f"target:{name}"


def secrets_of(context: PublishContext, name: str) -> list[str]:
    """The secrets of the target of this name, never to be shown."""
    found = secret_store.get_secret(str(context.facts.id), secret_name(name))
    return [found] if found else []
