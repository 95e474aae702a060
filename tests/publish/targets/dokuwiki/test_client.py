"""XML-RPC with anybody's server, and what a DokuWiki's answers mean, whatever release it is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import NoneType, UnionType
from typing import Any
from xmlrpc.client import Binary, Fault, dumps, loads

import httpx
import pytest

from publish.errors import AuthRefused, Offline, PauseTarget, PayloadTooLarge, Permanent, RetryAfter
from publish.net.http import HttpClient
from publish.targets.dokuwiki.attachments import Attachments
from publish.targets.dokuwiki.client import Broke, Doku, WikiPage
from publish.targets.dokuwiki.xmlrpc import NoResponse, call_of, call_with_file, result_of

BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<methodResponse><params><param><value><string>&b;</string></value></param></params></methodResponse>"""
FILE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<methodResponse><params><param><value>&f;</value></param></params></methodResponse>"""


def answer_of(value: Any) -> bytes:
    return dumps((value,), methodresponse=True, allow_none=True).encode()


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        FILE,
        BOMB.decode().encode("utf-16"),
        b"",
        b"<!doctype html><title>Sign in</title>",
        b"\x00\xff" * 50,
        b"<methodResponse>",
        b"<methodResponse></methodResponse>",
        b"<methodResponse><params></methodResponse>",
        answer_of(1).replace(b"<int>1", b"<int>one"),
        answer_of(1).replace(b"<int>1", b"<int>" + b"9" * 9000),
        answer_of({"a": 1}).replace(b"<name>a</name>", b""),
        answer_of("x").replace(b"string", b"strange"),
        b"<methodResponse>" + b"<value><array><data>" * 5000 + b"</methodResponse>",
        b"<methodResponse><fault><value><string>x</string></value></fault></methodResponse>",
    ],
)
def test_what_is_no_answer_is_refused_and_opens_nothing(body: bytes) -> None:
    with pytest.raises(NoResponse):
        result_of(body)


def test_answers_are_read_as_they_are() -> None:
    assert result_of(b"<br /><b>Warning</b>: x in y\n" + answer_of({"n": [1, "a<b"]})) == {
        "n": [1, "a<b"]
    }
    moment = result_of(
        b"<methodResponse><params><param><value><dateTime.iso8601>20260509T1</dateTime.iso8601></value>"
        b"</param></params></methodResponse>"
    )
    assert str(moment) == "20260509T1"
    with pytest.raises(Fault, match="locked"):
        result_of(dumps(Fault(133, "locked"), methodresponse=True).encode())


def test_file_goes_in_pieces_and_words_without_what_xml_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(bytes(range(256)) * 3001 + b"end")
    pieces, length = call_with_file("wiki.putAttachment", ["a:x.mp4"], path, [{"ow": False}])
    body = b"".join(pieces)
    assert len(body) == length
    (name, data, options), method = loads(body)
    assert (name, options, method) == ("a:x.mp4", {"ow": False}, "wiki.putAttachment")
    assert isinstance(data, Binary)
    assert data.data == path.read_bytes()
    assert loads(call_of("m", ["a\0b\x0bc\ud800", {"k": ["\ufffe"]}]))[0] == ("abc", {"k": [""]})


class Played:
    """A wiki that answers as it is told: method -> what it says, a Fault or a status."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"dokuwiki.getVersion": "Release x", **answers}
        self.calls: list[tuple[str, str]] = []
        self.wiki = Doku("The wiki", "https://wiki.example/some/page?x=1", "kit", "secret-1")
        self.wiki._web = HttpClient(
            "The wiki", auth=("kit", "secret-1"), transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        method = str(loads(request.read())[1])
        self.calls.append((method, request.url.path))
        if request.url.path != "/lib/exe/xmlrpc.php":
            return httpx.Response(404, html="<h1>Not here</h1>")
        result = self.answers.get(
            method.replace("dokuwiki.", "doku_").replace("wiki.", "wiki_"),
            self.answers.get(method, {}),
        )
        if isinstance(result, httpx.Response):
            return result
        body = result if isinstance(result, Fault) else (result,)
        return httpx.Response(200, content=dumps(body, methodresponse=True).encode())


def test_api_is_found_from_any_address_of_the_wiki() -> None:
    played = Played(wiki_aclCheck=8)
    assert played.wiki.rights("a:b") == 8
    assert [path for _, path in played.calls] == [
        "/some/page/lib/exe/xmlrpc.php",
        "/some/lib/exe/xmlrpc.php",
        "/lib/exe/xmlrpc.php",
        "/lib/exe/xmlrpc.php",
    ]
    assert played.wiki.page_url("a:ü") == "https://wiki.example/doku.php?id=a:%C3%BC"


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (httpx.Response(401), AuthRefused, "refused user name or password"),
        (httpx.Response(403, content=answer_of("x")), AuthRefused, "remoteuser"),
        (Fault(-32605, "XML-RPC server not enabled."), AuthRefused, "remote access"),
        (httpx.Response(404), PauseTarget, "no DokuWiki"),
        (httpx.Response(405), PauseTarget, "no DokuWiki"),
        (Fault(-32603, "Method does not exist"), PauseTarget, "no DokuWiki"),
        (httpx.Response(200, html="<h1>Cafe Wi-Fi</h1>"), Offline, "sign in"),
        (httpx.Response(503), RetryAfter, "503"),
        (
            httpx.Response(200, content=b"\n<b>Fatal error</b>: Allowed memory size"),
            Broke,
            "failed on this",
        ),
    ],
)
def test_door_that_does_not_open_says_why(
    answer: Any, error: type[Exception], message: str
) -> None:
    played = Played(**{"dokuwiki.getVersion": answer})
    with pytest.raises(error, match=message) as caught:
        played.wiki.rights("a:b")
    assert "secret-1" not in str(caught.value)


