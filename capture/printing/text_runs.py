"""Properties of a text before shaping: the script of each letter, its direction, emoji.

UAX 24 (scripts), UAX 9 (direction), UTS 51 (emoji).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

_PICTURE = (
    "[\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff"
    "\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3]"
)
_LOOK = "(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?[\U000e0020-\U000e007f]*"
EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    f"{_PICTURE}{_LOOK}(?:\u200d{_PICTURE}{_LOOK}|\u200d[\u2190-\u2bff]\ufe0f?)*"
)
_SHARED = ("Zyyy", "Zinh", "Zzzz")
_FORMAT = ("Cf", "Cc")
LRI, RLI, FSI, PDI = "\u2066", "\u2067", "\u2068", "\u2069"


@dataclass(frozen=True)
class Run:
    """A stretch of text with one script, one direction (odd levels are right to left) and either
    emoji or not."""

    start: int
    end: int
    script: str
    level: int
    emoji: bool = False


def isolate(text: str) -> str:
    """Isolate a part of a line, so that its direction doesn't affect the parts around it (UAX 9,
    section 2.4)."""
    return f"{FSI}{text}{PDI}" if text else ""


def reads_from_right(text: str, otherwise: bool = False) -> bool:
    """Whether the first letter with a direction is right-to-left (UAX 9, rule P2); ``otherwise``
    without one."""
    directions = (unicodedata.bidirectional(c) for c in text)
    first = next((d for d in directions if d in ("L", "R", "AL")), None)
    return otherwise if first is None else first != "L"


def runs_of(text: str, *, from_right: bool) -> list[Run]:
    """Split a right-to-left or left-to-right paragraph into runs, in logical order."""
    scripts, levels, emoji = _scripts(text), _levels(text, from_right), _emoji(text)
    starts = [at for at in range(len(text)) if at == 0 or _differs(at, scripts, levels, emoji)]
    return [
        Run(start, end, scripts[start], levels[start], emoji[start] > 0)
        for start, end in pairwise([*starts, len(text)])
    ]


def _differs(at: int, scripts: list[str], levels: list[int], emoji: list[int]) -> bool:
    return (
        scripts[at] != scripts[at - 1] or levels[at] != levels[at - 1] or emoji[at] != emoji[at - 1]
    )


def _emoji(text: str) -> list[int]:
    """0 for no emoji; each emoji has its own number."""
    marks = [0] * len(text)
    for number, match in enumerate(EMOJI.finditer(text), 1):
        marks[match.start() : match.end()] = [number] * (match.end() - match.start())
    return marks


def _scripts(text: str) -> list[str]:
    """Characters and marks common to all scripts take the script before them, else the one
    after."""
    own = [script_of(c) for c in text]
    known = next((s for s in own if s not in _SHARED), "Latn")
    resolved = []
    for script in own:
        known = script if script not in _SHARED else known
        resolved.append(known)
    return resolved


@cache
def script_of(letter: str) -> str:
    """The script of a letter (ISO 15924); kana and Han count as one for typesetting."""
    from fontTools.unicodedata import script

    found = str(script(letter))
    return "Hani" if found in ("Hira", "Kana", "Bopo") else found


def _levels(text: str, from_right: bool) -> list[int]:
    plain = all(
        unicodedata.bidirectional(c) not in ("R", "AL", "AN", "RLE", "RLO", "RLI") for c in text
    )
    if plain and not from_right:
        return [0] * len(text)
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    base = TextDirection.RTL if from_right else TextDirection.LTR
    found = {c.character_index: c.embedding_level for c in BidiParagraph(text, base).characters}
    levels, last = [], int(from_right)
    for at in range(len(text)):
        last = found.get(at, last)
        levels.append(last)
    return levels


def in_visual_order(runs: list[Run]) -> Iterator[Run]:
    """Reorder to visual order, from left to right in a line (UAX 9, rule L2)."""
    ordered = list(runs)
    highest = max((run.level for run in runs), default=0)
    for level in range(highest, 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = max(end, start + 1)
    yield from ordered
