"""Volunteers' pages in a language that nobody speaks: a plain English word on it is one that no catalogue reaches."""

from __future__ import annotations

from flask.testing import FlaskClient

from reporter.models import EventSession
from tests.support.pseudo_locale import pseudo_language, untranslated

PHONE = {"REMOTE_ADDR": "192.0.2.44"}
# Names, the sign for the size of text, and halves of the day, which follow the gathering's language.
NAMES = ("Spring gathering", "Community gardens in winter", "Lobby", "Room 2", "Aa", "AM", "PM")


def test_no_page_says_a_word_that_can_not_be_translated(
    client: FlaskClient, event: EventSession
) -> None:
    paths = [
        "/",
        f"/s/{event.code}",
        "/s/ZZZZZZ",
        "/nowhere",
        "/search?q=gardens",
        "/mine",
        "/conduct",
    ]
    plain: dict[str, list[str]] = {}
    seen = 0
    with pseudo_language():
        for path in paths:
            # Dates and names of languages are CLDR's; in Chinese they have no Latin letters.
            asked = f"{path}{'&' if '?' in path else '?'}lang=zh"
            answer = client.get(asked, environ_base=PHONE)
            if answer.mimetype == "text/html" and not answer.location:
                seen += 1
                if found := untranslated(answer.text, NAMES):
                    plain[path] = found
    assert seen == len(paths)
    assert plain == {}


def test_a_plain_word_would_be_found() -> None:
    page = '<p>Sáfé</p><p dir="auto">Ana</p><a href="/" aria-label="Close">x</a><b>Go on</b>'
    assert untranslated(page) == ["Close", "Go on"]
