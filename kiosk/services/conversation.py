"""Replies to published posts, for desk, shell and worker: polling targets, answering, and
listing both."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.publishing import publish_context_of
from publish.conversation import fetch_replies
from publish.outbox.items import answer
from publish.outbox.items.message import queue_messages
from publish.posts.model import gathering_facts
from publish.targets import target_class
from publish.targets.capabilities import polls_replies
from reporter.clock import rfc3339
from reporter.enums import ItemKind, ReplyState
from reporter.media.store import Store
from reporter.models import Delivery, Takeaway, Target
from reporter.models.conversation import Reply, ReplyPoll

GREETINGS = "greetings.txt"


def listen_once(kiosk: KioskContext) -> int:
    """One worker turn: poll the target that is due; returns 1 if there was one."""
    if db.session.scalar(select(Target.id).limit(1)) is None:
        return 0
    context = publish_context_of(kiosk)
    queue_messages(db.session(), context.facts, kiosk.actor("kiosk"))
    return fetch_replies.listen_due(db.session(), context)


def listen_now(kiosk: KioskContext) -> None:
    """Poll all targets completely now."""
    fetch_replies.listen(db.session(), publish_context_of(kiosk))


def ask_for_looks(session: Session, kiosk: KioskContext) -> None:
    """Make the worker poll all targets completely, as soon as possible. Commits."""
    for row in session.scalars(select(ReplyPoll)):
        row.next_at, row.fully_polled_at = kiosk.now(), None
    session.commit()


def send_answer(kiosk: KioskContext, to: Reply, text: str) -> Reply:
    """Answer a reply as the organization. Raises BadInput, Conflict. Commits."""
    facts = gathering_facts(db.session(), kiosk.settings)
    return answer.answer(db.session(), to, text, kiosk.actor("desk"), facts=facts, rng=kiosk.rng)


def greetings(store: Store) -> list[str]:
    """Greetings for answers: the lines of ``greetings.txt``, else a few of ours in the page's
    language."""
    try:
        lines = (store.folder / GREETINGS).read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        lines = []
    own = [line.strip() for line in lines if line.strip()]
    return own or [
        _("Thank you for writing!"),
        _("Good question, thank you."),
        _("Thank you, that helps us on."),
        _("We would love to have you at the next gathering."),
    ]


def places_heard(session: Session) -> list[dict[str, Any]]:
    """Each target with replies: name, last and next poll, and why the last poll failed."""
    rows = session.execute(
        select(Target, ReplyPoll)
        .outerjoin(ReplyPoll, ReplyPoll.target_id == Target.id)
        .order_by(Target.created_at, Target.name)
    )
    return [
        {
            "name": target.name,
            "last_looked_at": heard.polled_at if heard else None,
            "next_look_at": heard.next_at if heard else None,
            "error": (heard.error if heard else "") or target.paused,
        }
        for target, heard in rows
        if polls_replies(target_class(target.kind), target.options)
    ]


def replies_document(session: Session) -> dict[str, Any]:
    """The document for ``reporter replies --json``: all known replies that still exist, the
    oldest first."""
    known = select(Reply).where(
        Reply.target_id.is_not(None),
        Reply.remote_id.is_not(None),
        Reply.state.not_in((ReplyState.GONE, ReplyState.SPAM)),
    )
    rows = session.scalars(known.order_by(Reply.written_at, Reply.id)).all()
    receipts = _receipts(session, rows)
    places = places_heard(session)
    return {
        "replies": [_reply_json(row, receipts[row.id]) for row in rows],
        "targets": [
            {
                **place,
                "last_looked_at": rfc3339(place["last_looked_at"]),
                "next_look_at": rfc3339(place["next_look_at"]),
            }
            for place in places
        ],
    }


def _reply_json(row: Reply, receipts: list[str]) -> dict[str, Any]:
    return {
        "target": row.place,
        "remote_id": row.remote_id,
        "url": row.url,
        "author": row.author,
        "text": row.text,
        "written_at": rfc3339(row.written_at),
        "in_reply_to": row.in_reply_to,
        "receipts": receipts,
        "kind": row.kind,
        "state": row.state,
        "ours": row.ours,
    }


def _receipts(session: Session, rows: Sequence[Reply]) -> dict[uuid.UUID, list[str]]:
    """{reply id: receipts of the takeaways that it may refer to}."""
    stories = _takeaways_of_stories(session)
    receipts = {row[0]: row[1] for row in session.execute(select(Takeaway.id, Takeaway.receipt))}
    by_reply = {}
    for row in rows:
        ids = (
            [row.takeaway_id] if row.takeaway_id else stories.get((row.target_id, row.story_id), [])
        )
        by_reply[row.id] = [receipts[one] for one in ids if one in receipts]
    return by_reply


def _takeaways_of_stories(
    session: Session,
) -> dict[tuple[uuid.UUID | None, uuid.UUID | None], list[uuid.UUID]]:
    query = select(Delivery).where(Delivery.item_kind == ItemKind.STORY, Delivery.remote_id != "")
    return {
        (row.target_id, row.item_id): list(row.memory.takeaways) for row in session.scalars(query)
    }
