"""Every test that docs/security.md names is there."""

import ast
import re

from tests.guards.repository import ROOT

_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")


def test_the_tests_that_the_table_names_exist() -> None:
    named = _NAMED.findall((ROOT / "docs" / "security.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert not name or name in there, f"{path}::{name}"
