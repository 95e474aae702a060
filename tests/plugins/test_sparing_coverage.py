"""Coverage that is measured sparingly: what repeats is left out, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.repository import ROOT

CODE = """
def dear(case):
    if case == 0:
        return "first dear case"
    return "second dear case"

def cheap(case):
    if case == 0:
        return "first cheap case"
    return "second cheap case"

def differing(case):
    if case == 0:
        return "first differing case"
    return "second differing case"

def alone():
    return "of a test without cases"

def made(number):
    if number == 1:
        return "fixture once"
    if number == 9:
        return "fixture at last"
"""
TESTS = """
import itertools, time
import pytest
import code_under_test as code

numbers = itertools.count(1)

@pytest.fixture
def thing():
    return code.made(next(numbers))

@pytest.mark.parametrize("case", [0, 1])
def test_dear(case):
    begun = time.process_time()
    while time.process_time() - begun < 0.6:
        code.dear(case)

@pytest.mark.cases_differ
@pytest.mark.parametrize("case", [0, 1])
def test_differing(case):
    begun = time.process_time()
    while time.process_time() - begun < 0.6:
        code.differing(case)

@pytest.mark.parametrize("case", range(9))
def test_cheap(case, thing):
    assert code.cheap(case)

def test_alone():
    assert code.alone()
"""
REPEATED = {"second dear case", "fixture at last"}


@pytest.mark.parametrize(("wanted", "missed"), [("sparing", REPEATED), ("", set())])
def test_only_what_repeats_is_left_out(tmp_path: Path, wanted: str, missed: set[str]) -> None:
    (tmp_path / "code_under_test.py").write_text(CODE)
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.plugins.sparing_coverage"]
    command += ["--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["--cov=code_under_test", "--cov-branch", "--cov-report=json", "test_it.py"]
    environment = {
        **os.environ,
        "REPORTER_TEST_COVERAGE": wanted,
        "COVERAGE_FILE": str(tmp_path / ".coverage"),
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
    }
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((tmp_path / "coverage.json").read_text())["files"]["code_under_test.py"]
    lines = CODE.splitlines()
    texts = {lines[number - 1].strip() for number in found["missing_lines"]}
    assert texts == {f'return "{text}"' for text in missed}
