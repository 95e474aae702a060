"""A row: what is measured, how often, and how it is told."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], object]


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


def timed(work: Work) -> float:
    """Milliseconds that one run takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def pairs(name: str, ours: Work, theirs: Work, *, peer: str, runs: int = 7, note: str = "") -> Row:
    """Measure both in turns after a warm-up, so that the machine's drift hits both alike."""
    ours(), theirs()
    told = [(timed(ours), timed(theirs)) for _ in range(runs)]
    ratios = [a / b for a, b in told]
    return Row(
        name=name, peer=peer, runs=runs, note=note,
        ours_ms=statistics.median(a for a, _ in told),
        peer_ms=statistics.median(b for _, b in told),
        ratio=statistics.median(ratios), low=min(ratios), high=max(ratios),
    )  # fmt: skip
