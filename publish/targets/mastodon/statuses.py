"""Parse Mastodon statuses and recognize our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from publish.markup.html_to_text import plain_text
from publish.net.remote_values import EARLIEST, first_moment
from publish.posts.model import Remote
from publish.targets.base import RemoteReply


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


def heard(status: Mapping[str, Any], post: Remote, thread: set[str], me: str) -> RemoteReply:
    """A status below ours as a reply. Everything by our own account counts as ours, even if written by hand."""
    account, to = status["account"], str(status.get("in_reply_to_id") or "")
    return RemoteReply(
        remote_id=str(status["id"]),
        post_id=post.id,
        author=str(account.get("display_name") or account["acct"]),
        text=_flat_mentions(plain_text(str(status["content"]))),
        written_at=first_moment(status.get("created_at")),
        url=str(status.get("url") or ""),
        author_url=str(account.get("url") or ""),
        in_reply_to="" if to in thread else to,
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
