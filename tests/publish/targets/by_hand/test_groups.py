"""Groups by hand: words within what a message holds, with the files that belong to them."""

from __future__ import annotations

from contextlib import closing

import pytest

from publish.status import target_registry
from publish.targets.by_hand.groups import GROUPS
from publish.targets.by_hand.target import Group, GroupTarget
from tests.support.publish.fakes import Kit
from tests.support.publish.target_kit import NAME, opened, post_of


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.kind)
def test_a_long_story_is_cut_into_messages_that_fit(kit: Kit, group: Group) -> None:
    event = kit.event()
    kit.photo(event, 1, "Leeks stand the frost.")
    words = [f"Bed {number} carries leeks, and so does its neighbour." for number in range(80)]
    kit.takeaway(event, " ".join(words))
    given = {"url": "https://group.example/new"} if group.is_address_needed else {}
    target_registry.add_target(kit.session, group.kind, NAME, given, now=kit.clock(), rng=kit.rng)
    post = post_of(kit)
    with closing(opened(kit)) as target:
        assert isinstance(target, GroupTarget)
        parts = target.parts(post)
    assert all(len(part.text) <= group.characters for part in parts)
    assert all(len(part.files) <= group.files for part in parts)
    assert [m.key for part in parts for m in part.files] == [m.key for m in post.media()]
    text = " ".join(part.text for part in parts)
    assert all(f"Bed {number} " in text for number in range(80))
