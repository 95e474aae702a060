"""The desk: the pages for facilitators and organizers, behind one access check."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.desk import (
    camera_cards,
    coverage,
    identity,
    schedule,
    sessions,
    settings,
    setup,
    status,
    themes,
    tools,
    wall,
)
from kiosk.web.desk.follow_up import action_items, inbox, plan
from kiosk.web.desk.privacy import erase, support
from kiosk.web.desk.privacy import retention as privacy_retention
from kiosk.web.desk.publishing import film, manual_posting, overview, report, stories, targets
from kiosk.web.desk.review import edit_media, recording_captions, views
from kiosk.web.desk.review import faces as review_faces
from kiosk.web.middleware.auth import at_laptop, has_part, require_desk
from kiosk.web.openapi.describe import describe
from kiosk.web.peers import laptops
from reporter.annotations import face_review
from reporter.conversation.inbox import in_view
from reporter.enums import DeliveryState, ItemState, TakeawayState
from reporter.models import Delivery, RetentionNotice
from reporter.models.camera import Cut
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem
from reporter.review import queries as sheets

bp = Blueprint("desk", __name__, url_prefix="/desk")
bp.before_request(require_desk)
for _part in (
    action_items,
    plan,
    recording_captions,
    camera_cards,
    inbox,
    coverage,
    erase,
    privacy_retention,
    review_faces,
    support,
    manual_posting,
    status,
    edit_media,
    film,
    overview,
    report,
    views,
    schedule,
    sessions,
    settings,
    setup,
    stories,
    targets,
    themes,
    tools,
    wall,
    identity,
    laptops,
):
    bp.register_blueprint(_part.bp)


@bp.after_request
def _keep_out_of_caches(response: Response) -> Response:
    """Forbid caching: nothing of the desk stays on another machine after logging out (OWASP ASVS 5.0, 14.3.1)."""
    if not at_laptop():
        response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.get("/")
@describe(statuses=(302,))
def start() -> ResponseReturnValue:
    """Redirect to the review of waiting takeaways."""
    return redirect(url_for("desk.review.sheet"))


@bp.app_context_processor
def rail() -> dict[str, Any]:
    """Return what the navigation rail needs, evaluated while it is rendered."""
    return {
        "rail_counts": _counts,
        "rail_entries": _entries,
        "from_afar": lambda: not at_laptop(),
    }


def _entries(all_of_a_group: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """Return the entries whose part the user may open; an entry begins with its endpoint."""
    return [one for one in all_of_a_group if has_part(one[0].split(".")[1])]


def _counts() -> dict[str, int]:
    unsent = (
        DeliveryState.DUE,
        DeliveryState.CHANGED,
        DeliveryState.SENDING,
        DeliveryState.WITHDRAWING,
    )
    due = select(func.count(Delivery.id)).where(Delivery.state.in_(unsent))
    parked = select(func.count(Delivery.id)).where(
        Delivery.state.in_((DeliveryState.PARKED, DeliveryState.MANUAL))
    )
    talked = select(func.count(Reply.id)).where(in_view("open", current_kiosk().now()))
    waiting_items = select(func.count(ActionItem.id)).where(ActionItem.state == ItemState.OPEN)
    cuts = select(func.count(Cut.shot_id)).where(Cut.settled.is_(False))
    queries = {
        "publish": due,
        "parked": parked,
        "cards": cuts,
        "conversation": talked,
        "actions": waiting_items,
        "leaving": select(func.count()).select_from(RetentionNotice),
    }
    counts = {name: db.session.scalar(query) or 0 for name, query in queries.items()}
    counts["review"] = sheets.count_state(db.session(), TakeawayState.NEW)
    # With face review switched off nothing waits for it.
    waiting_faces = (
        face_review.count_waiting(db.session())[0] if face_review.is_checked(db.session()) else 0
    )
    return {**counts, "faces": waiting_faces}
