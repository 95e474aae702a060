"""Replies below our threads at Bluesky, and reposts and likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from publish.errors import Gone
from publish.net.remote_values import read_each
from publish.posts.model import Remote
from publish.targets.base import RemoteReply
from publish.targets.bluesky.records import (
    POSTS,
    below,
    cheer,
    parents_of,
    record_key,
    remote_reply,
)

# Most posts of a thread.
MOST_PARTS = 25
# Posts in one query. https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
_AT_ONCE = 25

# Queries the app view: method, parameters -> answer; raises Gone.
Look = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class Thread:
    """A thread of ours as it is there; raises Gone if its first post is not. ``parts``: the URIs of its posts.

    What an answer has to have and has not raises KeyError: it does not mean that nothing is there.
    """

    def __init__(self, look: Look, post: Remote) -> None:
        self._look, self._post = look, post
        answer = look(
            "app.bsky.feed.getPostThread", {"uri": post.id, "depth": 100, "parentHeight": 0}
        )
        thread = answer["thread"]
        if "post" not in thread and thread.get("notFound"):
            raise Gone(post.id)
        _ = thread["post"]
        self._there = list(below(thread))
        self._did, key = post.id.split("/")[2], str(post.extra.get("key", ""))
        names = (record_key(f"{key}/{number}") for number in range(MOST_PARTS))
        self._ours = {post.id, *(f"at://{self._did}/{POSTS}/{name}" for name in names)}
        self.parts = {post.id, *(str(view.get("uri")) for view in self._there)} & self._ours

    def replies(self) -> Iterator[RemoteReply]:
        """Replies below it, and reposts and likes of its first post."""
        parents = parents_of(self._there)
        read = partial(
            remote_reply, post=self._post.id, ours=self._ours, did=self._did, parents=parents
        )
        others = (view for view in self._there if view.get("uri") not in self._ours)
        yield from read_each(others, read, lambda view: view["uri"])
        yield from self._cheers("app.bsky.feed.getRepostedBy", "repostedBy", "boost")
        yield from self._cheers("app.bsky.feed.getLikes", "likes", "favourite")

    def _cheers(self, method: str, what: str, kind: str) -> Iterator[RemoteReply]:
        params: dict[str, Any] = {"uri": self._post.id, "limit": 100}
        read = partial(cheer, post=self._post, kind=kind)
        while True:
            page = self._look(method, params)
            yield from read_each(page[what], read, lambda row: kind)
            if not page.get("cursor") or not page[what]:
                return
            params["cursor"] = page["cursor"]


def single_replies(look: Look, uris: Sequence[str], did: str) -> Iterator[RemoteReply]:
    """Those of these posts that are there. ``did``: our account."""
    read = partial(remote_reply, post="", ours=set(), did=did, parents={})
    for start in range(0, len(uris), _AT_ONCE):
        found = look("app.bsky.feed.getPosts", {"uris": list(uris[start : start + _AT_ONCE])})
        yield from read_each(found["posts"], read, lambda view: view["uri"])
