"""The whole phone page in the other engine: Firefox, over plain http, kiosk killed and tab closed between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from reporter.media.store import Store
from reporter.models import EventSession
from tests.browser.phone.test_phone import check_stored, takeaway
from tests.support.browsers.firefox import FirefoxPage, find_firefox, run_firefox
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files as media_files

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
