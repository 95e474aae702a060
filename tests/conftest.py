"""Fixtures for all tests."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import AXE, Windows, axe_violations, find_chromium, run_chromium
from tests.wordpress_server import WordPress, missing_programs

ROOT = Path(__file__).parent.parent

# --- The real browser ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of the whole run. Most tests want `windows` instead."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here (as root on Debian: make system-packages)")
    with run_chromium(executable) as browser:
        yield browser


@pytest.fixture
def windows(chromium: Browser) -> Iterator[Windows]:
    """`windows.phone()` and `windows.laptop()` open pages; a script error in one fails the test."""
    windows = Windows(chromium)
    yield windows
    windows.close()
    assert windows.problems == []


@pytest.fixture
def phone_page(windows: Windows) -> Page:
    """An empty page at phone size."""
    return windows.phone()


@pytest.fixture
def laptop_page(windows: Windows) -> Page:
    """An empty page at laptop size."""
    return windows.laptop()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """`axe(page)` returns what is wrong for people with disabilities: `assert axe(page) == []`."""
    if not AXE.is_file():
        pytest.skip("axe-core is not in node_modules (make install brings it)")
    return axe_violations


# --- The real WordPress ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wordpress_server() -> Iterator[WordPress]:
    """One blog for the whole run. Tests want `wordpress`, which is sure to be switched on."""
    lacking = missing_programs()
    if lacking:
        pytest.skip(f"no WordPress here, for lack of {', '.join(lacking)} (make system-packages)")
    # Not pytest's own folder: Apache's account could not enter that, and a socket's path must be short.
    state = Path(tempfile.mkdtemp(prefix="wp-"))
    server = WordPress(state)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def wordpress(wordpress_server: WordPress) -> Iterator[WordPress]:
    """A running WordPress with `url`, `user`, `app_password`, `stop()` and `start()`.

    It keeps what earlier tests posted: look for your own title or slug. Whoever stops it need not
    start it again.
    """
    wordpress_server.start()
    yield wordpress_server


# --- The product: gathering, application, client, kiosk process --------------------------------------
