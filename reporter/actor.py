"""Who makes a decision and when, and how contributors' devices are named."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from reporter.clock import new_id

# Who decides about what they have sent themselves.
CONTRIBUTOR = "contributor"
# Prefix of the name of a device that is identified by its own cookie; IP addresses may be shared.
OWN = "phone-"
# Prefix of the device name on a takeaway merged from another kiosk, whose cookies mean nothing here.
ELSEWHERE = "elsewhere:"


@dataclass(frozen=True)
class Actor:
    """Who decides, when, and the random source for new ids. Decisions with the same ``step`` are undone together."""

    now: datetime
    rng: random.Random
    who: str = ""
    step: uuid.UUID | None = None

    def one_step(self) -> Actor:
        """The same actor with a new step: all decisions made with it are undone together."""
        return replace(self, step=new_id(self.now, self.rng))


def is_own_device(device: str) -> bool:
    """Whether the device name is unique to one device (it comes from a cookie)."""
    return device.startswith(OWN)
