"""Answers of a DokuWiki of another type than documented: nobody's words go for them, and ours do."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from xmlrpc.client import dumps

import pytest

from publish.status import target_registry
from reporter.moderation import decisions
from tests.publish.conformance.dokuwiki import DokuWikiPlace
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.rounds import publish
from tests.support.publish.target_kit import add, send
from tests.support.servers.script import ScriptServer


def answer_of(value: Any) -> bytes:
    return dumps((value,), methodresponse=True, allow_none=True).encode()


# Of none of these calls an answer is a half one, and none is None.
ODD = {"null": answer_of(None), "half": answer_of("word")[:60]}
ODD_TYPES = {**ODD, "true": answer_of(True), "a list": answer_of([])}
CASES = [
    *((call, odd) for call in ("wiki.getPageInfo", "dokuwiki.setLocks") for odd in ODD_TYPES),
    *(("wiki.getPage<", odd) for odd in ODD_TYPES),
    *(("wiki.putPage", odd) for odd in ("null", "half", "a list")),
    *(("wiki.aclCheck", odd) for odd in ("null", "half", "a list")),
]


@pytest.mark.parametrize(("call", "odd"), CASES)
def test_an_answer_that_says_nothing_takes_nobodys_words(
    kit: Kit, dokuwiki_server: ScriptServer, call: str, odd: str
) -> None:
    details = dokuwiki_server.details
    wiki = DokuWikiPlace(port=dokuwiki_server.port, secret=details["PASSWORD"], details=details)
    event = kit.event()
    note = kit.takeaway(event, "Leeks stand the frost.")
    kit.takeaway(event, "Ask the neighbours.")
    with closing(FaultProxy(dokuwiki_server.port)) as proxy:
        add(kit, wiki, proxy.url, under=f"gathering_{kit.facts.mark}")
        send(kit)
        [row] = kit.deliveries("story")
        wiki.save(row.remote_id, f"Our own introduction.\n\n{wiki.text(row.remote_id)}")
        decisions.withdraw(kit.session, note, kit.actor, kit.store)
        left = [ODD_TYPES[odd]] * 2
        proxy.fault = lambda *_: left.pop() if left and call.encode() in proxy.body else None
        [told] = publish(kit.session, kit.context)
        if len(left) < 2:
            assert told["state"] == "changed"
            assert "sign in" not in told["error"]
        assert not target_registry.find_target(kit.session, "there").paused
        left.clear()
        assert {told["state"] for told in send(kit)} == {"sent"}
    text = wiki.text(row.remote_id)
    assert "Our own introduction." in text
    assert "Leeks" not in text
    assert "Ask the neighbours." in text
