"""The folder that a double click opens, and the entry in the menu that does so."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from kiosk.desktop import folder
from kiosk.desktop.folder import chosen_folder, proposed_folder, remember_folder, remembered_folder
from kiosk.desktop.shortcut import make_shortcut, open_command
from reporter.config import Settings


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_note", lambda: tmp_path / "config" / "last-gathering.txt")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def test_without_a_screen_the_proposal_is_taken() -> None:
    assert remembered_folder() is None
    assert chosen_folder() == proposed_folder()


def test_the_last_gathering_opens_again_while_it_is_there(gathering: Settings) -> None:
    remember_folder(gathering.folder)
    assert chosen_folder() == gathering.folder
    (gathering.folder / "reporter.toml").rename(gathering.folder / "moved.toml")
    assert chosen_folder() == proposed_folder()


def test_the_menu_gets_an_entry(tmp_path: Path) -> None:
    entry = make_shortcut(tmp_path)
    read = configparser.RawConfigParser()
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read(entry, encoding="utf-8")
    fields = read["Desktop Entry"]
    assert shlex.split(fields["Exec"]) == open_command()
    assert Path(fields["Icon"]).read_text(encoding="utf-8").startswith("<svg")
