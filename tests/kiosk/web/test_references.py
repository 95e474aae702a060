"""Every file, page and template that a template or script names is there: else a page lacks its script, silently."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.runtime.static_files import static_dir

TEMPLATES = Path(__file__).parents[3] / "kiosk" / "templates"
STATIC_NAME = re.compile(r"""["']((?:js|css|vendor|icons|fonts)/[\w./-]+\.\w+)["']""")
STATIC_ADDRESS = re.compile(r"""["'`(]/static/([\w./-]+\.\w+)""")
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.[^"']+)["']""")


def names_of_templates() -> list[str]:
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


def scripts() -> list[str]:
    root = static_dir()
    return sorted(path.relative_to(root).as_posix() for path in (root / "js").rglob("*.js"))


def endpoints(tree: nodes.Template) -> Iterator[str]:
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "url_for":
            first = call.args[0]
            if isinstance(first, nodes.Const):
                yield first.value


def others(tree: nodes.Template) -> Iterator[str]:
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in tree.find_all(kinds):
        named = getattr(node, "template", None)
        if isinstance(named, nodes.Const):
            yield named.value


def lost_files(source: str) -> set[str]:
    named = STATIC_NAME.findall(source) + STATIC_ADDRESS.findall(source)
    return {name for name in named if not (static_dir() / name).is_file()}


def test_what_templates_name_is_there(app: LazyApp) -> None:
    app.load_lazy()
    lost = {}
    for name in names_of_templates():
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        tree = app.jinja_env.parse(source)
        lost[name] = lost_files(source) | (set(endpoints(tree)) - set(app.view_functions))
        lost[name] |= set(others(tree)) - set(app.jinja_env.list_templates())
    assert len(lost) > 50
    assert {name: found for name, found in lost.items() if found} == {}


@pytest.mark.parametrize("name", scripts())
def test_what_a_script_names_is_there(name: str) -> None:
    path = static_dir() / name
    source = path.read_text(encoding="utf-8")
    assert [file for file in IMPORT.findall(source) if not (path.parent / file).is_file()] == []
    assert lost_files(source) == set()
