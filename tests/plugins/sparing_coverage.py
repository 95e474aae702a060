"""Coverage at a lower price: ``REPORTER_TEST_COVERAGE=sparing`` measures little of what repeats.

Where Python is older than 3.12, code that is measured takes nearly twice its processor time. So the cases of a test are
measured until they have taken half a second together (all of them with the mark ``cases_differ``), and a fixture the
first times that it is set up. Everything runs and is checked all the same. A line that only a later case reaches counts
as not covered: the figure is a lower bound.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

WANTED = os.environ.get("REPORTER_TEST_COVERAGE") == "sparing"
# Seconds of processor time, of all cases of a test in one process.
CASES_S = 0.5
FIXTURES = 5


class SparingCoverage:
    """The hooks that pause pytest-cov; ``controller`` is its own."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._set_up: Counter[tuple[str, str]] = Counter()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Decide whether the test is measured. pytest-cov itself leaves out its call, not what stands around it."""
        if _is_case(item) and self._spent[_function(item)] > CASES_S:
            item.add_marker(pytest.mark.no_cover)
        with self._paused(_left_out(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what it takes."""
        begun = time.process_time()
        try:
            return (yield)
        finally:
            self._spent[_function(item)] += time.process_time() - begun

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """As its setup."""
        with self._paused(_left_out(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Measure it a few times."""
        key = (fixturedef.baseid, fixturedef.argname)
        self._set_up[key] += 1
        with self._paused(self._set_up[key] > FIXTURES):
            return (yield)

    @contextmanager
    def _paused(self, is_left_out: bool) -> Iterator[None]:
        if not (is_left_out and self._controller.started):
            yield
            return
        self._controller.pause()
        try:
            yield
        finally:
            self._controller.resume()


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _is_case(item: pytest.Item) -> bool:
    return hasattr(item, "callspec") and item.get_closest_marker("cases_differ") is None


def _left_out(item: pytest.Item) -> bool:
    return item.get_closest_marker("no_cover") is not None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Where coverage is measured at all."""
    manager = session.config.pluginmanager
    controller = getattr(manager.getplugin("_cov"), "cov_controller", None)
    if WANTED and controller is not None:
        manager.register(SparingCoverage(controller), "sparing-coverage")
