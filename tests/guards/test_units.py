"""The systemd units are what systemd takes for units, and a hub's have few rights; its container knows the program."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from kiosk.cli import main
from reporter.hub import config
from reporter.secret_store import FILE_VARIABLE
from tests.guards.repository import ROOT

UNITS = sorted((ROOT / "installers").rglob("*.service"))


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("no systemd-analyze here (Debian's package systemd)")
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_it(unit: Path, analyze: str, tmp_path: Path) -> None:
    # Programs that are not installed here are the one thing that may be missing.
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(encoding="utf-8"))
    copy = tmp_path / unit.name
    copy.write_text(text, encoding="utf-8")
    process = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    assert (process.returncode, process.stdout + process.stderr) == (0, "")


@pytest.mark.parametrize("name", ["reporter-hub.service", "reporter-hub-worker.service"])
def test_a_hubs_unit_has_few_rights(name: str, analyze: str) -> None:
    unit = ROOT / "installers" / "hub" / name
    process = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    level = re.search(r"exposure level for \S+: ([\d.]+)", process.stdout)
    assert level is not None, process.stderr
    # Of 10; without any of these lines it would be 9.2.
    assert float(level[1]) < 2.5


HUB = sorted(
    path
    for path in (ROOT / "installers" / "hub").iterdir()
    if path.is_file() and path.suffix != ".dockerignore"
)


def commands(text: str) -> list[list[str]]:
    """What `reporter` is called with: in lists of JSON, in units, and in comments for people."""
    lists = re.findall(r'\[ ?"reporter",.*?\]', text)
    lines = re.findall(r"(?m)(?:^ExecStart=\S+/|run --rm pages )reporter (.+)$", text)
    return [*(json.loads(one)[1:] for one in lists), *(shlex.split(one) for one in lines)]


@pytest.mark.parametrize("path", HUB, ids=lambda path: path.name)
def test_a_hubs_files_name_commands_and_variables_that_there_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {*config._NAMES, config.FILE_VARIABLE, FILE_VARIABLE}
    assert set(re.findall(r"REPORTER_[A-Z_]+", text)) <= known
    asked = commands(text)
    assert asked
    for arguments in asked:
        command: click.Command = main
        while isinstance(command, click.Group):
            context = click.Context(command)
            _name, found, arguments = command.resolve_command(context, arguments)
            assert found is not None
            command = found
        # Raises for an option that there is not.
        command.make_context("reporter", arguments)
