"""Replies of two laptops that are merged: a phone's retry at the other one, taken back meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

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
    word = replies.Word("answer", "In the shed.", "Ada", client_id=CLIENT, device="cookie-1")
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
