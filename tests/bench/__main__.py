"""``python -m tests.bench [NAME…]``: measure, print the rows, write docs/bench.md when all were measured."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.media import cards, codes, edits, photos, video
from tests.bench.publish import bundles, cut_lines, stories
from tests.bench.rows import Row
from tests.bench.web import crowd, polling, review_page, search, startup, uploads

MODULES = {
    "photos": photos,
    "cards": cards,
    "codes": codes,
    "video": video,
    "mending": edits,
    "search": search,
    "intake": uploads,
    "crowd": crowd,
    "polling": polling,
    "bundles": bundles,
    "publishing": stories,
    "line": cut_lines,
    "review": review_page,
    "start": startup,
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


def page(rows: list[Row], missing: dict[str, str]) -> str:
    """docs/bench.md as far as it was measured."""
    system = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    sizes = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("BENCH_")]
    machine = ", ".join([f"{datetime.now(UTC):%Y-%m-%d}", system, *sorted(sizes)])
    left = "".join(f"- Not measured: {name}, {why}\n" for name, why in missing.items())
    return f"{HEAD}\n{machine}.\n\n" + "\n".join(lines(rows)) + f"\n{left}"


def main(chosen: list[str]) -> None:
    """Measure what was chosen, all without a choice. A long run that breaks off leaves what it has measured."""
    rows: list[Row] = []
    missing = dict.fromkeys(chosen or MODULES, "the run ended before.")
    goal = Path(__file__).parents[2] / "docs" / "bench.md"
    for name in list(missing):
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            rows += MODULES[name].measure()
            del missing[name]
        except Exception as error:  # noqa: BLE001 - one peer that is missing is no reason to lose the others
            missing[name] = f"{type(error).__name__}: {error}"
            print(f"{name}: {missing[name]}", file=sys.stderr, flush=True)
        if not chosen:
            goal.write_text(page(rows, missing), encoding="utf-8")
    print("\n".join(lines(rows)))
    sys.exit(1 if missing else 0)


main(sys.argv[1:])
