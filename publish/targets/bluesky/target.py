"""Bluesky (AT protocol): a story is a thread of records with keys derived from ours, so writing is idempotent.

https://docs.bsky.app/docs/advanced-guides/posts, https://atproto.com/specs/record-key. The ``atproto`` package is not
used: it has its own HTTP and sessions, outside the HTTP client where this project tells "offline" from "refused" and
where tests simulate failures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from publish.errors import AuthRefused, BeingMadeAgain, Gone, PayloadTooLarge, Permanent, RetryAfter
from publish.i18n import page_text
from publish.net.http import HttpClient
from publish.net.http import HttpResponse as Reply
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.thread import PostLimits, ThreadPost, picture_bytes, plan, still_of
from publish.targets.base import (
    Answer,
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    thread_option,
    user_option,
)
from publish.targets.bluesky.records import (
    POSTS,
    answer_record,
    facets,
    page_of,
    record_key,
    reference,
)
from publish.targets.bluesky.replies import MOST_PARTS, Thread, single_replies
from publish.targets.capabilities import AnswersReplies, PollsReplies
from publish.targets.upload_cache import Uploads
from reporter.messages import Message

# Limits as of 2025; they change (https://docs.bsky.app/docs/advanced-guides/posts#images-embeds). Characters are
# counted as code points, which are never fewer than the graphemes Bluesky counts.
IMAGE_BYTES, IMAGES, CHARACTERS = 1_000_000, 4, 300
TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
_LONGEST_SIDE = 2000
# Statuses whose error tells by its name what it means.
_JUDGED = frozenset({400, 401, 404, 410})


class BlueskyTarget(PollsReplies, AnswersReplies, Target):
    """An account at Bluesky, or at any server of the protocol."""

    kind = "bluesky"
    title = "Bluesky"
    about = page_text(
        "Bluesky. There, open Settings, Privacy and security, App passwords, make one, and paste it here."
    )
    threads = True
    reads_single = True
    copies_shown = 1
    last_sent = frozenset({"count"})
    copies_remain = Message(
        "Other services may have taken copies. They are told of the deletion; what they do "
        "is up to them."
    )
    options = (
        user_option(page_text("the handle, as garden.bsky.social")),
        TargetOption(
            "url",
            page_text("the account's server"),
            label=page_text("Address"),
            default="https://bsky.social",
        ),
        TargetOption(
            "appview",
            page_text("where replies are read"),
            label=page_text("Server for replies"),
            default="https://public.api.bsky.app",
        ),
        thread_option(),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        self._base = setup.options["url"].rstrip("/")
        self._view = setup.options["appview"].rstrip("/")
        self._web = HttpClient(setup.name)
        self._user = setup.options["user"].strip().removeprefix("@")
        self._uploads = Uploads(f"{self._base} {self._user}", setup.secret, setup.state)
        # Sign-ins are rate limited (30 in 5 minutes) and each delivery opens a new target, so sessions are cached by
        # server, account and a hash of the password.
        self._sessions = setup.state.table("bluesky sessions")
        digest = hashlib.sha256(setup.secret.encode()).hexdigest()
        self._account = (self._base, self._user, digest)

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """An app password, never the account's own password."""
        return page_text("App password (Settings, Privacy and security, App passwords)")

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """The maximum thread length affects what is sent."""
        return options.get("thread", "")

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    def test(self) -> str:
        """Sign in."""
        self._sessions.pop(self._account, None)
        return Message(
            "%(name)s answers; posts go out as %(who)s.",
            name=self.name,
            who=f"@{self._session()['handle']}",
        )

    def limits(self) -> Limits:
        """Bluesky's limits, as constants: no endpoint reports them."""
        return Limits(image_bytes=IMAGE_BYTES, files=IMAGES, characters=CHARACTERS, types=TYPES)

    # --- Stories -------------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The first record of the thread."""
        there = self._record(record_key(f"{key}/0"))
        return self._remote(there["uri"], {"key": key}) if there else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Write the thread."""
        return self._bring(post, Remote("", extra={"count": 0}))

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Rewrite the thread and delete records beyond its end.

        If a takeaway was removed from the story, each record is deleted before: some apps, Bluesky's own among them,
        go on showing the first version of a record, and drop it only when it is deleted.
        """
        if self._record(remote.id.rpartition("/")[2]) is None:
            raise Gone("The post is not there any more at %(name)s.", name=self.name)
        return self._bring(post, remote)

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The posts of the thread."""
        return Draft("", "\n\n---\n\n".join(part.text for part in self._plan(post)))

    def _plan(self, post: Post) -> list[ThreadPost]:
        limit = self.setup.options.get("thread", "")
        most = min(int(limit) if limit.isdigit() and int(limit) else 8, MOST_PARTS)
        return plan(post, PostLimits(CHARACTERS, IMAGES, most, still_of), marked=False)

    def _bring(self, post: Post, there: Remote) -> Remote:
        refs: list[dict[str, str]] = []
        blobs: dict[str, Any] = {}
        parts = self._plan(post)
        known = there.extra.get("blobs", {})
        self._drop(post.key, len(parts), int(there.extra.get("count", 0)))
        for number, part in enumerate(parts):
            rkey = record_key(f"{post.key}/{number}")
            old = self._record(rkey)
            record = self._part(part, post, known, blobs)
            if refs:
                record["reply"] = {"root": refs[0], "parent": refs[-1]}
            try:
                refs.append(self._put(rkey, record, old, anew=bool(post.lost)))
            except Permanent as error:
                if not self._uploads.forget(part.files):
                    raise
                message = Message(
                    "%(name)s may have dropped files. They are sent again.", name=self.name
                )
                raise RetryAfter(message) from error
            self._uploads.forget(part.files)
        return self._remote(refs[0]["uri"], {"key": post.key, "blobs": blobs, "count": len(parts)})

    def _part(
        self, part: ThreadPost, post: Post, known: Mapping[str, Any], blobs: dict[str, Any]
    ) -> dict[str, Any]:
        record: dict[str, Any] = {"$type": POSTS, "text": part.text, "langs": [post.language]}
        if found := facets(part.text):
            record["facets"] = found
        images = []
        for media in part.files:
            name = media.sha256[:16]
            blob = blobs[name] = known.get(name) or self._upload_once(media)
            images.append({"alt": media.alt, "image": blob["blob"], "aspectRatio": blob["ratio"]})
        if images:
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        return record

    def _put(
        self,
        rkey: str,
        record: dict[str, Any],
        old: Mapping[str, Any] | None,
        *,
        anew: bool = False,
    ) -> dict[str, str]:
        """Write a record unless it is already up to date; return its reference. ``anew``: never as a change."""
        known = f"at://{self._session()['did']}/{POSTS}/{rkey}"
        created = old["value"].get("createdAt") if old else None
        record["createdAt"] = created or datetime.now(UTC).isoformat(
            timespec="milliseconds"
        ).replace("+00:00", "Z")
        if old is not None and anew:
            self._delete(rkey)
        elif old is not None and old["value"] == record:
            return reference(old["uri"], old["cid"], known)
        body = {
            "repo": self._session()["did"],
            "collection": POSTS,
            "rkey": rkey,
            "record": record,
        }
        answer = self._call("POST", "com.atproto.repo.putRecord", json=body)
        return reference(answer.get("uri"), answer.get("cid"), known)

    def withdraw(self, remote: Remote) -> None:
        """Delete the thread, its first record last, also where somebody has deleted some of it."""
        self._drop(str(remote.extra["key"]), 0, int(remote.extra.get("count", MOST_PARTS)))

    def _drop(self, key: str, first: int, known: int) -> None:
        """Delete our records from this number on. ``known``: up to there others are looked for behind a gap."""
        there = []
        for number in range(first, MOST_PARTS):
            if self._record(record_key(f"{key}/{number}")):
                there.append(number)
            elif number >= known:
                break
        for number in reversed(there):
            self._delete(record_key(f"{key}/{number}"))

    def _delete(self, rkey: str) -> None:
        body = {"repo": self._session()["did"], "collection": POSTS, "rkey": rkey}
        self._call("POST", "com.atproto.repo.deleteRecord", json=body)

    def _record(self, rkey: str) -> dict[str, Any] | None:
        params = {"repo": self._session()["did"], "collection": POSTS, "rkey": rkey}
        try:
            found = self._call("GET", "com.atproto.repo.getRecord", params=params)
        except Gone:
            return None
        if "uri" not in found or "value" not in found:
            raise self._web.not_understood()
        return found

    def _remote(self, uri: str, extra: Mapping[str, Any]) -> Remote:
        return Remote(uri, page_of(self._session(), uri), extra)

    # --- Files: inside of posts --------------------------------------------------------------------------------

    def _upload_once(self, media: PostMedia) -> dict[str, Any]:
        return dict(self._uploads.once(media, lambda: self._upload(media)))

    def _upload(self, media: PostMedia) -> dict[str, Any]:
        try:
            data, mime, size = picture_bytes(media, IMAGE_BYTES, _LONGEST_SIDE)
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        answer = self._call(
            "POST", "com.atproto.repo.uploadBlob", content=data, headers={"Content-Type": mime}
        )
        return {"blob": answer["blob"], "ratio": {"width": size[0], "height": size[1]}}

    # --- Replies -------------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Replies below our threads, and what cheers their first posts."""
        parts: dict[str, set[str]] = {}
        unread: set[str] = set()
        self.parts, self.unread = parts, unread
        for post in posts:
            try:
                there = Thread(self._look, post)
            except Gone:
                # Replies are records of those who wrote them, and stay.
                unread.add(post.id)
                continue
            parts[post.id] = there.parts
            yield from there.replies()

    def single(self, ids: Sequence[str]) -> Iterator[RemoteReply]:
        """Those of these posts that are there."""
        return single_replies(self._look, ids, self._session()["did"])

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """The record whose key is derived from the answer's."""
        there = self._record(record_key(answer.key))
        return self._remote(str(there["uri"]), {}) if there else None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Write a reply with the references the protocol requires: to its parent and to the thread's first post."""
        to = answer.to or post.id
        found = self._look("app.bsky.feed.getPosts", {"uris": to}).get("posts", [])
        if not found:
            raise Gone("What this answers is not there any more at %(name)s.", name=self.name)
        parent = {"uri": found[0]["uri"], "cid": found[0]["cid"]}
        root = found[0]["record"].get("reply", {}).get("root", parent)
        reply = {"root": root, "parent": parent}
        record = answer_record(answer, reply, self.setup.facts.language, most=CHARACTERS)
        return self._remote(self._put(record_key(answer.key), record, None)["uri"], {})

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Delete it; deleting a missing record succeeds there."""
        self._delete(remote.id.rpartition("/")[2])

    # --- Connection -----------------------------------------------------------------------------------------------

    def _session(self) -> dict[str, Any]:
        kept: dict[str, Any] | None = self._sessions.get(self._account)
        if kept is None:
            body = {"identifier": self._user, "password": self.setup.secret}
            kept = self._open("createSession", json=body)
        return kept

    def _open(self, method: str, **parts: Any) -> dict[str, Any]:
        answer = self._web.call("POST", f"{self._base}/xrpc/com.atproto.server.{method}", **parts)
        self._sessions[self._account] = dict(answer.data)
        return dict(answer.data)

    def _renew(self, session: Mapping[str, Any]) -> None:
        """Refresh an expired token (they last hours), or sign in again if the refresh token has expired too."""
        try:
            self._open(
                "refreshSession", headers={"Authorization": f"Bearer {session['refreshJwt']}"}
            )
        except (AuthRefused, Permanent):
            self._sessions.pop(self._account, None)

    def _call(self, method: str, name: str, **parts: Any) -> dict[str, Any]:
        """Call the API as the account."""
        own = parts.pop("headers", {})
        for attempt in range(2):
            session = self._session()
            headers = {**own, "Authorization": f"Bearer {session['accessJwt']}"}
            answer = self._web.call(
                method, f"{self._base}/xrpc/{name}", accept=_JUDGED, headers=headers, **parts
            )
            if _error(answer) not in ("ExpiredToken", "InvalidToken") or attempt:
                break
            self._renew(session)
        return self._checked(answer)

    def _look(self, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Query the app view, which aggregates all accounts' posts."""
        return self._checked(
            self._web.call("GET", f"{self._view}/xrpc/{name}", params=params, accept=_JUDGED)
        )

    def _checked(self, answer: Reply) -> dict[str, Any]:
        if answer.status < 400:
            return dict(answer.data or {})
        error = _error(answer)
        if not error:
            # The protocol's errors have a name; this one comes from something before the server.
            wrong = self._web.error(answer, self._base)
            raise wrong if isinstance(wrong, AuthRefused) else self._web.stray(answer)
        message = str(answer.data.get("message", ""))
        if error in ("RecordNotFound", "NotFound") or "Could not locate record" in message:
            raise Gone("%(name)s has nothing under this name any more.", name=self.name)
        if answer.status == 401 or error in (
            "AccountTakedown",
            "AccountDeactivated",
            "AuthMissing",
        ):
            raise AuthRefused(
                "%(name)s refused user name or password: %(what)s Set them again.",
                name=self.name,
                what=message,
            )
        if (
            error == "BlobTooLarge"
            or "too large" in message.lower()
            or "larger than" in message.lower()
        ):
            raise PayloadTooLarge(
                "This is larger than %(name)s takes: %(what)s", name=self.name, what=message
            )
        raise Permanent("%(name)s does not take this: %(what)s", name=self.name, what=message)


def _error(answer: Reply) -> str:
    return (
        str(answer.data.get("error", ""))
        if answer.status >= 400 and isinstance(answer.data, dict)
        else ""
    )
