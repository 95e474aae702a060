"""The site in a real browser, over a connection that brings its pages in pieces."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from publish.bundle.builder import make_bundle
from publish.posts.model import gathering_facts
from tests.browser.desk.test_layout_shift import MOST, SHIFTS
from tests.support.browsers.chromium import Windows, wait_for_picture
from tests.support.publish.fakes import Kit

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[3] / "static"
FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"


class InPieces(SimpleHTTPRequestHandler):
    """Sends the front page up to its words, and those when ``go_on`` is set."""

    go_on = threading.Event()

    def do_GET(self) -> None:
        if self.path != "/index.html":
            super().do_GET()
            return
        head, mark, rest = (
            Path(self.directory, "index.html").read_bytes().partition(b'<div class="words">')
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(head)
        self.wfile.flush()
        self.go_on.wait(60)
        self.wfile.write(mark + rest)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def served_in_pieces(folder: Path) -> Iterator[str]:
    InPieces.go_on.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(InPieces, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            InPieces.go_on.set()
            server.shutdown()


@pytest.mark.parametrize("width", [390, 1366])
def test_the_first_picture_stays_where_it_is_when_its_words_come(
    kit: Kit, tmp_path: Path, windows: Windows, width: int
) -> None:
    kit.photo(kit.event("Gardens in winter"), 1, "Leeks under snow")
    bundle = make_bundle(
        kit.session,
        kit.store,
        tmp_path / "bag",
        facts=gathering_facts(kit.session, kit.settings),
        now=kit.clock(),
        rng=kit.rng,
        assets=STATIC,
    )
    page = windows.open(viewport={"width": width, "height": 800})
    page.add_init_script(SHIFTS)
    with served_in_pieces(bundle.path / "data") as address:
        page.goto(f"{address}/index.html", wait_until="commit")
        picture = page.locator(".cover img")
        wait_for_picture(picture)
        page.evaluate(FRAME)
        before = picture.bounding_box()
        InPieces.go_on.set()
        expect(page.locator(".cover h1")).to_be_visible()
        page.wait_for_load_state("load")
        page.evaluate(FRAME)
        assert picture.bounding_box() == before
        assert page.evaluate("window.shifted") <= MOST
