"""Who decides, and when: what every decision on a takeaway is made with; and the names of contributors' devices."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from reporter.clock import new_id

# How the name of a device begins that is known by its own cookie; addresses may be shared.
OWN = "phone-"
# Stands before the device of a takeaway that was merged from another kiosk: that kiosk's cookies mean nothing here.
ELSEWHERE = "elsewhere:"


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


def is_own_device(device: str) -> bool:
    """Whether nobody else can have this name of a device."""
    return device.startswith(OWN)
