"""A sampling profile as a table: ``py-spy record -f raw -o STACKS …``, then ``python -m tests.bench.profiled STACKS``.

Each sample counts for the library that was at work, and for the module of ours that had asked for it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROWS = 8
_FRAME = re.compile(r"(?P<name>\S+) \((?P<path>[^:)]+)(?::\d+)?\)")
_OURS = ("kiosk", "capture", "publish", "reporter")


def tables(stacks: Path) -> Iterator[str]:
    """Two tables in Markdown, of at most ROWS lines each."""
    at_work, asked, total = Counter[str](), Counter[str](), 0
    for line in stacks.read_text(encoding="utf-8").splitlines():
        frames, _, count = line.rpartition(" ")
        paths = [found["path"] for found in _FRAME.finditer(frames)]
        if not paths:
            continue
        total += int(count)
        at_work[library(paths[-1])] += int(count)
        asked[next((path for path in reversed(paths) if library(path) in _OURS), "-")] += int(count)
    for title, counted in (("at work", at_work), ("asked by", asked)):
        yield f"| {title} | share of {total} samples |"
        yield "|---|---:|"
        for name, samples in counted.most_common(ROWS):
            yield f"| `{name}` | {samples / total:.0%} |"
        yield ""


def library(path: str) -> str:
    """The top package that a file belongs to: ``whoosh/fields.py`` to ``whoosh``."""
    return path.strip("<>").removeprefix("frozen ").partition("/")[0].removesuffix(".py")


if __name__ == "__main__":
    print("\n".join(tables(Path(sys.argv[1]))))
