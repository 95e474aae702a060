"""Asking the command line for help or its version loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from kiosk.cli import COMMANDS, main
from tests.guards.repository import ROOT

HEAVY = {"flask", "sqlalchemy", "numpy", "cv2", "av", "whoosh", "PIL", "httpx"}
CALL = """
import json, sys
from kiosk.cli import main
try:
    main(json.loads(sys.argv[1]), prog_name="reporter")
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)]
)
def test_help_and_version_load_no_heavy_library(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALL, json.dumps(arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(json.loads(done.stderr.splitlines()[-1])) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there_under_its_name(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_a_usage_error() -> None:
    assert main.get_command(click.Context(main), "unknown") is None
