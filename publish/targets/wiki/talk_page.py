"""Discussion pages of wikis: who wrote what, answering whom, and where our answer goes.

A comment ends with a signature; how far it is indented says what it answers. What MediaWiki's own reply tool relies
on: https://www.mediawiki.org/wiki/Help:DiscussionTools/Why_can%27t_I_reply_to_this_comment%3F
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

_KEY = re.compile(r"<!-- social-reporter-answer (\S+) -->")


@dataclass(frozen=True)
class Signature:
    """What stands at the end of a comment, and where in its line it begins."""

    author: str
    moment: datetime
    start: int


@dataclass(frozen=True)
class Comment:
    """One comment of a page; ``first`` and ``last`` are the numbers of its lines."""

    id: str
    author: str
    moment: datetime
    markup: str
    depth: int
    parent: str
    first: int
    last: int
    key: str = ""


@dataclass(frozen=True)
class Manner:
    """How a wiki writes comments."""

    sign: Callable[[str], Signature | None]
    # The indentation at the start of a line.
    indent: re.Pattern[str]
    heading: re.Pattern[str]
    # What our own answers carry, unseen; group 1 is the key.
    key: re.Pattern[str] = _KEY
    # What in an indentation counts as one step.
    step: re.Pattern[str] = re.compile(r"\S")

    def depth(self, line: str) -> int:
        """How far a line is indented."""
        found = self.indent.match(line)
        return len(self.step.findall(found.group())) if found else 0

    def inner(self, line: str) -> str:
        """A line without it."""
        found = self.indent.match(line)
        return line[found.end() :] if found else line


def read_comments(text: str, manner: Manner) -> list[Comment]:
    """Every signed comment, in the order of the page. What nobody signed is left alone."""
    found: list[Comment] = []
    open_: list[Comment] = []
    count: Counter[str] = Counter()
    for raw in _raw_comments(text, manner):
        if raw is None:
            open_.clear()
            continue
        while open_ and open_[-1].depth >= raw.depth:
            open_.pop()
        name = f"c-{raw.author}-{raw.moment:%Y%m%d%H%M}"
        count[name] += 1
        own = raw.key or f"{name}-{count[name]}"
        comment = replace(raw, id=own, parent=open_[-1].id if open_ else "")
        open_.append(comment)
        found.append(comment)
    return found


def _raw_comments(text: str, manner: Manner) -> Iterator[Comment | None]:
    """Comments without id and parent; None at each heading."""
    start: int | None = None
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if manner.heading.match(line):
            start = None
            yield None
            continue
        if not line.strip():
            continue
        start = number if start is None else start
        signature = manner.sign(line)
        if signature is None:
            continue
        own = [*lines[start:number], line[: signature.start]]
        depth = manner.depth(lines[start])
        key = manner.key.search("\n".join(lines[start : number + 1]))
        markup = "\n".join(manner.inner(one) for one in own)
        yield Comment(
            "",
            signature.author,
            signature.moment,
            manner.key.sub("", markup),
            depth,
            "",
            start,
            number,
            key.group(1) if key else "",
        )
        start = None


def insert_answer(text: str, manner: Manner, to: str, line: Callable[[int], str]) -> str | None:
    """The page with a line more, below the comment ``to`` and what has answered it; None if that is not there.

    ``line`` makes it from its depth.
    """
    comments = read_comments(text, manner)
    goal = next((c for c in comments if c.id == to), None)
    if goal is None:
        return None
    below = {goal.id}
    last = goal.last
    for comment in comments:
        if comment.parent in below:
            below.add(comment.id)
            last = max(last, comment.last)
    lines = text.split("\n")
    return "\n".join([*lines[: last + 1], line(goal.depth + 1), *lines[last + 1 :]])


def remove_answer(text: str, manner: Manner, key: str) -> str | None:
    """The page without our answer; None if it is not there."""
    own = next((c for c in read_comments(text, manner) if c.key == key), None)
    if own is None:
        return None
    lines = text.split("\n")
    return "\n".join([*lines[: own.first], *lines[own.last + 1 :]])
