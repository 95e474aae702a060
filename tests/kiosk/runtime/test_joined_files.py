"""A page's modules joined into one behave as the modules themselves do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kiosk.build_assets import npm_command
from kiosk.runtime import joined_files
from kiosk.web.shared.joined import SCRIPTS, SHEETS

MODULES = {
    "entry.js": (
        '// The page.\nimport { greet as hail } from "./inner/greet.js";\n'
        'import * as tools from "./inner/tools.js";\n'
        "const words = 1;\nconsole.log(hail(words), tools.twice(4), new tools.Box(2).held);\n"
    ),
    "inner/greet.js": (
        'import { twice, low } from "./tools.js";\n'
        "const words = 20;\nexport const greet = (n) => `${low}: ${twice(n) + words}`;\n"
    ),
    "inner/tools.js": (
        "export async function later() {}\nexport function twice(n) {\n  return 2 * n;\n}\n"
        'export class Box {\n  constructor(held) {\n    this.held = held;\n  }\n}\nexport let low = "at http://x";\n'
    ),
    "packed.js": "var a=1,b=2;export{a as one,b as two};",
    "of-packed.js": 'import { one, two } from "./packed.js";\nconsole.log(one + two);\n',
    "strange.js": 'import whole from "./packed.js";\nwhole();\n',
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in MODULES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    monkeypatch.setattr(joined_files, "static_dir", lambda: tmp_path)
    return tmp_path


def said_by(path: Path) -> str:
    npm = npm_command()
    if npm is None:
        pytest.skip("no Node.js here (pip install -e .[build])")
    node = npm[0] if len(npm) > 1 else "node"
    return subprocess.run([node, path], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", ["entry.js", "of-packed.js"])
def test_one_module_says_what_several_say(modules: Path, name: str) -> None:
    goal = modules / "joined.js"
    goal.write_text(joined_files.joined_script(name).text)
    assert said_by(goal) == said_by(modules / name) != ""


def test_each_module_is_in_it_once_and_no_comment_line(modules: Path) -> None:
    text = joined_files.joined_script("entry.js").text
    assert text.count("class Box") == 1
    assert "The page." not in text
    assert "http://x" in text


def test_an_import_that_it_does_not_know_is_refused(modules: Path) -> None:
    with pytest.raises(ValueError, match=r"strange\.js"):
        joined_files.joined_script("strange.js")


def test_indentation_goes_and_a_text_of_several_lines_is_refused(modules: Path) -> None:
    (modules / "deep.js").write_text("export function deep() {\n    return `a b`;\n}\n")
    assert "\nreturn `a b`;\n" in joined_files.joined_script("deep.js").text
    (modules / "lines.js").write_text("export const lines = `a\n    b`;\n")
    with pytest.raises(ValueError, match=r"lines\.js has a text of several lines"):
        joined_files.joined_script("lines.js")


def test_sheets_lose_comments_and_nothing_else(modules: Path) -> None:
    (modules / "a.css").write_text(
        "/* Two\n   lines. */\na { color: red; }\n\n@media print {\n  a { top: 0; }\n}\n"
    )
    (modules / "b.css").write_text('b::before { content: " "; }\n')
    joined = joined_files.joined_sheet(("a.css", "b.css"))
    assert joined.text.splitlines() == [
        "a { color: red; }",
        "@media print {",
        "a { top: 0; }",
        "}",
        'b::before { content: " "; }',
    ]


def test_the_mark_changes_with_a_line(modules: Path) -> None:
    before = joined_files._with_hash("a").mark
    assert before != joined_files._with_hash("b").mark == joined_files._with_hash("b").mark


@pytest.mark.parametrize("name", sorted(SCRIPTS.values()))
def test_the_phones_scripts_can_be_joined(name: str) -> None:
    assert "function openOutbox" in joined_files.joined_script(name).text


def test_the_phones_sheet_has_both() -> None:
    text = joined_files.joined_sheet(SHEETS).text
    assert "--paper:" in text
    assert ".thumbzone" in text
