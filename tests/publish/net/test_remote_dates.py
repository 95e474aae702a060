"""Dates as other servers tell them: an odd one stops nothing and never reaches the desk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from publish.net.remote_dates import moment_of
from publish.posts.model import Remote
from publish.targets.bluesky.records import heard as heard_at_bluesky
from publish.targets.mastodon.statuses import cheer
from publish.targets.wordpress.comments import heard as heard_at_wordpress

INDEXED = "2026-03-14T10:00:00.000Z"
ODD: list[object] = [
    "0000-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0000-00-00T00:00:00",
    "yesterday",
    "",
    None,
    7,
    {},
]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_date_gives_way_to_the_next_one(odd: object) -> None:
    assert moment_of(odd, INDEXED) == datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert moment_of(odd) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_zone_counts_and_without_one_it_is_utc() -> None:
    ten = datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert moment_of("2026-03-14T11:00:00+01:00") == moment_of("2026-03-14T10:00:00") == ten


@pytest.mark.parametrize("odd", ODD)
def test_replies_with_an_odd_date_are_heard(odd: object) -> None:
    author = {"did": "did:plc:ann", "handle": "ann.test"}
    view = {
        "uri": "at://did:plc:ann/x/1",
        "author": author,
        "indexedAt": INDEXED,
        "record": {"text": "Leeks!", "createdAt": odd},
    }
    told = heard_at_bluesky(view, Remote("at://us/x/0"), set(), "did:plc:us")
    assert told.written_at == datetime(2026, 3, 14, 10, tzinfo=UTC)
    row = {"id": 1, "post": 2, "content": {"rendered": "x"}, "date_gmt": odd}
    assert heard_at_wordpress(row).written_at.year == 1970
    account = {"id": "1", "acct": "ann", "created_at": odd}
    assert cheer(account, Remote("9"), "boost").written_at.year == 1970
