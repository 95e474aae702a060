"""``python -m tests.bench [--keep] [NAME…]``: measure, print the rows and regressions; store them for bench.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.kept import Kept, keep, load, load_average, worse
from tests.bench.media import cards, codes, edits, films, photos, video
from tests.bench.publish import bundles, cut_lines, stories
from tests.bench.rows import Row
from tests.bench.web import crowd, growth, polling, review_page, search, startup, uploads

GOAL = Path(__file__).parents[2] / "docs" / "bench.md"
MODULES = {
    "photos": photos,
    "cards": cards,
    "codes": codes,
    "video": video,
    "edits": edits,
    "film": films,
    "search": search,
    "intake": uploads,
    "crowd": crowd,
    "polling": polling,
    "bundles": bundles,
    "publishing": stories,
    "line": cut_lines,
    "review": review_page,
    "start": startup,
    "growth": growth,
}
HEAD = """# Benchmarks

Written by `make bench`. Each row measures us and a peer, or a limit of the machine, in turns in one run: read the
ratio (ours over theirs, median with lowest and highest pair; below 1 means that we take less time), not the times.
Rows are measured one at a time (`python -m tests.bench start`): each tells its day, and how many processes wanted a
processor in the minute before it ("beside": on two cores, above 2 others were waiting, and only the ratio means
anything). What the slow ones do with their time stands in [performance.md](performance.md).
"""


def lines(kept: list[Kept]) -> Iterator[str]:
    """Return the rows as a Markdown table."""
    yield "| what | beside | ours, ms | theirs, ms | ratio | runs | day | load |"
    yield "|---|---|---:|---:|---:|---:|---|---:|"
    for one in kept:
        row = one.row
        yield (
            f"| {row.name} | {row.peer} | {row.ours_ms:.1f} | {row.peer_ms:.1f} "
            f"| {row.ratio:.2f} ({row.low:.2f}–{row.high:.2f}) | {row.runs} | {one.day} | {one.beside} |"
        )
    yield ""
    for one in kept:
        if one.row.note:
            yield f"- {one.row.name}: {one.row.note}"


def page(missing: dict[str, str]) -> str:
    """Return docs/bench.md from all stored rows."""
    system = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    left = "".join(f"- Not measured: {name}, {why}\n" for name, why in missing.items())
    return f"{HEAD}\n{system}.\n\n" + "\n".join(lines(list(load().values()))) + f"\n{left}"


def main(chosen: list[str]) -> None:
    """Measure what was chosen, all without a choice; ``--keep`` keeps it, and writes the page.

    A long run that breaks off leaves what it has measured.
    """
    # As on any laptop, where only the first start compiles byte code.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    keeping = "--keep" in chosen
    names = [name for name in chosen if name != "--keep"]
    keeping, before = keeping or not names, load()
    missing = dict.fromkeys(names or MODULES, "the run ended before.")
    rows: list[Row] = []
    for name in list(missing):
        beside, done = load_average(), len(rows)
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            # One by one, so that a failing peer loses no measured row.
            for row in MODULES[name].measure():
                rows.append(row)
            del missing[name]
        except Exception as error:  # noqa: BLE001 - one peer that is missing is no reason to lose the others
            missing[name] = f"{type(error).__name__}: {error}"
            print(f"{name}: {missing[name]}", file=sys.stderr, flush=True)
        if keeping:
            keep(rows[done:], beside)
            GOAL.write_text(page({} if names else missing), encoding="utf-8")
    print("\n".join(lines([Kept(row, "now", "") for row in rows])))
    for sentence in worse(rows, before):
        print(f"worse than kept: {sentence}")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
