"""What a poll tells is taken in with its limits: who may read it, and what its silence means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from publish import targets
from publish.conversation.fetch_replies import listen, listen_due
from publish.conversation.pasted_replies import take_pasted
from publish.markup.html_to_text import plain_text
from publish.posts.model import Remote
from publish.targets.base import RemoteReply, part_above
from publish.targets.bluesky.records import record_key
from publish.targets.bluesky.replies import Thread
from publish.targets.capabilities import PollsReplies
from publish.targets.email.html_body import mail_text
from publish.targets.email.target import EmailTarget
from publish.targets.matrix import events
from publish.targets.micropub.microformats import anchors
from publish.targets.micropub.replies import replies_at
from reporter.models.conversation import Reply, ReplyPoll
from reporter.schedule.parsed_session import plain_text as schedule_text
from tests.support.publish.fakes import START, FakePlace, FakeTarget, Kit
from tests.support.publish.rounds import publish


class Forum(PollsReplies, FakeTarget):
    """A fake where people write below posts."""

    kind: ClassVar[str] = "fake"
    served: ClassVar[list[RemoteReply]] = []
    closed: ClassVar[set[str]] = set()
    fault: ClassVar[Callable[[], None]] = lambda: None

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        type(self).fault()
        self.unread = self.closed
        yield from self.served


@pytest.fixture
def forum(monkeypatch: pytest.MonkeyPatch) -> type[Forum]:
    monkeypatch.setattr(FakeTarget, "place", FakePlace(), raising=False)
    monkeypatch.setattr(Forum, "served", [])
    monkeypatch.setattr(Forum, "closed", set())
    monkeypatch.setitem(targets.KINDS, "fake", Forum)
    return Forum


def posted(kit: Kit, audience: str = "public") -> str:
    """A post at the forum; its id there."""
    kit.takeaway(kit.event(), "Leeks")
    kit.target(audience=audience)
    publish(kit.session, kit.context)
    [row] = kit.deliveries("story")
    return row.remote_id


def remote_reply(post: str, number: str = "1") -> RemoteReply:
    return RemoteReply(number, post, "Ann", "Who has seeds?", START)


def known(kit: Kit) -> dict[str | None, Reply]:
    kit.session.expire_all()
    return {reply.remote_id: reply for reply in kit.session.scalars(select(Reply))}


def test_a_reply_is_shown_to_no_more_people_than_its_place(kit: Kit, forum: type[Forum]) -> None:
    forum.served = [remote_reply(posted(kit, "community"))]
    listen(kit.session, kit.context)
    [reply] = known(kit).values()
    assert reply.audience == "community"
    # As earlier versions kept it.
    reply.audience = "public"
    kit.session.commit()
    listen(kit.session, kit.context)
    assert [one.audience for one in known(kit).values()] == ["community"]


def test_a_pasted_reply_is_shown_to_no_more_people_than_its_place(
    kit: Kit, forum: type[Forum]
) -> None:
    posted(kit, "community")
    [row] = kit.deliveries("story")
    take_pasted(kit.session, row.id, "Ann: Who has seeds?", kit.actor)
    assert [one.audience for one in known(kit).values()] == ["community"]


def test_silence_of_a_post_that_was_not_read_deletes_nothing(kit: Kit, forum: type[Forum]) -> None:
    post = posted(kit)
    forum.served = [remote_reply(post)]
    listen(kit.session, kit.context)
    forum.served, forum.closed = [], {post}
    listen(kit.session, kit.context)
    assert [one.text for one in known(kit).values()] == ["Who has seeds?"]
    forum.closed = set()
    listen(kit.session, kit.context)
    assert [one.text for one in known(kit).values()] == [""]


def test_a_mail_that_was_put_away_was_not_deleted(
    kit: Kit, forum: type[Forum], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not EmailTarget.tells_deletions
    monkeypatch.setattr(forum, "tells_deletions", EmailTarget.tells_deletions)
    post = posted(kit)
    forum.served = [remote_reply(post)]
    listen(kit.session, kit.context)
    forum.served = []
    listen(kit.session, kit.context)
    assert [one.text for one in known(kit).values()] == ["Who has seeds?"]
    # Where a place says so, it is gone all the same.
    forum.served = [replace(remote_reply(post), state="deleted")]
    listen(kit.session, kit.context)
    assert [one.text for one in known(kit).values()] == [""]


@pytest.mark.parametrize(
    ("status", "unread"), [(403, {"p"}), (503, {"p"}), (404, set()), (410, set())]
)
def test_only_a_page_that_is_gone_takes_its_replies_along(status: int, unread: set[str]) -> None:
    def read(url: str) -> tuple[Any, str]:
        return SimpleNamespace(status=status, text=""), url

    blog: Any = SimpleNamespace(read=read)
    found: set[str] = set()
    assert list(replies_at(blog, Remote("p", "https://blog.example/p"), found)) == []
    assert found == unread


@pytest.mark.parametrize(
    "odd", [AssertionError("unknown status keyword"), RecursionError(), LookupError(), OSError()]
)
def test_an_odd_answer_stops_no_other_poll(
    kit: Kit, forum: type[Forum], odd: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted(kit)

    def fail() -> None:
        raise odd

    monkeypatch.setattr(forum, "fault", fail)
    assert listen_due(kit.session, kit.context) == 1
    poll = kit.session.scalars(select(ReplyPoll)).one()
    assert poll.next_at > kit.clock()
    assert "can't be understood" in poll.error
    assert listen_due(kit.session, kit.context) == 0


@pytest.mark.parametrize(
    "odd", ["<![x", "<![x y]>", "<![if !mso]>", "<![", "<![CDATA[x", "<!ELEMENT"]
)
def test_marked_sections_of_any_form_are_passed_over(odd: str) -> None:
    html = f"<p>Leeks</p>{odd}<p><a href='/x'>stand</a></p>"
    for read in (plain_text, mail_text, schedule_text):
        assert "Leeks" in read(html)
    assert all(
        one.url == "https://blog.example/x" for one in anchors(html, "https://blog.example/")
    )


@pytest.mark.parametrize(
    ("to", "found"), [("p2", "p2"), ("r2", "p2"), ("unknown", "p1"), ("loop1", "p1"), ("", "p1")]
)
def test_a_reply_stands_below_the_post_that_its_answers_lead_to(to: str, found: str) -> None:
    parents = {"r1": "p2", "r2": "r1", "loop1": "loop2", "loop2": "loop1"}
    assert part_above(to, parents, ["p1", "p2"], "p1") == found


def test_a_message_in_a_room_stands_below_what_it_answers() -> None:
    def message(number: str, to: str = "", root: str = "") -> dict[str, Any]:
        relation: dict[str, Any] = {"m.in_reply_to": {"event_id": to}} if to else {}
        relation |= {"rel_type": "m.thread", "event_id": root} if root else {}
        return {"event_id": number, "content": {"body": number, "m.relates_to": relation}}

    messages = [message("a", "p2"), message("b", "a"), message("c", "p2", "p1"), message("d", "x")]
    found = events.replies_to(messages, {"p1", "p2"}, Remote("p1"))
    assert [(event["event_id"], below) for event, _to, below in found] == [
        ("a", "p2"),
        ("b", "p2"),
        ("c", "p1"),
    ]


def test_a_thread_at_bluesky_is_what_is_there_of_it() -> None:
    def uri(rkey: str, did: str = "did:plc:us") -> str:
        return f"at://{did}/app.bsky.feed.post/{rkey}"

    def view(at: str, to: str, *replies: dict[str, Any]) -> dict[str, Any]:
        record = {"reply": {"parent": {"uri": to}}, "text": at, "createdAt": "2026-05-09T14:00:00Z"}
        who = {"did": at.split("/")[2], "handle": "ann.example"}
        return {"post": {"uri": at, "record": record, "author": who}, "replies": list(replies)}

    first, second = (uri(record_key(f"sr-1/{number}")) for number in range(2))
    ann, ben = uri("a", "did:plc:ann"), uri("b", "did:plc:ben")
    tree = view(first, "", view(second, first, view(ann, second, view(ben, ann))))
    answers: dict[str, dict[str, Any]] = {
        "app.bsky.feed.getPostThread": {"thread": tree},
        "app.bsky.feed.getRepostedBy": {"repostedBy": []},
        "app.bsky.feed.getLikes": {"likes": []},
    }
    there = Thread(lambda name, _asked: answers[name], Remote(first, "", {"key": "sr-1"}))
    assert there.parts == {first, second}
    assert [(one.remote_id, one.in_reply_to, one.below) for one in there.replies()] == [
        (ann, "", second),
        (ben, ann, second),
    ]


def test_a_reply_below_a_former_post_stays_where_single_ones_cannot_be_read(
    kit: Kit, forum: type[Forum]
) -> None:
    forum.served = [remote_reply(posted(kit))]
    listen(kit.session, kit.context)
    [row] = kit.deliveries("story")
    row.remote_id = "another"
    kit.session.commit()
    forum.served = []
    listen(kit.session, kit.context)
    assert [one.text for one in known(kit).values()] == ["Who has seeds?"]


def test_a_poll_that_tells_where_a_reply_stands_is_no_later_decision(
    kit: Kit, forum: type[Forum]
) -> None:
    """As on a laptop that was upgraded: another one may have decided about the reply since."""
    post = posted(kit)
    forum.served = [remote_reply(post)]
    listen(kit.session, kit.context)
    [reply] = known(kit).values()
    before, reply.post_id = reply.changed_at, ""
    kit.session.commit()
    kit.clock.forward(hours=1)
    listen(kit.session, kit.context)
    [reply] = known(kit).values()
    assert (reply.post_id, reply.changed_at) == (post, before)
