"""Replies to takeaways: what people write here, which replies are shown, and how organizers moderate them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import later, new_id
from reporter.codes import make_receipt, normalize_receipt
from reporter.enums import Audience, ReplyKind, ReplyState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.models import Takeaway
from reporter.models.conversation import BlockedPerson, Reply, ReplyPoll
from reporter.models.follow_up import ActionItem
from reporter.moderation.decisions import alone, next_revision
from reporter.moderation.same_again import forgotten
from reporter.moderation.traces import erase_reply_traces
from reporter.moderation.visibility import Scope, may_show, rule
from reporter.stories.queries import stories_of

TEXT_CHARS = 2000
# Kinds of replies with words, and kinds that are only counted.
WORDS = frozenset({ReplyKind.ANSWER, ReplyKind.BUILD, ReplyKind.REPLY, ReplyKind.MENTION})
HERE = frozenset({ReplyKind.ANSWER, ReplyKind.BUILD, ReplyKind.SECOND})


@dataclass(frozen=True)
class WrittenReply:
    """A reply written here at the gathering."""

    kind: str
    text: str = ""
    author: str = ""
    audience: str = Audience.PUBLIC.value
    parent: uuid.UUID | None = None
    client_id: str | None = None
    device: str = ""


def say(
    session: Session,
    takeaway: Takeaway,
    word: WrittenReply,
    *,
    now: datetime,
    rng: random.Random,
    flagged: bool = False,
) -> Reply:
    """Store a reply. A repeated ``client_id`` returns the same reply; a device seconds once. Commits.

    Raises BadInput for a reply without words or an unknown kind, Conflict if the takeaway was
    withdrawn meanwhile.
    """
    with alone(session):
        if (known := _earlier_reply(session, takeaway, word)) is not None:
            return known
        _check(takeaway, word)
        reply = _new_reply(session, takeaway, word, now=now, rng=rng)
        reply.flagged = flagged
        session.add(reply)
        next_revision(session)
        return reply


def _new_reply(
    session: Session, takeaway: Takeaway, word: WrittenReply, *, now: datetime, rng: random.Random
) -> Reply:
    return Reply(
        id=new_id(now, rng),
        place="",
        takeaway_id=takeaway.id,
        kind=word.kind,
        parent_id=_parent(session, takeaway, word.parent),
        state=(ReplyState.SHOWN if word.kind == ReplyKind.SECOND else ReplyState.HELD).value,
        author=word.author.strip(),
        text=word.text.strip(),
        audience=narrower(word.audience, takeaway.audience),
        receipt=make_receipt(rng),
        client_id=word.client_id or None,
        device=word.device,
        former_texts=[],
        written_at=now,
        received_at=now,
        changed_at=now,
    )


def _earlier_reply(session: Session, takeaway: Takeaway, word: WrittenReply) -> Reply | None:
    if word.client_id:
        ids = (word.client_id, forgotten(word.client_id))
        found = session.scalar(select(Reply).where(Reply.client_id.in_(ids)))
        if found is not None:
            return found
    if word.kind != ReplyKind.SECOND or not word.device:
        return None
    return session.scalar(
        select(Reply).where(
            Reply.takeaway_id == takeaway.id,
            Reply.kind == ReplyKind.SECOND,
            Reply.device == word.device,
            Reply.state == ReplyState.SHOWN,
        )
    )


def _check(takeaway: Takeaway, word: WrittenReply) -> None:
    if word.kind not in (*HERE, ReplyKind.REPORT):
        raise BadInput("Say whether it answers, builds on it, or seconds it.")
    if word.kind in WORDS and not word.text.strip():
        raise BadInput("Write a line first.")
    if len(word.text) > TEXT_CHARS:
        raise BadInput(
            "That is longer than %(count)s characters. Make it a takeaway of its own.",
            count=TEXT_CHARS,
        )
    if takeaway.state == "withdrawn":
        raise Conflict("Its contributor has taken this back; nothing can be added to it any more.")


def _parent(session: Session, takeaway: Takeaway, parent: uuid.UUID | None) -> uuid.UUID | None:
    """The parent must be a reply to the same takeaway."""
    row = session.get(Reply, parent) if parent else None
    return row.id if row is not None and row.takeaway_id == takeaway.id else None


def narrower(*audiences: str) -> str:
    """The narrowest audience: a reply is never shown more widely than what it answers, or where it was written."""
    order = list(Audience)
    known = [Audience(one) for one in audiences if one in set(Audience)]
    return max((Audience.PUBLIC, *known), key=order.index).value


def by_reply_receipt(session: Session, receipt: str) -> Reply:
    """The reply with a receipt, in any spelling; raises NotFound."""
    found = session.scalar(select(Reply).where(Reply.receipt == normalize_receipt(receipt)))
    if found is None:
        raise NotFound(
            "There is no reply with this receipt. Check the letters and digits once more."
        )
    return found


def find_reply(session: Session, number: str) -> Reply:
    """The reply with an id in hex; raises NotFound."""
    try:
        found = session.get(Reply, uuid.UUID(number))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such reply any more. Load the page again.")
    return found


# --- Decisions ------------------------------------------------------------------------------------


def moment_of_change(session: Session, now: datetime) -> datetime:
    """When a reply is changed: after all changes before, whatever the clocks said; polled pages compare the newest."""
    return later(now, session.scalar(select(func.max(Reply.changed_at))))


def decide(session: Session, reply: Reply, actor: Actor, state: ReplyState) -> None:
    """Show, hold or hide it, or mark it as spam. Raises Conflict if it was deleted. Commits."""
    with alone(session):
        if reply.state == ReplyState.GONE:
            raise Conflict("It was deleted where it was written; it can't be shown any more.")
        reply.state, reply.flagged = state.value, False
        reply.changed_at = moment_of_change(session, actor.now)
        next_revision(session)


def take_back(session: Session, reply: Reply, actor: Actor) -> None:
    """Withdraw a reply for its author: the text is deleted, the row stays so that nothing restores it. Commits.

    Items that came of it quote its words and go as well.
    """
    with alone(session):
        if reply.state == ReplyState.GONE and not reply.text:
            return
        _empty(reply, moment_of_change(session, actor.now))
        erase_reply_traces(session, reply, actor.now)
        next_revision(session)


def _empty(reply: Reply, now: datetime) -> None:
    reply.text, reply.author, reply.author_url, reply.former_texts = "", "", "", []
    reply.state, reply.changed_at = ReplyState.GONE.value, now
    reply.device = ""
    # A digest stays, so that a retry of its phone doesn't say it once more.
    reply.client_id = forgotten(reply.client_id) if reply.client_id else None


def block_person(session: Session, reply: Reply, actor: Actor) -> None:
    """Hide all present and future replies of this person at that target. Raises BadInput for an
    author without a name. Commits."""
    person = reply.author_url or reply.author
    if reply.target_id is None or not person:
        raise BadInput(
            "Nobody can tell this person from others, so only the reply itself can be hidden."
        )
    key = {"target_id": reply.target_id, "person": person}
    if session.get(BlockedPerson, key) is None:
        session.add(BlockedPerson(**key, author=reply.author, blocked_at=actor.now, who=actor.who))
    same = Reply.author_url == person if reply.author_url else Reply.author == person
    theirs = select(Reply).where(
        Reply.target_id == reply.target_id, same, Reply.state != ReplyState.GONE
    )
    moment = moment_of_change(session, actor.now)
    for row in session.scalars(theirs):
        row.state, row.changed_at = ReplyState.HIDDEN.value, moment
    next_revision(session)
    session.commit()


def blocked_people(session: Session, target_id: uuid.UUID) -> frozenset[str]:
    """Blocked people at a target, by address or name."""
    query = select(BlockedPerson.person).where(BlockedPerson.target_id == target_id)
    return frozenset(session.scalars(query))


def narrow(session: Session, reply: Reply, actor: Actor, takeaway: Takeaway | None) -> None:
    """Set which takeaway of its story a reply is about; None means the whole story. Commits."""
    reply.takeaway_id = takeaway.id if takeaway else None
    reply.changed_at = moment_of_change(session, actor.now)
    next_revision(session)
    session.commit()


def forget_target(session: Session, target_id: uuid.UUID) -> None:
    """Delete replies from a target that is removed; if it is added again, they are fetched again. Does not commit."""
    ids = select(Reply.id).where(Reply.target_id == target_id)
    session.execute(update(Reply).where(Reply.parent_id.in_(ids)).values(parent_id=None))
    session.execute(update(ActionItem).where(ActionItem.reply_id.in_(ids)).values(reply_id=None))
    for model in (Reply, ReplyPoll, BlockedPerson):
        session.execute(delete(model).where(model.target_id == target_id))


# --- What is shown --------------------------------------------------------------------------------


def thread(
    session: Session, takeaway: Takeaway, place: Scope, *, new_too: bool = False
) -> list[Reply]:
    """Replies to a takeaway that may be shown at a place, oldest first; empty if the takeaway may not be shown.

    ``new_too``: the wall's setting "all new", for replies written here and shown in the room only.
    """
    if not may_show(takeaway, place, new_too=new_too):
        return []
    query = select(Reply).where(
        _of(session, takeaway), shown_at(place, new_too=new_too), Reply.kind.in_(WORDS)
    )
    return list(session.scalars(query.order_by(Reply.written_at, Reply.id)))


def may_show_reply(reply: Reply, place: Scope) -> bool:
    """``shown_at`` for one reply."""
    return reply.state == ReplyState.SHOWN and reply.audience in rule(place).audiences


def shown_at(place: Scope, *, new_too: bool = False) -> ColumnElement[bool]:
    """The consent gate's rule for replies: approved, and for the audience of the place."""
    audiences = Reply.audience.in_(rule(place).audiences)
    shown = Reply.state == ReplyState.SHOWN
    if not (new_too and place is Scope.ROOM):
        return and_(shown, audiences)
    fresh = and_(
        Reply.state == ReplyState.HELD, Reply.target_id.is_(None), Reply.flagged.is_(False)
    )
    return and_(or_(shown, fresh), audiences)


