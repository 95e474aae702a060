"""The organization's answers to replies, delivered to where the reply was written.

An answer is a ``Reply`` row marked ``ours``; its delivery is an ordinary ledger row, so claims,
leases, retries and takedowns work as for every item.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.errors import Gone
from publish.outbox.context import PublishContext
from publish.outbox.items import takedowns
from publish.outbox.items.base import Order
from publish.outbox.policy.decide import Withdrawn
from publish.outbox.policy.row_states import SETTLED
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.upsert import AnswerJob, Job, Settled
from publish.posts.model import GatheringFacts, Remote, known_remote
from publish.targets import target_class
from publish.targets.base import Answer
from publish.targets.capabilities import AnswersReplies
from reporter.actor import Actor
from reporter.clock import later, new_id
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind, ReplyKind, ReplyState
from reporter.errors import BadInput, Conflict
from reporter.models import Delivery, Target
from reporter.models.conversation import Reply

KIND = ItemKind.ANSWER
waits_for = None
# A leaving answer goes before the post under which it stands.
ORDER = Order(leaving=-1, small=4, big=4)


def answer_key(reply_id: uuid.UUID, facts: GatheringFacts) -> str:
    """Our key for an answer at a target."""
    return f"sra-{facts.mark}-{reply_id.hex[-16:]}"


def answer(
    session: Session,
    to: Reply,
    text: str,
    actor: Actor,
    *,
    facts: GatheringFacts,
    rng: random.Random,
) -> Reply:
    """Answer a reply as the organization: immediately for local replies, else through the outbox.

    The reply counts as handled. Raise BadInput for an empty text or a target without answers,
    Conflict if the reply is gone. Commits.
    """
    words = text.strip()
    if not words:
        raise BadInput("Write the answer first.")
    if to.state == ReplyState.GONE:
        raise Conflict("What you answer was deleted where it was written.")
    if to.target is not None and not issubclass(target_class(to.target.kind), AnswersReplies):
        raise BadInput(
            "%(name)s takes no answers from here. Open its address and answer there.",
            name=to.target.name,
        )
    row = Reply(
        id=new_id(actor.now, rng),
        target_id=to.target_id,
        place=to.place,
        story_id=to.story_id,
        takeaway_id=to.takeaway_id,
        parent_id=to.id,
        in_reply_to=to.remote_id or "",
        kind=ReplyKind.ANSWER.value,
        state=ReplyState.SHOWN.value,
        author=facts.title,
        text=words,
        ours=True,
        audience=to.audience,
        former_texts=[],
        written_at=actor.now,
        received_at=actor.now,
        changed_at=actor.now,
        done_at=actor.now,
        done_by=actor.who,
    )
    session.add(row)
    session.flush()
    if to.target_id is not None:
        session.add(_delivery(row, facts, actor, rng))
    to.done_at, to.done_by, to.snoozed_until = actor.now, actor.who, None
    to.changed_at = later(actor.now, to.changed_at)
    session.commit()
    return row


def _delivery(row: Reply, facts: GatheringFacts, actor: Actor, rng: random.Random) -> Delivery:
    return Delivery(
        id=new_id(actor.now, rng),
        target_id=row.target_id,
        item_kind=KIND.value,
        item_id=row.id,
        key=answer_key(row.id, facts),
        state=DeliveryState.DUE.value,
        wanted=KIND.value,
        remote=DeliveryMemory(title=row.text[:80]).to_json(),
        due_at=actor.now,
        created_at=actor.now,
    )


def take_back_answer(session: Session, row: Reply, actor: Actor) -> None:
    """Withdraw one of our answers, wherever it was sent. Raise BadInput if it is not ours. Commits."""
    if not row.ours:
        raise BadInput("Only the organization's own answers can be taken back from here.")
    row.state, row.changed_at = ReplyState.GONE.value, later(actor.now, row.changed_at)
    session.commit()


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """Answers that should exist at a target; their rows are created when they are written.

    With its post an answer goes, too: in many places it would stay where it is.
    """
    shown = {fitted.post.story for fitted in posts}
    query = select(Reply.id, Reply.story_id).where(
        Reply.target_id == target.id, Reply.ours, Reply.state != ReplyState.GONE
    )
    rows = session.execute(query).all()
    return [Wanted(KIND, one, stands=True) for one, story in rows if story in {None, *shown}]


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """The answer and the post it belongs to. Raise Gone if the post is no longer there.

    A leaving answer is removed by its id where the post is gone: only some places delete answers with their post.
    """
    reply = session.get_one(Reply, claim.item_id)
    leaving = reply.state == ReplyState.GONE or claim.leaving
    known, post = known_remote(claim), _post_of(session, reply, claim.target_id)
    if post is None and known is None and leaving:
        # It was never there, or nothing is left that leads to it.
        return Settled(Withdrawn())
    if post is None and not leaving:
        raise Gone("The post that this answers is not there any more.")
    words = Answer(claim.key, reply.text, _to(session, reply), reply.written_at)
    return AnswerJob(known, post or Remote(""), words, claim.memory, leaving=leaving)


def _post_of(session: Session, reply: Reply, target_id: uuid.UUID) -> Remote | None:
    """The post at the target that the answered reply belongs to."""
    found = session.scalar(
        select(Delivery).where(
            Delivery.target_id == target_id,
            Delivery.item_kind == ItemKind.STORY,
            Delivery.item_id == reply.story_id,
            Delivery.remote_id != "",
        )
    )
    return known_remote(found) if found is not None else None


def _to(session: Session, reply: Reply) -> str:
    parent = session.get(Reply, reply.parent_id) if reply.parent_id else None
    return (parent.remote_id or "") if parent is not None else reply.in_reply_to


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Store the remote id with the answer, so that the next poll recognizes it. Does not commit."""
    if after.state not in SETTLED:
        return
    takedowns.settle(session, claim.id, after.shows, now)
    reply = session.get(Reply, claim.item_id)
    if reply is None or not after.remote_id:
        return
    twin = session.scalar(
        select(Reply).where(Reply.target_id == claim.target_id, Reply.remote_id == after.remote_id)
    )
    if twin is not None and twin.id != reply.id:
        # A poll already imported it; our row keeps its identity.
        session.delete(twin)
        session.flush()
    reply.remote_id, reply.url = after.remote_id, after.url
