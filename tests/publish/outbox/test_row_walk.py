"""The way of one delivery through the outbox: few modules, each stage once and in order, no way back."""

from __future__ import annotations

import ast
from itertools import groupby
from pathlib import Path

import pytest

import publish.outbox
from publish import targets
from tests.bench.publish.row_walk import walk_story
from tests.support.publish.fakes import FakePlace, FakeTarget

STAGES = [
    "worker.py",
    "queue.py",
    # What goes first.
    "items/story.py",
    "lease.py",
    "items/story.py",
    "upsert.py",
    "policy/decide.py",
    "apply.py",
]


@pytest.mark.parametrize("kind", ["fake", "folder"])
def test_a_row_passes_each_stage_once(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    monkeypatch.setattr(FakeTarget, "place", FakePlace(), raising=False)
    options = {"url": f"file://{tmp_path}/site"} if kind == "folder" else {}
    given = targets.check_options(kind, options)
    # What keeps an error is left before the next stage begins.
    under = ("publish/outbox/", "reporter/errors.py")
    walk = walk_story(tmp_path / "gathering", kind, given, *under)
    outbox = "publish/outbox/"
    names = [name.removeprefix(outbox) for name in walk.modules if name.startswith(outbox)]
    visited = [name.removeprefix(outbox) for name in walk.visited if name.startswith(outbox)]
    # Later stages read and change the row through its lease.
    leased = visited.index("lease.py") + 1
    visited[leased:] = [name for name in visited[leased:] if name != "lease.py"]
    # ``settled`` of the item comes after all stages: what depends on the row.
    after = visited.index("apply.py")
    stages = [name for name in visited[: after + 1] if name in STAGES]
    assert [name for name, _again in groupby(stages)] == STAGES
    assert {name for name in visited[after + 1 :] if name in STAGES} == {"items/story.py"}
    assert walk.back == []
    assert len(names) <= 12, names


def test_the_row_itself_goes_no_further_than_its_lease() -> None:
    """What comes after is given frozen values: no function of the later stages takes a ``Delivery``."""
    outbox = Path(publish.outbox.__path__[0])
    after_lease = [outbox / name for name in ("worker.py", "upsert.py", "apply.py", "batch.py")]
    after_lease += [*(outbox / "items").glob("*.py"), outbox / "policy" / "decide.py"]
    takes_row = {
        f"{path.name}:{one.name}"
        for path in after_lease
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, ast.FunctionDef)
        for argument in (*one.args.args, *one.args.kwonlyargs)
        if argument.annotation is not None and ast.unparse(argument.annotation) == "Delivery"
    }
    # Those of the ledger, which compares rows and delivers none.
    ledger = {"takedowns.py:note_story", "takedowns.py:note_gone", "takedowns.py:_ask"}
    # What the queue asks before the lease.
    first = {f"{name}.py:waits_for" for name in ("media", "story", "front_page")}
    assert takes_row == {*ledger, *first, "media.py:_shown_takeaways"}