def _of(session: Session, takeaway: Takeaway) -> ColumnElement[bool]:
    """Condition: a reply to the takeaway, or to a story that contains it and no other takeaway."""
    stories = [story.id for story in stories_of(session, takeaway)]
    whole = and_(Reply.takeaway_id.is_(None), Reply.story_id.in_(stories))
    return (
        or_(Reply.takeaway_id == takeaway.id, whole)
        if stories
        else Reply.takeaway_id == takeaway.id
    )


def count_shown(session: Session, takeaway: Takeaway) -> int:
    """Number of replies with words shown with it."""
    query = select(func.count(Reply.id)).where(
        _of(session, takeaway), Reply.state == ReplyState.SHOWN, Reply.kind.in_(WORDS)
    )
    return session.scalar(query) or 0


def reaction_counts(session: Session, takeaway: Takeaway) -> dict[str, int]:
    """Number of seconds, boosts and likes by kind; kinds with none are omitted."""
    kinds = (ReplyKind.SECOND, ReplyKind.BOOST, ReplyKind.FAVOURITE)
    query = (
        select(Reply.kind, func.count(Reply.id))
        .where(_of(session, takeaway), Reply.state == ReplyState.SHOWN, Reply.kind.in_(kinds))
        .group_by(Reply.kind)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def words_by_takeaway(
    session: Session, takeaways: Iterable[Takeaway], place: Scope, *, here_only: bool
) -> dict[uuid.UUID, list[Reply]]:
    """{takeaway id: replies to it alone that may be shown}, in one query. ``here_only``: only those
    written at the gathering."""
    ids = [takeaway.id for takeaway in takeaways]
    query = select(Reply).where(
        Reply.takeaway_id.in_(ids), shown_at(place), Reply.kind.in_((*WORDS, ReplyKind.SECOND))
    )
    if here_only:
        query = query.where(Reply.target_id.is_(None))
    found: dict[uuid.UUID, list[Reply]] = {}
    for reply in session.scalars(query.order_by(Reply.written_at, Reply.id)):
        if reply.takeaway_id is not None:
            found.setdefault(reply.takeaway_id, []).append(reply)
    return found


def words_of_story(session: Session, story_id: uuid.UUID, place: Scope) -> Sequence[Reply]:
    """Replies to a story as a whole that may be shown at a place."""
    query = select(Reply).where(
        Reply.story_id == story_id,
        Reply.takeaway_id.is_(None),
        shown_at(place),
        Reply.kind.in_(WORDS),
    )
    return session.scalars(query.order_by(Reply.written_at, Reply.id)).all()
