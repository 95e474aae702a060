"""Answers of unexpected form: said with what came, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from publish.errors import RetryAfter
from publish.net.transfer_meter import TransferMeter, use_meter
from publish.net.understood import understood
from publish.status import target_registry
from tests.publish.conformance.mastodon import TOKEN, Mastodon, MastodonPlace
from tests.support.publish import target_kit
from tests.support.publish.fakes import Kit


def test_an_answer_without_a_field_is_said_with_its_words() -> None:
    meter = TransferMeter()
    meter.record_response(9, "", '<b>Temporarily</b> unavailable {"email": "ann@example.org"}')
    raised = pytest.raises(RetryAfter, match="“Temporarily unavailable”")
    with use_meter(meter), raised, understood("there"):
        raise KeyError("id")


@pytest.mark.parametrize("text", ['\ufeff {"accessJwt": "secret"}', ' [{"email": "secret"}]'])
def test_of_json_nothing_is_quoted(text: str) -> None:
    meter = TransferMeter()
    meter.record_response(9, "", text)
    with use_meter(meter), pytest.raises(RetryAfter) as raised, understood("there"):
        raise KeyError("did")
    assert raised.value.message == "there answered in a way that can't be understood."


def test_without_an_answer_nothing_is_quoted() -> None:
    with pytest.raises(RetryAfter, match="there answered in a way"), understood("there"):
        raise TypeError


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RetryAfter, match="later"), understood("there"):
        raise RetryAfter("later")
    with pytest.raises(RuntimeError), understood("there"):
        raise RuntimeError


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with closing(Mastodon()) as server:
        yield server


@pytest.mark.parametrize("odd", ["ok", [], 1, None, {"error": "maintenance"}])
def test_an_account_that_is_no_object_is_said(kit: Kit, server: Mastodon, odd: Any) -> None:
    place = MastodonPlace(port=server.port, secret=TOKEN, server=server)
    target_kit.add(kit, place)
    kit.takeaway(kit.event(), "Words")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server, "me", lambda request: odd)
        _asked(kit, odd)
    assert [row["state"] for row in target_kit.send(kit)] == ["sent"]
    assert len(server.statuses) == 1


def _asked(kit: Kit, odd: Any) -> None:
    if odd in ("ok", 1, None):
        with pytest.raises(RetryAfter):
            target_registry.test_target(kit.session, kit.context, target_kit.NAME)
    rows = target_kit.publish(kit.session, kit.context)
    assert [row["state"] for row in rows] == ["due"]
    assert "unexpected" not in rows[0]["error"]
