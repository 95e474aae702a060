"""The example of docs/adding-a-target.md, taken from the page: it works, and three places are all that it takes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from publish import targets
from publish.status import target_registry
from publish.targets import Target, check_options, target_class
from publish.targets.base import TargetConfig
from reporter.errors import BadInput
from reporter.moderation import decisions
from tests.guards.repository import ROOT
from tests.support.publish.fakes import Kit, open_kit
from tests.support.publish.rounds import publish

PAGE = (ROOT / "docs" / "adding-a-target.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> type[Target]:
    """The class as the page has it, in the registry by its one line."""
    module = ModuleType("publish.targets.board.target")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(block("python"), "docs/adding-a-target.md", "exec"), module.__dict__)
    cls: type[Target] = module.BoardTarget
    monkeypatch.setitem(targets.KINDS, cls.kind, cls)
    return cls


@pytest.fixture
def kit(tmp_path: Path, board: type[Target]) -> Iterator[Kit]:
    with open_kit(tmp_path / "gathering") as kit:
        yield kit


def test_a_round_an_edit_and_a_takedown(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    given = {"path": str(folder)}
    target_registry.add_target(kit.session, "board", "hall", given, now=kit.clock(), rng=kit.rng)
    assert "can be written to" in target_registry.test_target(kit.session, kit.context, "hall")
    photo = kit.photo(kit.event(), 1, "Frost on the kale")
    assert [(row["kind"], row["state"]) for row in publish(kit.session, kit.context)] == [
        ("story", "sent")
    ]
    [file] = folder.iterdir()
    assert "Frost on the kale" in file.read_text(encoding="utf-8")

    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    publish(kit.session, kit.context)
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert "Hoar frost" in file.read_text(encoding="utf-8")

    file.unlink()
    decisions.change(kit.session, photo, kit.actor, {"caption": "Thaw"})
    publish(kit.session, kit.context)
    assert "Thaw" in file.read_text(encoding="utf-8"), "it was made again"

    decisions.hide(kit.session, photo, kit.actor)
    publish(kit.session, kit.context)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_missing_pauses_the_place(kit: Kit, tmp_path: Path) -> None:
    given = {"path": str(tmp_path / "nowhere")}
    target_registry.add_target(kit.session, "board", "hall", given, now=kit.clock(), rng=kit.rng)
    kit.takeaway(kit.event(), "Leeks")
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "waiting"
    assert "Put the board in" in row["error"]


def test_its_options_are_checked_and_documented(board: type[Target]) -> None:
    with pytest.raises(BadInput, match="path=… \\(where the board looks\\)"):
        check_options("board", {})
    assert target_class("board") is board
    [option] = board.options
    section = block("markdown")
    assert section.startswith(f"## `{board.kind}`\n")
    assert f"| `{option.name}` | needed | {option.help} |" in section


def test_the_class_is_no_more_than_what_every_target_can_do(board: type[Target]) -> None:
    """So the abstract methods are all that the page has to explain."""
    public = {name for name in vars(board) if not name.startswith("_")}
    data = {"kind", "title", "about", "options"}
    assert public - data == {*Target.__abstractmethods__, "free"}
    board(TargetConfig("hall", {"path": "x"}, "", None)).close()  # type: ignore[arg-type]
