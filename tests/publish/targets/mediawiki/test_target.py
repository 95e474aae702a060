"""What is special about a MediaWiki: people's own words on our pages, files as the wiki allows them, discussions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from publish.composition.builder import build_post
from publish.outbox.runner import retry
from publish.posts.model import Post, Remote
from publish.status import target_registry
from publish.targets.mediawiki import client
from publish.targets.mediawiki.target import MediaWikiTarget
from reporter import secret_store
from reporter.enums import Kind
from reporter.models import Story
from reporter.moderation import decisions
from reporter.moderation.visibility import Scope as Readers
from reporter.stories.queries import all_stories
from tests.publish.conformance.mediawiki import MediaWikiPlace
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.rounds import publish
from tests.support.servers.script import ScriptServer


@pytest.fixture
def wiki(mediawiki_server: ScriptServer) -> Iterator[MediaWikiPlace]:
    details = mediawiki_server.details
    place = MediaWikiPlace(port=mediawiki_server.port, secret=details["PASSWORD"], details=details)
    with closing(place):
        yield place


def add(kit: Kit, wiki: MediaWikiPlace, url: str = "") -> None:
    given = {**wiki.options(url or wiki.url), "under": f"Gathering {kit.facts.mark}"}
    target_registry.add_target(
        kit.session, "mediawiki", "wiki", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("wiki"), wiki.secret)


def states(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["kind"], row["state"]) for row in rows}


def page_of(kit: Kit) -> str:
    [row] = kit.deliveries("story")
    return str(row.remote["extra"]["title"])


def post_of(kit: Kit) -> Post:
    story: Story = all_stories(kit.session, now=kit.clock(), rng=kit.rng)[0]
    post = build_post(kit.session, story, Readers.PUBLIC, store=kit.store, facts=kit.facts)
    assert post is not None
    return post


def target_of(kit: Kit) -> MediaWikiTarget:
    target = kit.context.connect(target_registry.find_target(kit.session, "wiki"))
    assert isinstance(target, MediaWikiTarget)
    return target


def test_peoples_own_words_stay_around_and_inside_our_section(
    kit: Kit, wiki: MediaWikiPlace
) -> None:
    event = kit.event()
    first = kit.takeaway(event, "Leeks stand the forst.")
    second = kit.takeaway(event, "Ask the neighbours.")
    add(kit, wiki)
    assert states(publish(kit.session, kit.context)) == {("story", "sent")}
    title = page_of(kit)
    assert title == f"Gathering {kit.facts.mark}/Community gardens in winter"
    text = wiki.text(title).replace("forst", "frost")
    wiki.save(title, f"Our own introduction.\n\n{text}\n\nAnd a list of tools.")

    decisions.change(kit.session, second, kit.actor, {"text": "Ask the neighbours twice."})
    assert states(publish(kit.session, kit.context)) == {("story", "sent")}
    now = wiki.text(title)
    assert now.startswith("Our own introduction.")
    assert now.endswith("And a list of tools.")
    assert "Leeks stand the frost." in now
    assert "Ask the neighbours twice." in now

    # The same line on both sides: a person decides.
    decisions.change(kit.session, first, kit.actor, {"text": "Leeks stand the forst well."})
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "parked"
    assert "changed the same lines" in row["error"]
    assert "Leeks stand the frost." in wiki.text(title)

    # What is taken back goes, whoever has touched it.
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    assert states(publish(kit.session, kit.context)) == {("story", "sent")}
    assert "Leeks" not in wiki.text(title)
    assert "Our own introduction." in wiki.text(title)
    decisions.withdraw(kit.session, second, kit.actor, kit.store)
    publish(kit.session, kit.context)
    left = wiki.text(title)
    assert "social-reporter" not in left
    assert left.split() == ["Our", "own", "introduction.", "And", "a", "list", "of", "tools."]


def test_stories_of_a_session_share_its_page(kit: Kit, wiki: MediaWikiPlace) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, wiki)
    post = post_of(kit)
    other = replace(post, key=f"{post.key}x", title="The tool shed")
    with closing(target_of(kit)) as target:
        one, two = target.create(post, {}), target.create(other, {})
        assert one.id == two.id
        text = wiki.text(one.extra["title"])
        assert text.index("== Community gardens in winter ==") < text.index("== The tool shed ==")
        target.withdraw(one)
        assert target.find(post.key) is None
        found = target.find(other.key)
        assert found is not None
        assert "== The tool shed ==" in wiki.text(found.extra["title"])
        target.withdraw(two)
        assert wiki.text(one.extra["title"]) == ""


def test_page_begun_by_people_gets_our_section_below(kit: Kit, wiki: MediaWikiPlace) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, wiki)
    title = f"Gathering {kit.facts.mark}/Community gardens in winter"
    wiki.save(title, "Bring a spade.")
    assert states(publish(kit.session, kit.context)) == {("story", "sent")}
    assert wiki.text(title).startswith("Bring a spade.\n\n<!-- social-reporter")


def test_wiki_without_uploads_gets_the_words(
    kit: Kit, wiki: MediaWikiPlace, mediawiki_server: ScriptServer
) -> None:
    kit.photo(kit.event(), 5, "Leeks stand the frost.")
    add(kit, wiki)
    mediawiki_server.stop()
    mediawiki_server.start(UPLOADS="false")
    try:
        with closing(target_of(kit)) as target:
            assert target.limits().types == frozenset()
            assert "takes no files" in target.test()
        rows = publish(kit.session, kit.context)
    finally:
        mediawiki_server.stop()
        mediawiki_server.start(UPLOADS="true")
    assert ("story", "sent") in states(rows)
    assert "Leeks stand the frost." in wiki.text(page_of(kit))
    with closing(target_of(kit)) as target:
        assert "image/jpeg" in (target.limits().types or ())


def test_type_that_the_wiki_does_not_take_is_parked_and_the_story_goes(
    kit: Kit, wiki: MediaWikiPlace
) -> None:
    video = kit.takeaway(kit.event(), "A walk", kind=Kind.VIDEO.value)
    kit.attach(
        video,
        b"mov",
        kind=Kind.VIDEO,
        renditions={"play": b"\0\0\0\x18ftypmp42"},
        types={"play": ("video/mp4", ".mp4")},
    )
    add(kit, wiki)
    rows = publish(kit.session, kit.context)
    assert ("story", "sent") in states(rows)
    assert "A walk" in wiki.text(page_of(kit))
    assert wiki.census(kit.facts).library == 0


def test_large_file_goes_in_pieces_and_survives_lost_answers(
    kit: Kit, wiki: MediaWikiPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "CHUNK_FROM", 3000)
    monkeypatch.setattr(client, "CHUNKS", (4000, 4000))
    monkeypatch.setattr(client, "_CHUNK_LEAST", 1000)
    photo = kit.photo(kit.event(), 6, "Leeks")
    proxy = FaultProxy(wiki.port or 0)
    try:
        add(kit, wiki, proxy.url)
        lost = iter(
            [None, None, None, None, None, None, None, None, "cut", None, "500", None, "before"]
        )
        proxy.fault = lambda method, path: next(lost, None) if method == "POST" else None
        pause = lambda seconds: kit.clock.forward(seconds=seconds)  # noqa: E731
        rows = publish(kit.session, kit.context, wait=True, pause=pause)
    finally:
        proxy.close()
    assert states(rows) == {("media", "sent"), ("story", "sent")}
    [seen] = wiki.census(kit.facts).posts
    made = photo.attachments[0].media
    sent = kit.store.rendition(made.sha256, "view", ".jpg").read_bytes()
    assert list(seen.files) == [sent]
    assert (
        len([1 for method, _, size in proxy.seen if method == "POST" and size > 1000])
        >= len(sent) // 4000
    )


def test_file_that_the_wiki_has_is_used_and_left_alone(kit: Kit, wiki: MediaWikiPlace) -> None:
    photo = kit.photo(kit.event(), 7, "Leeks")
    add(kit, wiki)
    media = next(post_of(kit).media())
    with closing(target_of(kit)) as target:
        wiki_name = f"Leeks {kit.facts.mark}.jpg"
        target._wiki.upload(
            media.path, wiki_name, "image/jpeg", {"text": "Ours.", "comment": "ours"}
        )
    assert states(publish(kit.session, kit.context)) == {("media", "sent"), ("story", "sent")}
    assert f"[[File:{wiki_name}|" in wiki.text(page_of(kit))
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    publish(kit.session, kit.context)
    with closing(target_of(kit)) as target:
        assert target._wiki.query(titles=f"File:{wiki_name}", prop="imageinfo")["pages"][0].get(
            "imageinfo"
        )
        target.withdraw_media(Remote(f"File:{wiki_name}"))


def test_moved_page_is_followed(kit: Kit, wiki: MediaWikiPlace) -> None:
    note = kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, wiki)
    publish(kit.session, kit.context)
    old, new = page_of(kit), f"Winter gardens {kit.facts.mark}"
    with closing(target_of(kit)) as target:
        target._wiki.act("move", {"from": old, "to": new, "noredirect": 1}, write=True)
    decisions.change(kit.session, note, kit.actor, {"text": "Leeks like the frost."})
    assert states(publish(kit.session, kit.context)) == {("story", "sent")}
    assert "Leeks like the frost." in wiki.text(new)
    assert wiki.text(old) in ("", f"#REDIRECT [[{new}]]")
    retry(kit.session, kit.context)
