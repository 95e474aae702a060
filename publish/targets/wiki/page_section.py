"""Common to all wikis: our part of a page among other people's text, and our answers on a discussion page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from publish.errors import Gone, Permanent
from publish.posts.model import Remote
from publish.targets.base import Answer, RemoteReply
from publish.targets.wiki.talk_page import Comment, Manner, insert_answer
from publish.targets.wiki.three_way_merge import merge, takes_away

# New text of a page; None: nothing to change.
Change = Callable[[str], str | None]
Span = tuple[int, int] | None


def with_part(text: str, span: Span, part: str) -> str:
    """The page with our part in its place, or at its end."""
    return (
        text[: span[0]] + part + text[span[1] :] if span else f"{text.rstrip()}\n\n{part}".lstrip()
    )


def without_part(text: str, span: Span) -> str | None:
    """The page without our part; None if it is not there."""
    return f"{text[: span[0]].rstrip()}\n\n{text[span[1] :].lstrip()}".strip() if span else None


def merged_part(text: str, span: Span, sent: str | None, part: str, *, where: str) -> str:
    """The page with our part updated, keeping people's changes to lines that we don't change.

    ``sent``: what we sent last. Raises Gone if our part is missing, Permanent if a person has to decide.
    """
    if span is None:
        raise Gone("Somebody has taken our part off the page.")
    theirs = text[slice(*span)]
    merged = merge(sent if sent is not None else theirs, theirs, part)
    if merged.conflict and not (sent is not None and takes_away(sent, part)):
        raise Permanent(
            "Somebody has changed the same lines at %(name)s. Bring their change into the "
            "story, or undo it there; then try again.",
            name=where,
        )
    return text[: span[0]] + merged.text + text[span[1] :]


def keyed(remote: Remote, key: str, sent: str = "") -> Remote:
    """Ledger data with our part's key (a page may hold several) and what we sent, to detect people's changes later."""
    return replace(remote, extra={**remote.extra, "key": key, **({"sent": sent} if sent else {})})


def heard_of(
    comment: Comment, post: Remote, url: str, words_of: Callable[[str], str]
) -> RemoteReply:
    """A discussion page comment as a reply. ``words_of`` removes the wiki's markup."""
    return RemoteReply(
        remote_id=comment.id,
        post_id=post.id,
        author=comment.author,
        text=words_of(comment.markup),
        written_at=comment.moment,
        url=url,
        in_reply_to=comment.parent,
        key=comment.key,
    )


def with_answer(
    text: str, manner: Manner, answer: Answer, line: Callable[[int], str], *, name: str
) -> str:
    """The discussion page with our answer below what it answers; raises Gone if that is missing."""
    changed = insert_answer(text, manner, answer.to, line)
    if changed is None:
        raise Gone("What this answers is not there any more at %(name)s.", name=name)
    return changed
