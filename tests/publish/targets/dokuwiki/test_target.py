"""What is special about a DokuWiki: people's own words on our pages, locks and rights, its markup."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from publish.errors import AuthRefused, Permanent
from publish.outbox.runner import retry
from publish.posts.model import Remote
from publish.status.target_registry import remove_target, secret_name
from publish.targets.base import Answer
from publish.targets.dokuwiki import markup
from publish.targets.dokuwiki.client import Doku
from publish.targets.dokuwiki.target import DokuWikiTarget
from reporter import secret_store
from reporter.moderation import decisions
from tests.publish.conformance.dokuwiki import DokuWikiPlace
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, opened, post_of, send
from tests.support.servers.script import ScriptServer


@pytest.fixture
def wiki(dokuwiki_server: ScriptServer) -> DokuWikiPlace:
    details = dokuwiki_server.details
    return DokuWikiPlace(port=dokuwiki_server.port, secret=details["PASSWORD"], details=details)


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

# --- Markup ----------------------------------------------------------------------------------------------


def test_words_stay_words_and_addresses_are_links() -> None:
    assert markup.safe("see https://a.example/x_y?b=c.") == (
        "<nowiki>see </nowiki>[[https://a.example/x_y?b=c]]<nowiki>.</nowiki>"
    )
    assert markup.safe("看 https://a.example/b。").endswith(
        "[[https://a.example/b]]<nowiki>。</nowiki>"
    )
    assert (
        markup.plain("a</nowiki>**b**") == "<nowiki>a</nowiki>%%</nowiki>%%<nowiki>**b**</nowiki>"
    )
    assert markup.safe_lines("one\ntwo") == "<nowiki>one</nowiki>\\\\ <nowiki>two</nowiki>"
    assert markup.safe_lines("لنزرع.").startswith("\u2068")
    assert (
        markup.words_of(markup.safe_lines("**a** //b// %%c%%\nلنزرع."))
        == "**a** //b// %%c%%\nلنزرع."
    )


def test_markup_of_people_becomes_words() -> None:
    typed = "**Who** has //one//? [[https://a.example/b__c|There]] {{x.jpg?20|A rose}} <del>no</del> https://a.example//d"
    assert markup.words_of(typed) == (
        "Who has one? There (https://a.example/b__c) A rose no https://a.example//d"
    )
    assert markup.words_of("a\\\\ b [[start]] [[user:ann|Ann]]%%**%%") == "a\nb start Ann**"


def test_names_of_pages() -> None:
    assert markup.page_name("Ask & answer: (2026) a/b") == "ask_answer_2026_a_b"
    assert markup.page_name("Größe der Gärten") == "größe_der_gärten"
    assert markup.page_name("\U0001f389 !", "sr-1") == "sr-1"
    assert len(markup.page_name("community gardens " * 9)) <= 80


def test_our_part_reaches_from_its_heading_to_its_end() -> None:
    part = f"===== A title =====\n{markup.begin('sr-1')}//x//\n\nwords\n{markup.end('sr-1')}"
    other = part.replace("sr-1", "sr-12")
    page = f"====== Ours ======\n\nFirst.\n\n{other}\n\n{part}\n\nLast."
    for key, own in (("sr-1", part), ("sr-12", other)):
        span = markup.find_part(page, key)
        assert span is not None
        assert page[slice(*span)] == own
    without = page.replace("===== A title =====\n[[#sr-1 ", "Words between.\n[[#sr-1 ")
    span = markup.find_part(without, "sr-1")
    assert span is not None
    assert without[span[0] :].startswith("[[#sr-1 begin")
    assert markup.find_part(page, "sr-2") is None
    assert markup.find_part("=" * 200_000 + markup.begin("sr-1"), "sr-1") is None


def test_nobodys_words_are_taken_for_our_marks() -> None:
    for forged in (markup.begin("sr-1"), markup.end("sr-1"), markup.answer_mark("sra-1")):
        for made in (
            markup.safe_lines(forged),
            markup.strong(forged),
            markup.emphasis(forged),
            markup.heading(forged, 2),
        ):
            assert forged not in made
            assert markup.find_part(f"{markup.begin('sr-1')}{made}", "sr-1") is None
            assert forged.replace(markup.UNSEEN, "") in made.replace(markup.UNSEEN, "")


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

    decisions.change(kit.session, second, kit.actor, {"text": "Ask the neighbours twice."})
    assert states(send(kit)) == SENT
    now = wiki.text(page)
    assert now.startswith("Our own introduction.")
    assert now.endswith("And a list of tools.")
    assert "Leeks stand the frost." in now
    assert "Ask the neighbours twice." in now

    # The same line on both sides: a person decides.
    decisions.change(kit.session, first, kit.actor, {"text": "Leeks stand the forst well."})
    [story] = send(kit)
    assert story["state"] == "parked"
    assert "changed the same lines" in story["error"]
    assert "Leeks stand the frost." in wiki.text(page)

    # What is taken back goes, whoever has touched it.
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    assert states(send(kit)) == SENT
    assert "Leeks" not in wiki.text(page)
    decisions.withdraw(kit.session, second, kit.actor, kit.store)
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
    decisions.change(kit.session, note, kit.actor, {"text": "Leeks like the frost."})
    [story] = publish(kit.session, kit.context)
    assert story["state"] in ("due", "waiting", "changed")
    assert "open for editing" in story["error"]
    assert "Leeks stand" in wiki.text(row.remote_id)
    wiki.ask("dokuwiki.setLocks", {"lock": [], "unlock": [row.remote_id]}, account="visitor")
    assert states(send(kit)) == SENT
    assert "Leeks like" in wiki.text(row.remote_id)
    # Our own lock is gone too.
    locks = wiki.ask(
        "dokuwiki.setLocks", {"lock": [row.remote_id], "unlock": [row.remote_id]}, account="visitor"
    )
    assert locks["lockfail"] == []


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
    expect(laptop_page.locator("text=Logged in as")).to_be_visible()
    laptop_page.goto(f"{row.url}&do=edit")
    text = laptop_page.input_value("#wiki__text")
    assert "up to its end this is brought up to date from the gathering" in text

    decisions.change(kit.session, note, kit.actor, {"text": "Leeks like the frost."})
    [story] = publish(kit.session, kit.context)
    assert "open for editing" in story["error"]
    laptop_page.fill("#wiki__text", f"Bring gloves.\n\n{text}")
    laptop_page.click("#edbtn__save")
    expect(laptop_page.locator("h1", has_text="Community gardens in winter")).to_be_visible()
    assert states(send(kit)) == SENT
    now = wiki.text(row.remote_id)
    assert now.startswith("Bring gloves.\n\n====== Community gardens")
    assert now.count("Leeks") == now.count("Leeks like the frost.") == 1

    laptop_page.reload()
    laptop_page.click("text=Discuss this")
    expect(laptop_page).to_have_url(re.compile(r"id=talk:"))
    laptop_page.goto(f"{laptop_page.url}&do=edit")
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
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    rows = {row["kind"]: row for row in send(kit)}
    assert rows["story"]["state"] == "withdrawn"
    assert rows["media"]["state"] == "parked"
    assert "a page there still shows it" in rows["media"]["error"]
    wiki.save(f"{under(kit)}:album", "Nothing.")
    retry(kit.session, kit.context)
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
    [story] = [row for row in send(kit) if row["kind"] == "story"]
    assert story["state"] in ("due", "waiting")
    remove_target(kit.session, kit.facts, "there", now=kit.context.clock())

    add(kit, wiki, under=under(kit), user="visitor")
    secret_store.set_secret(str(kit.facts.id), secret_name("there"), "visitor-pass")
    with closing(target_of(kit)) as target:
        assert "Only its administrator can delete files" in target.test()
    assert states(send(kit)) == {("media", "sent"), ("story", "sent")}
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    rows = {row["kind"]: row for row in send(kit)}
    assert rows["story"]["state"] == "withdrawn"
    assert "visitor may not delete files" in rows["media"]["error"]

    for user, message in (("outside", "remoteuser"), ("nobody", "refused user name or password")):
        wrong = Doku("The wiki", wiki.url, user, "outside-pass")
        with closing(wrong), pytest.raises(AuthRefused, match=message):
            wrong.rights("a:b")


@pytest.mark.parametrize(
    ("switch", "password", "message"),
    [
        ({"REMOTE": "0"}, "kit-pass", "remote access"),
        ({"REMOTE_USERS": ""}, "wrong", "refused user name or password"),
    ],
)
def test_doors_of_other_wikis(
    kit: Kit,
    wiki: DokuWikiPlace,
    dokuwiki_server: ScriptServer,
    *,
    switch: dict[str, str],
    password: str,
    message: str,
) -> None:
    """Shut to all as out of the box; open to all, where a wrong password makes a nameless reader of us."""
    put_there(kit, wiki)
    secret_store.set_secret(str(kit.facts.id), secret_name("there"), password)
    dokuwiki_server.stop()
    dokuwiki_server.start(**switch)
    try:
        with closing(target_of(kit)) as target, pytest.raises(AuthRefused, match=message):
            target.test()
    finally:
        dokuwiki_server.stop()
        dokuwiki_server.start(REMOTE="1", REMOTE_USERS="kit,visitor")


def test_blocked_words_and_file_types_are_parked_with_a_sentence(
    kit: Kit, wiki: DokuWikiPlace
) -> None:
    kit.takeaway(kit.event(), "See https://spam.example/now")
    put_there(kit, wiki)
    [story] = send(kit)
    assert story["state"] == "parked"
    assert "list of blocked ones" in story["error"]
    path = Path(kit.settings.folder) / "x.heif"
    path.write_bytes(b"no picture")
    with (
        closing(target_of(kit)) as target,
        pytest.raises(Permanent, match=r"does not take this file.*\.heif"),
    ):
        target._files.put(f"{under(kit)}:x.heif", path)


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
    decisions.change(kit.session, second, kit.actor, {"text": "Ask the neighbours twice."})
    assert states(send(kit)) == SENT
    assert "Ask the neighbours twice." in wiki.text(new)
    assert "Leeks stand the frost." in wiki.text(new)
    assert wiki.text(old) == ""
    wiki.save(copy, f"As we read elsewhere:\n\n{wiki.text(new)}")
    for takeaway in (first, second):
        decisions.withdraw(kit.session, takeaway, kit.actor, kit.store)
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
