"""Answers of a Matrix server that say nothing: nothing is redacted, made twice, or believed to be gone for them.

A fixture that holds a room as the specification says; the real Synapse gives no such answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from publish.errors import PublishError
from publish.status import target_registry
from reporter.moderation import decisions
from tests.publish.conformance.matrix_room import Garden, Server
from tests.support.publish.fakes import Kit
from tests.support.publish.odd_answers import ODD_JSON, crossed
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, opened, send


@pytest.fixture
def place() -> Iterator[Garden]:
    server = Server()
    with closing(Garden(port=server.port, secret="token", server=server)) as place:
        yield place


@pytest.mark.parametrize(("part", "odd"), crossed(["/event/", "/relations/"]))
def test_a_message_that_is_not_told_stays_and_is_changed_in_place(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    event = kit.event()
    photo = kit.photo(event, 3, "Leeks stand the frost.")
    add(kit, place)
    send(kit)
    before = place.server.shown
    decisions.change(kit.session, photo, kit.actor, {"caption": "Leeks stand it."})
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert row["state"] == "changed"
    assert "secr" not in row["error"]
    assert place.server.shown == before
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert place.server.shown[: len(before)] == before


@pytest.mark.parametrize(("part", "odd"), crossed(["/event/", "/relations/", "/redact/"]))
def test_what_is_taken_back_goes_whole_whatever_is_answered_at_first(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    photo = kit.photo(kit.event(), 3, "Leeks stand the frost.")
    add(kit, place)
    send(kit)
    assert len(place.server.shown) > 1
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "withdrawing"
    assert {row["state"] for row in send(kit)} == {"withdrawn"}
    assert place.server.shown == []


@pytest.mark.parametrize("odd", ODD_JSON)
def test_a_post_whose_answer_was_lost_is_not_made_again_because_a_list_says_nothing(
    kit: Kit, place: Garden, odd: str
) -> None:
    kit.takeaway(kit.event(), "Leeks stand the frost.")
    add(kit, place)
    place.server.odd = ("/send/", b"")
    publish(kit.session, kit.context)
    # Transactions are remembered for some time only.
    place.server.sent.clear()
    place.server.odd = ("/messages", ODD_JSON[odd])
    kit.clock.forward(minutes=5)
    publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert len(place.server.shown) == 1


@pytest.mark.parametrize(
    ("part", "odd"),
    crossed(["/whoami", "/join/", "/state/", "/upload"], sorted({*ODD_JSON} - {"a page"})),
)
def test_no_room_is_called_encrypted_and_no_file_unreadable_for_an_odd_answer(
    kit: Kit, place: Garden, odd: str, part: str
) -> None:
    kit.photo(kit.event(), 3, "Leeks stand the frost.")
    add(kit, place)
    place.server.odd = (part, ODD_JSON[odd])
    [row] = publish(kit.session, kit.context)
    assert place.server.answered_oddly
    assert row["state"] == "due"
    assert "encrypted" not in row["error"]
    assert not target_registry.find_target(kit.session, "there").paused
    assert {row["state"] for row in send(kit)} == {"sent"}


def test_replies_are_not_read_from_a_list_that_says_nothing(kit: Kit, place: Garden) -> None:
    add(kit, place)
    place.server.odd = ("/messages", b"{}")
    with closing(opened(kit)) as target, pytest.raises(PublishError, match="understood"):
        list(target.replies([], None))  # type: ignore[attr-defined]
