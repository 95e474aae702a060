"""A laptop asks a hub of an earlier version too whether it may publish."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.peers import client, pairing, publisher_lease
from reporter.errors import NotFound


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of a hub that knows only the former path."""
    asked = []

    def call(_self: client.PeerClient, method: str, path: str, **_parts: Any) -> Any:
        asked.append((method, path))
        if path != "/hub/push/baton":
            raise NotFound("There is no such page.")
        return {"granted": method == "POST"}

    monkeypatch.setattr(client.PeerClient, "call", call)
    monkeypatch.setattr(pairing, "token_of", lambda _kiosk, _peer: "token")
    return asked


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_hub_that_does_not_know_the_path_is_asked_at_the_former_one(
    asked: list[tuple[str, str]], method: str
) -> None:
    kiosk: Any = SimpleNamespace()
    peer: Any = SimpleNamespace(url="http://hub.example")
    assert publisher_lease._ask(kiosk, peer, method) is (method == "POST")
    assert asked == [(method, "/hub/push/publisher-lease"), (method, "/hub/push/baton")]
