"""A row: what is measured, how often, and how it is shown."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Row:
    """Medians of two works done in turns, and the ratio pair by pair (ours over theirs; below 1 is faster)."""

    name: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    low: float
    high: float
    runs: int
    note: str = ""

    def noted(self, note: str) -> Row:
        """Return the row with a note."""
        return dataclasses.replace(self, note=note)

    @classmethod
    def left_out(cls, name: str, reason: str) -> Row:
        """Return a row that says why it wasn't measured."""
        nothing = math.nan
        return cls(name, "left out", nothing, nothing, nothing, nothing, nothing, 0, reason)


def timed(work: Work, clock: Clock | None = None) -> float:
    """Return the milliseconds of one run."""
    clock = clock or (lambda: time.perf_counter() * 1000)
    started = clock()
    work()
    return clock() - started


def pairs(
    name: str,
    ours: Work,
    theirs: Work,
    *,
    peer: str,
    runs: int = 7,
    note: str = "",
    clock: Clock | None = None,
    self_timed: bool = False,
    between: Work = lambda: None,
) -> Row:
    """Measure both in turns after a warm-up, so that the machine's drift hits both alike.

    ``clock`` gives milliseconds (wall time without it); ``self_timed``: the works measure themselves and return
    milliseconds; ``between`` is done after each work, unmeasured.
    """

    def one(work: Work) -> float:
        taken = float(work()) if self_timed else timed(work, clock)  # type: ignore[arg-type]
        between()
        return taken

    ours(), theirs(), between()
    measured = [(one(ours), one(theirs)) for _ in range(runs)]
    ratios = [a / b for a, b in measured]
    return Row(
        name=name,
        peer=peer,
        runs=runs,
        note=note,
        ours_ms=statistics.median(a for a, _ in measured),
        peer_ms=statistics.median(b for _, b in measured),
        ratio=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
    )
