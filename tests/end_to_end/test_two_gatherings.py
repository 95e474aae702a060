"""Two gatherings in a row on real servers: told, answered from outside, answered back, led on, and begun again."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from publish.conversation import follow_up_plan
from publish.conversation.fetch_replies import listen
from publish.outbox.items import answer
from publish.outbox.items.message import queue_messages
from publish.posts.model import Remote
from publish.status import target_registry
from reporter import secret_store
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.follow_up import action_items, next_gathering
from reporter.gathering.folder import make_gathering, open_session
from reporter.models import Delivery, Takeaway
from reporter.models.conversation import Reply
from tests.publish.conformance.contract import Place
from tests.publish.conformance.mediawiki import mediawiki_place
from tests.publish.conversation.test_fetch_replies import Outsiders
from tests.publish.targets.email.test_target import Inbox, smtp
from tests.support.publish.fakes import Kit, open_kit
from tests.support.publish.rounds import publish
from tests.support.servers.wordpress import WordPress

pytestmark = [pytest.mark.wordpress, pytest.mark.slow]


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    with open_kit(tmp_path / "spring", seed=zlib.crc32(str(tmp_path).encode())) as kit:
        yield kit


@pytest.fixture
def wiki(request: pytest.FixtureRequest) -> Iterator[Place]:
    with mediawiki_place(request) as place:
        yield place


def add(kit: Kit, kind: str, name: str, secret: str, **options: str) -> None:
    target_registry.add_target(kit.session, kind, name, options, now=kit.clock(), rng=kit.rng)
    if secret:
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name(name), secret)


def send(kit: Kit) -> None:
    rows = publish(
        kit.session,
        kit.context,
        wait=True,
        pause=lambda seconds: kit.clock.forward(seconds=seconds),
    )
    assert {row["state"] for row in rows} <= {"sent", "withdrawn"}, rows


def at(kit: Kit, name: str) -> Remote:
    """The session's post at a target."""
    target = target_registry.find_target(kit.session, name)
    row = kit.session.scalars(
        select(Delivery)
        .where(Delivery.target_id == target.id, Delivery.item_kind == "story")
        .order_by(Delivery.created_at)
    ).first()
    assert row is not None
    return Remote(row.remote_id, row.url, row.remote.get("extra", {}))


def replies_from(kit: Kit, name: str) -> list[Reply]:
    kit.session.expire_all()
    query = select(Reply).where(Reply.place == name, Reply.ours.is_(False))
    return list(kit.session.scalars(query.order_by(Reply.written_at, Reply.id)))


def test_the_conversation_goes_on_to_the_next_gathering(
    kit: Kit, wordpress: WordPress, wiki: Place, tmp_path: Path
) -> None:
    with smtp() as inbox:
        event = kit.event(series=True, ends_at=kit.clock() + timedelta(hours=1))
        kit.photo(event, 1, "Frost on the leeks", starred=True)
        question = kit.takeaway(event, "Who has seeds to share?", intent="question")
        add(
            kit, "wordpress", "blog", wordpress.app_password, url=wordpress.url, user=wordpress.user
        )
        add(kit, "mediawiki", "wiki", wiki.secret, **wiki.options(wiki.url))
        mail = {"host": f"127.0.0.1:{inbox.port}", "tls": "none", "from": "news@example.org"}
        add(kit, "email", "list", "", **mail, to="all@example.org")
        send(kit)
        comment = answered_from_outside(kit, wordpress, wiki)
        notified_and_led_on(kit, inbox, question, comment)
        assert begun_again(kit, tmp_path) == [("Find seeds", "Spring gathering")]


def answered_from_outside(kit: Kit, wordpress: WordPress, wiki: Place) -> Reply:
    """Comments at the blog and on the discussion page come home once; an answer of ours appears once."""
    outsiders = Outsiders(wordpress)
    outsiders.say(at(kit, "blog").id, "I have leeks, where do we meet?")
    wiki.outsider(at(kit, "wiki"), "There is a seed library in town.")
    for _ in range(3):
        listen(kit.session, kit.context)
    [comment] = replies_from(kit, "blog")
    [entry] = replies_from(kit, "wiki")
    assert comment.text == "I have leeks, where do we meet?"
    assert entry.text == "There is a seed library in town."
    assert {comment.state, entry.state} == {"held"}
    answer.answer(kit.session, comment, "At the shed.", kit.actor, facts=kit.facts, rng=kit.rng)
    send(kit)
    listen(kit.session, kit.context)
    there = outsiders.there(at(kit, "blog").id)
    assert sorted(there.values()) == ["At the shed.", "I have leeks, where do we meet?"]
    assert len(replies_from(kit, "blog")) == 1
    outsiders.rest.close()
    return comment


def notified_and_led_on(kit: Kit, inbox: Inbox, question: Takeaway, comment: Reply) -> None:
    """Whoever asked is told once; the thank-you goes out after a yes, to all places."""
    next_gathering.leave_address(
        kit.session,
        question,
        "ada@home.example",
        answer=True,
        invite=True,
        now=kit.clock(),
        rng=kit.rng,
    )
    replies.narrow(kit.session, comment, kit.actor, question)
    replies.decide(kit.session, comment, kit.actor, ReplyState.SHOWN)
    for _ in range(2):
        queue_messages(kit.session, kit.facts, kit.actor)
        send(kit)
    to_ada = [mail for people, mail in inbox.mails if people == ["ada@home.example"]]
    assert len(to_ada) == 1
    assert "I have leeks" in str(to_ada[0].get_content())
    action_items.begin_item(
        kit.session, kit.actor, "question", {"what": "Find seeds"}, takeaway=question
    )
    story = follow_up_plan.draft(kit.session, kit.facts, follow_up_plan.THANKS, kit.actor)
    send(kit)
    assert not [d for d in kit.deliveries("story") if d.item_id == story.id]
    follow_up_plan.release(kit.session, follow_up_plan.THANKS, kit.actor)
    send(kit)
    copies = [d for d in kit.deliveries("story") if d.item_id == story.id]
    assert {d.state for d in copies} == {"sent"}
    assert len(copies) == 3


def begun_again(kit: Kit, tmp_path: Path) -> list[tuple[str, str]]:
    """The next gathering begins with what is open, its series, and who wants to come, nothing else; return its
    action items and where each came from."""
    chance = random.Random(3)
    settings = make_gathering(
        tmp_path / "autumn", "Autumn", timezone="UTC", language="en", now=kit.clock(), rng=chance
    )
    with open_session(settings) as autumn:
        carried = next_gathering.carry_over(autumn, kit.session, kit.settings, kit.actor)
        assert (carried.questions, carried.actions, carried.sessions, carried.invited) == (
            1,
            0,
            1,
            1,
        )
        assert autumn.scalars(select(Takeaway)).all() == []
        assert autumn.scalars(select(Reply)).all() == []
        return [(item.what, item.carried_from) for item in action_items.all_items(autumn)]
