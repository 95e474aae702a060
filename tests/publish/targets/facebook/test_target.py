"""What is special about Facebook: its errors, pictures that can't be added later, and groups, which people post to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from publish.errors import RetryAfter
from publish.posts.model import Remote
from publish.status import target_registry
from publish.targets.by_hand.target import GroupTarget
from publish.targets.capabilities import ManualPosting
from reporter.moderation import decisions
from tests.publish.conformance.facebook import TOKEN, Facebook, FacebookPlace, error
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import NAME, add, opened, post_of, send


@pytest.fixture
def server() -> Iterator[Facebook]:
    with closing(Facebook()) as server:
        yield server


@pytest.fixture
def place(server: Facebook) -> FacebookPlace:
    return FacebookPlace(port=server.port, secret=TOKEN, server=server)


def tried(kit: Kit) -> list[dict[str, Any]]:
    """One round, without waiting for anything: the place says what it takes, and gets what was shaped for it."""
    return publish(kit.session, kit.context)


@pytest.mark.parametrize(
    ("status", "code", "headers", "seconds"),
    [
        (400, 4, {}, 900),
        (403, 32, {"Retry-After": "30"}, 30),
        (400, 613, {}, 900),
        (
            400,
            80001,
            {"X-Business-Use-Case-Usage": '{"1001": [{"estimated_time_to_regain_access": 4}]}'},
            240,
        ),
    ],
)
def test_limits_are_waited_for(
    kit: Kit,
    place: FacebookPlace,
    server: Facebook,
    status: int,
    code: int,
    headers: dict[str, str],
    seconds: int,
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    server.refusals = [error(status, code, "Slow down", headers=headers)]
    [row] = tried(kit)
    assert (row["state"], "Slow down" in row["error"]) == ("due", True)
    assert kit.deliveries()[0].due_at == kit.clock() + timedelta(seconds=seconds)
    kit.clock.forward(seconds=seconds)
    assert {row["state"] for row in send(kit)} == {"sent"}


@pytest.mark.parametrize("code", [190, 10, 200, 368])
def test_token_rights_and_blocks_pause_the_target(
    kit: Kit, place: FacebookPlace, server: Facebook, code: int
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    server.refusals = [error(400, code, "No")]
    tried(kit)
    assert target_registry.find_target(kit.session, NAME).paused
    assert "No" in target_registry.find_target(kit.session, NAME).paused


def test_refused_post_is_parked_and_the_next_one_goes(
    kit: Kit, place: FacebookPlace, server: Facebook
) -> None:
    kit.takeaway(kit.event(title="One"), "Leeks")
    kit.takeaway(kit.event(title="Two"), "Frost")
    add(kit, place)
    # The look for it is answered; its making is refused.
    server.refusals = []
    once = iter([error(400, 1500, "That link is not allowed")])
    before = server.post

    def post(request: object) -> object:
        for refusal in once:
            raise refusal
        return before(request)  # type: ignore[arg-type]

    server.post = post  # type: ignore[method-assign]
    states = sorted((row["state"], row["error"]) for row in tried(kit))
    assert states == [
        ("parked", "there does not take this: That link is not allowed"),
        ("sent", ""),
    ]


def test_picture_more_makes_a_new_post_and_so_does_what_is_taken_back(
    kit: Kit, place: FacebookPlace, server: Facebook
) -> None:
    event = kit.event()
    kit.takeaway(event, "Words first")
    add(kit, place)
    send(kit)
    [first] = [t["id"] for t in server.things.values() if t["kind"] == "post"]
    photo = kit.photo(event, 1, "Leeks")
    send(kit)
    [second] = [t["id"] for t in server.things.values() if t["kind"] == "post"]
    assert second != first
    assert len([t for t in server.things.values() if t["kind"] == "photo"]) == 1
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    send(kit)
    [third] = [t["id"] for t in server.things.values() if t["kind"] == "post"]
    assert third != second
    assert [t for t in server.things.values() if t["kind"] == "photo"] == []
    send(kit)
    assert [t["id"] for t in server.things.values() if t["kind"] == "post"] == [third]


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_takedown_that_stops_halfway_is_finished_by_the_next_try(
    kit: Kit,
    place: FacebookPlace,
    server: Facebook,
    monkeypatch: pytest.MonkeyPatch,
    is_noted: bool,
) -> None:
    event = kit.event()
    for number in (1, 2):
        kit.photo(event, number, "Leeks")
    add(kit, place)
    target = opened(kit)
    with closing(target):
        remote = target.create(post_of(kit), {})
        remote = remote if is_noted else Remote(remote.id, remote.url)
        assert [t["kind"] for t in server.things.values()].count("photo") == 2
        before = server.delete
        once = iter([error(503, 2, "Later")])

        def delete(request: Any, number: str) -> Any:
            if server.thing(number)["kind"] == "photo":
                for refusal in once:
                    raise refusal
            return before(request, number)

        monkeypatch.setattr(server, "delete", delete)
        with pytest.raises(RetryAfter):
            target.withdraw(remote)
        target.withdraw(remote)
    assert server.things == {}


def test_post_is_found_beyond_the_first_pages(
    kit: Kit, place: FacebookPlace, server: Facebook
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    for number in range(7):
        server.keep("post", message=f"Something else {number}", photos=[])
    with closing(opened(kit)) as target:
        found = target.find(post_of(kit).key)
    assert found is not None
    assert "Leeks" in server.things[found.id]["message"]


def test_group_is_posted_to_by_hand(kit: Kit) -> None:
    kit.photo(kit.event(), 1, "Leeks stand the frost.")
    given = {"url": "https://www.facebook.com/groups/garden"}
    target_registry.add_target(
        kit.session, "facebook-group", NAME, given, now=kit.clock(), rng=kit.rng
    )
    post = post_of(kit)
    with closing(opened(kit)) as target:
        assert isinstance(target, GroupTarget)
        draft = target.draft(post, {})
        assert "Leeks stand the frost." in draft.body
        assert "#sr" not in draft.body
        [part] = target.parts(post)
        assert [m.key for m in part.files] == [m.key for m in post.media()]
        assert isinstance(target, ManualPosting)
        assert target.posting_url(given) == given["url"]
        assert "by hand" in target.test()
