"""Replies come home from a real WordPress: all of them, once, edited and deleted ones too; answers go out once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from publish.conversation.fetch_replies import BETWEEN, listen, listen_due
from publish.outbox.items import answer as items_answer
from publish.outbox.runner import deliver_due
from publish.status import target_registry
from reporter import secret_store
from reporter.conversation import inbox, replies
from reporter.enums import ReplyState
from reporter.models import Delivery, Takeaway
from reporter.models.conversation import Reply, ReplyPoll
from reporter.moderation import decisions
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.rounds import publish
from tests.support.servers.wordpress import WordPress

pytestmark = pytest.mark.wordpress


class Outsiders:
    """What others do at the blog, and what is really there."""

    def __init__(self, server: WordPress) -> None:
        admin = server.accounts["administrator"]
        self.url = server.url
        self.rest = httpx.Client(
            base_url=f"{server.url}/wp-json/wp/v2/",
            auth=(admin.user, admin.app_password),
            timeout=60,
        )

    def say(self, post: str, text: str, **values: Any) -> dict[str, Any]:
        """A comment as a guest's, made by the blog itself (without its flood limit)."""
        body = {
            "post": int(post),
            "content": text,
            "author_name": "Outsider",
            "author_email": "o@example.org",
            **values,
        }
        answer = self.rest.post("comments", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def guest(self, post: str, text: str) -> None:
        """The form under the post, as anybody fills it in."""
        fields = {
            "comment_post_ID": post,
            "author": "Guest",
            "email": "g@example.org",
            "comment": text,
        }
        # A blog takes one comment in 15 seconds from one address; another test may have written.
        for _ in range(20):
            answer = httpx.post(f"{self.url}/wp-comments-post.php", data=fields, timeout=60)
            if answer.status_code != 429:
                break
            time.sleep(1)
        assert answer.status_code in (200, 302), answer.text

    def there(self, post: str) -> dict[str, str]:
        """{id: text} of what is there, waiting or approved, asked page by page."""
        found: dict[str, str] = {}
        for page in range(1, 20):
            rows = self.rest.get(
                "comments",
                params={
                    "post": post,
                    "status": "all",
                    "context": "edit",
                    "per_page": "100",
                    "page": str(page),
                    "orderby": "id",
                    "order": "asc",
                },
            ).json()
            found |= {str(row["id"]): row["content"]["raw"] for row in rows}
            if len(rows) < 100:
                break
        return found


@pytest.fixture
def outsiders(wordpress: WordPress) -> Iterator[Outsiders]:
    outsiders = Outsiders(wordpress)
    yield outsiders
    outsiders.rest.close()


@pytest.fixture
def proxy(wordpress: WordPress) -> Iterator[FaultProxy]:
    proxy = FaultProxy(wordpress.port)
    yield proxy
    proxy.close()


def published(kit: Kit, wordpress: WordPress, url: str = "") -> str:
    """A story at the blog; the id of its post there."""
    event = kit.event()
    kit.takeaway(event, "Compost stays warm")
    kit.takeaway(event, "Who has seeds to share?", intent="question")
    given = {"url": url or wordpress.url, "user": wordpress.user}
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    name = target_registry.secret_name("blog")
    secret_store.set_secret(str(kit.facts.id), name, wordpress.app_password)
    publish(kit.session, kit.context)
    [row] = kit.deliveries("story")
    assert row.state == "sent"
    return row.remote_id


def swallow(proxy: FaultProxy, method: str, part: str) -> None:
    """The next request of this kind is carried out, and its answer lost."""
    left = [method]

    def fault(asked: str, path: str) -> str | None:
        return "cut" if asked == method and part in path and left and left.pop() else None

    proxy.fault = fault


def known(kit: Kit) -> dict[str, Reply]:
    kit.session.expire_all()
    return {r.remote_id: r for r in kit.session.scalars(select(Reply)) if r.remote_id}


def readable(kit: Kit) -> dict[str, str]:
    return {key: r.text for key, r in known(kit).items() if r.state in ("held", "shown")}


def test_all_come_once_and_follow_what_happens_there(
    kit: Kit, wordpress: WordPress, outsiders: Outsiders
) -> None:
    post = published(kit, wordpress)
    outsiders.guest(post, "Lovely, where was this?")
    first = outsiders.say(post, "<p>We do this <em>too</em>.</p><script>alert(1)</script>")
    outsiders.say(post, "And it works.", parent=first["id"])
    outsiders.say(post, "Buy pills", status="spam")
    same = "2026-05-10T09:30:00"
    outsiders.say(post, "In the same second", date_gmt=same)
    outsiders.say(post, "Also in that second", date_gmt=same)
    listen(kit.session, kit.context)
    listen(kit.session, kit.context)

    there = outsiders.there(post)
    assert set(readable(kit)) == set(there)
    assert len(there) == 5
    rows = known(kit)
    assert rows[str(first["id"])].text == "We do this too."
    [child] = [r for r in rows.values() if r.text == "And it works."]
    assert child.parent is rows[str(first["id"])]
    assert {r.written_at.isoformat() for r in rows.values() if "second" in r.text} == {
        "2026-05-10T09:30:00+00:00"
    }
    assert [r.state for r in rows.values() if "pills" in r.text] == ["spam"]
    # Nobody has looked at them yet, so none is shown.
    assert {r.state for r in rows.values()} == {"held", "spam"}

    actor = kit.actor
    replies.decide(kit.session, rows[str(first["id"])], actor, ReplyState.SHOWN)
    outsiders.rest.post(f"comments/{first['id']}", json={"content": "We do this since 1990."})
    outsiders.rest.delete(f"comments/{child.remote_id}", params={"force": "true"})
    listen(kit.session, kit.context)
    edited = known(kit)[str(first["id"])]
    assert (edited.text, edited.state) == ("We do this since 1990.", "held")
    assert edited.former_texts[0]["text"] == "We do this too."
    gone = known(kit)[str(child.remote_id)]
    assert (gone.state, gone.text) == ("gone", "")
    assert set(readable(kit)) == set(outsiders.there(post))


def test_three_hundred_with_broken_connections_in_between(
    kit: Kit, wordpress: WordPress, outsiders: Outsiders, proxy: FaultProxy
) -> None:
    post = published(kit, wordpress, proxy.url)
    for number in range(300):
        outsiders.say(post, f"Number {number}")
    swallow(proxy, "GET", "page=2")
    assert listen_due(kit.session, kit.context) == 1
    [listening] = kit.session.scalars(select(ReplyPoll))
    assert "broke" in listening.error
    assert listening.polled_at is None
    assert listen_due(kit.session, kit.context) == 0, "it waits before it looks again"
    kit.clock.forward(minutes=5)
    assert listen_due(kit.session, kit.context) == 1
    kit.session.expire_all()
    assert (listening.error, listening.polled_at) == ("", kit.clock())
    assert readable(kit) == outsiders.there(post)
    assert len(readable(kit)) == 300
    kit.clock.forward(minutes=BETWEEN / timedelta(minutes=1))
    outsiders.say(post, "One more")
    listen_due(kit.session, kit.context)
    assert readable(kit) == outsiders.there(post)


def test_an_answer_appears_once_under_what_it_answers(
    kit: Kit, wordpress: WordPress, outsiders: Outsiders, proxy: FaultProxy
) -> None:
    post = published(kit, wordpress, proxy.url)
    asked = outsiders.say(post, "Who brings the seeds?")
    listen(kit.session, kit.context)
    question = known(kit)[str(asked["id"])]
    items_answer.answer(
        kit.session, question, "Ada does, on Monday.", kit.actor, facts=kit.facts, rng=kit.rng
    )
    swallow(proxy, "POST", "comments")
    deliver_due(kit.session, kit.context)
    [row] = kit.deliveries("answer")
    assert row.state == "due"
    assert row.error
    # A look may find it before the next try does.
    listen(kit.session, kit.context)
    kit.clock.forward(minutes=5)
    deliver_due(kit.session, kit.context)
    [row] = kit.deliveries("answer")
    assert row.state == "sent"
    publish(kit.session, kit.context)
    listen(kit.session, kit.context)

    mine = {key: text for key, text in outsiders.there(post).items() if "Monday" in text}
    assert list(mine) == [row.remote_id]
    comment = outsiders.rest.get(f"comments/{row.remote_id}").json()
    assert comment["parent"] == asked["id"]
    ours = [r for r in known(kit).values() if r.ours]
    assert [r.remote_id for r in ours] == [row.remote_id]
    assert inbox.open_count(kit.session, kit.clock()) == 0, "what is answered is done with"

    items_answer.take_back_answer(kit.session, ours[0], kit.actor)
    publish(kit.session, kit.context)
    assert "Monday" not in " ".join(outsiders.there(post).values())
    assert kit.deliveries("answer")[0].state == "withdrawn"


def test_a_withdrawn_takeaway_takes_what_was_said_to_it_along(
    kit: Kit, wordpress: WordPress, outsiders: Outsiders
) -> None:
    event = kit.event()
    takeaway = kit.takeaway(event, "Only this one")
    given = {"url": wordpress.url, "user": wordpress.user}
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), wordpress.app_password
    )
    publish(kit.session, kit.context)
    [row] = kit.deliveries("story")
    outsiders.say(row.remote_id, "Only to this")
    listen(kit.session, kit.context)
    [reply] = known(kit).values()
    assert reply.takeaway_id == takeaway.id
    replies.decide(kit.session, reply, kit.actor, ReplyState.SHOWN)
    assert replies.count_shown(kit.session, takeaway) == 1
    decisions.withdraw(kit.session, takeaway, kit.actor, kit.store)
    listen(kit.session, kit.context)
    kit.session.expire_all()
    assert (reply.state, reply.text, reply.author) == ("gone", "", "")
    publish(kit.session, kit.context)
    assert [d.state for d in kit.session.scalars(select(Delivery))] == ["withdrawn"]


def test_what_was_said_at_the_gathering_goes_out_with_the_post(
    kit: Kit, wordpress: WordPress, outsiders: Outsiders
) -> None:
    post = published(kit, wordpress)
    [takeaway, _other] = kit.session.scalars(select(Takeaway).order_by(Takeaway.id))
    say: dict[str, Any] = {"now": kit.clock(), "rng": kit.rng}
    reply = replies.say(
        kit.session,
        takeaway,
        replies.WrittenReply(kind="answer", text="Even at <b>night</b>", author="Ben"),
        **say,
    )
    replies.say(kit.session, takeaway, replies.WrittenReply(kind="second", device="phone-a"), **say)
    publish(kit.session, kit.context)
    assert "Even at" not in outsiders.rest.get(f"posts/{post}").json()["content"]["rendered"]
    replies.decide(kit.session, reply, kit.actor, ReplyState.SHOWN)
    publish(kit.session, kit.context)
    content = outsiders.rest.get(f"posts/{post}").json()["content"]["rendered"]
    assert "<strong>Ben:</strong> Even at &lt;b&gt;night&lt;/b&gt;" in content
    assert "1 other says so too." in content
