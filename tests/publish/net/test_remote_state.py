"""What was learnt of servers: shared by the targets of one context, gone with it, in no module."""

from __future__ import annotations

import ast
from pathlib import Path

from publish.net.remote_state import RemoteState
from tests.guards.repository import modules
from tests.support.publish.fakes import open_kit

EMPTY = {"{}", "[]", "dict()", "set()", "list()"}


def test_a_table_is_the_same_wherever_it_is_asked_for() -> None:
    state, other = RemoteState(), RemoteState()
    state.table("roots")["blog"] = 1
    assert dict(state.table("roots")) == {"blog": 1}
    assert dict(state.table("sessions")) == dict(other.table("roots")) == {}


def test_a_context_closes_what_its_targets_have_learnt(tmp_path: Path) -> None:
    with open_kit(tmp_path / "gathering") as kit:
        options = {"url": "https://blog.invalid", "user": "ada", "status": "publish"}
        row = kit.target("blog", "wordpress", options=options)
        opened = [kit.context.connect(row) for _ in range(2)]
        assert {id(one.setup.state) for one in opened} == {id(kit.context.state)}
        table = kit.context.state.table("sign-ins")
        table["ada"] = "token"
        kit.context.close()
        assert not table
        for one in opened:
            one.close()


def test_no_module_of_publish_keeps_a_cache_of_its_own() -> None:
    """An empty dictionary, set or list at module level is filled later: state that nobody closes."""
    found = []
    for name, path in modules():
        if not name.startswith("publish."):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            value = getattr(node, "value", None)
            text = ast.unparse(value) if isinstance(value, ast.expr) else ""
            if text in EMPTY:
                found.append(f"{name}:{node.lineno}")
    assert found == []
