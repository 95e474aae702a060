"""Answers of a MediaWiki that say nothing: nothing is believed to be gone or missing for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from publish.status import target_registry
from reporter import secret_store
from reporter.moderation import decisions
from tests.publish.conformance.mediawiki import MediaWikiPlace
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.odd_answers import ODD_JSON, crossed
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import NAME, send
from tests.support.servers.script import ScriptServer


@pytest.fixture
def wiki(mediawiki_server: ScriptServer) -> Iterator[MediaWikiPlace]:
    details = mediawiki_server.details
    place = MediaWikiPlace(port=mediawiki_server.port, secret=details["PASSWORD"], details=details)
    with closing(place):
        yield place


@pytest.mark.parametrize(
    ("asked", "odd"), crossed([b"prop=revisions", b"action=delete", b"action=edit"])
)
def test_what_is_taken_back_goes_whatever_is_answered_at_first(
    kit: Kit, wiki: MediaWikiPlace, asked: bytes, odd: str
) -> None:
    assert wiki.port is not None
    event = kit.event()
    note = kit.takeaway(event, "Leeks stand the frost.")
    if asked == b"action=edit":
        kit.takeaway(event, "Ask the neighbours.")
    with closing(FaultProxy(wiki.port)) as proxy:
        given = {**wiki.options(proxy.url), "under": f"Gathering {kit.facts.mark}"}
        target_registry.add_target(
            kit.session, "mediawiki", NAME, given, now=kit.clock(), rng=kit.rng
        )
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name(NAME), wiki.secret)
        send(kit)
        decisions.withdraw(kit.session, note, kit.actor, kit.store)
        left = [ODD_JSON[odd]]
        proxy.fault = lambda *_: left.pop() if left and asked in proxy.body else None
        [row] = publish(kit.session, kit.context)
        assert left == []
        assert row["state"] in ("withdrawing", "changed")
        assert "secr" not in row["error"]
        assert {row["state"] for row in send(kit)} <= {"withdrawn", "sent"}
    assert not any("Leeks" in post.words for post in wiki.census(kit.facts).posts)
