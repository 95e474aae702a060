"""What is special about a DokuWiki: its XML-RPC, locks and rights, people's own words on our pages, its markup."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xmlrpc.client import Binary, Fault, dumps, loads

import httpx
import pytest
from playwright.sync_api import Page, expect

from publish import dokutext
from publish.errors import AuthRefused, Offline, PauseTarget, Permanent, RetryAfter
from publish.http import Web
from publish.outbox import publish, retry
from publish.places import remove_target, secret_name
from publish.post import Remote
from publish.targets.base import Answer
from publish.targets.dokuwiki import DokuWikiTarget
from publish.targets.dokuwiki_api import Broke, Doku
from publish.xmlrpc import NoResponse, call_of, call_with_file, result_of
from reporter import curate, secrets
from tests.place_dokuwiki import DokuWikiPlace
from tests.publish_fakes import Kit, open_kit
from tests.publish_target_kit import add, opened, post_of, send
from tests.script_server import ScriptServer


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setenv(secrets.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    with open_kit(tmp_path / "gathering", seed=zlib.crc32(str(tmp_path).encode())) as kit:
        yield kit


@pytest.fixture
def wiki(dokuwiki_server: ScriptServer) -> DokuWikiPlace:
    told = dokuwiki_server.told
    return DokuWikiPlace(port=dokuwiki_server.port, secret=told["PASSWORD"], told=told)


def under(kit: Kit) -> str:
    return f"gathering_{kit.facts.mark}"


def put_there(kit: Kit, wiki: DokuWikiPlace, **options: str) -> None:
    add(kit, wiki, under=under(kit), **options)


def target_of(kit: Kit) -> DokuWikiTarget:
    target = opened(kit)
    assert isinstance(target, DokuWikiTarget)
    return target


def states(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["kind"], row["state"]) for row in rows}


def remote_of(kit: Kit) -> Remote:
    [row] = kit.deliveries("story")
    return Remote(row.remote_id, row.url, row.remote.get("extra", {}))


SENT = {("story", "sent")}
PAGE = "community_gardens_in_winter"

# --- XML-RPC ---------------------------------------------------------------------------------------------

BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<methodResponse><params><param><value><string>&b;</string></value></param></params></methodResponse>"""
FILE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<methodResponse><params><param><value>&f;</value></param></params></methodResponse>"""


def answer_of(value: Any) -> bytes:
    return dumps((value,), methodresponse=True, allow_none=True).encode()


@pytest.mark.parametrize("body", [
    BOMB, FILE, BOMB.decode().encode("utf-16"), b"", b"<!doctype html><title>Sign in</title>", b"\x00\xff" * 50,
    b"<methodResponse>", b"<methodResponse></methodResponse>", b"<methodResponse><params></methodResponse>",
    answer_of(1).replace(b"<int>1", b"<int>one"), answer_of(1).replace(b"<int>1", b"<int>" + b"9" * 9000),
    answer_of({"a": 1}).replace(b"<name>a</name>", b""), answer_of("x").replace(b"string", b"strange"),
    b"<methodResponse>" + b"<value><array><data>" * 5000 + b"</methodResponse>",
    b"<methodResponse><fault><value><string>x</string></value></fault></methodResponse>",
])  # fmt: skip
def test_what_is_no_answer_is_refused_and_opens_nothing(body: bytes) -> None:
    with pytest.raises(NoResponse):
        result_of(body)


def test_answers_are_read_as_they_are() -> None:
    assert result_of(b"<br /><b>Warning</b>: x in y\n" + answer_of({"n": [1, "a<b"]})) == {
        "n": [1, "a<b"]
    }
    told = result_of(b"<methodResponse><params><param><value><dateTime.iso8601>20260509T1</dateTime.iso8601></value>"
                     b"</param></params></methodResponse>")  # fmt: skip
    assert str(told) == "20260509T1"
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
        self.wiki._web = Web(
            "The wiki", auth=("kit", "secret-1"), transport=httpx.MockTransport(self._answer)
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        method = str(loads(request.read())[1])
        self.calls.append((method, request.url.path))
        if request.url.path != "/lib/exe/xmlrpc.php":
            return httpx.Response(404, html="<h1>Not here</h1>")
        told = self.answers.get(method.replace("dokuwiki.", "doku_").replace("wiki.", "wiki_"),
                                self.answers.get(method, {}))  # fmt: skip
        if isinstance(told, httpx.Response):
            return told
        body = told if isinstance(told, Fault) else (told,)
        return httpx.Response(200, content=dumps(body, methodresponse=True).encode())


def test_api_is_found_from_any_address_of_the_wiki() -> None:
    played = Played(wiki_aclCheck=8)
    assert played.wiki.rights("a:b") == 8
    assert [path for _, path in played.calls] == [
        "/some/page/lib/exe/xmlrpc.php", "/some/lib/exe/xmlrpc.php", "/lib/exe/xmlrpc.php", "/lib/exe/xmlrpc.php",
    ]  # fmt: skip
    assert played.wiki.page_url("a:ü") == "https://wiki.example/doku.php?id=a:%C3%BC"


@pytest.mark.parametrize(("told", "error", "said"), [
    (httpx.Response(401), AuthRefused, "refused user name or password"),
    (httpx.Response(403, content=answer_of("x")), AuthRefused, "remoteuser"),
    (Fault(-32605, "XML-RPC server not enabled."), AuthRefused, "remote access"),
    (httpx.Response(404), PauseTarget, "no DokuWiki"),
    (httpx.Response(405), PauseTarget, "no DokuWiki"),
    (Fault(-32603, "Method does not exist"), PauseTarget, "no DokuWiki"),
    (httpx.Response(200, html="<h1>Cafe Wi-Fi</h1>"), Offline, "sign in"),
    (httpx.Response(503), RetryAfter, "503"),
    (httpx.Response(200, content=b"\n<b>Fatal error</b>: Allowed memory size"), Broke, "broke off"),
])  # fmt: skip
def test_door_that_does_not_open_says_why(told: Any, error: type[Exception], said: str) -> None:
    played = Played(**{"dokuwiki.getVersion": told})
    with pytest.raises(error, match=said) as caught:
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


@pytest.mark.parametrize("told", [{}, Fault(134, "Positive wordblock check")])
def test_refusal_is_understood_in_place_of_the_result_and_as_an_error(told: Any) -> None:
    """The release of 2022 hands back an empty struct where later ones tell an error."""
    played = Played(**HERE, wiki_putPage=told)
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


@pytest.mark.parametrize("told", [{}, Fault(232, "File is still referenced")])
def test_file_in_use_is_told_from_one_that_is_gone(told: Any) -> None:
    played = Played(wiki_deleteAttachment=told, wiki_getAttachmentInfo={"size": 9})
    with pytest.raises(Permanent, match="still shows it"):
        played.wiki.delete_file("a:b.jpg")
    played.answers["wiki_getAttachmentInfo"] = {"size": 0}
    played.wiki.delete_file("a:b.jpg")
    played.answers["wiki_getAttachmentInfo"] = Fault(221, "The requested media file does not exist")
    played.wiki.delete_file("a:b.jpg")


@pytest.mark.parametrize(
    "nonsense", ["words", 7, [], {"version": "x", "size": [], "locked": 3}, [[]], True]
)
def test_nonsense_of_a_wiki_becomes_nothing_worse_than_our_errors(
    nonsense: Any, tmp_path: Path
) -> None:
    (tmp_path / "x.jpg").write_bytes(b"x")
    methods = ["wiki_getPageInfo", "wiki_getPage", "wiki_aclCheck", "doku_setLocks", "wiki_putPage", "doku_search",
               "wiki_getAttachmentInfo", "wiki_putAttachment", "wiki_deleteAttachment"]  # fmt: skip
    played = Played(**dict.fromkeys(methods, nonsense))
    wiki = played.wiki
    asked: list[Callable[[], Any]] = [
        lambda: wiki.page("a:b"), lambda: wiki.rights("a:b"), lambda: wiki.search("x"),
        lambda: wiki.change("a:b", lambda page: "new", "", may_make=True), lambda: wiki.file_bytes("a:b.jpg"),
        lambda: wiki.put_file("a:b.jpg", tmp_path / "x.jpg"), lambda: wiki.delete_file("a:b.jpg"),
    ]  # fmt: skip
    for ask in asked:
        with suppress(Permanent, RetryAfter, AuthRefused):
            ask()


# --- Markup ----------------------------------------------------------------------------------------------


def test_words_stay_words_and_addresses_are_links() -> None:
    assert dokutext.safe("see https://a.example/x_y?b=c.") == (
        "<nowiki>see </nowiki>[[https://a.example/x_y?b=c]]<nowiki>.</nowiki>"
    )
    assert (
        dokutext.plain("a</nowiki>**b**") == "<nowiki>a</nowiki>%%</nowiki>%%<nowiki>**b**</nowiki>"
    )
    assert dokutext.safe_lines("one\ntwo") == "<nowiki>one</nowiki>\\\\ <nowiki>two</nowiki>"
    assert dokutext.safe_lines("لنزرع.").startswith("\u2068")
    assert (
        dokutext.words_of(dokutext.safe_lines("**a** //b// %%c%%\nلنزرع."))
        == "**a** //b// %%c%%\nلنزرع."
    )


def test_markup_of_people_becomes_words() -> None:
    said = "**Who** has //one//? [[https://a.example/b__c|There]] {{x.jpg?20|A rose}} <del>no</del> https://a.example//d"
    assert dokutext.words_of(said) == (
        "Who has one? There (https://a.example/b__c) A rose no https://a.example//d"
    )
    assert dokutext.words_of("a\\\\ b [[start]] [[user:ann|Ann]]%%**%%") == "a\nb start Ann**"


def test_names_of_pages() -> None:
    assert dokutext.page_name("Ask & answer: (2026) a/b") == "ask_answer_2026_a_b"
    assert dokutext.page_name("Größe der Gärten") == "größe_der_gärten"
    assert dokutext.page_name("\U0001f389 !", "sr-1") == "sr-1"
    assert len(dokutext.page_name("community gardens " * 9)) <= 80


def test_our_part_reaches_from_its_heading_to_its_end() -> None:
    part = f"===== A title =====\n{dokutext.begin('sr-1')}//x//\n\nwords\n{dokutext.end('sr-1')}"
    other = part.replace("sr-1", "sr-12")
    page = f"====== Ours ======\n\nFirst.\n\n{other}\n\n{part}\n\nLast."
    for key, own in (("sr-1", part), ("sr-12", other)):
        span = dokutext.find_part(page, key)
        assert span is not None
        assert page[slice(*span)] == own
    without = page.replace("===== A title =====\n[[#sr-1 ", "Words between.\n[[#sr-1 ")
    span = dokutext.find_part(without, "sr-1")
    assert span is not None
    assert without[span[0] :].startswith("[[#sr-1 begin")
    assert dokutext.find_part(page, "sr-2") is None
    assert dokutext.find_part("=" * 200_000 + dokutext.begin("sr-1"), "sr-1") is None


# --- The real wiki ---------------------------------------------------------------------------------------


def test_peoples_own_words_stay_around_and_inside_our_section(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    event = kit.event()
    first = kit.takeaway(event, "Leeks stand the forst.")
    second = kit.takeaway(event, "Ask the neighbours.")
    put_there(kit, wiki)
    assert states(send(kit)) == SENT
    [row] = kit.deliveries("story")
    page = f"{under(kit)}:{PAGE}"
    assert row.remote_id == page
    text = wiki.text(page).replace("forst", "frost")
    wiki.save(page, f"Our own introduction.\n\n{text}\n\nAnd a list of tools.")

    curate.change(kit.session, second, kit.hand, {"text": "Ask the neighbours twice."})
    assert states(send(kit)) == SENT
    now = wiki.text(page)
    assert now.startswith("Our own introduction.")
    assert now.endswith("And a list of tools.")
    assert "Leeks stand the frost." in now
    assert "Ask the neighbours twice." in now

    # The same line on both sides: a person decides.
    curate.change(kit.session, first, kit.hand, {"text": "Leeks stand the forst well."})
    [told] = send(kit)
    assert told["state"] == "parked"
    assert "changed the same lines" in told["error"]
    assert "Leeks stand the frost." in wiki.text(page)

    # What is taken back goes, whoever has touched it.
    curate.withdraw(kit.session, first, kit.hand, kit.store)
    assert states(send(kit)) == SENT
    assert "Leeks" not in wiki.text(page)
    curate.withdraw(kit.session, second, kit.hand, kit.store)
    send(kit)
    assert wiki.text(page) == "Our own introduction.\n\nAnd a list of tools."


def test_stories_of_a_session_share_its_page_below_what_people_began(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    put_there(kit, wiki)
    page = f"{under(kit)}:{PAGE}"
    wiki.save(page, "Bring a spade.")
    post = post_of(kit)
    other = replace(post, key=f"{post.key}x", title="The tool shed")
    with closing(target_of(kit)) as target:
        one, two = target.create(post, {}), target.create(other, {})
        assert one.id == two.id == page
        html = wiki.ask("wiki.getPageHTML", page)
        assert html.index("Bring a spade.") < html.index("<h1") < html.index("<h2")
        target.withdraw(one)
        assert target.find(post.key) is None
        found = target.find(other.key)
        assert found is not None
        assert "Leeks stand the frost." in wiki.text(found.id)
        target.withdraw(two)
        assert wiki.text(page) == "Bring a spade."


def test_page_that_somebody_has_open_is_sent_later_and_not_refused(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    note = kit.takeaway(kit.event(), "Leeks stand the frost.")
    put_there(kit, wiki)
    send(kit)
    [row] = kit.deliveries("story")
    wiki.ask("dokuwiki.setLocks", {"lock": [row.remote_id], "unlock": []}, account="visitor")
    curate.change(kit.session, note, kit.hand, {"text": "Leeks like the frost."})
    [told] = publish(kit.session, kit.outbox)
    assert told["state"] in ("due", "waiting", "changed")
    assert "open for editing" in told["error"]
    assert "Leeks stand" in wiki.text(row.remote_id)
    wiki.ask("dokuwiki.setLocks", {"lock": [], "unlock": [row.remote_id]}, account="visitor")
    assert states(send(kit)) == SENT
    assert "Leeks like" in wiki.text(row.remote_id)
    # Our own lock is gone too.
    told = wiki.ask(
        "dokuwiki.setLocks", {"lock": [row.remote_id], "unlock": [row.remote_id]}, account="visitor"
    )
    assert told["lockfail"] == []


def test_person_at_the_wikis_own_editor(kit: Kit, wiki: DokuWikiPlace, laptop_page: Page) -> None:
    """Marks survive the editor, its lock is respected, its signature button is understood."""
    note = kit.takeaway(kit.event(), "Leeks stand the frost.")
    put_there(kit, wiki)
    send(kit)
    [row] = kit.deliveries("story")
    laptop_page.goto(f"{row.url}&do=login")
    laptop_page.fill("input[name=u]", "visitor")
    laptop_page.fill("input[name=p]", "visitor-pass")
    laptop_page.press("input[name=p]", "Enter")
    laptop_page.goto(f"{row.url}&do=edit")
    text = laptop_page.input_value("#wiki__text")
    assert "up to its end this is brought up to date from the gathering" in text

    curate.change(kit.session, note, kit.hand, {"text": "Leeks like the frost."})
    [told] = publish(kit.session, kit.outbox)
    assert "open for editing" in told["error"]
    laptop_page.fill("#wiki__text", f"Bring gloves.\n\n{text}")
    laptop_page.click("#edbtn__save")
    expect(laptop_page.locator("h1", has_text="Community gardens in winter")).to_be_visible()
    assert states(send(kit)) == SENT
    now = wiki.text(row.remote_id)
    assert now.startswith("Bring gloves.\n\n====== Community gardens")
    assert now.count("Leeks") == now.count("Leeks like the frost.") == 1

    laptop_page.reload()
    laptop_page.click("text=Discuss this")
    laptop_page.goto(f"{laptop_page.url.split('#')[0]}&do=edit")
    laptop_page.fill("#wiki__text", "Which **gloves**?")
    laptop_page.click("button[title^='Insert Signature']")
    laptop_page.click("#edbtn__save")
    expect(laptop_page.locator("text=Which gloves?")).to_be_visible()
    with closing(target_of(kit)) as target:
        [reply] = target.replies([remote_of(kit)], None)
    assert (reply.author, reply.text) == ("Visitor", "Which gloves?")


def test_file_on_a_persons_page_is_kept_with_a_sentence(kit: Kit, wiki: DokuWikiPlace) -> None:
    photo = kit.photo(kit.event(), 5, "Leeks")
    put_there(kit, wiki)
    assert states(send(kit)) == {("media", "sent"), ("story", "sent")}
    [file] = kit.deliveries("media")
    wiki.save(f"{under(kit)}:album", f"{{{{:{file.remote_id}|Our leeks}}}}")
    curate.withdraw(kit.session, photo, kit.hand, kit.store)
    rows = {row["kind"]: row for row in send(kit)}
    assert rows["story"]["state"] == "withdrawn"
    assert rows["media"]["state"] == "parked"
    assert "a page there still shows it" in rows["media"]["error"]
    wiki.save(f"{under(kit)}:album", "Nothing.")
    retry(kit.session, kit.outbox)
    assert ("media", "withdrawn") in states(send(kit))
    assert wiki.census(kit.facts).library == 0


def test_rights_that_lack_are_told(kit: Kit, wiki: DokuWikiPlace) -> None:
    photo = kit.photo(kit.event(), 6, "Leeks")
    add(kit, wiki, under="lent")
    with (
        closing(target_of(kit)) as target,
        pytest.raises(AuthRefused, match="may not make pages in lent"),
    ):
        target.test()
    [told] = [row for row in send(kit) if row["kind"] == "story"]
    assert told["state"] in ("due", "waiting")
    remove_target(kit.session, kit.facts, "there")

    add(kit, wiki, under=under(kit), user="visitor")
    secrets.set_secret(str(kit.facts.id), secret_name("there"), "visitor-pass")
    with closing(target_of(kit)) as target:
        assert "Only its administrator can delete files" in target.test()
    assert states(send(kit)) == {("media", "sent"), ("story", "sent")}
    curate.withdraw(kit.session, photo, kit.hand, kit.store)
    rows = {row["kind"]: row for row in send(kit)}
    assert rows["story"]["state"] == "withdrawn"
    assert "visitor may not delete files" in rows["media"]["error"]

    for user, said in (("outside", "remoteuser"), ("nobody", "refused user name or password")):
        wrong = Doku("The wiki", wiki.url, user, "outside-pass")
        with closing(wrong), pytest.raises(AuthRefused, match=said):
            wrong.rights("a:b")


@pytest.mark.parametrize(("switch", "password", "said"), [
    ({"REMOTE": "0"}, "kit-pass", "remote access"),
    ({"REMOTE_USERS": ""}, "wrong", "refused user name or password"),
])  # fmt: skip
def test_doors_of_other_wikis(
    kit: Kit, wiki: DokuWikiPlace, dokuwiki_server: ScriptServer, *,
    switch: dict[str, str], password: str, said: str,
) -> None:  # fmt: skip
    """Shut to all as out of the box; open to all, where a wrong password makes a nameless reader of us."""
    put_there(kit, wiki)
    secrets.set_secret(str(kit.facts.id), secret_name("there"), password)
    dokuwiki_server.stop()
    dokuwiki_server.start(**switch)
    try:
        with closing(target_of(kit)) as target, pytest.raises(AuthRefused, match=said):
            target.test()
    finally:
        dokuwiki_server.stop()
        dokuwiki_server.start(REMOTE="1", REMOTE_USERS="kit,visitor")


def test_blocked_words_and_file_types_are_parked_with_a_sentence(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    kit.takeaway(kit.event(), "See https://spam.example/now")
    put_there(kit, wiki)
    [told] = send(kit)
    assert told["state"] == "parked"
    assert "list of blocked ones" in told["error"]
    path = Path(kit.settings.folder) / "x.heif"
    path.write_bytes(b"no picture")
    with (
        closing(target_of(kit)) as target,
        pytest.raises(Permanent, match=r"does not take this file.*\.heif"),
    ):
        target._wiki.put_file(f"{under(kit)}:x.heif", path)


def test_moved_page_is_followed_with_peoples_changes_and_copies_go_too(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    event = kit.event()
    first = kit.takeaway(event, "Leeks stand the forst.")
    second = kit.takeaway(event, "Ask the neighbours.")
    put_there(kit, wiki)
    send(kit)
    [row] = kit.deliveries("story")
    old, new, copy = row.remote_id, f"elsewhere:{under(kit)}", f"copies:{under(kit)}"
    wiki.save(new, wiki.text(old).replace("forst", "frost"))
    wiki.save(old, "")
    curate.change(kit.session, second, kit.hand, {"text": "Ask the neighbours twice."})
    assert states(send(kit)) == SENT
    assert "Ask the neighbours twice." in wiki.text(new)
    assert "Leeks stand the frost." in wiki.text(new)
    assert wiki.text(old) == ""
    wiki.save(copy, f"As we read elsewhere:\n\n{wiki.text(new)}")
    for takeaway in (first, second):
        curate.withdraw(kit.session, takeaway, kit.hand, kit.store)
    assert states(send(kit)) == {("story", "withdrawn")}
    assert wiki.text(new) == ""
    assert wiki.text(copy) == "As we read elsewhere:"


def test_answers_stand_in_the_list_or_open_a_page_of_their_own(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    put_there(kit, wiki, talk="discussion")
    send(kit)
    [row] = kit.deliveries("story")
    talk = f"discussion:{row.remote_id}"
    assert f"[[:{talk}|Discuss this]]" in wiki.text(row.remote_id)
    now = datetime(2026, 5, 9, 15, 0, tzinfo=UTC)
    with closing(target_of(kit)) as target:
        post = target.find(row.key)
        assert post is not None
        made = target.put_answer(post, Answer("sra-1-1", "We begin.", "", now))
        assert made.url.endswith(f"?id={talk}")
        [own] = target.replies([post], None)
        assert (own.key, own.author, own.text, own.written_at) == (
            "sra-1-1",
            "kit",
            "We begin.",
            now,
        )
        asked = (
            wiki.text(talk)
            + "\n\n  * Who has seeds? --- //[[a@b.example|Ann]] 09.05.2026 17:01//\n"
        )
        wiki.save(talk, f"{asked}    * Ben has. --- //Cy 2026/05/09 17:02//\n  * And tools?")
        seeds = next(h for h in target.replies([post], None) if "seeds" in h.text)
        assert seeds.written_at == datetime(2026, 5, 9, 15, 1, tzinfo=UTC)
        target.put_answer(post, Answer("sra-1-2", "Come & see.", seeds.remote_id, now))
    lines = wiki.text(talk).split("\n")
    place = next(number for number, line in enumerate(lines) if "sra-1-2" in line)
    assert lines[place].startswith("    * <nowiki>Come & see.</nowiki>")
    assert "Ben has." in lines[place - 1]
