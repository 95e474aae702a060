"""Mastodon and compatible servers: a story is a thread, found again by its link or hashtag.

https://docs.joinmastodon.org/methods/statuses/, .../media/, .../accounts/. An ``Idempotency-Key`` is sent, but is
valid for an hour at most, and a repeat has been answered with 500 (mastodon/mastodon#40399); so existing posts are
looked up before anything is sent again. Mastodon.py is not used: it has its own HTTP, waits and retries, outside the
HTTP client where this project tells "offline" from "refused" and where tests simulate failures.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from publish.errors import Gone, Permanent, RetryAfter
from publish.i18n import page_text
from publish.markup.html_to_text import plain_text
from publish.net.remote_values import read_each
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.plain_text import mark_of
from publish.rendering.thread import Part, Shape, part_number, plan, still_of
from publish.targets.base import (
    Answer,
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
    thread_option,
)
from publish.targets.capabilities import AnswersReplies, PollsReplies
from publish.targets.mastodon.character_count import PER_URL, count
from publish.targets.mastodon.client import CHARACTERS, FILES, Account
from publish.targets.mastodon.statuses import age, cheer, flat, harmless, heard, is_ours, number_or
from reporter.messages import Message

# Pages of 40 own posts searched for one with our link.
_PAGES = 5
_REPLY_PAGES = 10


class MastodonTarget(PollsReplies, AnswersReplies, Target):
    """An account at a Mastodon server."""

    kind = "mastodon"
    title = "Mastodon"
    about = page_text(
        "Mastodon or a server that speaks like it. There, open Preferences, Development, make "
        "an application, and paste its access token here."
    )
    threads = True
    may_double = True
    copies_shown = 1
    last_sent = frozenset({"prints"})
    copies_remain = Message(
        "Other servers have taken copies. They are asked to delete them; not all do."
    )
    options = (
        address_option(page_text("the server's address, as https://social.example")),
        TargetOption(
            "visibility",
            page_text("who sees it: public, unlisted or private (followers)"),
            label=page_text("Who sees it"),
            common=True,
            default="public",
            choices={
                "public": page_text("everybody"),
                "unlisted": page_text("everybody, but not in public timelines"),
                "private": page_text("followers only"),
            },
        ),
        TargetOption(
            "warning",
            page_text("a content warning in front of every post"),
            label=page_text("Content warning"),
        ),
        thread_option(),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._api = Account(setup.name, setup.options["url"], setup.secret, setup.state)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """An access token of an application created by the account's owner."""
        return page_text(
            "Access token (Preferences, Development, New application; scopes read, write)"
        )

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Content warning and length affect what is sent; visibility can't be changed later."""
        return f"{options.get('warning', '')}/{options.get('thread', '')}"

    def close(self) -> None:
        """Close pooled connections."""
        self._api.web.close()

    def test(self) -> str:
        """Name the token's account."""
        me = self._api.account()
        return Message(
            "%(name)s answers; posts go out as %(who)s.",
            name=self.name,
            who=f"@{me.get('acct', me.get('username', '?'))}",
        )

    def limits(self) -> Limits:
        """Limits reported by the server."""
        return self._api.limits()

    # --- Stories -----------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The first post of our thread: by hashtag, else by the link with our key among the account's latest.

        Of two created at the same moment the first is kept.
        """
        account, mark = self._api.account()["id"], mark_of(key)
        query: dict[str, Any] = {"limit": 40, "exclude_reblogs": "true", "tagged": mark}
        for _ in range(1 + _PAGES):
            page = self._api.call("GET", f"/api/v1/accounts/{account}/statuses", params=query).data
            ours = sorted((one for one in page if is_ours(one, key, mark)), key=age)
            for later in ours[1:]:
                self.withdraw(Remote(str(later["id"])))
            if ours:
                found = ours[0]
                return Remote(str(found["id"]), str(found.get("url") or found.get("uri", "")))
            if not page and "tagged" not in query:
                break
            query = {"limit": 40, "exclude_reblogs": "true", "exclude_replies": "true"} | (
                {} if "tagged" in query else {"max_id": page[-1]["id"]}
            )
        return None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Post the thread."""
        return self._bring(post, [], Remote(""))

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Edit the thread's posts in place; add missing ones, delete surplus ones."""
        return self._bring(post, self._thread(remote.id), remote)

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The thread's posts, assuming the default limits."""
        self._api.told = self._api.told if self._api.told is not None else {}
        parts = plan(post, self._shape())
        return Draft(self._warning(), "\n\n---\n\n".join(part.text for part in parts))

    def _shape(self) -> Shape:
        limits = self.limits()

        def choose(media: PostMedia) -> PostMedia | None:
            fits = limits.types is None or media.mime in limits.types
            small = limits.video_bytes is None or media.bytes <= limits.video_bytes
            return media if media.kind != "photo" and fits and small else still_of(media)

        most = number_or(self.setup.options.get("thread"), 8)
        # Counted as sent. The content warning shares the limit with the text.
        room = (limits.characters or CHARACTERS) - len(self._warning())
        return Shape(
            room, limits.files or FILES, most, choose, lambda text: self._count(harmless(text))
        )

    def _count(self, text: str) -> int:
        reserved = self._api.configuration("statuses").get("characters_reserved_per_url")
        return count(text, number_or(reserved, PER_URL))

    def _warning(self) -> str:
        """The content warning, cut if it would leave less than half of a post for its text."""
        warning = self.setup.options.get("warning", "")
        most = (self.limits().characters or CHARACTERS) // 2
        return warning if len(warning) <= most else f"{warning[: most - 1].rstrip()}…"

    def _bring(self, post: Post, there: Sequence[Mapping[str, Any]], known: Remote) -> Remote:
        """Make the thread match the post. ``known`` tells what each status was sent with."""
        files: dict[str, Any] = {}
        prints: dict[str, str] = {}
        before, was = (known.extra.get(name, {}) for name in ("parts", "prints"))
        thread: list[Mapping[str, Any]] = []
        parts = [Part(harmless(p.text), p.files) for p in plan(post, self._shape())]
        for number, part in enumerate(parts):
            old = there[number] if number < len(there) else None
            number_old = str(old["id"]) if old else ""
            ids = self._files(part, old, before.get(number_old, {}).get("files", ()))
            body = self._body(part, ids, post)
            if old is not None and was.get(number_old) == _print_of(body):
                status = old
            else:
                status = self._say(part, body, old, f"{post.key}/{number}", thread=thread)
            thread.append(status)
            pairs = [[_print(m), one] for m, one in zip(part.files, ids, strict=True)]
            files[str(status["id"])] = {"files": pairs}
            prints[str(status["id"])] = _print_of(body)
        for extra in reversed(there[len(parts) :]):
            self._delete(str(extra["id"]))
        extra = {"parts": files, "prints": prints}
        return Remote(str(thread[0]["id"]), str(thread[0].get("url") or ""), extra)

    def _files(
        self, part: Part, old: Mapping[str, Any] | None, known: Sequence[Sequence[str]]
    ) -> list[str]:
        """Media ids of a part: those already attached, and new uploads."""
        attached = {str(one["id"]) for one in old.get("media_attachments", ())} if old else set()
        have = {print_: one for print_, one in known if one in attached}
        return [have.get(_print(media)) or self._api.upload(media) for media in part.files]

    def _say(
        self,
        part: Part,
        body: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        name: str,
        *,
        thread: Sequence[Mapping[str, Any]],
    ) -> Mapping[str, Any]:
        """Create or update one post of the thread."""
        try:
            if old is not None:
                status = self._edit(old, body, part)
            else:
                # Without media ids, which differ at another kiosk that posts the same.
                same = {**body, "media_ids": [_print(media) for media in part.files]}
                status = self._post(body, f"{name}/{_print_of(same)}", thread)
        except Permanent as error:
            if isinstance(error, Gone) or not self._api.uploads.forget(part.files):
                raise
            raise RetryAfter(
                "%(name)s may have dropped files. They are sent again.", name=self.name
            ) from error
        self._api.uploads.forget(part.files)
        return status

    def _post(
        self, body: Mapping[str, Any], name: str, thread: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        sent = {**body, "visibility": self.setup.options.get("visibility") or "public"}
        if thread:
            sent["in_reply_to_id"] = str(thread[-1]["id"])
        return self._send("POST", "/api/v1/statuses", sent, name)

    def _edit(
        self, old: Mapping[str, Any], body: Mapping[str, Any], part: Part
    ) -> Mapping[str, Any]:
        ids = zip(body["media_ids"], part.files, strict=True)
        alts = [{"id": number, "description": media.alt} for number, media in ids]
        return self._send(
            "PUT", f"/api/v1/statuses/{old['id']}", {**body, "media_attributes": alts}, ""
        )

    def _send(
        self, method: str, path: str, body: Mapping[str, Any], name: str
    ) -> Mapping[str, Any]:
        headers = {"Idempotency-Key": name} if name else {}
        answer = self._api.call(method, path, json=body, headers=headers, accept={422})
        if answer.status == 422:
            said = str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""
            if "process" in said.lower():
                raise RetryAfter("%(name)s is still working on a file.", 15, name=self.name)
            raise Permanent("%(name)s does not take this post: %(what)s", name=self.name, what=said)
        return dict(answer.data)

    def _body(self, part: Part, ids: Sequence[str], post: Post) -> dict[str, Any]:
        warning = self._warning()
        return {
            "status": part.text,
            "media_ids": list(ids),
            "spoiler_text": warning,
            "sensitive": bool(warning),
            "language": post.language.split("-")[0],
        }

    def _thread(self, root: str) -> list[Mapping[str, Any]]:
        """Our posts of a thread, in order. Raises Gone if the first one is missing."""
        status = self._api.call("GET", f"/api/v1/statuses/{root}").data
        account = str(status["account"]["id"])
        below = self._api.call("GET", f"/api/v1/statuses/{root}/context").data.get(
            "descendants", []
        )
        own = [s for s in below if str(s["account"]["id"]) == account]
        found = [status]
        while True:
            number = len(found) + 1
            following = (s for s in own if str(s["in_reply_to_id"]) == str(found[-1]["id"]))
            after = next(
                (s for s in following if part_number(plain_text(s["content"])) == number), None
            )
            if after is None:
                return found
            found.append(after)

    def withdraw(self, remote: Remote) -> None:
        """Delete the thread, the first post last, since the others are found through it."""
        try:
            thread = self._thread(remote.id)
        except Gone:
            return
        for status in reversed(thread):
            self._delete(str(status["id"]))

    def _delete(self, number: str) -> None:
        self._api.call("DELETE", f"/api/v1/statuses/{number}", accept={404, 410})

    # --- Files: inside of posts ------------------------------------------------------------------------------

    # --- Replies -----------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """All replies below our thread, and boosts and favourites of its first post."""
        for post in posts:
            try:
                thread = {str(status["id"]) for status in self._thread(post.id)}
            except Gone:
                continue
            me = str(self._api.account()["id"])
            below = self._api.call("GET", f"/api/v1/statuses/{post.id}/context").data.get(
                "descendants", []
            )
            others = (status for status in below if str(status.get("id")) not in thread)
            yield from read_each(
                others, partial(heard, post=post, thread=thread, me=me), lambda row: row["id"]
            )
            for kind, path in (("boost", "reblogged_by"), ("favourite", "favourited_by")):
                yield from read_each(
                    self._accounts(post.id, path),
                    partial(cheer, post=post, kind=kind),
                    lambda row: row["id"],
                )

    def _accounts(self, number: str, path: str) -> Iterator[Mapping[str, Any]]:
        """Accounts that boosted or favourited a post; the next page's URL is in the Link header (RFC 8288)."""
        url = f"{self._api.base}/api/v1/statuses/{number}/{path}"
        for _ in range(_REPLY_PAGES):
            answer = self._api.web.call("GET", url, params=None if "?" in url else {"limit": 80})
            yield from answer.data
            more = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
            if more is None or not more.group(1).startswith(self._api.base):
                return
            url = more.group(1)

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """Our post with this text under what it answers."""
        to = answer.to or post.id
        told = self._api.call("GET", f"/api/v1/statuses/{to}/context", accept={404})
        below = told.data.get("descendants", []) if told.status == 200 else []
        me = str(self._api.account()["id"])
        wanted = flat(answer.text)
        for status in below:
            own = str(status["account"]["id"]) == me and str(status["in_reply_to_id"]) == to
            if own and flat(plain_text(status["content"])).endswith(wanted):
                return Remote(str(status["id"]), str(status.get("url") or ""))
        return None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Reply, mentioning the author of what it answers, so that they are notified."""
        to = answer.to or post.id
        asked = self._api.call("GET", f"/api/v1/statuses/{to}").data
        whom = (
            ""
            if str(asked["account"]["id"]) == str(self._api.account()["id"])
            else f"@{asked['account']['acct']} "
        )
        most = self.limits().characters or CHARACTERS
        if (size := self._count(whom + answer.text)) > most:
            raise Permanent(
                "This answer has %(size)s characters there, and %(name)s takes %(most)s. Write it "
                "shorter.",
                size=size,
                name=self.name,
                most=most,
            )
        body = {
            "status": whom + answer.text,
            "in_reply_to_id": to,
            "visibility": self.setup.options.get("visibility") or "public",
        }
        made = self._send("POST", "/api/v1/statuses", body, answer.key)
        return Remote(str(made["id"]), str(made.get("url") or ""))

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete the answer."""
        self._delete(remote.id)


def _print(media: PostMedia) -> str:
    return media.sha256[:16]


def _print_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
