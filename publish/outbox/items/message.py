"""A mail notifying people who left an address that there is an answer.

Sent once per address and takeaway; further news is behind the link. The address is never stored in
a ledger row, so lists, previews and logs can't reveal it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.i18n import translations
from publish.outbox.context import PublishContext
from publish.outbox.items import takedowns
from publish.outbox.items.base import Order
from publish.outbox.policy.decide import Withdrawn
from publish.outbox.policy.row_states import SETTLED
from publish.outbox.policy.transition import Claim, Transition
from publish.outbox.policy.wanting import Wanted
from publish.outbox.upsert import Job, MessageJob, Settled
from publish.posts.model import GatheringFacts
from publish.targets import target_class
from publish.targets.base import PersonalMail
from publish.targets.capabilities import SendsMail
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.conversation.replies import thread
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind, ReplyState
from reporter.models import Delivery, Takeaway, Target
from reporter.models.conversation import Reply
from reporter.models.follow_up import Contact
from reporter.moderation.visibility import Scope
from reporter.stories.takeaway_json import published_places

KIND = ItemKind.MESSAGE
waits_for = None
ORDER = Order(leaving=4, small=4, big=4)


def mailing_target(session: Session) -> Target | None:
    """The first target that can send mail to one person."""
    rows = session.scalars(select(Target).order_by(Target.created_at, Target.name))
    return next((row for row in rows if issubclass(target_class(row.kind), SendsMail)), None)


def queue_messages(session: Session, facts: GatheringFacts, actor: Actor) -> int:
    """Queue a mail for everybody awaiting an answer that is now public; return how many. Commits."""
    target = mailing_target(session)
    if target is None:
        return 0
    waiting = session.scalars(_waiting()).all()
    for contact in waiting:
        session.add(
            Delivery(
                id=new_id(actor.now, actor.rng),
                target_id=target.id,
                item_kind=KIND.value,
                item_id=contact.id,
                key=f"srm-{facts.mark}-{contact.id.hex[-16:]}",
                state=DeliveryState.DUE.value,
                wanted=KIND.value,
                remote=DeliveryMemory(title=KIND.value).to_json(),
                due_at=actor.now,
                created_at=actor.now,
            )
        )
        contact.notified_at = actor.now
    session.commit()
    return len(waiting)


def _waiting() -> Select[Contact]:
    has_reply = exists().where(
        Reply.takeaway_id == Contact.takeaway_id,
        Reply.state == ReplyState.SHOWN,
        Reply.text != "",
    )
    return select(Contact).where(
        Contact.answer, Contact.notified_at.is_(None), Contact.stopped_at.is_(None), has_reply
    )


def wanted(
    session: Session, context: PublishContext, target: Target, posts: Sequence[FittedPost]
) -> Iterable[Wanted]:
    """Mails to addresses still subscribed; their rows are created when queued."""
    query = select(Contact.id).where(Contact.stopped_at.is_(None), Contact.notified_at.is_not(None))
    return [Wanted(KIND, one, stands=True) for one in session.scalars(query)]


def prepare(session: Session, context: PublishContext, claim: Claim) -> Job:
    """The mail. Once sent it can't be recalled from the recipient's mailbox."""
    contact = session.get(Contact, claim.item_id)
    if contact is None or contact.stopped_at is not None or contact.takeaway is None:
        return Settled(Withdrawn(stays=True))
    if claim.leaving or claim.remote_id:
        return Settled(Withdrawn(stays=True))
    message = _message(session, claim.key, contact, contact.takeaway, facts=context.facts)
    return MessageJob(message, claim.memory)


def _message(
    session: Session, key: str, contact: Contact, takeaway: Takeaway, *, facts: GatheringFacts
) -> PersonalMail:
    words = translations(facts.language)
    replies = [reply for reply in thread(session, takeaway, Scope.ROOM) if reply.text]
    quote = takeaway.text or takeaway.caption or takeaway.session.title
    links = [place["url"] for place in published_places(session, takeaway) if place["url"]]
    lines = [
        words.gettext("You recorded this at %s:") % facts.title,
        f"> {' '.join(quote.split())[:300]}",
        words.gettext("Somebody has answered:"),
        *(f"{reply.author or words.gettext('Somebody')}: {reply.text}" for reply in replies[-3:]),
        *(link for link in links if link.startswith("http")),
        words.gettext(
            "This is the only message that you get about it. Answer “stop” to get none at all."
        ),
    ]
    subject = words.gettext("There is an answer to your takeaway from %s") % facts.title
    return PersonalMail(key, contact.address, subject, "\n\n".join(lines), contact.token)


def settled(session: Session, claim: Claim, after: Transition, now: datetime) -> None:
    """Nothing but a takedown depends on a mail."""
    if after.state in SETTLED:
        takedowns.settle(session, claim.id, after.shows, now)
