"""Cache of uploaded files that no post shows yet, so that a retry after a failure does not upload them again.

For targets with files embedded in posts. Kept in memory only: such files expire there within a day anyway.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from publish.net.remote_state import RemoteState
from publish.net.transfer_meter import count_resumable
from publish.posts.model import PostMedia

# Seconds. Bluesky keeps unattached files for at least an hour, Mastodon and Facebook for a day.
_LAST_S = 3000.0


class Uploads:
    """Recent uploads of one account. ``secret`` distinguishes accounts, and is stored only as a hash."""

    def __init__(self, place: str, secret: str, state: RemoteState) -> None:
        # File key -> upload time (monotonic) and the result of ``send``.
        self._there = state.table("uploads")
        self._account = (place, hashlib.sha256(secret.encode()).hexdigest())

    def once(self, media: PostMedia, send: Callable[[], Any]) -> Any:
        """Result of ``send`` for this file and alt text, cached or fresh (JSON)."""
        key = self._key(media)
        at, there = self._there.get(key, (0.0, None))
        if there is not None and time.monotonic() - at < _LAST_S:
            return there
        there = send()
        count_resumable(media.bytes)
        now = time.monotonic()
        for old in [each for each, (at, _) in list(self._there.items()) if now - at >= _LAST_S]:
            self._there.pop(old, None)
        self._there[key] = (now, there)
        return there

    def forget(self, files: Iterable[PostMedia]) -> bool:
        """Drop entries that a post shows now or that the target rejected; return whether there were any."""
        gone = [self._there.pop(self._key(media), None) for media in files]
        return any(one is not None for one in gone)

    def _key(self, media: PostMedia) -> tuple[str, ...]:
        return (*self._account, media.sha256, str(media.bytes), media.alt)
