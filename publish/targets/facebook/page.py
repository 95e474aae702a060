"""A Facebook Page through the Graph API.

https://developers.facebook.com/docs/pages-api/posts, .../docs/graph-api/reference/page/photos,
https://developers.facebook.com/docs/graph-api/guides/error-handling.
The app needs pages_manage_posts, pages_read_engagement, pages_read_user_content and pages_manage_engagement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from publish.errors import (
    AuthRefused,
    BeingMadeAgain,
    Gone,
    PauseTarget,
    Permanent,
    PublishError,
    RetryAfter,
)
from publish.i18n import page_text
from publish.net.http import HttpClient, retry_after
from publish.net.http import HttpResponse as Reply
from publish.net.remote_values import first_moment, read_each
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.plain_text import mark_of
from publish.rendering.thread import PostLimits, ThreadPost, picture_bytes, plan, still_of
from publish.targets.base import (
    Answer,
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
)
from publish.targets.capabilities import AnswersReplies, PollsReplies
from publish.targets.upload_cache import Uploads
from reporter.messages import Message

# https://developers.facebook.com/docs/graph-api/reference/page/photos: up to 10 MB; posts hold 63,206 characters.
IMAGE_BYTES, IMAGES, CHARACTERS = 10_000_000, 10, 60_000
TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
# Pages of 100 own posts searched for ours.
_PAGES = 5
# https://developers.facebook.com/docs/graph-api/guides/error-handling#errorcodes
_TOKEN = frozenset({102, 190, 458, 459, 460, 463, 464, 467, 492})
_RIGHTS = frozenset({3, 10, *range(200, 300)})
_LATER = frozenset({1, 2, 4, 17, 32, 341, 613, 80001, 80002})
_BLOCKED = 368
_NOT_THERE = 33
# Without a stated duration a rate limit ends within the hour
# (https://developers.facebook.com/docs/graph-api/overview/rate-limiting).
_LIMITED = frozenset({4, 17, 32, 613, 80001, 80002})
_LIMIT_SECONDS = 900.0


class FacebookPageTarget(PollsReplies, AnswersReplies, Target):
    """A Page: a story is one post with its pictures."""

    kind = "facebook"
    title = page_text("Facebook Page")
    about = page_text(
        "A Facebook Page. You need a token of the Page; only an administrator of the Page can make one."
    )
    may_double = True
    copies_shown = 1
    options = (
        TargetOption(
            "page",
            page_text("the Page's number (Page, About, Page transparency)"),
            label=page_text("Number of the Page"),
            required=True,
        ),
        TargetOption(
            "url",
            page_text("where the Graph API is, with its version"),
            label=page_text("Address"),
            default="https://graph.facebook.com/v23.0",
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._base = setup.options["url"].rstrip("/")
        self._page = setup.options["page"].strip()
        # In a header: URLs end up in logs.
        self._web = HttpClient(setup.name, bearer=setup.secret.strip())
        self._uploads = Uploads(f"{self._base}/{self._page}", setup.secret, setup.state)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A Page token; derived from a long-lived user token it does not expire."""
        return page_text("Page access token")

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    def test(self) -> str:
        """Name the Page that the token belongs to."""
        me = self._call("GET", "me", params={"fields": "id,name"})
        if str(me.get("id")) != self._page:
            raise AuthRefused(
                "The token of %(name)s is %(who)s's, not the Page's. Make a Page access token.",
                name=self.name,
                who=me.get("name", "somebody"),
            )
        return Message(
            "%(name)s answers; posts go out as %(who)s.",
            name=self.name,
            who=me.get("name", "the Page"),
        )

    def limits(self) -> Limits:
        """Limits from Facebook's documentation."""
        return Limits(image_bytes=IMAGE_BYTES, files=IMAGES, characters=CHARACTERS, types=TYPES)

    # --- Stories -----------------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """Our post among the Page's latest, by its link or hashtag. Of two created at once the first is kept."""
        pattern = re.compile(rf"(?<![\w-])(?:{re.escape(key)}|#{mark_of(key)})(?![\w-])")
        params: dict[str, Any] = {"fields": "id,message,permalink_url,created_time", "limit": 100}
        rows = self._rows(f"{self._page}/published_posts", params, _PAGES)
        ours = sorted((r for r in rows if pattern.search(str(r.get("message", "")))), key=_age)
        for later in ours[1:]:
            self.withdraw(Remote(str(later["id"]), ""))
        return Remote(str(ours[0]["id"]), str(ours[0].get("permalink_url") or "")) if ours else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Upload pictures unpublished, then create the post that shows them."""
        part = self._part(post)
        files = {m.sha256[:16]: self._upload_once(m) for m in part.files}
        body = {"message": part.text}
        for number, photo in enumerate(files.values()):
            body[f"attached_media[{number}]"] = json.dumps({"media_fbid": photo})
        try:
            created = self._call("POST", f"{self._page}/feed", data=body)
        except Permanent as error:
            if not self._uploads.forget(part.files):
                raise
            raise RetryAfter(
                "%(name)s may have dropped files. They are sent again.", name=self.name
            ) from error
        self._uploads.forget(part.files)
        return self._remote(str(created["id"]), {"files": files})

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Update text and remove pictures in place. Adding a picture requires a new post: the API can't add one.

        So does removing a takeaway: readers can see the edit history of a post.
        """
        part = self._part(post)
        there = self._call("GET", remote.id, params={"fields": "id,message"})
        files = {str(name): str(photo) for name, photo in remote.extra.get("files", {}).items()}
        wanted = {media.sha256[:16]: media for media in part.files}
        if post.lost:
            self.withdraw(remote)
            return self.create(post, links)
        if "files" not in remote.extra or set(wanted) - set(files):
            if there.get("message") == part.text and "files" not in remote.extra:
                files = self._photos(remote.id, list(wanted))
            if set(wanted) != set(files):
                self.withdraw(remote)
                return self.create(post, links)
        if there.get("message") != part.text:
            self._call("POST", remote.id, data={"message": part.text})
        for name in set(files) - set(wanted):
            self._delete(files.pop(name))
        for name, media in wanted.items():
            self._call("POST", files[name], data={"alt_text_custom": media.alt})
        return self._remote(remote.id, {"files": files})

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """Text of the post."""
        return Draft("", self._part(post).text)

    def _part(self, post: Post) -> ThreadPost:
        return plan(post, PostLimits(CHARACTERS, IMAGES, 1, still_of))[0]

    def _photos(self, post: str, names: Sequence[str]) -> dict[str, str]:
        """Pictures of a post found again, in the order in which they were sent."""
        found = self._photo_ids(post)
        return dict(zip(names, found, strict=True)) if len(found) == len(names) else {}

    def _photo_ids(self, post: str) -> list[str]:
        fields = "attachments{media_type,target{id},subattachments{media_type,target{id}}}"
        answer = (
            self._call("GET", post, params={"fields": fields})
            .get("attachments", {})
            .get("data", [])
        )
        rows = [
            row for one in answer for row in one.get("subattachments", {}).get("data", []) or [one]
        ]
        return [
            str(row["target"]["id"])
            for row in rows
            if row.get("media_type") == "photo" and "target" in row
        ]

    def withdraw(self, remote: Remote) -> None:
        """Delete the post and its pictures, which would otherwise stay in the Page's album."""
        known = {str(photo) for photo in remote.extra.get("files", {}).values()}
        shown: set[str] = set()
        # If the post is gone, an earlier try may have been stopped before its pictures were deleted.
        with suppress(Gone):
            shown = set(self._photo_ids(remote.id))
        # Without the post nothing leads to pictures that are not noted.
        for number in (*sorted(shown - known), remote.id, *sorted(known)):
            self._delete(number)

    def _delete(self, number: str) -> None:
        try:
            done = self._call("DELETE", number).get("success")
        except Gone:
            return
        if not done:
            raise RetryAfter(
                "%(name)s still shows what it was asked to delete. It is asked again.",
                name=self.name,
            )

    def _remote(self, number: str, extra: Mapping[str, Any]) -> Remote:
        answer = self._call("GET", number, params={"fields": "permalink_url"})
        return Remote(number, str(answer.get("permalink_url") or ""), extra)

    # --- Files: inside of posts ----------------------------------------------------------------------------------

    def _upload_once(self, media: PostMedia) -> str:
        return str(self._uploads.once(media, lambda: self._upload(media)))

    def _upload(self, media: PostMedia) -> str:
        """Upload an unpublished picture; Facebook deletes it within a day if no post shows it."""
        try:
            data, mime, _ = picture_bytes(media, IMAGE_BYTES)
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        about = {"published": "false", "temporary": "true", "alt_text_custom": media.alt}
        file = {"source": (media.filename, data, mime)}
        return str(self._call("POST", f"{self._page}/photos", data=about, files=file)["id"])

    # --- Comments ---------------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Comments and the replies to them. https://developers.facebook.com/docs/graph-api/reference/object/comments"""
        for post in posts:
            try:
                yield from read_each(
                    self._comments(post.id),
                    partial(self._remote_reply, post=post),
                    lambda row: row["id"],
                )
            except Gone:
                continue

    def _comments(self, number: str) -> Iterator[Mapping[str, Any]]:
        fields = "id,message,from,created_time,permalink_url,parent{id}"
        yield from self._rows(
            f"{number}/comments", {"fields": fields, "filter": "stream", "limit": 100}, None
        )

    def _remote_reply(self, row: Mapping[str, Any], post: Remote) -> RemoteReply:
        # The author is visible only to apps that passed Facebook's review.
        who = row.get("from") or {}
        return RemoteReply(
            remote_id=str(row["id"]),
            post_id=post.id,
            author=str(who.get("name") or "Facebook"),
            text=str(row.get("message", "")),
            written_at=first_moment(row.get("created_time")),
            url=str(row.get("permalink_url") or ""),
            in_reply_to=str((row.get("parent") or {}).get("id", "")),
            key="own" if str(who.get("id", "")) == self._page else "",
        )

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The Page's comment with this text under what it answers."""
        to = "" if answer.to in ("", post.id) else answer.to
        try:
            rows = list(self._comments(post.id))
        except Gone:
            return None
        for row in rows:
            own = str((row.get("from") or {}).get("id", "")) == self._page
            under = str((row.get("parent") or {}).get("id", "")) == to
            if own and under and str(row.get("message", "")).strip() == answer.text.strip():
                return Remote(str(row["id"]), str(row.get("permalink_url") or ""))
        return None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Comment under it."""
        created = self._call(
            "POST", f"{answer.to or post.id}/comments", data={"message": answer.text}
        )
        return self._remote(str(created["id"]), {})

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete the comment."""
        self._delete(remote.id)

    # --- Connection --------------------------------------------------------------------------------------------------

    def _rows(
        self, path: str, params: Mapping[str, Any], pages: int | None
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of a paginated list."""
        query, number = dict(params), 0
        while pages is None or number < pages:
            answer = self._call("GET", path, params=query)
            yield from self._web.rows(answer, "data")
            after = answer.get("paging", {}).get("cursors", {}).get("after")
            if not answer["data"] or not after or "next" not in answer.get("paging", {}):
                return
            query["after"] = after
            number += 1

    def _call(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        answer = self._web.call(
            method, f"{self._base}/{path}", accept={400, 401, 403, 404, 410, 500, 503}, **parts
        )
        error = answer.data.get("error") if isinstance(answer.data, dict) else None
        if isinstance(error, dict):
            raise self._error(error, answer)
        if answer.status in (404, 410):
            # Facebook itself says so in an error of its own: somebody else has answered.
            raise self._web.stray(answer)
        if answer.status >= 400:
            raise self._web.error(answer, f"{self._base}/{path}")
        # Older versions answer a deletion with a bare true.
        return {"success": True} if answer.data is True else dict(answer.data or {})

    def _error(self, error: Mapping[str, Any], answer: Reply) -> PublishError:
        code, sub, message = (
            int(error.get("code") or 0),
            error.get("error_subcode"),
            str(error.get("message", "")),
        )
        if code in _TOKEN:
            return AuthRefused(
                "%(name)s refuses the token: %(what)s Make a new Page access token.",
                name=self.name,
                what=message,
            )
        if code == _BLOCKED:
            return PauseTarget(
                "%(name)s has stopped this Page from posting for now: %(what)s",
                name=self.name,
                what=message,
            )
        if code in _LIMITED:
            return RetryAfter(
                "%(name)s wants a break: %(what)s",
                _wait(answer.headers),
                name=self.name,
                what=message,
            )
        if code in _LATER or error.get("is_transient"):
            return RetryAfter(
                "%(name)s can't take it right now: %(what)s",
                retry_after(answer.headers),
                name=self.name,
                what=message,
            )
        if sub == _NOT_THERE or answer.status == 404:
            return Gone("%(name)s has nothing under this number any more.", name=self.name)
        if code in _RIGHTS:
            return AuthRefused(
                "%(name)s does not let this token do that: %(what)s", name=self.name, what=message
            )
        return Permanent("%(name)s does not take this: %(what)s", name=self.name, what=message)


def _age(row: Mapping[str, Any]) -> tuple[str, int, str]:
    """Sort key: creation order of posts."""
    number = str(row["id"])
    return str(row.get("created_time", "")), len(number), number


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds until a rate limit ends: from the minutes in a JSON header, else the default."""
    seconds = retry_after(headers)
    if seconds is not None:
        return seconds
    try:
        use = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [
            row.get("estimated_time_to_regain_access", 0) for rows in use.values() for row in rows
        ]
    except (ValueError, AttributeError, TypeError):
        return _LIMIT_SECONDS
    return max([float(m) for m in minutes if m], default=0.0) * 60 or _LIMIT_SECONDS
