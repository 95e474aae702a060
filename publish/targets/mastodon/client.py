"""Mastodon API client: authenticated requests, server limits, and media uploads.

https://docs.joinmastodon.org/methods/media/, .../methods/instance/
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any, ClassVar

from publish.errors import (
    AuthRefused,
    BeingMadeAgain,
    Gone,
    Offline,
    PayloadTooLarge,
    Permanent,
    RetryAfter,
)
from publish.net.http import HttpClient
from publish.net.http import HttpResponse as Reply
from publish.net.remote_state import RemoteState
from publish.posts.model import PostMedia
from publish.rendering.thread import picture_bytes
from publish.targets.base import Limits
from publish.targets.mastodon.statuses import number_or
from publish.targets.upload_cache import Uploads

# Defaults for limits that a server reports not at all or wrongly.
CHARACTERS, FILES, ALT = 500, 4, 1500
# A picture is processed within a second, a video within minutes: polled each second, then requeued.
_POLLS = 30
_REPLY_PAGES = 10


class MastodonAccount:
    """The account. ``name`` is the target's name in messages."""

    pause: ClassVar[Callable[[float], Any]] = staticmethod(time.sleep)

    def __init__(self, name: str, url: str, token: str, state: RemoteState) -> None:
        self.name = name
        base = url.rstrip("/")
        self.base = base if "://" in base else f"https://{base}"
        self.web = HttpClient(name, bearer=token.strip(), json_errors=True)
        self.uploads = Uploads(self.base, token, state)
        # Cached instance data; a draft is written without a request.
        self.cached_configuration: dict[str, Any] | None = None
        self._me: dict[str, Any] = {}

    def limits(self) -> Limits:
        """Limits reported by the server. https://docs.joinmastodon.org/methods/instance/#v2"""
        statuses, media = self.configuration("statuses"), self.configuration("media_attachments")
        types = frozenset(str(kind) for kind in media.get("supported_mime_types", ()))
        return Limits(
            image_bytes=number_or(media.get("image_size_limit"), 0) or None,
            video_bytes=number_or(media.get("video_size_limit"), 0) or None,
            files=number_or(statuses.get("max_media_attachments"), FILES),
            characters=number_or(statuses.get("max_characters"), CHARACTERS),
            alt_characters=number_or(media.get("description_limit"), ALT),
            types=types or None,
        )

    def configuration(self, part: str) -> Mapping[str, Any]:
        """A section of the limits reported by the server; empty if missing."""
        if self.cached_configuration is None:
            answer = self._instance()
            configuration = (
                answer.data.get("configuration") if isinstance(answer.data, dict) else None
            )
            self.cached_configuration = configuration if isinstance(configuration, dict) else {}
        found = self.cached_configuration.get(part)
        return found if isinstance(found, dict) else {}

    def _instance(self) -> Reply:
        """What the server tells about itself. Raises Offline where a web page answers for it."""
        try:
            return self.call("GET", "/api/v2/instance")
        except Gone:
            return self.call("GET", "/api/v1/instance")
        except Offline:
            # Servers before version 4 have a web page there; those that lack the older address do not.
            with suppress(Gone):
                return self.call("GET", "/api/v1/instance")
            raise

    def upload(self, media: PostMedia) -> str:
        """Upload a file with its alt text, unless done recently, and wait until it is processed."""
        number, works = self.uploads.once(media, lambda: self._send_file(media))
        if works:
            try:
                self._wait(number)
            except Permanent:
                self.uploads.forget([media])
                raise
        return str(number)

    def _send_file(self, media: PostMedia) -> tuple[str, bool]:
        """Media id, and whether the server is still processing it."""
        limits = self.limits()
        about = {"description": media.alt[: limits.alt_characters or ALT]}
        try:
            with ExitStack() as stack:
                sent: Any = stack.enter_context(media.path.open("rb"))
                mime = media.mime
                if media.kind == "photo":
                    sent, mime, _ = picture_bytes(media, limits.image_bytes)
                file = {"file": (media.filename, sent, mime)}
                answer = self.call("POST", "/api/v2/media", files=file, data=about, accept={422})
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        if answer.status == 422:
            raise PayloadTooLarge(
                "%(name)s does not take this file (%(size)s, %(type)s).",
                name=self.name,
                size=f"{f'{media.bytes / 1e6:.1f}'} MB",
                type=mime,
            )
        return str(answer.data["id"]), answer.status == 202

    def _wait(self, number: str) -> None:
        """Poll while the status is 206 (processing). https://docs.joinmastodon.org/methods/media/#get"""
        for _ in range(_POLLS):
            answer = self.call("GET", f"/api/v1/media/{number}", accept={206, 422})
            if answer.status == 422:
                raise Permanent("%(name)s can't read a file that was sent.", name=self.name)
            if answer.status == 200:
                return
            type(self).pause(1)
        raise RetryAfter("%(name)s is still working on a file.", 60, name=self.name)

    def account(self) -> dict[str, Any]:
        """The token's account, requested once."""
        if not self._me:
            self._me = dict(self.call("GET", "/api/v1/accounts/verify_credentials").data)
        return self._me

    def say(self, method: str, path: str, body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Create or edit a post; return it. ``key``: its idempotency key, or ''."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.call(method, path, json=body, headers=headers, accept={422})
        if answer.status == 422:
            message = str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""
            if "process" in message.lower():
                raise RetryAfter("%(name)s is still working on a file.", 15, name=self.name)
            raise Permanent(
                "%(name)s does not take this post: %(what)s", name=self.name, what=message
            )
        return dict(answer.data)

    def rows(self, path: str, params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """A list of the API; an answer that is none does not mean that there is nothing."""
        data = self.call("GET", path, params=params).data
        if not isinstance(data, list):
            raise self.web.not_understood()
        return data

    def below(self, number: str) -> list[Mapping[str, Any]]:
        """What is below a post. https://docs.joinmastodon.org/methods/statuses/#context"""
        found = self.call("GET", f"/api/v1/statuses/{number}/context").data["descendants"]
        return list(found)

    def cheering(self, number: str, path: str) -> Iterator[Mapping[str, Any]]:
        """Accounts that boosted or favourited a post; the next page's URL is in the Link header (RFC 8288)."""
        url = f"{self.base}/api/v1/statuses/{number}/{path}"
        for _ in range(_REPLY_PAGES):
            answer = self.web.call("GET", url, params=None if "?" in url else {"limit": 80})
            yield from answer.data
            more = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
            if more is None or not more.group(1).startswith(self.base):
                return
            url = more.group(1)

    def call(self, method: str, path: str, **parts: Any) -> Reply:
        """One request; raises as ``HttpClient.call``, and distinguishes missing permissions from a rejected post."""
        accept = set(parts.pop("accept", ()))
        answer = self.web.call(method, f"{self.base}{path}", accept=accept | {403}, **parts)
        if answer.status < 300 and isinstance(answer.data, dict) and "error" in answer.data:
            # An error where none was announced: what was asked for is not done.
            raise self.web.not_understood()
        if answer.status != 403:
            return answer
        message = str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""
        if "scope" in message or "suspended" in message or "disabled" in message:
            raise AuthRefused(
                "%(name)s does not let this token do that: %(what)s", name=self.name, what=message
            )
        raise Permanent("%(name)s refuses this one: %(what)s", name=self.name, what=message)
