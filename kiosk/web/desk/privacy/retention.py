"""Desk page on privacy: retention, pending takedowns, and copies that still hold erased data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from flask_babel import lazy_gettext as later
from sqlalchemy import select

from kiosk.i18n.setting_help import PERIOD_WORDS
from kiosk.privacy.retention import due, leaving, preview
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.enums import DeliveryState
from reporter.gathering.copies import Remains, remains_in_copies
from reporter.models import Delivery, Takeaway
from reporter.models.outbox import Takedown
from reporter.privacy.retention import RetentionKind

bp = Blueprint("privacy", __name__, url_prefix="/privacy")

# Maximum number of listed takeaways; further ones are counted.
MOST = 50
WORDS = {
    RetentionKind.UNAPPROVED: later("Words and files that nobody has approved"),
    RetentionKind.ADDRESSES: later("E-mail addresses that people left"),
    RetentionKind.DEVICES: later("Numbers that tell phones apart"),
}


@dataclass(frozen=True)
class Leaving:
    """A takeaway to be removed from a target."""

    receipt: str
    place: str
    url: str
    asked_at: datetime
    done_at: datetime | None
    # Why it is pending, or what can't be reached.
    note: str


@bp.get("")
def overview() -> str:
    """Show all of it."""
    kiosk = current_kiosk()
    items = due(kiosk)
    going, more = leaving(kiosk, items, most=MOST)
    return render_template(
        "desk/privacy.html",
        kinds=[(WORDS[one.kind], PERIOD_WORDS[one.period], one) for one in preview(kiosk, items)],
        going=going,
        more=more,
        takedowns=takedowns(),
        copies=copies(),
        contact=kiosk.settings.privacy.contact,
    )


def takedowns(*, receipts: tuple[str, ...] = ()) -> list[Leaving]:
    """Return pending and finished takedowns, newest first, of all or of some receipts."""
    query = (
        select(Takedown, Delivery, Takeaway.receipt)
        .join(Delivery, Takedown.delivery_id == Delivery.id)
        .join(Takeaway, Takedown.takeaway_id == Takeaway.id)
        .order_by(Takedown.requested_at.desc())
        .limit(MOST)
    )
    if receipts:
        query = query.where(Takeaway.receipt.in_(receipts))
    return [_leaving(*row) for row in db.session.execute(query)]


def _leaving(takedown: Takedown, row: Delivery, receipt: str) -> Leaving:
    left = row.state == DeliveryState.WITHDRAWN
    note = str(takedown.remaining_copies or ("" if takedown.done_at else row.error))
    url = "" if left else row.url
    return Leaving(receipt, row.target.name, url, takedown.requested_at, takedown.done_at, note)


def copies() -> list[Remains]:
    """Return copies that still hold something erased here, or that can't be examined."""
    return [one for one in remains_in_copies(db.session()) if one.any or not one.known]
