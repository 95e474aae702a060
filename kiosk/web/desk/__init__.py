"""The desk: the facilitator's and organizers' pages, behind one door."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from kiosk import (
    desk_actions,
    desk_afterwards,
    desk_captions,
    desk_cards,
    desk_conversation,
    desk_coverage,
    desk_faces,
    desk_handouts,
    desk_kiosk,
    desk_mend,
    desk_publish,
    desk_review,
    desk_sessions,
    desk_settings,
    desk_stories,
    desk_targets,
    desk_wall,
    desker,
)
from kiosk.access import require_desk
from kiosk.db import db
from kiosk.here import here
from reporter import faces
from reporter.inbox import in_view
from reporter.models import Delivery, Takeaway
from reporter.models_actions import ActionItem
from reporter.models_cards import Cut
from reporter.models_talk import Reply
from reporter.states import DeliveryState, ItemState, TakeawayState

bp = Blueprint("desk", __name__, url_prefix="/desk")
bp.before_request(require_desk)
for _part in (
    desk_actions,
    desk_afterwards,
    desk_captions,
    desk_cards,
    desk_conversation,
    desk_coverage,
    desk_faces,
    desk_handouts,
    desk_kiosk,
    desk_mend,
    desk_publish,
    desk_review,
    desk_sessions,
    desk_settings,
    desk_stories,
    desk_targets,
    desk_wall,
    desker,
):
    bp.register_blueprint(_part.bp)


@bp.get("/")
def start() -> ResponseReturnValue:
    """The desk begins with what waits."""
    return redirect(url_for("desk.review.sheet"))


@bp.app_context_processor
def rail() -> dict[str, Any]:
    """``rail_counts()`` for the desk's pages: asked only where the rail is drawn."""
    return {"rail_counts": _counts}


def _counts() -> dict[str, int]:
    unsent = (
        DeliveryState.DUE,
        DeliveryState.CHANGED,
        DeliveryState.SENDING,
        DeliveryState.WITHDRAWING,
    )
    waiting = select(func.count(Takeaway.id)).where(Takeaway.state == TakeawayState.NEW)
    due = select(func.count(Delivery.id)).where(Delivery.state.in_(unsent))
    parked = select(func.count(Delivery.id)).where(
        Delivery.state.in_((DeliveryState.PARKED, DeliveryState.MANUAL))
    )
    talked = select(func.count(Reply.id)).where(in_view("open", here().now()))
    waiting_items = select(func.count(ActionItem.id)).where(ActionItem.state == ItemState.OPEN)
    cuts = select(func.count(Cut.shot_id)).where(Cut.settled.is_(False))
    asked = {
        "review": waiting,
        "publish": due,
        "parked": parked,
        "cards": cuts,
        "conversation": talked,
        "actions": waiting_items,
    }
    counts = {name: db.session.scalar(query) or 0 for name, query in asked.items()}
    # Without the switch nothing waits for a look.
    waiting_faces = faces.count_waiting(db.session())[0] if faces.is_checked(db.session()) else 0
    return {**counts, "faces": waiting_faces}
