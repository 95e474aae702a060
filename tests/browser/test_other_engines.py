"""The other engines: Firefox beside a kiosk that is killed; it and WebKitGTK on all main pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from tests.browser.phone.test_phone import check_stored, takeaway
from tests.support.browsers.firefox import FirefoxPage, find_firefox, run_firefox
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files as media_files
from tests.tools.walk import BROWSERS, Walker, send_words, too_wide

pytestmark = pytest.mark.browser


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[FirefoxPage]:
    """A page in a Firefox of its own."""
    executable = find_firefox()
    if executable is None:
        pytest.skip("no Firefox here (as root on Debian: make system-packages)")
    with run_firefox(executable, tmp_path / "profile") as page:
        yield page


def test_a_takeaway_arrives_from_firefox(
    kiosk_process: KioskProcess,
    firefox: FirefoxPage,
    session: Session,
    store: Store,
    event: EventSession,
) -> None:
    url = kiosk_process.start_for_phones()
    path = f"{url}/s/{event.code}"
    files = (media_files.jpeg(), media_files.mp4())
    firefox.goto(path)
    assert firefox.see("isSecureContext") == url.startswith("http://127.")
    firefox.see("document.getElementById('text').value = 'From the other engine'")
    firefox.choose(".tile:last-child input", *files)
    firefox.wait_for("document.querySelectorAll('#added li').length === 2")
    kiosk_process.kill()
    firefox.see("document.querySelector('#consent [value=agreed]').click()")
    firefox.see("document.querySelector('#keep .thumbzone button').click()")
    firefox.wait_for("document.getElementById('verdict').textContent.includes('did not answer')")
    # The tab is closed, and nobody but the phone has it now.
    firefox.new_tab()
    kiosk_process.start()
    firefox.goto(path)
    firefox.wait_for("document.querySelector('#queue .state.safe') !== null")
    row = takeaway(session)
    assert row.text == "From the other engine"
    check_stored(session, store, *files)
    firefox.goto(f"{url}/t/{row.receipt}")
    assert "From the other engine" in firefox.see("document.body.innerText")


@pytest.fixture(params=["firefox", "webkit"])
def walker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Walker]:
    """A page in a browser of its own."""
    find, run = BROWSERS[request.param]
    executable = find()
    if executable is None:
        pytest.skip(f"no {request.param} here (as root on Debian: make system-packages)")
    with run(executable, tmp_path / "home", dark=True) as page:
        yield page


@pytest.mark.long
def test_every_engine_sends_and_shows_all_within_its_window(
    kiosk_process: KioskProcess, walker: Walker, session: Session, event: EventSession
) -> None:
    url = kiosk_process.start()
    send_words(walker, f"{url}/s/{event.code}", "From another engine")
    assert session.scalars(select(Takeaway.text)).one() == "From another engine"
    assert walker.see("matchMedia('(prefers-color-scheme: dark)').matches") is True
    for width, height in ((390, 844), (1366, 768)):
        walker.resize(width, height)
        for path in (
            "/",
            f"/s/{event.code}",
            "/desk/setup/gathering",
            "/desk/review",
            "/desk/tools",
            "/desk/settings",
        ):
            walker.goto(f"{url}{path}")
            assert walker.see("document.querySelectorAll('h1, [aria-current]').length") > 0, path
            assert too_wide(walker) == 0, (path, width)
