"""Content of our messages beyond their text, and parsing of other people's messages."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from publish.net.remote_values import clean_text, first_moment
from publish.posts.model import PostMedia, Remote
from publish.targets.base import RemoteReply, part_above
from publish.targets.matrix.client import Event

# Custom content fields, named as the specification requires.
KEY, SLOT, PRINT, SHOWS = (
    f"net.social-reporter.{name}" for name in ("key", "slot", "print", "takeaways")
)
_KINDS = {"photo": "m.image", "video": "m.video", "audio": "m.audio"}


@dataclass(frozen=True)
class ThreadMessage:
    """One message of a thread: its position, its content without relation, and the file it shows."""

    name: str
    content: Mapping[str, Any]
    media: PostMedia | None = None


def words(text: str) -> dict[str, Any]:
    """A plain text message."""
    return {"msgtype": "m.text", "body": text}


def picture(media: PostMedia, address: str) -> dict[str, Any]:
    """A message with a file and its alt text as body."""
    info = {"mimetype": media.mime, "size": media.bytes, "w": media.width, "h": media.height}
    length = {"duration": round(media.duration * 1000)} if media.duration else {}
    return {
        "msgtype": _KINDS[media.kind],
        "body": media.alt or media.filename,
        "filename": media.filename,
        "url": address,
        "info": {name: value for name, value in {**info, **length}.items() if value},
    }


def print_of(content: Mapping[str, Any]) -> str:
    """Hash of what readers see."""
    seen = {name: value for name, value in content.items() if not name.startswith("net.social")}
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()[:16]


def threaded(content: Mapping[str, Any], root: str, last: str) -> dict[str, Any]:
    """The content as the next message of a thread; clients without threads show it as a reply to the last one."""
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": last},
    }
    return {**content, "m.relates_to": relation}


def answering(content: Mapping[str, Any], root: str, to: str) -> dict[str, Any]:
    """The content as a reply within a thread."""
    relation = {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": False,
        "m.in_reply_to": {"event_id": to},
    }
    return {**content, "m.relates_to": relation}


def edited(content: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    """The content as an edit of an existing message."""
    edit = {**content, "body": f"* {content['body']}", "m.new_content": dict(content)}
    return {**edit, "m.relates_to": {"rel_type": "m.replace", "event_id": event_id}}


def relation_of(event: Event) -> Mapping[str, Any]:
    """The relation of an event."""
    found = event.get("content", {}).get("m.relates_to")
    return found if isinstance(found, dict) else {}


def is_edit(event: Event) -> bool:
    """Whether the event edits another one."""
    return relation_of(event).get("rel_type") == "m.replace"


def current(event: Event) -> Mapping[str, Any]:
    """An event's content after its last edit, as bundled by the server."""
    bundled = event.get("unsigned", {}).get("m.relations", {}).get("m.replace", {})
    new = bundled.get("content", {}).get("m.new_content") if isinstance(bundled, dict) else None
    content: Mapping[str, Any] = new if isinstance(new, dict) else event.get("content", {})
    return content


def thread_files(files: Iterable[Event]) -> Iterator[str]:
    """URIs of the files shown by events."""
    for event in files:
        if str(address := event.get("content", {}).get("url", "")).startswith("mxc://"):
            yield str(address)


def answered_id(event: Event) -> str:
    """Id of the event it replies to, or ''."""
    relation = relation_of(event)
    to = relation.get("m.in_reply_to", {})
    if relation.get("is_falling_back") or not isinstance(to, dict):
        return ""
    return str(to.get("event_id", ""))


def plain_body(content: Mapping[str, Any]) -> str:
    """Text without the quoted lines that older clients prepend to replies."""
    body = str(content.get("body", ""))
    if body.startswith("> "):
        body = re.sub(r"\A(?:> ?[^\n]*\n)+\n?", "", body)
    return body.strip()


def replies_to(
    events: Sequence[Event], thread: Collection[str], post: Remote
) -> Iterator[tuple[Event, str, str]]:
    """Those of a room's messages (oldest first) that belong to a thread, each with what it answers, and with the
    message of the thread below which it stands."""
    known: dict[str, str] = {}
    for event in events:
        number, to = str(event.get("event_id", "")), answered_id(event)
        own_thread = relation_of(event).get("event_id") == post.id
        if number in thread or is_edit(event) or not event.get("content"):
            continue
        if own_thread or to in thread or to in known:
            known[number] = to
            # What is in the thread stays in it, whichever of its messages goes.
            below = post.id if own_thread else part_above(to, known, thread, post.id)
            yield event, "" if to in thread else to, below


def remote_reply(
    event: Event, post: str, *, to: str, below: str, author: str, link: str, own: bool
) -> RemoteReply:
    """A message as a reply. ``post``: the id of our first one; ``below``: of that below which it stands."""
    content = current(event)
    moment = datetime.fromtimestamp(int(event["origin_server_ts"]) / 1000, UTC)
    return RemoteReply(
        remote_id=str(event["event_id"]),
        post_id=post,
        author=clean_text(author),
        text=clean_text(plain_body(content)),
        written_at=first_moment(moment.isoformat()),
        url=link,
        author_url=f"https://matrix.to/#/{event['sender']}",
        in_reply_to=to,
        below=below,
        key=str(event["content"].get(KEY, "own")) if own else "",
    )
