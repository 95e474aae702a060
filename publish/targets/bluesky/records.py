"""AT protocol records: keys, rich text facets, and parsing of replies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from publish.net.remote_values import EARLIEST, first_moment
from publish.posts.model import Remote
from publish.rendering.web_addresses import web_addresses
from publish.targets.base import Answer, RemoteReply, part_above

POSTS = "app.bsky.feed.post"
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
# Keys encode a time in microseconds: one in 2023, since a future one may be refused some day.
_YEAR_2023, _YEAR = 1_672_531_200_000_000, 31_536_000_000_000
_TAG = re.compile(r"(?<![\w&/#])#([^\W\d_]\w*)")
# Our key of an answer, in a field of its record: unknown fields are kept but not shown.
ANSWER_KEY = "socialReporterKey"


def record_key(name: str) -> str:
    """A record key in the format required for posts (a TID: 13 digits of a time and a number), deterministic per name.

    https://atproto.com/specs/tid
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])
    moment, rest = _YEAR_2023 + number % _YEAR, (number // _YEAR) % 1024
    value = moment << 10 | rest
    return "".join(_DIGITS[value >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """Links and hashtags of a text by UTF-8 byte offsets. Mentions are not created from other people's text.

    https://docs.bsky.app/docs/advanced-guides/post-richtext
    """
    links = list(web_addresses(text))
    features = [
        (span, {"$type": "app.bsky.richtext.facet#link", "uri": text[slice(*span)]})
        for span in links
    ]
    for found in _TAG.finditer(text):
        if (
            not any(start <= found.start() < end for start, end in links)
            and len(found.group(1)) <= 64
        ):
            tag = {"$type": "app.bsky.richtext.facet#tag", "tag": found.group(1)}
            features.append((found.span(), tag))
    return [
        {
            "index": {"byteStart": _bytes(text, start), "byteEnd": _bytes(text, end)},
            "features": [feature],
        }
        for (start, end), feature in sorted(features, key=lambda pair: pair[0])
    ]


def _bytes(text: str, at: int) -> int:
    return len(text[:at].encode())


def answer_record(
    answer: Answer, reply: Mapping[str, Any], language: str, *, most: int
) -> dict[str, Any]:
    """The record of an answer with our key in it, cut to ``most`` characters."""
    text = answer.text if len(answer.text) <= most else answer.text[: most - 2].rstrip() + " …"
    record: dict[str, Any] = {
        "$type": POSTS,
        "text": text,
        "reply": dict(reply),
        ANSWER_KEY: answer.key,
        "langs": [language],
    }
    if links := facets(text):
        record["facets"] = links
    return record


def below(thread: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Posts below a post, parents first; blocked or missing entries contain no post."""
    for reply in thread.get("replies") or ():
        if "post" in reply:
            yield reply["post"]
        yield from below(reply)


def parents_of(views: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each post answers, by its URI."""
    return {str(view.get("uri")): _parent(view.get("record") or {}) for view in views}


def _parent(record: Mapping[str, Any]) -> str:
    return str(record.get("reply", {}).get("parent", {}).get("uri", ""))


def remote_reply(
    view: Mapping[str, Any], *, post: str, ours: set[str], did: str, parents: Mapping[str, str]
) -> RemoteReply:
    """A post below ours as a reply. ``post``: our first one; ``ours``: what the thread may consist of;
    ``parents``: what the replies answer.
    """
    record, author = view["record"], view["author"]
    to = _parent(record)
    own = str(record.get(ANSWER_KEY, "own")) if author["did"] == did else ""
    return RemoteReply(
        remote_id=str(view["uri"]),
        post_id=post,
        author=name_of(author),
        text=str(record.get("text", "")),
        # Set by the client's clock, so unreliable; ``indexedAt`` is the server's.
        written_at=first_moment(record.get("createdAt"), view.get("indexedAt")),
        url=f"{profile_of(author)}/post/{str(view['uri']).rpartition('/')[2]}",
        author_url=profile_of(author),
        in_reply_to="" if to in ours else to,
        below=part_above(to, parents, ours, post),
        key=own,
    )


def cheer(row: Mapping[str, Any], post: Remote, kind: str) -> RemoteReply:
    """A repost or like of our post. The time of a repost is not reported, so the account's creation time is used."""
    actor = row.get("actor", row)
    return RemoteReply(
        remote_id=f"{kind}-{post.id}-{actor['did']}",
        post_id=post.id,
        author=name_of(actor),
        text="",
        written_at=first_moment(row.get("createdAt"), actor.get("createdAt"), EARLIEST.isoformat()),
        author_url=profile_of(actor),
        kind=kind,
    )


def name_of(actor: Mapping[str, Any]) -> str:
    """Display name of an account, else what it is called by."""
    return str(actor.get("displayName") or actor.get("handle") or actor["did"])


def page_of(session: Mapping[str, Any], uri: str) -> str:
    """URL of our post, by the account's handle; by its DID where the handle is missing or not verified."""
    handle = session.get("handle")
    known = isinstance(handle, str) and "." in handle and handle != "handle.invalid"
    return f"https://bsky.app/profile/{handle if known else session['did']}/post/{uri.rpartition('/')[2]}"


def reference(uri: object, cid: object, known: str) -> dict[str, str]:
    """A record's reference; ``known``: its URI, if the answer has none. Raises TypeError without a CID."""
    if not isinstance(cid, str):
        raise TypeError(f"no cid: {type(cid).__name__}")
    return {"uri": uri if isinstance(uri, str) else known, "cid": cid}


def profile_of(actor: Mapping[str, Any]) -> str:
    """URL of its profile, by the identifier that survives handle changes."""
    return f"https://bsky.app/profile/{actor['did']}"
