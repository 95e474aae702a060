"""Coverage for little processor time: SlipCover measures what the processes of pytest-xdist run.

    PYTEST_PLUGINS=tests.plugins.quick_coverage python -m pytest -n 3

Before Python 3.12, coverage traces every call, also those of libraries, and a test takes up to twice its processor
time. SlipCover puts a probe before each line and branch of the product, and takes it out again once it was reached.
What tests start as processes of their own is not measured, so the figures are lower bounds; `make coverage` looks into
those, too.

The variable, because pytest loads what it names before any conftest, which imports the product.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import tempfile
from collections import Counter
from functools import reduce
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from slipcover import FileMatcher, ImportManager, Slipcover, merge_coverage

from tests.guards.repository import PACKAGES, setup_cfg

# What coverage reads there; what it excludes by itself is nowhere in the product.
_SETTINGS = setup_cfg()
OMITTED = _SETTINGS["coverage:run"]["omit"].split()
EXCLUDED = _SETTINGS["coverage:report"]["exclude_also"].strip().splitlines()

FOLDER = "REPORTER_TEST_COVERAGE_FOLDER"
WORKER = "PYTEST_XDIST_WORKER"


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin; what is imported from here on is measured."""
    process = Worker() if WORKER in os.environ else Controller()
    early_config.pluginmanager.register(process, "quick-coverage")


class Probes(Slipcover):
    """SlipCover that takes its probes out of every function.

    By itself it looks through modules and classes for functions each time, which takes long, and does not see those
    behind a decorator or a property: their probes would stay for good.
    """

    functions: tuple[FunctionType, ...] = ()

    def note_functions(self) -> None:
        """All that there are by now; what they make later has their code."""
        self.functions = tuple(
            one
            for one in gc.get_objects()
            if type(one) is FunctionType and one.__code__.co_filename in self.instrumented
        )

    def deinstrument_seen(self) -> None:
        """Take out the probes of all lines and branches that were reached."""
        with self.lock:
            for file, reached in self._get_newly_seen().items():
                for code in list(self.instrumented[file]):
                    self.deinstrument(code, reached)
                self.all_seen[file].update(reached)
            for function in self.functions:
                if code := self.replace_map.get(function.__code__):
                    function.__code__ = code
            self.replace_map.clear()


class Worker:
    """A process that runs tests; it leaves a file of what there is, and what of it they reached."""

    def __init__(self) -> None:
        # A pytest that a test starts is none of these.
        del os.environ["PYTEST_PLUGINS"]
        self._probes = Probes(
            branch=True, source=list(PACKAGES), omit=OMITTED, exclude_lines=EXCLUDED
        )
        ImportManager(self._probes, FileMatcher(sources=PACKAGES, omit=OMITTED)).__enter__()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self) -> None:
        """Everything is imported; soon, what is there is hidden from the collector of garbage."""
        self._probes.note_functions()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Every test has run."""
        path = Path(os.environ[FOLDER]) / f"{os.environ[WORKER]}.json"
        path.write_text(json.dumps(self._probes.get_coverage()))


class Controller:
    """The process that began the run; it adds up what its workers reached, and prints it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="coverage-"))
        os.environ[FOLDER] = str(self._folder)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line: per cent of all, and of each package."""
        found = [json.loads(path.read_text()) for path in self._folder.glob("*.json")]
        shutil.rmtree(self._folder)
        if found:
            files = reduce(merge_coverage, found)["files"]
            shares = ", ".join(f"{name} {share:.1f}" for name, share in shares_of(files))
            terminalreporter.write_line(
                f"statements and branches covered, in %, at least: {shares}"
            )


def shares_of(files: dict[str, Any]) -> list[tuple[str, float]]:
    """Per cent of statements and branches that were reached: of all files, then of each package."""
    reached: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for path, found in files.items():
        hit = len(found["executed_lines"]) + len(found["executed_branches"])
        missed = len(found["missing_lines"]) + len(found["missing_branches"])
        for name in ("all", Path(path).resolve().relative_to(Path.cwd()).parts[0]):
            reached[name] += hit
            there[name] += hit + missed
    return [(name, 100 * reached[name] / max(1, there[name])) for name in ("all", *PACKAGES)]
