"""Replies published with a post: only reviewed ones that the target's readers may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from publish.i18n import translations
from publish.posts.model import Block, GatheringFacts, PublishedReply
from reporter.conversation.replies import words_by_takeaway, words_of_story
from reporter.enums import ReplyKind
from reporter.models import Story, Takeaway
from reporter.models.conversation import Reply
from reporter.moderation.visibility import Scope


def with_words(
    session: Session,
    blocks: Sequence[Block],
    takeaways: Sequence[Takeaway],
    place: Scope,
    *,
    facts: GatheringFacts,
    elsewhere: bool,
) -> tuple[Block, ...]:
    """The blocks, each with the replies to its takeaway and the number of "me too" votes."""
    found = words_by_takeaway(session, takeaways, place, here_only=not elsewhere)
    by_takeaway = {str(takeaway): replies for takeaway, replies in found.items()}
    return tuple(_with(block, by_takeaway.get(block.takeaway, ()), facts) for block in blocks)


def _with(block: Block, replies: Sequence[Reply], facts: GatheringFacts) -> Block:
    if not replies:
        return block
    words = tuple(
        _published_reply(reply, facts) for reply in replies if reply.kind != ReplyKind.SECOND
    )
    return replace(block, replies=words, votes=len(replies) - len(words))


def replies_to_story(
    session: Session, story: Story, place: Scope, facts: GatheringFacts
) -> tuple[PublishedReply, ...]:
    """Replies from other targets to a story as a whole."""
    return tuple(
        _published_reply(reply, facts) for reply in words_of_story(session, story.id, place)
    )


def _published_reply(reply: Reply, facts: GatheringFacts) -> PublishedReply:
    return PublishedReply(
        author=reply.author,
        text=reply.text,
        written_at=reply.written_at,
        where=reply.place or translations(facts.language).gettext("here at the gathering"),
        url=reply.url,
    )
