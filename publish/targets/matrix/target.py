"""A Matrix room: a story is a thread, with pictures and films as separate messages.

https://spec.matrix.org/v1.11/client-server-api/. Each message contains our key in a field that
clients don't show, by which a thread is found again. The transaction id of a request is derived
from key, position in the thread and content, so that a repeated request has no further effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from hashlib import sha256

from publish.errors import Gone
from publish.i18n import page_text
from publish.net.remote_values import read_each
from publish.posts.model import Post, PostMedia, Remote
from publish.rendering.thread import PostLimits, plan
from publish.targets.base import (
    Answer,
    Draft,
    Limits,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
    address_option,
)
from publish.targets.capabilities import AnswersReplies, PollsReplies
from publish.targets.matrix import events
from publish.targets.matrix.client import Event, Room
from publish.targets.matrix.events import KEY, PRINT, SHOWS, SLOT, ThreadMessage
from reporter.messages import Message

# An event may have 65,536 bytes; a character takes at most four, and an edit contains everything twice.
CHARACTERS, FILES, MOST_PARTS = 6_000, 20, 20
ROOT = "0"


class MatrixTarget(PollsReplies, AnswersReplies, Target):
    """A room at a Matrix server."""

    kind = "matrix"
    title = page_text("Matrix room")
    about = page_text(
        "A room without encryption at any Matrix server. Make an account for the gathering there, invite it, and "
        "paste its access token here (in Element: All settings, Help and about, Access token)."
    )
    threads = True
    may_double = True
    reads_single = True
    copies_shown = 1
    copies_remain = Message(
        "Other servers in the room are asked to delete their copies; files go only where the account may delete them."
    )
    options = (
        address_option(page_text("the server's address, as https://matrix.example.org")),
        TargetOption(
            "room",
            page_text("the room's address, as #garden:example.org, or its id"),
            label=page_text("Room"),
            required=True,
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        options = setup.options
        self._room = Room(
            setup.name, options["url"], options["room"], setup.secret, state=setup.state
        )

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """An access token of the posting account."""
        return page_text("Access token of the account that posts")

    def close(self) -> None:
        """Close pooled connections."""
        self._room.web.close()

    def test(self) -> str:
        """Join the room; name the account."""
        return Message(
            "%(name)s answers; posts go out as %(who)s.", name=self.name, who=self._room.test()
        )

    def limits(self) -> Limits:
        """Limits reported by the server."""
        most = self._room.upload_limit()
        return Limits(image_bytes=most, video_bytes=most, files=FILES, characters=CHARACTERS)

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The thread's messages."""
        return Draft(post.title, "\n\n---\n\n".join(part.text for part in plan(post, _SHAPE)))

    # --- Stories -----------------------------------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """The first message of our thread. Of two created at the same moment the first is kept."""
        own = self._room.messages(self._room.me)
        roots = [event for event in own if _is_root(event, key)]
        for later in roots[:-1]:
            self.withdraw(Remote(str(later["event_id"])))
        return self._remote(str(roots[-1]["event_id"])) if roots else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Post the thread."""
        first, *rest = self._slots(post)
        content = self._marked(first, post)
        transaction = f"{post.key}.{ROOT}.{content[PRINT]}"
        root = self._room.send(content, transaction)
        try:
            self._room.event(root)
        except Gone:
            # The server remembers the transaction of the one redacted since.
            root = self._room.send(content, f"{transaction}.{_short(root)}")
        self._bring(post, root, rest, [])
        return self._remote(root)

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Edit the messages in place. If a takeaway was removed from the story, redact everything
        and post anew, since the text of an edited message stays in the room's history.
        """
        try:
            root = self._room.event(remote.id)
        except Gone:
            self._take_down(self._orphans(remote.id))
            raise
        thread = [root, *self._children(root)]
        if _shown(thread) - _takeaways(post):
            self._take_down(thread)
            return self.create(post, links)
        first, *rest = self._slots(post)
        self._edit(root, self._marked(first, post))
        self._bring(post, remote.id, rest, thread[1:])
        return self._remote(remote.id)

    def withdraw(self, remote: Remote) -> None:
        """Redact the thread, the first message last, since the others are found through it."""
        try:
            root = self._room.event(remote.id)
        except Gone:
            self._take_down(self._orphans(remote.id))
            return
        self._take_down([root, *self._children(root)])

    def _take_down(self, thread: list[Event]) -> None:
        files = list(events.thread_files(thread))
        for event in reversed(thread):
            self._room.redact(str(event["event_id"]))
        for address in files:
            self._room.delete_file(address)

    def _slots(self, post: Post) -> Iterator[ThreadMessage]:
        """The post's messages in order; a file is uploaded when its turn comes."""
        for number, part in enumerate(plan(post, _SHAPE)):
            yield ThreadMessage(str(number), events.words(part.text))
            for media in part.files:
                content = events.picture(media, "")
                yield ThreadMessage(f"{number}/{media.sha256[:16]}", content, media)

    def _marked(self, slot: ThreadMessage, post: Post) -> dict[str, object]:
        marks = {KEY: post.key, SLOT: slot.name, PRINT: events.print_of(slot.content)}
        shows = {SHOWS: sorted(_takeaways(post))} if slot.name == ROOT else {}
        return {**slot.content, **marks, **shows}

    def _bring(self, post: Post, root: str, slots: list[ThreadMessage], there: list[Event]) -> None:
        """Make everything below the first message match the post."""
        known = {str(event["content"].get(SLOT, "")): event for event in there}
        last = root
        for slot in slots:
            old = known.pop(slot.name, None)
            if old is None:
                last = self._add(post, slot, root, last)
            else:
                self._edit(old, {**self._marked(slot, post), **_address(old)})
                last = str(old["event_id"])
        self._take_down(list(known.values()))

    def _add(self, post: Post, slot: ThreadMessage, root: str, last: str) -> str:
        content = self._marked(slot, post)
        if slot.media is not None:
            content["url"] = self._room.upload(slot.media)
        transaction = f"{post.key}.{slot.name}.{content[PRINT]}.{_short(root)}"
        event_id = self._room.send(events.threaded(content, root, last), transaction)
        if slot.media is not None:
            self._room.forget(slot.media)
        return event_id

    def _edit(self, old: Event, content: Mapping[str, object]) -> None:
        if events.current(old).get(PRINT) == content[PRINT]:
            return
        number = str(old["event_id"])
        # Derived from the previous content: restoring an earlier text is an edit of its own.
        before = events.current(old).get(PRINT, "")
        transaction = f"edit.{content[PRINT]}.{before}.{_short(number)}"
        self._room.send(events.edited(content, number), transaction)

    def _children(self, root: Event) -> list[Event]:
        """Our messages below the first one, oldest first, without answers."""
        key = root["content"].get(KEY)
        below = self._room.related(str(root["event_id"]), "m.thread")
        own = [one for one in below if one["content"].get(KEY) == key and SLOT in one["content"]]
        return sorted(own, key=lambda event: int(event["origin_server_ts"]))

    def _orphans(self, root: str) -> list[Event]:
        """Our messages below a first one that somebody has deleted."""
        below = self._room.related(root, "m.thread")
        return [
            one for one in below if one.get("sender") == self._room.me and SLOT in one["content"]
        ]

    def _remote(self, number: str) -> Remote:
        return Remote(number, self._link(number))

    def _link(self, number: str) -> str:
        return f"https://matrix.to/#/{self._room.id}/{number}"

    # --- Replies -----------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Messages in our threads, and plain replies to any of their messages."""
        messages = [event for event in self._room.messages() if event.get("content")]
        messages.reverse()
        parts: dict[str, set[str]] = {}
        unread: set[str] = set()
        self.parts, self.unread = parts, unread
        for post in posts:
            try:
                root = self._room.event(post.id)
            except Gone:
                # What people wrote stays where it is when the message is deleted that it answers.
                unread.add(post.id)
                continue
            parts[post.id] = {post.id, *(str(one["event_id"]) for one in self._children(root))}
            found = events.replies_to(messages, parts[post.id], post)
            yield from read_each(
                found, partial(self._remote_reply, post.id), lambda one: one[0]["event_id"]
            )

    def single(self, ids: Sequence[str]) -> Iterator[RemoteReply]:
        """Those of these messages that are there."""
        for number in ids:
            with suppress(Gone):
                event = self._room.event(number)
                if event.get("content"):
                    found = [(event, events.answered_id(event), "")]
                    yield from read_each(
                        found, partial(self._remote_reply, ""), lambda one: one[0]["event_id"]
                    )

    def _remote_reply(self, post: str, reply: tuple[Event, str, str]) -> RemoteReply:
        event, to, below = reply
        sender, number = str(event["sender"]), str(event["event_id"])
        return events.remote_reply(
            event,
            post,
            to=to,
            below=below,
            author=self._room.display_name(sender),
            link=self._link(number),
            own=sender == self._room.me,
        )

    def find_answer(self, post: Remote, answer: Answer) -> Remote | None:
        """Our message in the thread with this key."""
        for event in self._room.related(post.id, "m.thread"):
            if event["content"].get(KEY) == answer.key:
                return self._remote(str(event["event_id"]))
        return None

    def put_answer(self, post: Remote, answer: Answer) -> Remote:
        """Reply in the thread."""
        to = answer.to or post.id
        self._room.event(to)
        content = {**events.words(answer.text), KEY: answer.key}
        return self._remote(
            self._room.send(events.answering(content, post.id, to), f"answer.{answer.key}")
        )

    def withdraw_answer(self, post: Remote, remote: Remote) -> None:
        """Redact the answer."""
        self._room.redact(remote.id)


def _as_it_is(media: PostMedia) -> PostMedia:
    """Keep the file: files that are too large were replaced by their still before."""
    return media


_SHAPE = PostLimits(CHARACTERS, FILES, MOST_PARTS, _as_it_is)


def _is_root(event: Event, key: str) -> bool:
    content = event.get("content", {})
    return content.get(KEY) == key and content.get(SLOT) == ROOT and not events.relation_of(event)


def _takeaways(post: Post) -> set[str]:
    return {_short(takeaway) for takeaway in post.shown}


def _shown(thread: list[Event]) -> set[str]:
    """Takeaways the thread has ever shown since it was posted."""
    root = thread[0]
    both = (root.get("content", {}), events.current(root))
    return {str(one) for content in both for one in content.get(SHOWS, ())}


def _address(old: Event) -> dict[str, str]:
    url = old.get("content", {}).get("url")
    return {"url": str(url)} if url else {}


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
