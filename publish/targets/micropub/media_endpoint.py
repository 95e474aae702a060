"""A blog's media endpoint (3.6): uploads files separately, so that they have a URL before the post exists."""

from __future__ import annotations

import re

from publish.errors import (
    BeingMadeAgain,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    Reachability,
)
from publish.net.http import HttpResponse as Reply
from publish.posts.model import PostMedia, Remote
from publish.targets.micropub.client import Micropub, error_of, is_page
from publish.targets.micropub.identify import file_in_list

# Statuses for unsupported actions.
LACKING = frozenset({405, 501})
_SIZE = re.compile(r"too (?:large|big)|exceed|maximum|filesize", re.IGNORECASE)


class MediaEndpoint:
    """The files of one blog, with or without a media endpoint."""

    def __init__(self, blog: Micropub) -> None:
        self._blog = blog

    def find(self, key: str) -> Remote | None:
        """Our file in the media endpoint's list."""
        url = file_in_list(self._blog, key)
        return Remote(url, url) if url else None

    def put(self, media: PostMedia) -> Remote:
        """Upload to the media endpoint (3.6). Without one the file is sent with the post and has no URL yet."""
        endpoint = self._blog.media_endpoint
        if not endpoint:
            return Remote(media.key)
        try:
            with media.path.open("rb") as file:
                files = {"file": (media.filename, file, media.mime)}
                sent = {"files": files, "data": self._blog.destination}
                answer = self._blog.send(at=endpoint, accept={400}, **sent)
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        if answer.status == 400:
            raise self._unwanted(answer, media, endpoint)
        url = self._blog.location(answer)
        if not url:
            raise Permanent(
                "%(name)s took the file and did not tell where it is.", name=self._blog.name
            )
        return Remote(url, url)

    def _unwanted(self, answer: Reply, media: PostMedia, endpoint: str) -> Exception:
        message, size = error_of(answer)[1], f"{media.bytes / 1e6:.1f} MB"
        if _SIZE.search(message):
            return PayloadTooLarge(
                "%(name)s takes no files of %(size)s.",
                name=self._blog.name,
                size=f"{size}{message}",
            )
        why = self._blog.refused(answer, endpoint)
        if type(why) is Permanent:
            return Permanent(
                "%(name)s does not take this file (%(size)s, %(type)s)%(what)s.",
                name=self._blog.name,
                size=size,
                type=media.mime,
                what=message,
            )
        return why

    def withdraw(self, remote: Remote) -> None:
        """Delete the file if the media endpoint supports it (micropub-extensions#30); else a person has to."""
        endpoint = self._blog.media_endpoint
        if not remote.url or not endpoint:
            return
        body = {"action": "delete", "url": remote.url, **self._blog.destination}
        answer = self._blog.send(at=endpoint, data=body, accept={400, 404, 410, *LACKING})
        if answer.status >= 300 and not self._is_away(remote.url):
            raise Permanent(
                "%(name)s lets no program delete files. Delete it there: %(address)s. Then try "
                "again here.",
                name=self._blog.name,
                address=remote.url,
            )

    def _is_away(self, url: str) -> bool:
        try:
            answer, _ = self._blog.read(url)
        except PauseTarget:
            return False
        if answer.status < 300 and is_page(answer):
            raise Offline(self._blog.web.portal(), Reachability.PORTAL)
        return answer.status in (404, 410)
