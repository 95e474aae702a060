"""Whatever people can type, set or choose is in docs/, with the defaults that hold."""

import dataclasses
import re
from collections.abc import Iterator

import click
import pytest

from kiosk.cli import main
from publish.targets import KINDS
from reporter.config import sections
from tests.guards.repository import PACKAGES, ROOT

DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def chapters(name: str, heading: str) -> dict[str, str]:
    """Return {words between backticks in each heading of that level: the text below it}."""
    pieces = re.split(rf"^{heading} `([^`]+)`.*$", read(name), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def leaves(
    command: click.Command, words: tuple[str, ...] = ("reporter",)
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with the words that call it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from leaves(found, (*words, name))
    else:
        yield " ".join(words), command


COMMANDS = dict(leaves(main))
SETTINGS = [
    (section, setting)
    for section, kind in sections().items()
    for setting in dataclasses.fields(kind)
]


def documented_commands() -> dict[str, str]:
    """Return {words up to the first argument: what is said}."""
    found = chapters("commands.md", "###")
    return {re.split(r" (?=[A-Z])", heading)[0]: text for heading, text in found.items()}


@pytest.mark.parametrize("words", COMMANDS)
def test_command_is_documented_with_its_options(words: str) -> None:
    text = documented_commands()[words]
    flags = [
        max(option.opts, key=len)
        for option in COMMANDS[words].params
        if isinstance(option, click.Option) and "--gathering" not in option.opts
    ]
    assert [flag for flag in flags if f"`{flag}" not in text] == []


def test_no_documented_command_is_gone() -> None:
    assert set(documented_commands()) - set(COMMANDS) == set()


def as_toml(value: object) -> str:
    return (
        {True: "true", False: "false"}[value]
        if isinstance(value, bool)
        else (f'"{value}"' if isinstance(value, str) else str(value))
    )


@pytest.mark.parametrize(
    ("section", "setting"), SETTINGS, ids=[f"{section}.{field.name}" for section, field in SETTINGS]
)
def test_setting_is_documented_with_its_default(
    section: str, setting: dataclasses.Field[object]
) -> None:
    text = chapters("settings.md", "##")[f"[{section}]"]
    assert f"| `{setting.name}` | `{as_toml(setting.default)}` |" in text


def test_no_documented_setting_is_gone() -> None:
    real = {(f"[{section}]", field.name) for section, field in SETTINGS}
    documented = {
        (section, name)
        for section, text in chapters("settings.md", "##").items()
        for name in re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    }
    assert documented - real == set()


@pytest.mark.parametrize("kind", KINDS)
def test_target_is_documented_with_its_keys(kind: str) -> None:
    groups = chapters("targets/groups-by-hand.md", "##")
    text = groups[kind] if kind in groups else read(f"targets/{kind}.md")
    lines = {
        option.name: "needed"
        if option.required
        else f"`{option.default}`"
        if option.default
        else ""
        for option in KINDS[kind].options
    }
    rows = dict(re.findall(r"^\| `(\w+)` \| ?(\S*) \|", text, flags=re.MULTILINE))
    assert rows == lines


def test_the_map_is_short_and_leads_to_what_is_there() -> None:
    rows = [line for line in read("map.md").splitlines() if line.startswith("| ")][1:]
    assert len(rows) <= 40, "put what belongs together into one row"
    names = re.findall(r"`([a-z]+(?:/[\w.-]+)*/?)`", "\n".join(rows))
    places = [name for name in names if "/" in name and name.split("/")[0] in PACKAGES]
    assert len(places) > 60
    assert [place for place in places if not (ROOT / place).exists()] == []
