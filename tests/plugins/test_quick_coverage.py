"""Coverage as `.ci/run` prints it: what all processes reached, of everything that there is."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.repository import PACKAGES, ROOT

slipcover = pytest.importorskip("slipcover")
# Four lines and two branches; and five of a module that nothing imports.
CODE = """
def chosen(yes):
    if yes:
        return 1
    return 2
"""
TESTS = """
import pytest
from reporter.answers import chosen

@pytest.mark.parametrize("yes", [True, False])
def test_chosen(yes):
    assert chosen(yes)
"""


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        ("test_it.py", "all 54.5, reporter 100.0, capture 0.0, publish 0.0, kiosk 0.0"),
        ("test_it.py::test_chosen[True]", "all 36.4, reporter 66.7, capture 0.0"),
    ],
)
def test_lines_and_branches_of_all_processes_are_added_up(
    tmp_path: Path, chosen: str, line: str
) -> None:
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "reporter" / "answers.py").write_text(CODE)
    (tmp_path / "kiosk" / "never_imported.py").write_text("import os\nif os:\n    os = None\n")
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--rootdir", str(tmp_path)]
    environment = {
        **{name: value for name, value in os.environ.items() if "XDIST" not in name},
        "PYTEST_PLUGINS": "tests.plugins.quick_coverage",
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-c", os.devnull, chosen],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"covered, in %, at least: {line}" in ran.stdout, ran.stdout + ran.stderr


BEHIND = """
from functools import cache

@cache
def remembered(number):
    return number + 1

class Garden:
    @property
    def beds(self):
        return 3
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python itself does without probes")
def test_no_probe_stays_behind_a_decorator_or_a_property(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.plugins.quick_coverage import Probes

    (tmp_path / "behind.py").write_text(BEHIND)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "behind", raising=False)
    probes = Probes(branch=True, source=[str(tmp_path)])
    with slipcover.ImportManager(probes, slipcover.FileMatcher(sources=[str(tmp_path)])):
        module = importlib.import_module("behind")
    probes.note_functions()
    functions = (module.remembered.__wrapped__, module.Garden.beds.fget)
    before = [function.__code__ for function in functions]
    assert (module.remembered(1), module.Garden().beds) == (2, 3)
    probes.deinstrument_seen()
    assert all(one.__code__ is not code for one, code in zip(functions, before, strict=True))
    assert (module.remembered(2), module.Garden().beds) == (3, 3)
    [found] = probes.get_coverage()["files"].values()
    assert found["missing_lines"] == []
