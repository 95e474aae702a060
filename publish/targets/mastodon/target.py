"""Mastodon and compatible servers: a story is a thread, found again by its link or hashtag.

https://docs.joinmastodon.org/methods/statuses/, .../media/, .../accounts/. An ``Idempotency-Key`` is sent, but is
valid for an hour at most, and a repeat has been answered with 500 (mastodon/mastodon#40399); so existing posts are
looked up before anything is sent again. Mastodon.py is not used: it has its own HTTP, waits and retries, outside the
HTTP client where this project tells "offline" from "refused" and where tests simulate failures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import takewhile
from typing import Any

from publish.errors import Gone, Permanent, RetryAfter
from publish.i18n import page_text
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.plain_text import mark_of
from publish.rendering.thread import PostLimits, ThreadPost, plan, still_of
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
from publish.targets.mastodon.client import ALT, CHARACTERS, FILES, MastodonAccount
from publish.targets.mastodon.replies import replies_below, single_replies
from publish.targets.mastodon.statuses import (
    age,
    chain,
    harmless,
    is_as_made,
    is_ours,
    number_or,
    own_answer,
    print_,
    print_of,
)
from reporter.messages import Message

# Pages of 40 own posts searched for one with our link.
_PAGES = 5


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
    reads_single = True
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
        self._api = MastodonAccount(setup.name, setup.options["url"], setup.secret, setup.state)

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
            page = self._api.rows(f"/api/v1/accounts/{account}/statuses", query)
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
        """Edit the thread's posts in place; add missing ones, delete surplus ones.

        If a takeaway was removed from the story, the posts are made anew from the first one on that differs or was
        ever edited: everybody can read the earlier versions of an edited post.
        """
        try:
            there = self._thread(remote.id)
        except Gone:
            self._delete_rest(remote, [])
            raise
        # What hangs below a part that somebody has deleted is not found through the thread any more.
        self._delete_rest(remote, there)
        if post.lost:
            there = self._kept(there, post)
        return self._bring(post, there, remote)

    def _delete_rest(self, remote: Remote, there: Sequence[Mapping[str, Any]]) -> None:
        """Delete the posts that were sent and are not in the thread any more."""
        for number in set(remote.extra.get("parts", ())) - {str(one["id"]) for one in there}:
            self._delete(str(number))

    def _kept(self, there: Sequence[Mapping[str, Any]], post: Post) -> list[Mapping[str, Any]]:
        """The posts up to the first one that may show more than it should; deletes the others, the first last."""
        pairs = zip(there, self._parts(post), strict=False)
        same = partial(is_as_made, warning=self._warning(), alt=self.limits().alt_characters or ALT)
        good = len(list(takewhile(lambda pair: same(*pair), pairs)))
        for status in reversed(there[good:]):
            self._delete(str(status["id"]))
        return list(there[:good])

    def _parts(self, post: Post) -> list[ThreadPost]:
        return [ThreadPost(harmless(p.text), p.files) for p in plan(post, self._shape())]

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The thread's posts, assuming the default limits."""
        self._api.cached_configuration = (
            self._api.cached_configuration if self._api.cached_configuration is not None else {}
        )
        parts = plan(post, self._shape())
        return Draft(self._warning(), "\n\n---\n\n".join(part.text for part in parts))

    def _shape(self) -> PostLimits:
        limits = self.limits()

        def choose(media: PostMedia) -> PostMedia | None:
            fits = limits.types is None or media.mime in limits.types
            small = limits.video_bytes is None or media.bytes <= limits.video_bytes
            return media if media.kind != "photo" and fits and small else still_of(media)

        most = number_or(self.setup.options.get("thread"), 8)
        # Counted as sent. The content warning shares the limit with the text.
        room = (limits.characters or CHARACTERS) - len(self._warning())
        return PostLimits(
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
        parts = self._parts(post)
        for number, part in enumerate(parts):
            old = there[number] if number < len(there) else None
            number_old = str(old["id"]) if old else ""
            ids = self._files(part, old, before.get(number_old, {}).get("files", ()))
            body = self._body(part, ids, post)
            if old is not None and was.get(number_old) == print_of(body):
                status = old
            else:
                status = self._say(
                    part, body, old, f"{post.key}/{number}", thread=thread, lost=post.lost
                )
            thread.append(status)
            pairs = [[print_(m), one] for m, one in zip(part.files, ids, strict=True)]
            files[str(status["id"])] = {"files": pairs}
            prints[str(status["id"])] = print_of(body)
        for extra in reversed(there[len(parts) :]):
            self._delete(str(extra["id"]))
        extra = {"parts": files, "prints": prints}
        return Remote(str(thread[0]["id"]), str(thread[0].get("url") or ""), extra)

    def _files(
        self, part: ThreadPost, old: Mapping[str, Any] | None, known: Sequence[Sequence[str]]
    ) -> list[str]:
        """Media ids of a part: those already attached, and new uploads."""
        attached = {str(one["id"]) for one in old.get("media_attachments", ())} if old else set()
        have = {name: one for name, one in known if one in attached}
        return [have.get(print_(media)) or self._api.upload(media) for media in part.files]

    def _say(
        self,
        part: ThreadPost,
        body: Mapping[str, Any],
        old: Mapping[str, Any] | None,
        name: str,
        *,
        thread: Sequence[Mapping[str, Any]],
        lost: Sequence[str],
    ) -> Mapping[str, Any]:
        """Create or update one post of the thread."""
        try:
            if old is not None:
                status = self._edit(old, body, part)
            else:
                # Without media ids, which differ at another kiosk that posts the same. A key lasts an hour and must
                # not come again for a post that takes the place of a deleted one.
                same = {**body, "media_ids": [print_(media) for media in part.files]}
                place = {"after": [str(one["id"]) for one in thread[-1:]], "lost": lost}
                status = self._post(body, f"{name}/{print_of(same)}/{print_of(place)}", thread)
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
        return self._api.say("POST", "/api/v1/statuses", sent, name)

    def _edit(
        self, old: Mapping[str, Any], body: Mapping[str, Any], part: ThreadPost
    ) -> Mapping[str, Any]:
        ids = zip(body["media_ids"], part.files, strict=True)
        alts = [{"id": number, "description": media.alt} for number, media in ids]
        return self._api.say(
            "PUT", f"/api/v1/statuses/{old['id']}", {**body, "media_attributes": alts}, ""
        )

    def _body(self, part: ThreadPost, ids: Sequence[str], post: Post) -> dict[str, Any]:
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
        below = self._api.below(root)
        return chain(status, [one for one in below if str(one["account"]["id"]) == account])

    def withdraw(self, remote: Remote) -> None:
        """Delete the thread, the first post last, since the others are found through it."""
        thread: Sequence[Mapping[str, Any]] = []
        with suppress(Gone):
            thread = self._thread(remote.id)
        self._delete_rest(remote, thread)
        for status in reversed(thread):
            self._delete(str(status["id"]))

    def _delete(self, number: str) -> None:
        with suppress(Gone):
            self._api.call("DELETE", f"/api/v1/statuses/{number}")

    # --- Replies -----------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Public replies below our threads, and what cheers their first posts."""
        parts: dict[str, list[str]] = {}
        unread: set[str] = set()
        self.parts, self.unread = parts, unread
        for post in posts:
            try:
                thread = [str(status["id"]) for status in self._thread(post.id)]
                below = self._api.below(post.id)
            except Gone:
                # Replies stay where they are when what they answer is deleted.
                unread.add(post.id)
                continue
            parts[post.id] = thread
            yield from replies_below(self._api, post, thread, below)

    def single(self, ids: Sequence[str]) -> Iterator[RemoteReply]:
        """Those of these replies that are there."""
        return single_replies(self._api, ids)

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """Our post with this text under what it answers."""
        to = answer.to or post.id
        try:
            below = self._api.below(to)
        except Gone:
            below = []
        found = own_answer(below, str(self._api.account()["id"]), to, answer.text)
        return Remote(str(found["id"]), str(found.get("url") or "")) if found else None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Reply, mentioning the author of what it answers, so that they are notified."""
        to = answer.to or post.id
        answered_status = self._api.call("GET", f"/api/v1/statuses/{to}").data
        whom = (
            ""
            if str(answered_status["account"]["id"]) == str(self._api.account()["id"])
            else f"@{answered_status['account']['acct']} "
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
        created = self._api.say("POST", "/api/v1/statuses", body, answer.key)
        return Remote(str(created["id"]), str(created.get("url") or ""))

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete the answer."""
        self._delete(remote.id)
