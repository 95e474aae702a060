"""The other two engines on the phone's way, in the wizard and at the desk (``make walk`` sees all, with pictures)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.models import EventSession, Takeaway
from tests.support.kiosk_process import KioskProcess
from tests.tools.walk import BROWSERS, Walker, send_words, too_wide

pytestmark = pytest.mark.browser


@pytest.fixture(params=["firefox", "webkit"])
def walker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Walker]:
    """A page in a browser of its own."""
    find, run = BROWSERS[request.param]
    executable = find()
    if executable is None:
        pytest.skip(f"no {request.param} here (as root on Debian: make system-packages)")
    with run(executable, tmp_path / "home", dark=True) as page:
        yield page


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
