"""Files that lie at a place and no post shows yet: a try that broke off later does not send them again.

For places where files travel inside of posts. Kept while the program runs: they are lost there within a day anyway.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from publish.net.remote_state import RemoteState
from publish.net.transfer_meter import kept
from publish.posts.model import PostMedia

# Seconds. Bluesky keeps files without a post for an hour at least, Mastodon and Facebook for a day.
_LAST_S = 3000.0


class Uploads:
    """What one account has sent lately. ``secret`` tells accounts apart, and is kept as a hash only."""

    def __init__(self, place: str, secret: str, state: RemoteState) -> None:
        # Key of a file -> when it was sent (monotonic), and what ``send`` returned.
        self._there = state.table("uploads")
        self._account = (place, hashlib.sha256(secret.encode()).hexdigest())

    def once(self, media: PostMedia, send: Callable[[], Any]) -> Any:
        """What ``send`` returned for this file and its alt text, lately or now (JSON)."""
        key = self._key(media)
        at, there = self._there.get(key, (0.0, None))
        if there is not None and time.monotonic() - at < _LAST_S:
            return there
        there = send()
        kept(media.bytes)
        now = time.monotonic()
        for old in [each for each, (at, _) in list(self._there.items()) if now - at >= _LAST_S]:
            self._there.pop(old, None)
        self._there[key] = (now, there)
        return there

    def forget(self, files: Iterable[PostMedia]) -> bool:
        """A post shows them now, or they are not what the place wants; whether there were any."""
        gone = [self._there.pop(self._key(media), None) for media in files]
        return any(one is not None for one in gone)

    def _key(self, media: PostMedia) -> tuple[str, ...]:
        return (*self._account, media.sha256, str(media.bytes), media.alt)
