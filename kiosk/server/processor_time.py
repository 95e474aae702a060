"""Processor time that the requests of each address used lately: who uses much of it leaves the others their share."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

# Time constant in seconds: what was used so long ago counts a third.
LATELY = 4.0
# Addresses of the laptop itself, as ``connection.share_of`` writes them: whoever sits there is no stranger, and a
# proxy on the same machine brings everybody's requests.
OWN = frozenset({"127.0.0.1", "::"})


class ProcessorTime:
    """Seconds used by each address, decaying. Not thread-safe.

    With ``shared`` an address may be a proxy's, with everybody behind it: none is told from the others.
    """

    def __init__(
        self, *, shared: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._clock = clock
        # Seconds, and when they were counted; the address that asked longest ago first.
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, address: str) -> None:
        """An address asks for something."""
        now = self._clock()
        self._used[address] = (self._left(address, now), now)
        self._used.move_to_end(address)
        while now - next(iter(self._used.values()))[1] > LATELY * 4:
            self._used.popitem(last=False)

    def add(self, address: str, seconds: float) -> None:
        """Count seconds of processor time."""
        now = self._clock()
        self._used[address] = (self._left(address, now) + seconds, now)

    def has_others(self, address: str) -> bool:
        """Whether other addresses ask too, and this one can be told from them."""
        if self._shared or address in OWN:
            return False
        return len(self._used) > (address in self._used)

    def lately(self, address: str) -> float:
        """The part of a processor that an address used lately; 0 while it is the only one."""
        if not self.has_others(address):
            return 0.0
        return self._left(address, self._clock()) / LATELY

    def _left(self, address: str, now: float) -> float:
        seconds, then = self._used.get(address, (0.0, now))
        return seconds * math.exp((then - now) / LATELY)
