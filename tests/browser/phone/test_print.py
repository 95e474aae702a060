"""What comes out of the printer where somebody prints a page from the browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.guards.repository import ROOT
from tests.support.browsers.chromium import Windows
from tests.support.raw_http import served

pytestmark = pytest.mark.browser

GREEN = (0, 128, 0)
FILM = """<video controls preload="none" width="400" height="300" poster="data:image/svg+xml,
<svg xmlns='http://www.w3.org/2000/svg' width='400' height='300'>
<rect width='400' height='300' fill='rgb(0,128,0)'/></svg>
"></video>"""


@pytest.fixture
def page(windows: Windows) -> Page:
    return windows.laptop()


@pytest.mark.parametrize("sheet", ["static/css/base.css", "publish/templates/site/site.css"])
def test_a_printed_film_is_its_picture(page: Page, sheet: str, tmp_path: Path) -> None:
    """Chromium prints the controls as a white sheet over it."""
    page.set_content(FILM)
    page.add_style_tag(path=ROOT / sheet)
    page.pdf(path=tmp_path / "page.pdf")
    document = pypdfium2.PdfDocument(tmp_path / "page.pdf")
    shown = document[0].render(scale=96 / 72).to_numpy()[..., :3].astype(int)
    green = (np.abs(shown - np.array(GREEN)).max(axis=-1) < 12).sum()
    assert green > 0.9 * 400 * 300


def test_a_printed_notice_has_no_buttons(app: Flask, page: Page) -> None:
    with served(app) as server:
        page.goto(f"http://127.0.0.1:{server.bind_addr[1]}/privacy")
        button = page.get_by_role("link", name="All sessions")
        expect(button).to_be_visible()
        page.emulate_media(media="print")
        expect(button).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
