"""The space's page goes on living: replies as of the last look, what is open, what became of it, how to join in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import vobject

from publish.bundle.builder import make_bundle
from publish.posts.follow_up import agenda_of
from publish.status.target_registry import make_publish_context
from reporter.conversation import replies
from reporter.enums import ReplyKind, ReplyState
from reporter.follow_up import action_items, next_gathering
from reporter.models.conversation import Reply
from tests.support.publish.fakes import START, Kit
from tests.support.publish.rounds import publish


def sent(kit: Kit) -> None:
    """Publish as the kiosk does: with the facts of this moment."""
    facts = replace(kit.facts, agenda=agenda_of(kit.session, kit.facts.title))
    publish(kit.session, make_publish_context(kit.store, facts, clock=kit.clock, rng=kit.rng))


def answer(kit: Kit, takeaway: Any, text: str) -> Reply:
    word = replies.WrittenReply(kind="answer", text=text, author="Ben")
    reply = replies.say(kit.session, takeaway, word, now=kit.clock(), rng=kit.rng)
    replies.decide(kit.session, reply, kit.actor, ReplyState.SHOWN)
    return reply


def test_the_front_page_follows_what_is_open_and_done(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    question = kit.takeaway(event, "Who has <seeds>?", intent="question")
    kit.target(
        "stick", kind="folder", options={"url": str(tmp_path / "site"), "user": "", "web": ""}
    )
    sent(kit)
    index = tmp_path / "site" / "index.html"
    assert "Who has &lt;seeds&gt;?" in index.read_text()
    assert not (tmp_path / "site" / "calendar.ics").exists()

    values = {"what": "Find seeds", "who": "Ada", "due_on": "2026-06-01"}
    item = action_items.begin_item(kit.session, kit.actor, "question", values, takeaway=question)
    next_gathering.set_next(
        kit.session,
        kit.actor,
        title="Summer",
        starts_at=START + timedelta(days=60),
        place="The shed",
        url="https://example.org/s",
    )
    sent(kit)
    page = index.read_text()
    assert "Find seeds" in page
    assert "Who has" not in page.split('id="open"')[1], "the item tells of it instead"
    assert "Ada" not in page, "she has not agreed to be named"
    assert "Summer" in page
    assert "The shed" in page
    read = vobject.readOne((tmp_path / "site" / "calendar.ics").read_text())
    assert read.vtodo.summary.value == "Find seeds"

    action_items.change_item(
        kit.session, item, kit.actor, {"state": "done", "outcome": "Ben has leeks."}
    )
    sent(kit)
    assert "Ben has leeks." in index.read_text()
    before = index.stat().st_mtime_ns
    sent(kit)
    assert index.stat().st_mtime_ns == before, "nothing changed, nothing is written"


def test_pages_of_our_own_tell_replies_of_all_places(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    first = kit.takeaway(event, "Compost stays warm")
    kit.takeaway(event, "Another one")
    kit.target(
        "stick", kind="folder", options={"url": str(tmp_path / "site"), "user": "", "web": ""}
    )
    blog = kit.target(
        "blog",
        kind="wordpress",
        paused="not now",
        options={"url": "https://blog.example", "user": "x", "status": "publish"},
    )
    sent(kit)
    [story] = kit.deliveries("story")[:1]
    page = tmp_path / "site" / f"{story.key}.html"
    answer(kit, first, "Even in <b>January</b>")
    hidden = answer(kit, first, "Rude words")
    replies.decide(kit.session, hidden, kit.actor, ReplyState.HIDDEN)
    for text, state in (("From the blog", "shown"), ("Not looked at", "held")):
        kit.session.add(
            Reply(
                id=kit.id(),
                target_id=blog.id,
                remote_id=text,
                place="blog",
                story_id=story.item_id,
                kind=ReplyKind.REPLY.value,
                state=state,
                author="Cem",
                text=text,
                url="https://blog.example/c1",
                former_texts=[],
                written_at=kit.clock(),
                received_at=kit.clock(),
                changed_at=kit.clock(),
            )
        )
    kit.session.commit()
    sent(kit)
    html = page.read_text()
    assert "Even in &lt;b&gt;January&lt;/b&gt;" in html
    assert "From the blog" in html
    assert 'href="https://blog.example/c1"' in html
    assert "Rude words" not in html
    assert "Not looked at" not in html
    bundle = make_bundle(
        kit.session, kit.store, tmp_path / "bag", facts=kit.facts, now=kit.clock(), rng=kit.rng
    )
    inside = (bundle.path / "data" / f"{story.key}.html").read_text()
    assert "From the blog" in inside
    assert "Not looked at" not in inside
