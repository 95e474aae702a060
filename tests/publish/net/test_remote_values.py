"""Dates and texts of other servers: whatever they tell, one odd reply stops nothing, and the desk can show it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from publish.conversation.fetch_replies import listen
from publish.net.remote_values import (
    clean_text,
    first_moment,
    joined_url,
    parse_moment,
    read_each,
    url_parts,
)
from publish.posts.model import Remote
from publish.targets.bluesky.records import remote_reply
from reporter.models.conversation import Reply, ReplyPoll
from tests.publish.conformance.bluesky import PASSWORD, Bluesky, BlueskyPlace
from tests.support.publish.fakes import Kit
from tests.support.publish.target_kit import add, send

NOW = datetime(2026, 5, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "meant"),
    [
        ("2026-05-09T10:00:00.000Z", "2026-05-09T10:00:00+00:00"),
        ("2026-05-09T10:00:00+0200", "2026-05-09T08:00:00+00:00"),
        ("2026-05-09 10:00:00", "2026-05-09T10:00:00+00:00"),
        ("Sat, 09 May 2026 18:00:00 +0200", "2026-05-09T16:00:00+00:00"),
        ("Sat, 09 May 2026 18:00:00 -0000", "2026-05-09T18:00:00+00:00"),
    ],
)
def test_moments_are_read(stated: str, meant: str) -> None:
    assert first_moment(stated, now=NOW) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    "stated",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1969-12-31T23:59:59Z",
        "2999-01-01T00:00:00Z",
        "yesterday",
        "",
        None,
        0,
        12,
        [],
        {"a": 1},
        "2026-13-45",
        "Sat, 99 May 2026 18:00:00",
        "Mon, 01 Jan 0001 00:00:00 +9999",
        "99999999999999999999",
    ],
)
def test_impossible_moments_give_way_to_the_next(stated: object) -> None:
    assert first_moment(stated, "2026-05-09T10:00:00Z", now=NOW).hour == 10
    assert first_moment(stated, now=NOW) == NOW


def test_text_that_no_database_holds() -> None:
    assert clean_text("a\ud83c b\0c") == "a? bc"
    assert (clean_text(None), clean_text(7)) == ("", "7")
    assert parse_moment("x") is None


def test_a_malformed_row_is_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    rows: list[dict[str, Any]] = [{"id": 1, "text": "a"}, {"id": 2}, {"id": 3, "text": "c"}]
    assert list(read_each(rows, lambda row: row["text"], lambda row: row["id"])) == ["a", "c"]
    assert "(2): KeyError('text')" in caplog.text


def test_the_servers_date_stands_in_for_an_impossible_one() -> None:
    view = {
        "uri": "at://did:plc:x/app.bsky.feed.post/1",
        "author": {"did": "did:plc:x", "handle": "x.test"},
        "record": {"text": "Hi", "createdAt": "0000-01-01T00:00:00.000Z"},
        "indexedAt": "2026-05-09T10:00:00.000Z",
    }
    reply = remote_reply(view, post="at://did:plc:me/p/1", ours=set(), did="did:plc:me", parents={})
    assert reply.written_at == datetime(2026, 5, 9, 10, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Bluesky]:
    with closing(Bluesky()) as server:
        yield server


@pytest.mark.parametrize("odd", ["0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z", None])
def test_an_odd_reply_among_good_ones(kit: Kit, server: Bluesky, *, odd: str | None) -> None:
    place = BlueskyPlace(port=server.port, secret=PASSWORD, view=server)
    kit.takeaway(kit.event("Gardens"), "words")
    add(kit, place)
    send(kit)
    [story] = kit.deliveries("story")
    post = Remote(story.remote_id)
    for text in ("first", "odd \ud83c", "last"):
        place.outsider(post, text)
    value = next(
        row["value"] for row in server.held.values() if row["value"]["text"].startswith("odd")
    )
    value["createdAt"] = odd
    server.liked = ["eve"]
    listen(kit.session, kit.context)
    rows = {row.text: row for row in kit.session.scalars(select(Reply))}
    assert {"first", "odd \ufffd", "last"} <= set(rows)
    assert rows["odd \ufffd"].written_at.year >= 2026
    assert {row.error for row in kit.session.scalars(select(ReplyPoll))} == {""}
    # One that an earlier version kept: the next look mends it.
    kit.session.execute(
        update(Reply).where(Reply.text == "first").values(written_at=datetime(1, 1, 1, tzinfo=UTC))
    )
    kit.session.commit()
    kit.session.expire_all()
    listen(kit.session, kit.context)
    assert min(row.written_at.year for row in kit.session.scalars(select(Reply))) >= 2026


def test_a_date_ahead_counts_where_nothing_better_is_told() -> None:
    ahead, past = "2099-01-01T00:00:00Z", "2026-05-09T10:00:00Z"
    assert first_moment(ahead, past, now=NOW).year == 2026
    # The laptop's own clock may be years behind.
    assert first_moment(ahead, now=NOW).year == 2099


@pytest.mark.parametrize(
    "url", ["http://[", "http://a]b/", "https://blog.example:99999/", "http://a:b", None]
)
def test_what_is_no_address_has_no_parts(url: str | None) -> None:
    assert not any(url_parts(url))


def test_addresses_have_their_parts() -> None:
    parts = url_parts("https://blog.example:8443/posts/1")
    assert (parts.hostname, parts.port, parts.path) == ("blog.example", 8443, "/posts/1")


@pytest.mark.parametrize(
    ("link", "whole"),
    [
        (" ../2 ", "https://blog.example/2"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("http://[", ""),
    ],
)
def test_links_are_joined_to_their_page(link: str, whole: str) -> None:
    assert joined_url("https://blog.example/posts/1", link) == whole
