"""The desk's rail in every language: a line each, also with a count, and all of it in sight on a low laptop."""

from __future__ import annotations

import pytest
from flask import Flask

from reporter.languages import LANGUAGES
from tests.support.browsers.chromium import Windows
from tests.support.raw_http import served

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("event")]

# As on a busy evening: a count of two digits wherever there can be one.
COUNTED = ("review", "faces", "cards", "publish", "conversation", "actions", "privacy")
TORN = """(counted) => [...document.querySelectorAll(".rail ul a")].filter((link) => {
  if (counted.some((name) => link.pathname.startsWith(`/desk/${name}`)) && !link.querySelector("strong"))
    link.insertAdjacentHTML("beforeend", "<strong>28</strong>");
  const label = link.querySelector("span"), range = document.createRange();
  range.selectNodeContents(label);
  return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1;
}).map((link) => link.textContent)"""
HIDDEN = "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(document.querySelector('.rail > nav'))"


@pytest.mark.parametrize(("width", "height"), [(768, 1024), (1366, 768)])
def test_each_entry_takes_one_line_and_all_are_in_sight(
    app: Flask, windows: Windows, width: int, height: int
) -> None:
    wrong: dict[str, tuple[list[str], int]] = {}
    with served(app) as server:
        page = windows.open(viewport={"width": width, "height": height})
        for language in LANGUAGES:
            url = f"http://127.0.0.1:{server.bind_addr[1]}/desk/kiosk?lang={language}"
            page.goto(url)
            torn, hidden = page.evaluate(TORN, COUNTED), page.evaluate(HIDDEN)
            if torn or hidden > 0:
                wrong[language] = torn, hidden
    assert wrong == {}
