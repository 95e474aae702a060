"""The systemd units are what systemd takes for units, and a hub's have few rights; its container knows the program."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from psycopg.pq import Conninfo
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

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


@pytest.mark.parametrize("password", ["p@ss", "a%41b", "50%/2:#?[x] y", "'\"\\{}&"])
def test_any_password_of_the_composed_database_reaches_it(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As libpq understands what the file gives to the pages and workers."""
    text = (ROOT / "installers" / "hub" / "compose.yml").read_text(encoding="utf-8")
    block = re.search(r"environment: &environment\n((?: {6}.+\n)+)", text)
    assert block is not None
    given = {"POSTGRES_PASSWORD": password, "REPORTER_HUB_URL": "https://hub.example"}
    environment = {
        key: re.sub(r"\$\{(\w+):\?\}", lambda found: given[found[1]], value.strip('"'))
        for key, value in re.findall(r"(?m)^ {6}(\w+): (.+)$", block[1])
    }
    monkeypatch.setenv("PGPASSWORD", environment["PGPASSWORD"])
    url = make_url(config.hub_settings({**environment, config.MEDIA: "/srv"}).database_url)
    _none, parameters = PGDialect_psycopg().create_connect_args(url)
    defaults = {one.keyword.decode(): one.val for one in Conninfo.get_defaults()}
    assert parameters == {"host": "database", "dbname": "reporter", "user": "reporter"}
    assert (defaults["password"] or b"").decode() == password
