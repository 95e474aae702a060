"""Answers of a Mastodon that say nothing: nothing is deleted, made twice, or believed to be gone for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from publish.errors import PublishError
from publish.net.understood import understood
from publish.posts.model import Remote
from publish.targets.base import Answer
from publish.targets.mastodon.client import MastodonAccount
from publish.targets.mastodon.target import MastodonTarget
from reporter import secret_store
from reporter.moderation import decisions
from tests.publish.conformance.mastodon import TOKEN, Mastodon, MastodonPlace
from tests.support.publish.fakes import FaultProxy, Kit, open_kit
from tests.support.publish.odd_answers import ODD_JSON, OddOnce
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, opened, send


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    monkeypatch.setattr(MastodonAccount, "pause", staticmethod(lambda seconds: None))
    with open_kit(tmp_path / "gathering") as kit:
        yield kit


@pytest.fixture
def place() -> Iterator[MastodonPlace]:
    server = Mastodon()
    with closing(MastodonPlace(port=server.port, secret=TOKEN, server=server)) as place:
        yield place


@pytest.fixture
def proxy(place: MastodonPlace) -> Iterator[FaultProxy]:
    assert place.port is not None
    with closing(FaultProxy(place.port)) as proxy:
        yield proxy


@pytest.mark.parametrize("odd", ODD_JSON)
def test_a_thread_that_is_not_told_stays_and_is_changed_in_place(
    kit: Kit, place: MastodonPlace, proxy: FaultProxy, odd: str
) -> None:
    event = kit.event()
    notes = [kit.takeaway(event, f"Takeaway {n}: " + "leeks and frost, " * 15) for n in range(3)]
    add(kit, place, proxy.url)
    send(kit)
    before = set(place.server.statuses)
    decisions.change(kit.session, notes[2], kit.actor, {"text": "Takeaway 2, corrected."})
    once = OddOnce(proxy, ODD_JSON[odd], "/context")
    [row] = publish(kit.session, kit.context)
    assert (once.left, row["state"]) == (0, "changed")
    assert row["error"]
    assert "secr" not in row["error"]
    assert set(place.server.statuses) == before
    send(kit)
    assert set(place.server.statuses) <= before
    assert "corrected" in place.census(kit.facts).posts[0].words


@pytest.mark.parametrize("odd", sorted({*ODD_JSON} - {"a list"}))
def test_a_post_whose_answer_was_lost_is_not_made_again_because_a_list_says_nothing(
    kit: Kit, place: MastodonPlace, proxy: FaultProxy, odd: str
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place, proxy.url)
    OddOnce(proxy, b"", "/api/v1/statuses", "POST")
    publish(kit.session, kit.context)
    # The server remembers a key for one hour only.
    place.server.keys.clear()
    once = OddOnce(proxy, ODD_JSON[odd], "/statuses?", "GET")
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    assert once.left == 0
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.statuses) == 1


def test_a_page_of_the_wifi_in_place_of_the_limits_is_waited_out(
    kit: Kit, place: MastodonPlace, proxy: FaultProxy
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place, proxy.url)
    pages = ["portal"]

    def portal_once(_method: str, path: str) -> str | None:
        return pages.pop() if pages and "/instance" in path else None

    proxy.fault = portal_once
    publish(kit.session, kit.context)
    assert pages == []
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.statuses) == 1


def test_an_error_in_place_of_a_deletion_leaves_it_open(
    kit: Kit, place: MastodonPlace, proxy: FaultProxy
) -> None:
    note = kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place, proxy.url)
    send(kit)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    OddOnce(proxy, ODD_JSON["an error"], "/api/v1/statuses/", "DELETE")
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "withdrawing"
    assert {row["state"] for row in send(kit)} == {"withdrawn"}


@pytest.mark.parametrize("odd", ODD_JSON)
def test_an_answer_is_not_called_missing_because_nothing_is_told(
    kit: Kit, place: MastodonPlace, proxy: FaultProxy, odd: str
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place, proxy.url)
    send(kit)
    [row] = kit.deliveries("story")
    post, answer = Remote(row.remote_id, row.url), Answer("a1", "Thanks!", "", kit.clock())
    with closing(opened(kit)) as target:
        assert isinstance(target, MastodonTarget)
        made = target.put_answer(post, answer)
        OddOnce(proxy, ODD_JSON[odd], "/context")
        with pytest.raises(PublishError), understood("there"):
            target.find_answer(post, answer)
        found = target.find_answer(post, answer)
    assert found is not None
    assert found.id == made.id
