"""Mastodon, and servers that speak like it: a story is a thread, found again by its link or hashtag.

https://docs.joinmastodon.org/methods/statuses/, .../media/, .../accounts/. An ``Idempotency-Key`` is sent,
but counts for an hour at most and a repeat has been answered with 500 (mastodon/mastodon#40399): what exists is
looked up before anything is sent again. Mastodon.py was looked at: it brings its own HTTP, waits and retries past
the one seam where this project tells "offline" from "refused" and where tests cut the wire.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, ClassVar

from publish.errors import AuthRefused, Gone, Permanent, RetryAfter, TooBig
from publish.http import Answer as Reply
from publish.http import Web
from publish.parts import mark_of
from publish.plain import plain_text
from publish.post import Post, PostMedia, Remote
from publish.targets.base import Answer, Draft, Heard, Limits, Option, Setup, Target
from publish.targets.fediverse import (
    PER_URL,
    age,
    cheer,
    count,
    flat,
    harmless,
    heard,
    is_ours,
    number_or,
)
from publish.thread import Part, Shape, part_number, picture_bytes, plan, still_of
from publish.uploads import Uploads

# What servers say when they say nothing, or nonsense.
_CHARACTERS, _FILES, _ALT = 500, 4, 1500
# Own posts that are looked through for one with our link, 40 a page.
_PAGES = 5
# Processing a picture takes a second, a video minutes: asked each second, then put back into the queue.
_POLLS = 30
_REPLY_PAGES = 10


class MastodonTarget(Target):
    """An account at a Mastodon server."""

    kind = "mastodon"
    title = "Mastodon"
    keeps_files = False
    splits = True
    may_double = True
    copies_shown = 1
    copies_remain = "Other servers have taken copies. They are asked to delete them; not all do."
    hears = True
    answers = True
    options = (
        Option("url", "the server's address, as https://social.example", required=True),
        Option("visibility", "who sees it: public, unlisted or private (followers)", default="public",
               choices=("public", "unlisted", "private")),
        Option("warning", "a content warning in front of every post"),
        Option("thread", "posts in a thread, at most", default="8"),
    )  # fmt: skip
    pause: ClassVar[Callable[[float], Any]] = staticmethod(time.sleep)

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        base = setup.options["url"].rstrip("/")
        self._base = base if "://" in base else f"https://{base}"
        self._web = Web(setup.name, bearer=setup.secret.strip())
        self._uploads = Uploads(self._base, setup.secret)
        self._me: dict[str, Any] = {}
        self._told: dict[str, Any] | None = None

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A token of an application that the account's owner made."""
        return "Access token (Preferences, Development, New application; scopes read, write)"

    @classmethod
    def variant(cls, options: Mapping[str, str]) -> str:
        """Warning and length are part of what is sent; visibility can't be changed later."""
        return f"{options.get('warning', '')}/{options.get('thread', '')}"

    def close(self) -> None:
        """Close kept connections."""
        self._web.close()

    def test(self) -> str:
        """Whose account it is."""
        me = self._account()
        return f"{self.name} answers; posts go out as @{me.get('acct', me.get('username', '?'))}."

    def limits(self) -> Limits:
        """What the server says it takes. https://docs.joinmastodon.org/methods/instance/#v2"""
        told, media = self._configuration("statuses"), self._configuration("media_attachments")
        types = frozenset(str(kind) for kind in media.get("supported_mime_types", ()))
        return Limits(
            image_bytes=number_or(media.get("image_size_limit"), 0) or None,
            video_bytes=number_or(media.get("video_size_limit"), 0) or None,
            files=number_or(told.get("max_media_attachments"), _FILES),
            characters=number_or(told.get("max_characters"), _CHARACTERS),
            alt_characters=number_or(media.get("description_limit"), _ALT),
            types=types or None,
        )

    def _configuration(self, part: str) -> Mapping[str, Any]:
        if self._told is None:
            answer = self._call("GET", "/api/v2/instance", accept={404})
            if answer.status == 404:
                answer = self._call("GET", "/api/v1/instance")
            told = answer.data.get("configuration") if isinstance(answer.data, dict) else None
            self._told = told if isinstance(told, dict) else {}
        found = self._told.get(part)
        return found if isinstance(found, dict) else {}

    # --- Stories -----------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The first post of our thread: by hashtag, else by the link with our key among the account's latest.

        Of two that were made at the same moment the first one stays.
        """
        account, mark = self._account()["id"], mark_of(key)
        query: dict[str, Any] = {"limit": 40, "exclude_reblogs": "true", "tagged": mark}
        for _ in range(1 + _PAGES):
            page = self._call("GET", f"/api/v1/accounts/{account}/statuses", params=query).data
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
        return self._bring(post, [], {})

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Edit the posts of the thread in place; add what is missing, delete what is too much."""
        return self._bring(post, self._thread(remote.id), remote.extra.get("parts", {}))

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The posts of the thread, as far as the usual limits tell."""
        self._told = self._told if self._told is not None else {}
        parts = plan(post, self._shape())
        return Draft(
            self.setup.options.get("warning", ""), "\n\n---\n\n".join(part.text for part in parts)
        )

    def _shape(self) -> Shape:
        limits = self.limits()
        per_url = number_or(
            self._configuration("statuses").get("characters_reserved_per_url"), PER_URL
        )

        def choose(media: PostMedia) -> PostMedia | None:
            fits = limits.types is None or media.mime in limits.types
            small = limits.video_bytes is None or media.bytes <= limits.video_bytes
            return media if media.kind != "photo" and fits and small else still_of(media)

        most = number_or(self.setup.options.get("thread"), 8)
        return Shape(limits.characters or _CHARACTERS, limits.files or _FILES, most, choose,
                     lambda text: count(text, per_url))  # fmt: skip

    def _bring(
        self, post: Post, there: Sequence[Mapping[str, Any]], known: Mapping[str, Any]
    ) -> Remote:
        """Make the thread say what the post says. ``known``: what each status was sent with."""
        sent: dict[str, Any] = {}
        thread: list[Mapping[str, Any]] = []
        parts = [Part(harmless(p.text), p.files) for p in plan(post, self._shape())]
        for number, part in enumerate(parts):
            old = there[number] if number < len(there) else None
            before = known.get(str(old["id"]), {}) if old else {}
            ids = self._files(part, old, before.get("files", ()))
            body = self._body(part, ids, post)
            if old is not None and before.get("print") == _print_of(body):
                status = old
            else:
                status = self._say(part, body, old, f"{post.key}/{number}", thread)
            thread.append(status)
            files = [[_print(m), one] for m, one in zip(part.files, ids, strict=True)]
            sent[str(status["id"])] = {"files": files, "print": _print_of(body)}
        for extra in reversed(there[len(parts) :]):
            self._delete(str(extra["id"]))
        return Remote(str(thread[0]["id"]), str(thread[0].get("url") or ""), {"parts": sent})

    def _files(
        self, part: Part, old: Mapping[str, Any] | None, known: Sequence[Sequence[str]]
    ) -> list[str]:
        """Ids of the files of a part: those that are attached already, and new ones."""
        attached = {str(one["id"]) for one in old.get("media_attachments", ())} if old else set()
        have = {print_: one for print_, one in known if one in attached}
        return [have.get(_print(media)) or self._upload(media) for media in part.files]

    def _say(
        self, part: Part, body: Mapping[str, Any], old: Mapping[str, Any] | None, name: str,
        thread: Sequence[Mapping[str, Any]],
    ) -> Mapping[str, Any]:  # fmt: skip
        """One post of the thread, made or changed."""
        try:
            if old is not None:
                status = self._edit(old, body, part)
            else:
                # Without the ids of files, which are others at another kiosk that posts the same.
                same = {**body, "media_ids": [_print(media) for media in part.files]}
                status = self._post(body, f"{name}/{_print_of(same)}", thread)
        except Permanent as error:
            if isinstance(error, Gone) or not self._uploads.forget(part.files):
                raise
            raise RetryAfter(f"{self.name} may have dropped files. They are sent again.") from error
        self._uploads.forget(part.files)
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
        answer = self._call(method, path, json=body, headers=headers, accept={422})
        if answer.status == 422:
            said = str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""
            if "process" in said.lower():
                raise RetryAfter(f"{self.name} is still working on a file.", 15)
            raise Permanent(f"{self.name} does not take this post: {said}")
        return dict(answer.data)

    def _body(self, part: Part, ids: Sequence[str], post: Post) -> dict[str, Any]:
        warning = self.setup.options.get("warning", "")
        return {
            "status": part.text, "media_ids": list(ids), "spoiler_text": warning,
            "sensitive": bool(warning), "language": post.language.split("-")[0],
        }  # fmt: skip

    def _thread(self, root: str) -> list[Mapping[str, Any]]:
        """Our posts of a thread, in order. Raises Gone without the first one."""
        status = self._call("GET", f"/api/v1/statuses/{root}").data
        account = str(status["account"]["id"])
        below = self._call("GET", f"/api/v1/statuses/{root}/context").data.get("descendants", [])
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
        """Delete the thread, the first post last: by it the others are found."""
        try:
            thread = self._thread(remote.id)
        except Gone:
            return
        for status in reversed(thread):
            self._delete(str(status["id"]))

    def _delete(self, number: str) -> None:
        self._call("DELETE", f"/api/v1/statuses/{number}", accept={404, 410})

    # --- Files: inside of posts ------------------------------------------------------------------------------

    def _upload(self, media: PostMedia) -> str:
        """Send a file with its alt text, unless that was done a moment ago, and wait until it can be used."""
        number, works = self._uploads.once(media, lambda: self._send_file(media))
        if works:
            try:
                self._wait(number)
            except Permanent:
                self._uploads.forget([media])
                raise
        return str(number)

    def _send_file(self, media: PostMedia) -> tuple[str, bool]:
        """Its id, and whether the server still works on it."""
        limits = self.limits()
        about = {"description": media.alt[: limits.alt_characters or _ALT]}
        try:
            with ExitStack() as stack:
                sent: Any = stack.enter_context(media.path.open("rb"))
                mime = media.mime
                if media.kind == "photo":
                    sent, mime, _ = picture_bytes(media, limits.image_bytes)
                file = {"file": (media.filename, sent, mime)}
                answer = self._call("POST", "/api/v2/media", files=file, data=about, accept={422})
        except FileNotFoundError as error:
            raise RetryAfter("The file is being made again on this laptop.", 60) from error
        if answer.status == 422:
            raise TooBig(
                f"{self.name} does not take this file ({media.bytes / 1e6:.1f} MB, {mime})."
            )
        return str(answer.data["id"]), answer.status == 202

    def _wait(self, number: str) -> None:
        """206 while it is worked on. https://docs.joinmastodon.org/methods/media/#get"""
        for _ in range(_POLLS):
            answer = self._call("GET", f"/api/v1/media/{number}", accept={206, 422})
            if answer.status == 422:
                raise Permanent(f"{self.name} can't read a file that was sent.")
            if answer.status == 200:
                return
            type(self).pause(1)
        raise RetryAfter(f"{self.name} is still working on a file.", 60)

    def find_media(self, key: str, ext: str) -> Remote | None:
        """Files have no place of their own there."""
        return None

    def put_media(self, media: PostMedia) -> Remote:
        """See ``find_media``."""
        return Remote(self._upload(media))

    def update_media(self, remote: Remote, media: PostMedia) -> Remote:
        """See ``find_media``."""
        return remote

    def withdraw_media(self, remote: Remote) -> None:
        """A file goes with its post; one without a post is removed by the server within a day."""

    # --- Replies -----------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[Heard]:
        """Everything below our thread, and who boosted or liked its first post."""
        for post in posts:
            try:
                thread = {str(status["id"]) for status in self._thread(post.id)}
            except Gone:
                continue
            me = str(self._account()["id"])
            below = self._call("GET", f"/api/v1/statuses/{post.id}/context").data.get(
                "descendants", []
            )
            for status in below:
                if str(status["id"]) not in thread:
                    yield heard(status, post, thread, me)
            for kind, path in (("boost", "reblogged_by"), ("favourite", "favourited_by")):
                for account in self._accounts(post.id, path):
                    yield cheer(account, post, kind)

    def _accounts(self, number: str, path: str) -> Iterator[Mapping[str, Any]]:
        """Who did something with a post; the next page's address stands in a header (RFC 8288)."""
        url = f"{self._base}/api/v1/statuses/{number}/{path}"
        for _ in range(_REPLY_PAGES):
            answer = self._web.call("GET", url, params=None if "?" in url else {"limit": 80})
            yield from answer.data
            more = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
            if more is None or not more.group(1).startswith(self._base):
                return
            url = more.group(1)

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """Our own post under what it answers, with these words."""
        to = answer.to or post.id
        told = self._call("GET", f"/api/v1/statuses/{to}/context", accept={404})
        below = told.data.get("descendants", []) if told.status == 200 else []
        me = str(self._account()["id"])
        wanted = flat(answer.text)
        for status in below:
            own = str(status["account"]["id"]) == me and str(status["in_reply_to_id"]) == to
            if own and flat(plain_text(status["content"])).endswith(wanted):
                return Remote(str(status["id"]), str(status.get("url") or ""))
        return None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Reply, mentioning whom it answers, so that they hear of it."""
        to = answer.to or post.id
        asked = self._call("GET", f"/api/v1/statuses/{to}").data
        whom = (
            ""
            if str(asked["account"]["id"]) == str(self._account()["id"])
            else f"@{asked['account']['acct']} "
        )
        body = {"status": whom + answer.text, "in_reply_to_id": to,
                "visibility": self.setup.options.get("visibility") or "public"}  # fmt: skip
        made = self._send("POST", "/api/v1/statuses", body, answer.key)
        return Remote(str(made["id"]), str(made.get("url") or ""))

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete it."""
        self._delete(remote.id)

    # --- The way there -------------------------------------------------------------------------------------------

    def _account(self) -> dict[str, Any]:
        if not self._me:
            self._me = dict(self._call("GET", "/api/v1/accounts/verify_credentials").data)
        return self._me

    def _call(self, method: str, path: str, **parts: Any) -> Reply:
        accept = set(parts.pop("accept", ()))
        answer = self._web.call(method, f"{self._base}{path}", accept=accept | {403}, **parts)
        if answer.status != 403:
            return answer
        said = str(answer.data.get("error", "")) if isinstance(answer.data, dict) else ""
        if "scope" in said or "suspended" in said or "disabled" in said:
            raise AuthRefused(f"{self.name} does not let this token do that: {said}")
        raise Permanent(f"{self.name} refuses this one: {said}")


def _print(media: PostMedia) -> str:
    return media.sha256[:16]


def _print_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
