"""The diagrams of docs/architecture.md say what the code says."""

from __future__ import annotations

import re

from tests.guards.repository import PACKAGES, ROOT, imports, modules

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DIAGRAMS = re.findall(r"```mermaid\n(.*?)```", TEXT, flags=re.DOTALL)
ARROW = re.compile(r"^\s*(\w+)(?:\[[^\]]*\])?\s*-->\s*(\w+)", flags=re.MULTILINE)
MODULE = re.compile(r"\b(?:reporter|capture|publish|kiosk|static)/[\w/-]+\.(?:py|js)\b")


def test_the_package_diagram_is_the_imports_of_the_code() -> None:
    drawn = set(ARROW.findall(DIAGRAMS[0]))
    found = {
        (name.split(".")[0], imported.split(".")[0])
        for name, path in modules()
        for _, imported in imports(name, path)
        if imported.split(".")[0] in PACKAGES
    }
    assert drawn == {(a, b) for a, b in found if a != b}


def test_every_module_that_a_diagram_names_exists() -> None:
    named = {name for diagram in DIAGRAMS for name in MODULE.findall(diagram)}
    assert len(named) > 8
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_every_sub_package_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `(\w+)/` \| (.*) \|$", TEXT, flags=re.MULTILINE))
    for package in PACKAGES:
        folders = {
            path.name
            for path in (ROOT / package).iterdir()
            if (path / "__init__.py").is_file() and path.name != "static"
        }
        assert folders - set(re.findall(r"`(\w+)`", rows[package])) == set(), package
