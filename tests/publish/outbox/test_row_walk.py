"""The way of one delivery through the outbox: few modules, each stage once and in order, no way back."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from publish import targets
from tests.bench.publish.row_walk import walk_story
from tests.support.publish.fakes import FakePlace, FakeTarget

STAGES = [
    "worker.py",
    "queue.py",
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
    walk = walk_story(tmp_path / "gathering", kind, given, "publish/outbox/")
    names = [name.removeprefix("publish/outbox/") for name in walk.modules]
    visited = [name.removeprefix("publish/outbox/") for name in walk.visited]
    # ``settled`` of the item comes after all stages: what depends on the row.
    after = visited.index("apply.py")
    stages = [name for name in visited[: after + 1] if name in STAGES]
    assert [name for name, _again in groupby(stages)] == STAGES
    assert {name for name in visited[after + 1 :] if name in STAGES} == {"items/story.py"}
    assert walk.back == []
    assert len(names) <= 12, names
