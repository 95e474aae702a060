"""Who decides, and when: what every decision on a takeaway is made with."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from reporter.clock import new_id


@dataclass(frozen=True)
class Actor:
    """Who decides, when, and the chance that new ids come from. ``step``: what many decisions have in common."""

    now: datetime
    rng: random.Random
    who: str = ""
    step: uuid.UUID | None = None

    def one_step(self) -> Actor:
        """The same hand, whose decisions from now on are one step and are undone together."""
        return replace(self, step=new_id(self.now, self.rng))
