"""Polled responses: 304 by an ETag that one small query determines before anything is built."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.codes import normalize_receipt
from reporter.enums import DeliveryState, ItemKind, MediaState, ReplyState
from reporter.gathering.wall_settings import COLUMNS, board_from
from reporter.models import (
    Attachment,
    Delivery,
    EventSession,
    Gathering,
    Media,
    ReceiptAlias,
    Rendition,
    StoryItem,
    Takeaway,
)
from reporter.models.conversation import Reply


def polled(stamp: Iterable[object], build: Callable[[], Any]) -> Response:
    """Return ``build()`` as JSON, or 304 if the client has it. ``stamp``: everything that the response depends on.

    ``no-cache`` lets browsers keep the answer and ask each time whether it still holds; ``private``: nobody between.
    """
    state = repr((current_kiosk().gathering_id, *stamp))
    tag = hashlib.sha256(state.encode()).hexdigest()[:32]
    known = tag in request.if_none_match
    response = Response(status=304) if known else jsonify(build())
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def receipt_stamp(receipt: str) -> tuple[object, ...]:
    """Return what a receipt's record depends on, in one query; '' for an unknown receipt."""
    normalized = normalize_receipt(receipt)
    row = db.session.execute(_receipt_query(), {"receipt": normalized}).first()
    if row is None and (first := _first_receipt(normalized)):
        row = db.session.execute(_receipt_query(), {"receipt": first}).first()
    return tuple(row) if row else ()


def _first_receipt(alias: str) -> str | None:
    """Return the original receipt of the takeaway that has this alias."""
    query = select(Takeaway.receipt).join(ReceiptAlias, ReceiptAlias.takeaway_id == Takeaway.id)
    return db.session.scalar(query.where(ReceiptAlias.receipt == alias))


def wall_stamp() -> tuple[Any, ...]:
    """What the wall's cards depend on, in one query: first the desk's switches, a ``Wallboard``, then the rest.

    (What runs now is the wall's own to add.)
    """
    row = tuple(db.session.execute(_wall_query()).one())
    switches, rest = row[: len(COLUMNS)], row[len(COLUMNS) :]
    return (board_from(switches), *rest, current_kiosk().settings.wall.shows)


# Building the statement takes four times as long as running it.
@functools.cache
def _receipt_query() -> Select[Any]:
    in_stories = select(func.count()).where(StoryItem.takeaway_id == Takeaway.id)
    return (
        select(
            Takeaway.id,
            Takeaway.revision,
            EventSession.title,
            *_media(Attachment.takeaway_id == Takeaway.id),
            *_ledger_state(),
            in_stories.scalar_subquery(),
            *_conversation_state(),
        )
        .join(EventSession)
        .where(Takeaway.receipt == bindparam("receipt"))
    )


@functools.cache
def _wall_query() -> Select[Any]:
    # From the index of states: a sum of cases would read all of them, at three times the cost.
    ready = select(func.count()).where(Media.state == MediaState.READY).scalar_subquery()
    renditions = select(func.count()).select_from(Rendition).scalar_subquery()
    return select(*COLUMNS, Gathering.revision, ready, renditions)


def _media(of_it: ColumnElement[bool]) -> list[Any]:
    """State of its media and renditions, which change without a new revision."""
    attached = select(Attachment.media_id).where(of_it).correlate(Takeaway)
    states = (MediaState.READY, MediaState.FAILED)
    counts: list[Select[Any]] = [
        select(_times(Media.state == state)).where(Media.id.in_(attached)) for state in states
    ]
    counts.append(select(func.count(Rendition.name)).where(Rendition.media_id.in_(attached)))
    return [count.correlate(Takeaway).scalar_subquery() for count in counts]


def _ledger_state() -> list[Any]:
    """State of the whole ledger: more than needed, but never too little."""
    figures = (
        func.count(Delivery.id),
        func.max(Delivery.sent_at),
        _times(Delivery.state == DeliveryState.SENT),
        _times(Delivery.state == DeliveryState.WITHDRAWN),
        _times(Delivery.state == DeliveryState.PARKED),
    )
    return [
        select(one).where(Delivery.item_kind == ItemKind.STORY).scalar_subquery() for one in figures
    ]


def _conversation_state() -> list[Any]:
    """State of all conversations: more than needed, but never too little."""
    # A merge may bring a change that is older than the newest here.
    shown = _times(Reply.state == ReplyState.SHOWN)
    figures = (func.count(Reply.id), func.max(Reply.changed_at), shown)
    return [select(one).scalar_subquery() for one in figures]


def _times(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
