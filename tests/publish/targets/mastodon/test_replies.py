"""What people wrote below a thread stays when the thread is posted anew, and goes when they delete it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select

from publish.conversation import fetch_replies
from publish.conversation.fetch_replies import listen
from publish.targets.mastodon.client import MastodonAccount
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from tests.publish.conformance.mastodon import ME, TOKEN, VISITOR, Mastodon, MastodonPlace
from tests.support.publish.fakes import Kit
from tests.support.publish.target_kit import add, send


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[MastodonPlace]:
    monkeypatch.setattr(MastodonAccount, "pause", staticmethod(lambda seconds: None))
    server = Mastodon()
    with closing(MastodonPlace(port=server.port, secret=TOKEN, server=server)) as place:
        yield place


def parts_of(place: MastodonPlace) -> list[str]:
    """Our posts, in order."""
    return [one for one, s in place.server.statuses.items() if s["account"]["id"] == ME]


def says(place: MastodonPlace, text: str, to: str) -> str:
    return str(place.server.add(VISITOR, {"status": text, "in_reply_to_id": to})["id"])


def hear(kit: Kit) -> dict[str, tuple[str, str]]:
    """Poll everything; text -> (state, text of what it answers)."""
    listen(kit.session, kit.context)
    kit.session.expire_all()
    rows = kit.session.scalars(select(Reply).where(Reply.kind == "reply"))
    return {r.text: (r.state, r.parent.text if r.parent else "") for r in rows}


@pytest.mark.parametrize("below", [0, -1], ids=["first", "last"])
def test_replies_stay_when_the_post_that_they_answer_is_made_anew(
    kit: Kit, place: MastodonPlace, below: int
) -> None:
    event = kit.event()
    kit.takeaway(event, "Ask the neighbours " * 25)
    goes = kit.takeaway(event, "Elderflower syrup " * 25)
    kit.takeaway(event, "Leeks stand the frost " * 25)
    add(kit, place)
    send(kit)
    before = parts_of(place)
    assert len(before) > 2
    first = says(place, "Who has seeds?", before[below])
    second = says(place, "I have.", first)
    heard = {"Who has seeds?": ("held", ""), "I have.": ("held", "Who has seeds?")}
    assert hear(kit) == heard
    decisions.withdraw(kit.session, goes, kit.actor, kit.store)
    send(kit)
    assert before[below] not in place.server.statuses
    assert hear(kit) == heard
    says(place, "And now?", parts_of(place)[below])
    assert hear(kit) == {**heard, "And now?": ("held", "")}
    # Whoever wrote them may still change or delete them.
    place.server.fill(place.server.statuses[second], {"status": "I have some."})
    place.server.remove(first)
    assert hear(kit) == {
        "": ("gone", ""),
        "I have some.": ("held", ""),
        "And now?": ("held", ""),
    }


def test_replies_stay_when_somebody_has_deleted_the_thread_by_hand(
    kit: Kit, place: MastodonPlace
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    [root] = parts_of(place)
    number = says(place, "Who has seeds?", root)
    place.server.cheering = {(root, "favourited_by"): ["7"]}
    assert hear(kit) == {"Who has seeds?": ("held", "")}
    place.server.remove(root)
    assert hear(kit) == {"Who has seeds?": ("held", "")}
    place.server.remove(number)
    assert hear(kit) == {"": ("gone", "")}


def test_of_many_replies_to_former_posts_a_few_are_asked_for_at_a_time(
    kit: Kit, place: MastodonPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_replies, "_SINGLE", 2)
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    [root] = parts_of(place)
    numbers = [says(place, f"Number {number}", root) for number in range(5)]
    assert len(hear(kit)) == 5
    for one in (root, *numbers):
        place.server.remove(one)
    for _ in range(20):
        kit.clock.now += timedelta(hours=2)
        place.server.asked.clear()
        heard = hear(kit)
        single = [path for _, path in place.server.asked if path.rpartition("/")[2] in numbers]
        assert len(single) <= 2
    assert {state for state, _ in heard.values()} == {"gone"}


def test_a_favourite_goes_with_its_post(kit: Kit, place: MastodonPlace) -> None:
    note = kit.takeaway(kit.event(), "Leeks")
    kit.takeaway(kit.session.merge(note.session), "Kale")
    add(kit, place)
    send(kit)
    [root] = parts_of(place)
    place.server.cheering = {(root, "favourited_by"): ["7"]}
    listen(kit.session, kit.context)
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    assert root not in place.server.statuses
    listen(kit.session, kit.context)
    kit.session.expire_all()
    assert [row.state for row in kit.session.scalars(select(Reply))] == ["gone"]
