"""A lost answer leaves open what is there: what is taken back then is looked for, never believed to be gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import ClassVar

import pytest
from werkzeug import Request

from publish import targets
from publish.errors import ConnectionLost, Offline
from publish.outbox.runner import deliver_due, queue
from publish.posts.model import Post, Remote
from publish.targets.wiki.page_section import keyed, merged_part
from reporter.moderation import decisions
from reporter.stories.takeaway_json import published_places
from tests.publish.conformance.mastodon import TOKEN, Mastodon, MastodonPlace
from tests.support.publish import target_kit
from tests.support.publish.fakes import FakePlace, FakeTarget, Kit
from tests.support.publish.rounds import publish


class Wiki(FakeTarget):
    """A fake where people write, too: our part is merged with what they made of it."""

    kind: ClassVar[str] = "fakewiki"
    last_sent: ClassVar[frozenset[str]] = frozenset({"sent"})
    pages: ClassVar[dict[str, str]] = {}

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        made = super().create(post, links)
        self.pages[post.key] = _part(post)
        return keyed(made, post.key, _part(post))

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        text = self.pages[post.key]
        sent = remote.extra.get("sent")
        changed = merged_part(text, (0, len(text)), sent, _part(post), where=self.name)
        self.pages[post.key] = changed
        super().update(remote, post, links)
        return keyed(remote, post.key, _part(post))


def _part(post: Post) -> str:
    return "\n".join(block.text for block in post.blocks)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> FakePlace:
    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setattr(Wiki, "pages", {})
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    monkeypatch.setitem(targets.KINDS, "fakewiki", Wiki)
    return place


def deliver(kit: Kit) -> None:
    """One round, without waiting for anything."""
    queue(kit.session, kit.context)
    while deliver_due(kit.session, kit.context) is not None:
        pass


def test_what_arrived_without_an_answer_goes_although_the_former_text_is_wanted_again(
    kit: Kit, place: FakePlace
) -> None:
    event = kit.event()
    kit.takeaway(event, "stays")
    kit.target()
    publish(kit.session, kit.context)
    goes = kit.takeaway(event, "goes")
    place.after[("update", "*")] = [ConnectionLost("lost")]
    deliver(kit)
    assert [post["texts"] for post in place.posts.values()] == [["stays", "goes"]]
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    deliver(kit)
    assert [post["texts"] for post in place.posts.values()] == [["stays"]]
    assert [published["state"] for published in published_places(kit.session, goes)] == [
        "withdrawn"
    ]


def test_of_two_tries_without_an_answer_none_is_forgotten(kit: Kit, place: FakePlace) -> None:
    event = kit.event()
    kit.takeaway(event, "stays")
    kit.target()
    publish(kit.session, kit.context)
    first = kit.takeaway(event, "first")
    place.after[("update", "*")] = [ConnectionLost("lost")]
    deliver(kit)
    second = kit.takeaway(event, "second")
    place.before[("update", "*")] = [ConnectionLost("lost")]
    deliver(kit)
    [row] = kit.deliveries()
    assert {first.id, second.id} <= row.memory.may_show
    assert row.memory.tried == "several"
    decisions.withdraw(kit.session, first, kit.actor, kit.store)
    decisions.withdraw(kit.session, second, kit.actor, kit.store)
    deliver(kit)
    assert [post["texts"] for post in place.posts.values()] == [["stays"]]
    assert [row.memory.tried for row in kit.deliveries()] == [""]


@pytest.mark.parametrize("again", ["stays", "stays, corrected"], ids=["as-before", "another"])
def test_a_wiki_keeps_no_line_of_a_version_that_was_not_acknowledged(
    kit: Kit, place: FakePlace, again: str
) -> None:
    event = kit.event()
    stays = kit.takeaway(event, "stays")
    kit.target(kind="fakewiki")
    publish(kit.session, kit.context)
    goes = kit.takeaway(event, "goes")
    place.after[("update", "*")] = [ConnectionLost("lost")]
    deliver(kit)
    assert list(Wiki.pages.values()) == ["stays\ngoes"]
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    decisions.change(kit.session, stays, kit.actor, {"text": again})
    deliver(kit)
    assert list(Wiki.pages.values()) == [again]


def test_a_wiki_keeps_what_people_wrote_when_the_same_version_is_sent_again(
    kit: Kit, place: FakePlace
) -> None:
    event = kit.event()
    kit.takeaway(event, "first")
    kit.target(kind="fakewiki")
    publish(kit.session, kit.context)
    kit.takeaway(event, "second")
    place.after[("update", "*")] = [ConnectionLost("lost")]
    deliver(kit)
    [key] = Wiki.pages
    Wiki.pages[key] = "first, as people put it\nsecond"
    kit.clock.forward(minutes=1)
    deliver(kit)
    assert list(Wiki.pages.values()) == ["first, as people put it\nsecond"]


def test_what_arrived_before_the_line_broke_altogether_is_looked_for(
    kit: Kit, place: FakePlace
) -> None:
    """As when the last of several requests of one delivery finds no network any more."""
    photo = kit.photo(kit.event(), 1, "goes")
    kit.target()
    place.after[("put_media", "*")] = [Offline("no network")]
    deliver(kit)
    assert len(place.files) == 1
    assert [row.attempts for row in kit.deliveries()] == [0, 0]
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    kit.clock.forward(minutes=1)
    deliver(kit)
    assert (place.files, place.posts) == ({}, {})


@pytest.mark.parametrize("meanwhile", [True, False], ids=["queued", "while-sending"])
def test_a_post_that_arrived_before_the_line_broke_is_looked_for(
    kit: Kit, place: FakePlace, meanwhile: bool
) -> None:
    note = kit.takeaway(kit.event(), "goes")
    kit.target()
    place.after[("create", "*")] = [Offline("no network")]
    deliver(kit)
    assert len(place.posts) == 1
    kit.clock.forward(minutes=1)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    if not meanwhile:
        # The worker sees the withdrawal only when it prepares the row.
        assert deliver_due(kit.session, kit.context) is not None
    deliver(kit)
    assert place.posts == {}
    assert kit.states() == [("story", "withdrawn")]


def test_who_was_never_reached_is_not_asked(kit: Kit, place: FakePlace) -> None:
    note = kit.takeaway(kit.event(), "words")
    kit.target()
    place.before[("find", "*")] = [Offline("no network")]
    queue(kit.session, kit.context)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    place.calls.clear()
    deliver(kit)
    assert place.calls == []


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with closing(Mastodon()) as server:
        yield server


def test_a_part_of_a_thread_is_not_believed_to_be_as_it_was(kit: Kit, server: Mastodon) -> None:
    target_kit.add(kit, MastodonPlace(port=server.port, secret=TOKEN, server=server))
    note = kit.takeaway(kit.event(), "first words")
    target_kit.send(kit)
    [status] = server.statuses.values()
    before = status["content"]
    decisions.change(kit.session, note, kit.actor, {"text": "other words"})
    real = server.edit

    def lose(request: Request, number: str) -> object:
        real(request, number)
        return "", 502

    server.edit = lose  # type: ignore[method-assign]
    deliver(kit)
    server.edit = real  # type: ignore[method-assign]
    assert "other words" in status["content"]
    decisions.change(kit.session, note, kit.actor, {"text": "first words"})
    deliver(kit)
    assert status["content"] == before
    assert [row.memory.tried for row in kit.deliveries()] == [""]
