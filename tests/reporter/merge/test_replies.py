"""Replies of two laptops that are merged: a phone's retry at the other one, taken back meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from reporter.clock import new_id
from reporter.conversation import replies
from reporter.follow_up.action_items import begin_item
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem
from reporter.moderation.same_again import forgotten
from tests.reporter.merge.test_takeaways import merge, twin
from tests.support.publish.fakes import Kit, open_again, open_kit

CLIENT = "0d6f2f0e-54b5-4f0b-9d3e-6d2c5b1a7e90"


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    with open_kit(tmp_path / "ours") as kit:
        yield kit


def say(kit: Kit, row: Takeaway) -> Reply:
    word = replies.WrittenReply(
        "answer", "In the shed.", "Ada", client_id=CLIENT, device="cookie-1"
    )
    return replies.say(kit.session, row, word, now=kit.clock(), rng=kit.rng)


@pytest.mark.parametrize("first", ["taken back here", "taken back there"])
def test_a_reply_taken_back_at_one_laptop_goes_with_its_retry_at_the_other(
    kit: Kit, tmp_path: Path, first: str
) -> None:
    row = kit.takeaway(kit.event(), "Who has the key?")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        # Another source of ids than ours: the twin's began with the same seed.
        other.rng.seed(2)
        copy = say(other, other.session.get_one(Takeaway, row.id))
        begin_item(other.session, other.actor, "question", {"what": copy.text}, reply=copy)
        replies.take_back(kit.session, say(kit, row), kit.actor)
        pair = [(kit, folder), (other, kit.settings.folder)]
        for _ in range(2):
            for side, source in pair if first == "taken back here" else pair[::-1]:
                merge(side, source)
        for side in (kit, other):
            [left] = side.session.scalars(select(Reply))
            assert (left.state, left.text, left.author, left.device) == ("gone", "", "", "")
            assert left.client_id == forgotten(CLIENT)
            assert side.session.scalars(select(ActionItem)).all() == []
        assert merge(kit, folder).replies == merge(other, kit.settings.folder).replies == 0


def test_items_of_several_replies_to_one_takeaway_stay_several(kit: Kit, tmp_path: Path) -> None:
    """Of the same kind, and not told apart by the takeaway: each came of a reply of its own."""
    row = kit.takeaway(kit.event(), "Who has the key?")
    first, second = (
        replies.say(
            kit.session, row, replies.WrittenReply("answer", text), now=kit.clock(), rng=kit.rng
        )
        for text in ("Ada has one.", "Ben has another.")
    )
    folder = twin(kit, tmp_path / "theirs")
    for reply in (first, second):
        begin_item(kit.session, kit.actor, "action", {"what": reply.text}, reply=reply)
    expected = {(reply.id, reply.text) for reply in (first, second)}
    with open_again(folder) as other:
        other.rng.seed(2)
        # It was begun there, too, from the second alone.
        again = other.session.get_one(Reply, second.id)
        begin_item(other.session, other.actor, "action", {"what": again.text}, reply=again)
        pair = [(kit, folder), (other, kit.settings.folder)]
        for _ in range(2):
            for side, source in pair[::-1]:
                merge(side, source)
        for side in (kit, other):
            items = side.session.scalars(select(ActionItem)).all()
            assert {(item.reply_id, item.what) for item in items} == expected
            assert len(items) == 2


@pytest.mark.parametrize("begun_there", [False, True])
def test_several_items_of_one_takeaway_stay_several(
    kit: Kit, tmp_path: Path, *, begun_there: bool
) -> None:
    row = kit.takeaway(kit.event(), "Who has the key?")
    folder = twin(kit, tmp_path / "theirs")
    for what in ("Ask Ada", "Ask Ben"):
        begin_item(kit.session, kit.actor, "action", {"what": what}, takeaway=row)
    with open_again(folder) as other:
        if begun_there:
            # Under an id of its own, as earlier versions gave.
            again = other.session.get_one(Takeaway, row.id)
            item = begin_item(
                other.session, other.actor, "action", {"what": "Ask Ada"}, takeaway=again
            )
            item.id = new_id(kit.clock(), kit.rng)
            other.session.commit()
        for _ in range(2):
            merge(other, kit.settings.folder)
            merge(kit, folder)
        for side in (kit, other):
            items = side.session.scalars(select(ActionItem.what)).all()
            assert sorted(items) == ["Ask Ada", "Ask Ben"]


def test_a_merge_tells_which_post_a_reply_stands_below(kit: Kit, tmp_path: Path) -> None:
    """Where an earlier version has fetched it: so it outlives that post here, too."""
    row = kit.takeaway(kit.event(), "Who has the key?")
    reply = say(kit, row)
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        other.session.get_one(Reply, reply.id).post_id = "109"
        other.session.commit()
    merge(kit, folder)
    kit.session.expire_all()
    assert reply.post_id == "109"


def test_a_conversation_comes_whole_without_the_phones_it_came_from(
    kit: Kit, tmp_path: Path
) -> None:
    row = kit.takeaway(kit.event(), "Who has the key?")
    folder = twin(kit, tmp_path / "theirs")
    with open_again(folder) as other:
        other.rng.seed(2)
        again = other.session.get_one(Takeaway, row.id)
        first = say(other, again)
        second = replies.WrittenReply("answer", "Which shed?", "Ben", parent=first.id)
        below = replies.say(other.session, again, second, now=other.clock(), rng=other.rng)
        # Two laptops that began with the same chance gave the same receipt.
        clash = replies.say(
            kit.session, row, replies.WrittenReply("answer", "Me!"), now=kit.clock(), rng=kit.rng
        )
        clash.receipt = below.receipt
        other.session.commit()
        kit.session.commit()
        theirs = {one.id: (one.text, one.author, one.parent_id) for one in (first, below)}
        receipts = {first.receipt, below.receipt}
        assert first.device == "cookie-1"
    assert merge(kit, folder).replies == 2
    ours = [kit.session.get_one(Reply, number) for number in theirs]
    assert {one.id: (one.text, one.author, one.parent_id) for one in ours} == theirs
    assert [one.device for one in ours] == ["", ""]
    assert [one.receipt in receipts for one in ours] == [True, False]
