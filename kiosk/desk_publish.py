"""Publish: one row a target, in a plain sentence, and the button that lets out what is approved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from kiosk.db import db
from kiosk.here import here
from kiosk.publishing import outbox_of, publish_all, retry_parked
from publish.outbox import queue, wake
from reporter.models import Delivery, Target
from reporter.states import DeliveryState

bp = Blueprint("publish", __name__, url_prefix="/publish")

LINKS = 12


@dataclass(frozen=True)
class Place:
    """A target as the page shows it."""

    name: str
    kind: str
    sentence: str
    trouble: list[str]
    posts: list[Delivery]
    parked: int
    sent_at: datetime | None


@bp.get("")
def overview() -> str:
    """All targets."""
    targets = db.session.scalars(select(Target).order_by(Target.created_at, Target.name))
    return render_template("desk/publish.html", places=[_place(target) for target in targets])


def _place(target: Target) -> Place:
    rows = list(
        db.session.scalars(
            select(Delivery).where(Delivery.target_id == target.id).order_by(Delivery.created_at)
        )
    )
    counts = Counter(row.state for row in rows)
    troubles = [target.paused, *(row.error for row in rows if row.error)]
    return Place(
        name=target.name,
        kind=target.kind,
        sentence=sentence(counts),
        trouble=list(dict.fromkeys(filter(None, troubles))),
        posts=[row for row in rows if row.item_kind == "story" and row.url][-LINKS:],
        parked=counts[DeliveryState.PARKED],
        sent_at=max((row.sent_at for row in rows if row.sent_at), default=None),
    )


def sentence(counts: Counter[str]) -> str:
    """What has become of a target's deliveries, as "14 sent, 2 waiting to be sent, 1 needs you"."""
    waiting = counts[DeliveryState.DUE] + counts[DeliveryState.SENDING]
    leaving, parked = counts[DeliveryState.WITHDRAWING], counts[DeliveryState.PARKED]
    sent, gone = counts[DeliveryState.SENT], counts[DeliveryState.WITHDRAWN]
    told = [
        ngettext("%(num)d sent", "%(num)d sent", sent) if sent else "",
        ngettext("%(num)d waiting to be sent", "%(num)d waiting to be sent", waiting) if waiting else "",
        ngettext("%(num)d to be taken down", "%(num)d to be taken down", leaving) if leaving else "",
        ngettext("%(num)d taken down", "%(num)d taken down", gone) if gone else "",
        ngettext("%(num)d needs you", "%(num)d need you", parked) if parked else "",
    ]  # fmt: skip
    return ", ".join(filter(None, told)) or _("Nothing has been sent yet.")


@bp.post("/now")
def publish_now() -> ResponseReturnValue:
    """Queue what is approved. The worker sends it, unless it was told not to send by itself."""
    kiosk = here()
    if kiosk.settings.publish.automatic:
        outbox = outbox_of(kiosk)
        queue(db.session(), outbox)
        wake(db.session(), outbox)
        flash(_("What is approved is on its way. This page tells how far it is."))
    else:
        publish_all(kiosk)
        flash(_("What is approved was sent, as far as the places could be reached."))
    return redirect(url_for("desk.publish.overview"), code=303)


@bp.post("/<name>/retry")
def retry(name: str) -> ResponseReturnValue:
    """Another try for what needed a person."""
    count = retry_parked(here(), name)
    flash(ngettext("%(num)d is tried again.", "%(num)d are tried again.", count))
    return redirect(url_for("desk.publish.overview"), code=303)
