"""WordPress comments: replies to our posts, and our answers among them.

Source: https://developer.wordpress.org/rest-api/reference/comments/. ``after`` is exclusive with a
resolution of one second, so queries overlap and known comments are recognized by id. Edits have no
date and are found only by a full query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from publish.errors import Gone, Permanent, RetryAfter
from publish.markup.html_to_text import plain_text
from publish.net.http import HttpResponse as WebAnswer
from publish.net.remote_values import first_moment, read_each
from publish.posts.model import Remote
from publish.targets.base import Answer, RemoteReply

_PAGE = 100
# Posts per query, which keeps URLs short enough for every server.
_POSTS = 50
_STATES = {"approved": "shown", "hold": "pending", "spam": "spam", "trash": "deleted"}
# A query is limited to one type; 'webmention' comes from the blog's webmention plugin.
_MORE_TYPES = ("pingback", "trackback", "webmention")
_REFUSED = frozenset({401, 403})
# Comments may be added or deleted between pages; then all pages are read again.
_LOOKS = 3
# Seconds WordPress requires between two comments of one account (``comment_flood_filter``).
_FLOOD = 15
_AGENT = "social-reporter/"

Call = Callable[..., WebAnswer]


class Comments:
    """The comments of one blog. ``call`` is the target's function for API requests."""

    def __init__(self, call: Call, name: str) -> None:
        self._call = call
        self._name = name
        # Whether our account may see comments held for moderation; None: not queried yet.
        self._moderates: bool | None = None

    def all_of(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Comments on these posts, oldest first."""
        ids = [post.id for post in posts]
        for start in range(0, len(ids), _POSTS):
            filters = {"post": ",".join(ids[start : start + _POSTS])}
            if since is not None:
                filters["after"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            yield from read_each(self._all_rows(filters), remote_reply, lambda row: row["id"])

    def find(self, post: Remote, answer: Answer) -> Remote | None:
        """Our answer with this key: found by its user agent, visible to moderators, else by its text."""
        for row in self._all_rows({"post": post.id}):
            same = key_of(row) == answer.key or (
                str(row.get("parent", 0)) == (answer.to or "0")
                and plain_text(_text_of(row)) == plain_text(_html(answer.text))
                and not self._moderates
            )
            if same and row.get("status") != "trash":
                return Remote(str(row["id"]), str(row.get("link") or ""))
        return None

    def put(self, post: Remote, answer: Answer) -> Remote:
        """Post it as the signed-in account."""
        body = {
            "post": int(post.id),
            "parent": int(answer.to or 0),
            "content": _html(answer.text),
            "author_user_agent": _AGENT + answer.key,
        }
        response = self._call(
            "POST", "/wp/v2/comments", json=body, accept={400, 403, 404, 409, 429}
        )
        if response.status < 300:
            return Remote(str(response.data["id"]), str(response.data.get("link") or ""))
        raise self._refused(response)

    def _refused(self, response: WebAnswer) -> Exception:
        body = response.data if isinstance(response.data, dict) else {}
        code, message = str(body.get("code", "")), str(body.get("message", ""))
        if "flood" in code or response.status == 429:
            return RetryAfter(
                "%(name)s wants a pause between two comments.", _FLOOD, name=self._name
            )
        if "duplicate" in code:
            return RetryAfter(
                "%(name)s has this answer already; it is looked up there.", name=self._name
            )
        if (
            code in ("rest_comment_invalid_post_id", "rest_post_invalid_id")
            or response.status == 404
        ):
            return Gone("%(name)s has nothing any more that this answers.", name=self._name)
        if "closed" in code:
            return Permanent("Comments are closed at %(name)s.", name=self._name)
        return Permanent(
            "%(name)s does not take this answer.%(what)s",
            name=self._name,
            what=f" {message}".rstrip(),
        )

    def withdraw(self, remote: Remote) -> None:
        """Delete it permanently, bypassing the trash."""
        self._call(
            "DELETE", f"/wp/v2/comments/{remote.id}", params={"force": "true"}, accept={404, 410}
        )

    # --- Pages ------------------------------------------------------------------------------------

    def _all_rows(self, filters: Mapping[str, str]) -> list[dict[str, Any]]:
        """All rows of a query, each once; read again while the blog's total differs."""
        rows: dict[int, dict[str, Any]] = {}
        for _look in range(_LOOKS):
            rows, total = self._pages(filters)
            if len(rows) == total:
                break
        if self._sees_all():
            for more in ({"status": "spam"}, *({"type": name} for name in _MORE_TYPES)):
                rows |= self._pages({**filters, **more})[0]
        return [rows[number] for number in sorted(rows)]

    def _pages(self, filters: Mapping[str, str]) -> tuple[dict[int, dict[str, Any]], int]:
        rows: dict[int, dict[str, Any]] = {}
        page, total = 1, 0
        while True:
            answer = self._call("GET", "/wp/v2/comments", params=self._question(filters, page))
            total = int(answer.headers.get("X-WP-Total", 0) or 0)
            rows |= {int(row["id"]): row for row in answer.data}
            if len(answer.data) < _PAGE:
                return rows, total
            page += 1

    def _question(self, filters: Mapping[str, str], page: int) -> dict[str, str]:
        common = {"per_page": str(_PAGE), "page": str(page), "orderby": "id", "order": "asc"}
        if not self._sees_all():
            return {**filters, **common}
        # 'all' means approved and held comments; spam has to be requested explicitly.
        return {"status": "all", **filters, **common, "context": "edit"}

    def _sees_all(self) -> bool:
        if self._moderates is None:
            params = {"status": "hold", "context": "edit", "per_page": "1"}
            answer = self._call("GET", "/wp/v2/comments", params=params, accept=_REFUSED)
            self._moderates = answer.status not in _REFUSED
        return self._moderates


def remote_reply(row: Mapping[str, Any]) -> RemoteReply:
    """A comment as a reply."""
    parent = str(row.get("parent") or "")
    return RemoteReply(
        remote_id=str(row["id"]),
        post_id=str(row["post"]),
        author=plain_text(str(row.get("author_name", ""))),
        text=plain_text(_text_of(row)),
        # ``date`` is in the blog's time zone; ``date_gmt`` is UTC, without a zone suffix.
        written_at=first_moment(row.get("date_gmt")),
        url=str(row.get("link") or ""),
        author_url=str(row.get("author_url", "")),
        in_reply_to=parent,
        kind="mention" if row.get("type") in _MORE_TYPES else "reply",
        state=_STATES.get(str(row.get("status", "approved")), "pending"),
        key=key_of(row),
    )


def key_of(row: Mapping[str, Any]) -> str:
    """Our key if the comment is an answer of ours."""
    agent = str(row.get("author_user_agent", ""))
    return agent.removeprefix(_AGENT) if agent.startswith(f"{_AGENT}sra-") else ""


def _text_of(row: Mapping[str, Any]) -> str:
    return str(row["content"]["rendered"])


def _html(text: str) -> str:
    """Escape text; WordPress turns blank lines into paragraphs."""
    return escape(text.strip(), quote=False)
