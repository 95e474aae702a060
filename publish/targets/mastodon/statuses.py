"""Parse Mastodon statuses and recognize our own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from publish.markup.html_to_text import plain_text
from publish.net.remote_values import EARLIEST, first_moment
from publish.posts.model import PostMedia, Remote
from publish.rendering.thread import ThreadPost, part_number
from publish.targets.base import RemoteReply, part_above


def harmless(text: str) -> str:
    """Disable mentions in contributed text: a word joiner after the @ keeps people from being notified."""
    return re.sub(r"(?<![\w/])@(?=\w)", "@\u2060", text)


def number_or(value: Any, otherwise: int) -> int:
    """A reported limit, or the default: servers may report nothing, text, zero or negative numbers."""
    text = str(value)
    return int(text) if text.isdigit() and int(text) > 0 else otherwise


def is_ours(status: Mapping[str, Any], key: str, mark: str) -> bool:
    """Whether a status is the first one of the thread with our key: by its hashtag, or a link that contains it."""
    tags = {str(tag.get("name", "")).lower() for tag in status.get("tags", ())}
    links = re.findall(r'href="([^"]+)"', str(status.get("content", "")))
    return not status.get("in_reply_to_id") and (
        mark.lower() in tags or any(_holds(link, key) for link in links)
    )


def chain(first: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The posts of our thread, in order. ``own``: our account's posts below the first one, with its answers."""
    found = [first]
    while True:
        number, last = len(found) + 1, str(found[-1]["id"])
        following = (s for s in own if str(s["in_reply_to_id"]) == last)
        after = next(
            (s for s in following if part_number(plain_text(s["content"])) == number), None
        )
        if after is None:
            return found
        found.append(after)


def is_as_made(status: Mapping[str, Any], part: ThreadPost, *, warning: str, alt: int) -> bool:
    """Whether a post says just this and never said anything else. ``alt``: characters of an alt text, at most."""
    shown = [str(one.get("description") or "") for one in status.get("media_attachments", ())]
    return (
        not status.get("edited_at")
        and flat(plain_text(str(status["content"]))) == flat(part.text)
        and str(status.get("spoiler_text", "")) == warning
        and shown == [media.alt[:alt] for media in part.files]
    )


def is_for_all(status: Mapping[str, Any]) -> bool:
    """Whether everybody may read a status: not only followers, or those it mentions."""
    return status.get("visibility") in ("public", "unlisted")


def own_answer(
    below: Sequence[Mapping[str, Any]], me: str, to: str, text: str
) -> Mapping[str, Any] | None:
    """Our post with this text directly under a status."""
    wanted = flat(text)
    for status in below:
        own = str(status["account"]["id"]) == me and str(status["in_reply_to_id"]) == to
        if own and flat(plain_text(status["content"])).endswith(wanted):
            return status
    return None


def print_(media: PostMedia) -> str:
    """Short hash of a file."""
    return media.sha256[:16]


def print_of(body: Mapping[str, Any]) -> str:
    """Short hash of what is sent."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def age(status: Mapping[str, Any]) -> tuple[int, str]:
    """Sort key by creation: ids increase, as numbers or as strings of equal length."""
    number = str(status["id"])
    return len(number), number


def _holds(link: str, key: str) -> bool:
    """Whether a URL contains our key as a whole component: no code is a prefix of another."""
    return re.search(rf"(?<![\w-]){re.escape(key)}(?![\w-])", link) is not None


def flat(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def parents_of(statuses: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each status answers, by its id."""
    return {str(one.get("id")): str(one.get("in_reply_to_id") or "") for one in statuses}


def remote_reply(
    status: Mapping[str, Any], me: str, thread: Sequence[str], parents: Mapping[str, str]
) -> RemoteReply:
    """A status below ours as a reply. Everything by our own account counts as ours, even if written by hand.

    ``thread``: ids of our posts, none for a single status; ``parents``: what the replies answer.
    """
    account, to = status["account"], str(status.get("in_reply_to_id") or "")
    first = thread[0] if thread else ""
    return RemoteReply(
        remote_id=str(status["id"]),
        post_id=first,
        author=str(account.get("display_name") or account["acct"]),
        text=_flat_mentions(plain_text(str(status["content"]))),
        written_at=first_moment(status.get("created_at")),
        url=str(status.get("url") or ""),
        author_url=str(account.get("url") or ""),
        in_reply_to="" if to in thread else to,
        below=part_above(to, parents, thread, first),
        key="own" if str(account["id"]) == me else "",
    )


def _flat_mentions(text: str) -> str:
    """Remove leading mentions that only name who is being answered."""
    return re.sub(r"^(?:@[\w.-]+(?:@[\w.-]+)?\s+)+", "", text)


def cheer(account: Mapping[str, Any], post: Remote, kind: str) -> RemoteReply:
    """A boost or favourite. Its time is not reported, so the account's creation time is used."""
    return RemoteReply(
        remote_id=f"{kind}-{post.id}-{account['id']}",
        post_id=post.id,
        author=str(account.get("display_name") or account["acct"]),
        text="",
        written_at=first_moment(account.get("created_at"), EARLIEST.isoformat()),
        author_url=str(account.get("url") or ""),
        kind=kind,
    )
