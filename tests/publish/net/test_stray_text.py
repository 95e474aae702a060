"""JSON with something around it: what is read, what is taken for a web page, and what is shown to a person."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from werkzeug import Request, Response

from publish.errors import Offline, RetryAfter
from publish.net.http import HttpClient
from publish.net.stray_text import json_in, stray_words, words_before_json
from tests.support.servers.fixture import FixtureServer

ROW = {"id": 7, "content": {"rendered": "<p>[1] {x} <html></p>"}}
NOTICE = (
    "<br />\n<b>Notice</b>: Undefined index: a[0] in <b>/srv/x.php</b> on line <b>12</b><br />\n"
)


@pytest.mark.parametrize("value", [ROW, [ROW, ROW], [], {}])
@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        "\ufeff\ufeff",
        "\n\n",
        NOTICE,
        "[28-Nov-2026 10:00:00 UTC] PHP Notice: {a} [1] in x\n",
    ],
)
@pytest.mark.parametrize(
    "after",
    ["", "\n", "<!-- Page cached by Fast [1] {a: 1} -->", "<script>t('x')</script>", NOTICE],
)
def test_what_stands_around_is_left_out(value: Any, before: str, after: str) -> None:
    assert json_in(before + json.dumps(value) + after) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<h1>Not found</h1>",
        '<!doctype html><script>x = {"id": 1}</script>',
        "<html><body data-x='{\"id\": 1}'></body></html>",
        '{"id": 1, "content": {"rendered": "x"}, "tit',
        '[{"id": 1}, {"id": 2',
        "[" * 100_000,
        "words",
    ],
)
def test_a_page_or_half_an_answer_is_none(text: str) -> None:
    assert json_in(text) is None


def test_what_a_person_sees_of_it_has_no_markup_and_an_end() -> None:
    assert stray_words(NOTICE) == "Notice : Undefined index: a[0] in /srv/x.php on line 12"
    assert len(stray_words("word " * 100)) <= 121


class Talker(FixtureServer):
    """Answers everything with one text."""

    routes = (("GET", r"/.*", "say"),)

    def __init__(self, text: str, mime: str) -> None:
        self.text, self.mime = text, mime
        super().__init__()

    def say(self, request: Request) -> Response:
        return Response(self.text, 200, mimetype=self.mime)


def ask(text: str, mime: str) -> Any:
    with closing(Talker(text, mime)) as server, closing(HttpClient("blog")) as web:
        return web.call("GET", f"{server.url}/").data


def test_stray_words_that_spoil_an_answer_are_named() -> None:
    with pytest.raises(RetryAfter, match=r"does not belong there.*“Notice: disk is full”"):
        ask("Notice: disk is full", "text/plain")


HALF = '{"accessJwt": "eyJ0eXAi", "email": "robin@mail.example", "did": "did:pl'


@pytest.mark.parametrize("front", ["", "\ufeff", "\n"])
@pytest.mark.parametrize("text", [HALF, f"[{HALF}", "[", "{", f"[[{HALF}"])
def test_half_an_answer_is_called_so_and_none_of_it_is_shown(front: str, text: str) -> None:
    with pytest.raises(RetryAfter, match="broke off in the middle") as caught:
        ask(front + text, "application/json")
    assert "eyJ" not in str(caught.value)
    assert "robin" not in str(caught.value)


@pytest.mark.parametrize("notice", ["Notice: disk is full", "[28-Nov-2026 10:00:00] PHP Notice: x"])
def test_of_a_notice_before_half_an_answer_the_notice_is_shown(notice: str) -> None:
    with pytest.raises(RetryAfter, match="does not belong there") as caught:
        ask(f"{notice}\n{HALF}", "application/json")
    assert f"“{notice}”" in str(caught.value)


@pytest.mark.parametrize("text", ["null", '"s3cret token"', "12", " true\n", "\ufeff[]"])
def test_none_of_an_answer_that_is_all_json_is_shown(text: str) -> None:
    assert words_before_json(text) == ""


def test_a_web_page_is_still_taken_for_a_sign_in_page() -> None:
    with pytest.raises(Offline, match="sign in"):
        ask("<!doctype html><title>Cafe</title>", "text/html")


def test_halves_of_characters_are_replaced() -> None:
    found = json_in('{"message": "a\\ud800b", "\\uDFFF": ["\\ud83d\\ude00"]}')
    assert found == {"message": "a\ufffdb", "\ufffd": ["😀"]}


@pytest.mark.parametrize("depth", [500, 900, 5_000])
def test_halves_of_characters_deep_within_are_no_trouble(depth: int) -> None:
    found = json_in("[" * depth + '"\\ud800"' + "]" * depth)
    while isinstance(found, list) and found:
        [found] = found
    assert found in ("\ufffd", None, [])
