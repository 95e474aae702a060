"""reporter.toml: defaults, a person's edits, clear errors."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reporter.config import FILE_NAME, load_settings, save_settings, sections
from reporter.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def test_what_is_missing_has_its_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[gathering]\ntitle = 'Frühling'\n"))
    assert settings.gathering.title == "Frühling"
    assert settings.limits.video_seconds == 90
    assert settings.wall.shows == "approved"


def test_unknown_names_are_left_alone(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[later]\nx = 1\n[limits]\nnew_one = 2\n"))
    assert settings.limits.files == 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nfiles = 'many'\n", "limits.files"),
        ("[limits]\nfiles = 0\n", "the least is 1"),
        ("[limits]\nfiles = true\n", "limits.files"),
        ("[wall]\nshows = 'everything'\n", "approved, new"),
        ("[gathering]\ntimezone = 'Berlin'\n", "Europe/Berlin"),
        ("[gathering]\ntimezone = '../../etc/passwd'\n", "time zone"),
        ("gathering = 3\n", "must be a section"),
        ("[gathering\n", "can't be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_settings(write(tmp_path, text))


def test_no_gathering_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="reporter new"):
        load_settings(tmp_path)


def test_saving_keeps_a_persons_comments_and_order(tmp_path: Path) -> None:
    write(tmp_path, "# ours\n[wall]\nshows = 'approved'  # for now\n[gathering]\ntitle = 'A'\n")
    save_settings(tmp_path, {"wall": {"shows": "new"}})
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert "# ours" in text
    assert "# for now" in text
    assert text.index("[wall]") < text.index("[gathering]")
    assert load_settings(tmp_path).wall.shows == "new"


def test_a_wrong_value_is_never_saved(tmp_path: Path) -> None:
    write(tmp_path, "[wall]\nshows = 'approved'\n")
    with pytest.raises(ConfigError):
        save_settings(tmp_path, {"wall": {"shows": "all"}})
    with pytest.raises(ConfigError, match=r"wall\.colour"):
        save_settings(tmp_path, {"wall": {"colour": "red"}})
    assert load_settings(tmp_path).wall.shows == "approved"


def test_a_new_file_explains_every_setting(tmp_path: Path) -> None:
    save_settings(tmp_path, {"gathering": {"title": "A"}})
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    for name, cls in sections().items():
        assert f"[{name}]" in text
        for setting in dataclasses.fields(cls):
            assert setting.metadata["help"] in text
            assert f"\n{setting.name} = " in text


@given(title=st.text(st.characters(exclude_categories=["Cs"])))
@example(title='\x7f \x00 "\\" \N{SMILING FACE WITH SUNGLASSES}\r\n\u2028')
def test_a_new_file_holds_any_text(title: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_settings(folder, {"gathering": {"title": title}, "limits": {"files": 7}})
        settings = load_settings(folder)
        assert (settings.gathering.title, settings.limits.files) == (title, 7)
        assert settings.wall.wifi_code is True
        # Another one is written into the same text.
        save_settings(folder, {"limits": {"files": 8}})
        assert load_settings(folder) == dataclasses.replace(
            settings, limits=dataclasses.replace(settings.limits, files=8)
        )