def test_answer_without_an_end_is_not_read_to_its_end() -> None:
    played = Played(wiki_aclCheck=httpx.Response(200, content=b"x" * (33 << 20)))
    with pytest.raises(Permanent, match="more than 32 MB"):
        played.wiki.rights("a:b")


HERE = {
    "doku_setLocks": {"locked": ["a:b"]},
    "wiki_getPageInfo": {"name": "a:b", "version": 7},
    "wiki_getPage": "old",
}


@pytest.mark.parametrize("answer", [{}, Fault(134, "Positive wordblock check")])
def test_refusal_is_understood_in_place_of_the_result_and_as_an_error(answer: Any) -> None:
    """The release of 2022 hands back an empty struct where later ones tell an error."""
    played = Played(**HERE, wiki_putPage=answer)
    with pytest.raises(Permanent, match="blocked ones"):
        played.wiki.change("a:b", lambda page: "new", "")
    # Nobody waits for our lock.
    assert [method for method, _ in played.calls].count("dokuwiki.setLocks") == 2


@pytest.mark.parametrize("missing", [{}, Fault(121, "The requested page does not exist")])
def test_page_that_is_not_there_has_no_text_whatever_its_template_says(missing: Any) -> None:
    played = Played(wiki_getPageInfo=missing, wiki_getPage="template")
    assert played.wiki.page("a:b") is None


def test_page_that_changes_under_our_hands_is_left_alone() -> None:
    played = Played(**HERE, wiki_putPage=True)

    def change(page: Any) -> str:
        # Within the same second: the version is no other one.
        played.answers["wiki_getPage"] = "newer"
        return f"{page.text} and ours"

    with pytest.raises(RetryAfter, match="Several people"):
        played.wiki.change("a:b", change, "")
    assert "wiki.putPage" not in [method for method, _ in played.calls]


@pytest.mark.parametrize("answer", [{}, Fault(232, "File is still referenced")])
def test_file_in_use_is_told_from_one_that_is_gone(answer: Any) -> None:
    played = Played(wiki_deleteAttachment=answer, wiki_getAttachmentInfo={"size": 9})
    with pytest.raises(Permanent, match="still shows it"):
        Attachments(played.wiki).delete("a:b.jpg")
    played.answers["wiki_getAttachmentInfo"] = {"size": 0}
    Attachments(played.wiki).delete("a:b.jpg")
    played.answers["wiki_getAttachmentInfo"] = Fault(221, "The requested media file does not exist")
    Attachments(played.wiki).delete("a:b.jpg")


@pytest.mark.parametrize("broken", [httpx.Response(500), httpx.Response(200, content=b"")])
def test_file_that_is_too_much_for_the_wikis_php_is_not_sent_again_and_again(
    broken: httpx.Response, tmp_path: Path
) -> None:
    large, small = tmp_path / "large.mp4", tmp_path / "small.jpg"
    large.write_bytes(bytes(5 << 20))
    small.write_bytes(b"x")
    played = Played(wiki_putAttachment=broken, wiki_getAttachmentInfo={"size": 0})
    with pytest.raises(PayloadTooLarge, match="5 MB"):
        Attachments(played.wiki).put("a:large.mp4", large)
    with pytest.raises(Broke):
        Attachments(played.wiki).put("a:small.jpg", small)
    # It broke after it was done.
    played.answers["wiki_getAttachmentInfo"] = {"size": 5 << 20}
    assert Attachments(played.wiki).put("a:large.mp4", large) == "a:large.mp4"


@pytest.mark.parametrize(
    "nonsense", ["words", 7, [], {"version": "x", "size": [], "locked": 3}, [[]], True]
)
def test_nonsense_of_a_wiki_becomes_nothing_worse_than_our_errors(
    nonsense: Any, tmp_path: Path
) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    methods = [
        "wiki_getPageInfo",
        "wiki_getPage",
        "wiki_aclCheck",
        "doku_setLocks",
        "wiki_putPage",
        "doku_search",
        "wiki_getAttachmentInfo",
        "wiki_putAttachment",
        "wiki_deleteAttachment",
    ]
    played = Played(**dict.fromkeys(methods, nonsense))
    wiki = played.wiki
    # Each with the type that it promises, or one of our errors instead.
    asked: list[tuple[Callable[[], Any], type | UnionType]] = [
        (lambda: wiki.page("a:b"), WikiPage | None),
        (lambda: wiki.rights("a:b"), int),
        (lambda: wiki.search("x"), list),
        (lambda: wiki.change("a:b", lambda page: "new", "", may_make=True), WikiPage),
        (lambda: Attachments(wiki).size("a:b.jpg"), int),
        (lambda: Attachments(wiki).put("a:b.jpg", tmp_path / "x.jpg"), str),
        (lambda: Attachments(wiki).delete("a:b.jpg"), NoneType),
    ]
    for ask, promised in asked:
        with suppress(Permanent, RetryAfter, AuthRefused):
            assert isinstance(ask(), promised)
