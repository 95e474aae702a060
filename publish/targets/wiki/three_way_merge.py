"""Three-way merge: what we sent, what people made of it since, and what we want there now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class MergeResult:
    """The merged text, and whether people changed lines that we change too (then ours win)."""

    text: str
    conflict: bool


def merge(base: str, theirs: str, ours: str) -> MergeResult:
    """Merge by lines: a change on one side is taken, equal changes once; on conflict ours wins.

    Ours wins because withdrawn content has to go. A caller that prefers to ask a person checks ``conflict``.
    """
    if theirs in (base, ours):
        return MergeResult(ours, conflict=False)
    if ours == base:
        return MergeResult(theirs, conflict=False)
    lines = [text.split("\n") for text in (base, theirs, ours)]
    out: list[str] = []
    conflict = False
    for b, t, o in _chunks(*lines):
        if t in (b, o):
            out += o
        elif o == b:
            out += t
        else:
            out += o
            conflict = True
    return MergeResult("\n".join(out), conflict)


_Chunk = tuple[Sequence[str], Sequence[str], Sequence[str]]


def _chunks(base: list[str], theirs: list[str], ours: list[str]) -> Iterator[_Chunk]:
    """Runs common to all three texts, and the differing parts in between."""
    to_theirs, to_ours = _matching_lines(base, theirs), _matching_lines(base, ours)
    b = t = o = 0
    for number in [i for i in range(len(base)) if i in to_theirs and i in to_ours]:
        goal_t, goal_o = to_theirs[number], to_ours[number]
        yield base[b:number], theirs[t:goal_t], ours[o:goal_o]
        line = base[number : number + 1]
        yield line, line, line
        b, t, o = number + 1, goal_t + 1, goal_o + 1
    yield base[b:], theirs[t:], ours[o:]


def _matching_lines(base: list[str], other: list[str]) -> dict[int, int]:
    """Line numbers of the base present in the other text, with their numbers there; both increasing."""
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    return {a + i: b + i for a, b, size in matcher.get_matching_blocks() for i in range(size)}


def takes_away(base: str, ours: str) -> bool:
    """Whether we remove lines that we sent: withdrawn content can't wait for a person."""
    lines = base.split("\n"), ours.split("\n")
    changes = SequenceMatcher(None, *lines, autojunk=False).get_opcodes()
    return any(tag != "equal" and b - a > d - c for tag, a, b, c, d in changes)
