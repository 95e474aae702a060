"""``python -m tests.bench [NAME…]``: measure, print the rows, write docs/bench.md when all were measured."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    bundles,
    cards,
    codes,
    crowd,
    intake,
    mending,
    photos,
    polling,
    publishing,
    reviewing,
    searching,
    video,
)
from tests.bench.rows import Row

MODULES = {
    "photos": photos,
    "cards": cards,
    "codes": codes,
    "video": video,
    "mending": mending,
    "search": searching,
    "intake": intake,
    "crowd": crowd,
    "polling": polling,
    "bundles": bundles,
    "publishing": publishing,
    "review": reviewing,
}
HEAD = """# Benchmarks

Written by `make bench`. Each row measures us and a peer, or a limit of the machine, in turns in one run: read the
ratio (ours over theirs, median with lowest and highest pair; below 1 means that we take less time), not the times.
"""


def lines(rows: list[Row]) -> Iterator[str]:
    """The table in Markdown."""
    yield "| what | beside | ours, ms | theirs, ms | ratio | runs |"
    yield "|---|---|---:|---:|---:|---:|"
    for row in rows:
        yield (
            f"| {row.name} | {row.peer} | {row.ours_ms:.1f} | {row.peer_ms:.1f} "
            f"| {row.ratio:.2f} ({row.low:.2f}–{row.high:.2f}) | {row.runs} |"
        )
    yield ""
    for row in rows:
        if row.note:
            yield f"- {row.name}: {row.note}"


def main(chosen: list[str]) -> None:
    """Measure what was chosen, all without a choice."""
    rows: list[Row] = []
    for name in chosen or list(MODULES):
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += MODULES[name].measure()
    table = "\n".join(lines(rows))
    print(table)
    if not chosen:
        system = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
        machine = f"{datetime.now(UTC):%Y-%m-%d}, {system}."
        goal = Path(__file__).parents[2] / "docs" / "bench.md"
        goal.write_text(f"{HEAD}\n{machine}\n\n{table}\n", encoding="utf-8")


main(sys.argv[1:])
