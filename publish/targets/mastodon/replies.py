"""Replies below our posts at Mastodon, and boosts and favourites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from publish.errors import Gone
from publish.net.remote_values import read_each
from publish.posts.model import Remote
from publish.targets.base import RemoteReply
from publish.targets.mastodon.client import MastodonAccount
from publish.targets.mastodon.statuses import cheer, is_for_all, parents_of, remote_reply


def replies_below(
    api: MastodonAccount, post: Remote, thread: Sequence[str], below: Sequence[Mapping[str, Any]]
) -> Iterator[RemoteReply]:
    """Public replies below our thread, and boosts and favourites of its first post.

    Messages to few people, our own among them, are nobody else's business.

    ``thread``: ids of our posts, the first one first; ``below``: all statuses below it.
    """
    others = (one for one in below if str(one.get("id")) not in thread and is_for_all(one))
    read = partial(
        remote_reply, me=str(api.account()["id"]), thread=thread, parents=parents_of(below)
    )
    yield from read_each(others, read, lambda row: row["id"])
    for kind, path in (("boost", "reblogged_by"), ("favourite", "favourited_by")):
        yield from read_each(
            api.cheering(post.id, path), partial(cheer, post=post, kind=kind), lambda row: row["id"]
        )


def single_replies(api: MastodonAccount, ids: Sequence[str]) -> Iterator[RemoteReply]:
    """Those of these statuses that are there and may be read by everybody."""
    read = partial(remote_reply, me=str(api.account()["id"]), thread=(), parents={})
    for number in ids:
        try:
            found = api.call("GET", f"/api/v1/statuses/{number}")
        except Gone:
            continue
        if is_for_all(found.data):
            yield from read_each([found.data], read, lambda row: row["id"])
