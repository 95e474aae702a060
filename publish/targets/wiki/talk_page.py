"""Wiki discussion pages: who wrote what, answering whom, and where our answer goes.

A comment ends with a signature; its indentation shows what it answers. MediaWiki's own reply tool
relies on the same:
https://www.mediawiki.org/wiki/Help:DiscussionTools/Why_can%27t_I_reply_to_this_comment%3F
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
    """A comment's signature and its position in the line."""

    author: str
    moment: datetime
    start: int


@dataclass(frozen=True)
class Comment:
    """One comment of a page; ``first`` and ``last`` are line numbers."""

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
    """Comment conventions of a wiki."""

    sign: Callable[[str], Signature | None]
    # Matches the indentation at the start of a line.
    indent: re.Pattern[str]
    heading: re.Pattern[str]
    # Matches the invisible marker of our answers; group 1 is the key.
    key: re.Pattern[str] = _KEY
    # Characters that count as one indentation level.
    step: re.Pattern[str] = re.compile(r"\S")

    def depth(self, line: str) -> int:
        """Indentation level of a line."""
        found = self.indent.match(line)
        return len(self.step.findall(found.group())) if found else 0

    def inner(self, line: str) -> str:
        """A line without its indentation."""
        found = self.indent.match(line)
        return line[found.end() :] if found else line


def read_comments(text: str, manner: Manner) -> list[Comment]:
    """All signed comments in page order. Unsigned text is ignored."""
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
    """The page with a line added below comment ``to`` and the answers to it; None if the comment is missing.

    ``line`` renders it for its indentation level.
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
