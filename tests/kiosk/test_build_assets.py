"""What npm and Babel bring is usable as the pages use it: in a real browser, under a strict policy."""

import functools
import gettext
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from kiosk import build_assets
from kiosk.runtime.static_files import static_dir
from tests.support.browsers.chromium import Windows

pytestmark = pytest.mark.browser


class StrictHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder with a policy that allows only the page's own files."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """The address of a folder with a page and the vendor files."""
    (tmp_path / "vendor").symlink_to(static_dir() / "vendor")
    handler = functools.partial(StrictHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def write_page(tmp_path: Path, script: str, body: str = "") -> None:
    """Lay a page that runs the script as a module."""
    (tmp_path / "page.js").write_text(script)
    (tmp_path / "page.html").write_text(
        '<!doctype html><html lang="en"><head><title>Try</title></head>'
        f'<body><main><h1>Try</h1>{body}</main><script type="module" src="page.js"></script></body>'
    )


def test_tus_client_loads_as_a_module(site: str, tmp_path: Path, windows: Windows) -> None:
    write_page(
        tmp_path,
        "import { Upload, isSupported } from './vendor/tus.js';"
        "document.title = `${isSupported} ${typeof Upload.prototype.start}`;",
    )
    page = windows.phone()
    page.goto(f"{site}/page.html")
    expect(page).to_have_title("true function")


def test_idb_keyval_keeps_a_photo(site: str, tmp_path: Path, windows: Windows) -> None:
    write_page(
        tmp_path,
        "import { set, get } from './vendor/idb-keyval.js';"
        "await set('photo', new Uint8Array([1, 2, 3]).buffer);"
        "document.title = `kept ${(await get('photo')).byteLength}`;",
    )
    page = windows.phone()
    page.goto(f"{site}/page.html")
    expect(page).to_have_title("kept 3")


def test_a_breach_of_the_policy_is_seen(site: str, tmp_path: Path, windows: Windows) -> None:
    write_page(tmp_path, "eval('1')")
    page = windows.phone()
    with page.expect_event("pageerror"):
        page.goto(f"{site}/page.html")
    assert any("Content Security Policy" in problem for problem in windows.problems)
    windows.problems.clear()


def test_axe_finds_what_is_wrong_and_only_that(
    site: str, tmp_path: Path, windows: Windows, axe: Callable[..., list[str]]
) -> None:
    write_page(tmp_path, "", body="<p>Fine</p>")
    page = windows.laptop()
    page.goto(f"{site}/page.html")
    assert axe(page) == []
    write_page(tmp_path, "", body='<img src="missing.png">')
    page.goto(f"{site}/page.html")
    assert [line.split(" ")[0] for line in axe(page)] == ["image-alt"]


def test_translations_are_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kiosk" / "translations" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Keep it"\nmsgstr "Behalten"\n'
    )
    monkeypatch.setattr(build_assets, "ROOT", tmp_path)
    build_assets.main(["translations"])
    with (folder / "messages.mo").open("rb") as stream:
        assert gettext.GNUTranslations(stream).gettext("Keep it") == "Behalten"
