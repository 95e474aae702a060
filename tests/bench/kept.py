"""The rows measured last, each with its date and the machine's load; and regressions since."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.rows import Row

FILE = Path(__file__).with_name("kept.json")


@dataclass(frozen=True)
class Kept:
    """A stored row; ``beside``: the load average in the minute before it."""

    row: Row
    day: str
    beside: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what identifies a row in the next run."""
        return self.row.name, self.row.peer


def load() -> dict[tuple[str, str], Kept]:
    """Return all stored rows in the order in which they were first measured."""
    if not FILE.is_file():
        return {}
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    kept = [Kept(Row(**one["row"]), one["day"], one["beside"]) for one in stored]
    return {one.key: one for one in kept}


def keep(rows: Iterable[Row], beside: str) -> None:
    """Replace stored rows by new ones; rows that were left out keep their old figures."""
    kept = load()
    for row in rows:
        if not math.isnan(row.ratio):
            one = Kept(row, f"{datetime.now(UTC):%Y-%m-%d}", beside)
            kept[one.key] = one
    stored = [
        {"row": dataclasses.asdict(one.row), "day": one.day, "beside": one.beside}
        for one in kept.values()
    ]
    FILE.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_average() -> str:
    """Return the value for ``beside``; '' if the system has none."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def worse(rows: Iterable[Row], kept: dict[tuple[str, str], Kept]) -> Iterator[str]:
    """Return a sentence for each row whose best pair is worse than the worst pair of the last time."""
    for row in rows:
        before = kept.get((row.name, row.peer))
        if before is not None and row.low > before.row.high:
            yield (
                f"{row.name}, beside {row.peer}: {row.ratio:.2f} ({row.low:.2f}–{row.high:.2f}), "
                f"on {before.day} {before.row.ratio:.2f} ({before.row.low:.2f}–{before.row.high:.2f})"
            )
