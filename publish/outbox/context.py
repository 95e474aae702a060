"""What ledger and outbox work with."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from publish.post import Facts
from publish.targets import Target as OpenTarget
from reporter.clock import Clock
from reporter.models import Target
from reporter.store import Store


@dataclass(frozen=True)
class Outbox:
    """Files, facts, time, chance, how a target's row becomes a working one, and how many bytes may be spent."""

    store: Store
    facts: Facts
    clock: Clock
    rng: random.Random
    connect: Callable[[Target], OpenTarget]
    # Bytes that may go over the network before a person raises it; 0: as many as it takes.
    budget: int = 0

    @property
    def work(self) -> Path:
        """Where files may lie for a moment."""
        return self.store.incoming
