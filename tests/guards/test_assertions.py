"""Every test claims something: it asserts, expects or has something raised, itself or by a helper of the tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from tests.guards.repository import ROOT, repository_files

# (Hypothesis' machine has its claims in its rules and invariants.)
_CLAIMS = {"expect", "fail", "raises", "run_state_machine_as_test", "warns"}
# A wait ends or fails, but says nothing of what came of it.
_WAITS = "tests.support.waiting"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """The functions at the top of a module of tests, and where the names that it imports come from."""

    functions: dict[str, Function] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_module(text: str) -> Module:
    module = Module()
    for node in ast.parse(text).body:
        if isinstance(node, Function):
            module.functions[node.name] = node
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            methods = (one for one in node.body if isinstance(one, Function))
            module.functions.update({f"{node.name}.{one.name}": one for one in methods})
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module.imported[alias.asname or alias.name] = (node.module, alias.name)
    return module


def called(function: Function) -> Iterator[ast.expr]:
    yield from (node.func for node in ast.walk(function) if isinstance(node, ast.Call))


def claims_itself(function: Function) -> bool:
    names = {
        found.attr if isinstance(found, ast.Attribute) else getattr(found, "id", "")
        for found in called(function)
    }
    return (
        bool(_CLAIMS & names)
        or any(name.startswith("assert_") for name in names)
        or any(
            isinstance(node, ast.Assert)
            or (isinstance(node, ast.Raise) and "AssertionError" in ast.dump(node))
            for node in ast.walk(function)
        )
    )


def claims(modules: Mapping[str, Module], home: str, name: str, seen: frozenset[str]) -> bool:
    """Whether a function of a module, or one that it calls by its name, makes a claim."""
    module = modules.get(home, Module())
    if home == _WAITS or f"{home}.{name}" in seen:
        return False
    if name not in module.functions:
        return name in module.imported and claims(
            modules, *module.imported[name], seen | {f"{home}.{name}"}
        )
    function = module.functions[name]
    return claims_itself(function) or any(
        claims(modules, home, one.id, seen | {f"{home}.{name}"})
        for one in called(function)
        if isinstance(one, ast.Name)
    )


def without_claim(modules: Mapping[str, Module]) -> list[str]:
    return [
        f"{home}.{name}"
        for home, module in modules.items()
        if home.rpartition(".")[2].startswith("test_")
        for name in module.functions
        if name.rpartition(".")[2].startswith("test")
        and not claims(modules, home, name, frozenset())
    ]


def modules_of_the_tests() -> dict[str, Module]:
    files = [path.relative_to(ROOT) for path in repository_files() if path.suffix == ".py"]
    return {
        ".".join(path.with_suffix("").parts): read_module((ROOT / path).read_text(encoding="utf-8"))
        for path in files
        if path.parts[0] == "tests"
    }


def test_every_test_makes_a_claim() -> None:
    modules = modules_of_the_tests()
    assert len(modules) > 100
    assert without_claim(modules) == []


HELPER = """
def claims(x):
    assert x
def through(x):
    claims(x)
def idle(x):
    return x
"""


@pytest.mark.parametrize(
    ("body", "complete"),
    [
        ("assert 1", True),
        ("with pytest.raises(ValueError): int('x')", True),
        ("expect(page).to_have_title('x')", True),
        ("claims(1)", True),
        ("through(1)", True),
        ("local(1)", True),
        ("int('1')", False),
        ("idle(1)", False),
        ("until(lambda: True)", False),
        ("page.through(1)", False),
        ("test_it()", False),
    ],
)
def test_the_guard_tells_which(body: str, *, complete: bool) -> None:
    text = (
        "from tests.support.it import claims, idle, through\nfrom tests.support.waiting import until\n"
        f"def local(x): claims(x)\ndef test_it():\n    {body}\n"
    )
    waiting = (ROOT / "tests/support/waiting.py").read_text(encoding="utf-8")
    modules = {
        "tests.test_it": read_module(text),
        "tests.support.it": read_module(HELPER),
        _WAITS: read_module(waiting),
    }
    assert without_claim(modules) == ([] if complete else ["tests.test_it.test_it"])
