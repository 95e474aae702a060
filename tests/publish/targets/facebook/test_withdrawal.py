"""What is taken back is looked for there: an answer "done" alone proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from werkzeug import Response

from reporter.enums import DeliveryState
from reporter.moderation import decisions
from tests.publish.conformance.facebook import TOKEN, Facebook, FacebookPlace
from tests.support.publish import target_kit
from tests.support.publish.fakes import Kit


@pytest.fixture
def server() -> Iterator[Facebook]:
    with closing(Facebook()) as server:
        yield server


@pytest.mark.parametrize(
    "odd",
    [{}, [], {"error": "busy"}, Response(""), Response("<h1>Not found</h1>", 404)],
    ids=["object", "list", "busy", "empty", "page"],
)
def test_a_deletion_that_did_not_happen_is_asked_for_again(
    kit: Kit, server: Facebook, odd: Any
) -> None:
    place = FacebookPlace(port=server.port, secret=TOKEN, server=server)
    target_kit.add(kit, place)
    note = kit.takeaway(kit.event(), "Words")
    target_kit.send(kit)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    real = server._find

    def find(request: Any) -> Any:
        return odd if request.method == "DELETE" else real(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "_find", find)
        rows = target_kit.publish(kit.session, kit.context)
    assert [row["state"] for row in rows] != [DeliveryState.WITHDRAWN.value]
    assert len(place.census(kit.facts).posts) == 1
    assert {row["state"] for row in target_kit.send(kit)} == {"withdrawn"}
    assert place.census(kit.facts).posts == []
