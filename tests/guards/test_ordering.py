"""SQLite puts NULL first, PostgreSQL last: whoever orders by what may be NULL says where that goes."""

import ast

import pytest
from sqlalchemy import inspect

import reporter.hub.models
from reporter.database.engine import Base
from reporter.models import whole_metadata
from tests.guards.repository import modules

_NULL_ORDERS = {"nulls_first", "nulls_last"}


def nullable() -> set[tuple[str, str]]:
    """(model, attribute) of every column that may be NULL."""
    whole_metadata()
    mappers = [
        *Base.registry.mappers,
        *reporter.hub.models.RegistryBase.registry.mappers,
    ]
    return {
        (mapper.class_.__name__, name)
        for mapper in mappers
        for name, column in inspect(mapper.class_).columns.items()
        if column.nullable
    }


def unsaid(tree: ast.AST, names: set[tuple[str, str]]) -> list[str]:
    """What is ordered by a column that may be NULL without saying where NULL goes."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    ordered = [c for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "order_by"]
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for call in ordered
        for node in call.args
        if (_column(node) in names) and not (_NULL_ORDERS & _methods(node))
    ]


def _methods(node: ast.AST) -> set[str]:
    return {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}


def _column(node: ast.AST) -> tuple[str, str] | None:
    """``Model.name`` below calls of methods, as ``Model.name.desc()``."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id, node.attr
    return None


def test_every_order_says_where_null_goes() -> None:
    names = nullable()
    assert ("EventSession", "starts_at") in names
    found = [
        f"{name}:{line}"
        for name, path in modules()
        for line in unsaid(ast.parse(path.read_text(encoding="utf-8")), names)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("q.order_by(EventSession.starts_at, EventSession.title)", 1),
        ("q.order_by(EventSession.starts_at.desc())", 1),
        ("q.order_by(EventSession.starts_at.desc().nulls_last())", 0),
        ("q.order_by(EventSession.title)", 0),
    ],
)
def test_the_guard_sees_it(code: str, count: int) -> None:
    assert len(unsaid(ast.parse(code), nullable())) == count
