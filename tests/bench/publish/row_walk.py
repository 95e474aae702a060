"""The walk of one delivery row from "due" to "sent": modules entered, steps between them, ways back.

Run: ``python -m tests.bench.publish.row_walk``. ``tests/publish/outbox/test_row_walk.py`` holds the limits.

A step is a call from one of our modules into another one (what a library calls back counts for the module that called
the library). A way back is a step into a module that is still at work further up the stack: A calls B, which calls A.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import select

from publish import targets
from publish.outbox.queue import due_rows
from publish.outbox.runner import deliver_due, queue
from publish.outbox.worker import deliver_row
from reporter.models import Target
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit, open_kit

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Walk:
    """What was called, in order."""

    # Only modules whose path begins so count.
    under: tuple[str, ...]
    visited: list[str] = field(default_factory=list)
    steps: int = 0
    back: list[tuple[str, str]] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def note(self, frame: FrameType, event: str, _arg: Any) -> None:
        """For ``sys.setprofile``."""
        if event not in ("call", "return"):
            return
        name = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        if not name.startswith(self.under) or frame.f_code.co_name == "<module>":
            return
        if event == "return":
            if self.stack:
                self.stack.pop()
            return
        above = self.stack[-1] if self.stack else ""
        if name != above:
            self.steps += 1
            if name in self.stack:
                self.back.append((above, name))
            if not self.visited or self.visited[-1] != name:
                self.visited.append(name)
        self.stack.append(name)

    @property
    def modules(self) -> list[str]:
        """Each module once, as first met."""
        return list(dict.fromkeys(self.visited))


def walk_of(call: Callable[[], object], *under: str) -> Walk:
    """Follow one call through the modules below these folders."""
    walk = Walk(under)
    sys.setprofile(walk.note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return walk


@contextmanager
def one_story_due(folder: Path, kind: str, options: dict[str, str]) -> Iterator[Kit]:
    """A gathering with one photo at a target already, and its story due there."""
    with open_kit(folder) as kit:
        kit.photo(kit.event(), 1, "Frost")
        kit.target("place", kind, options=options)
        queue(kit.session, kit.context)
        deliver_due(kit.session, kit.context)
        yield kit


def walk_story(folder: Path, kind: str, options: dict[str, str], *under: str) -> Walk:
    """The walk of that story's row."""
    with one_story_due(folder, kind, options) as kit:
        found: list[Any] = []
        [row_id] = due_rows(kit.session, kit.context, kit.session.scalars(select(Target)).all())[:1]
        call = lambda: found.append(deliver_row(kit.session, kit.context, row_id))  # noqa: E731
        walk = walk_of(call, *under)
    assert (found[0].kind, found[0].state) == ("story", "sent"), found
    return walk


def main() -> None:
    """Print the figures."""
    targets.KINDS["fake"] = FakeTarget
    FakeTarget.place = FakePlace()
    for under in (("publish/", "reporter/"), ("publish/outbox/",)):
        for kind in ("fake", "folder"):
            with tempfile.TemporaryDirectory() as work:
                options = {"url": f"file://{work}/site"} if kind == "folder" else {}
                if kind == "folder":
                    options = targets.check_options("folder", options)
                walk = walk_story(Path(work) / "gathering", kind, options, *under)
            print(f"{kind}, below {' '.join(under)}: {len(walk.modules)} modules, ", end="")
            print(f"{walk.steps} steps, {len(walk.visited)} visits, {len(walk.back)} back")
            if under == ("publish/outbox/",):
                print("  ", " > ".join(name.removeprefix(under[0]) for name in walk.visited))


if __name__ == "__main__":
    main()
