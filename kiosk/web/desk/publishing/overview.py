"""Publishing page: one row per target with its state in a sentence, and the button that publishes what is approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.publishing import (
    dry_run,
    publish_all,
    publish_context_of,
    retry_parked,
    set_budget,
    set_pause,
)
from kiosk.web.openapi.describe import describe
from publish.outbox import target_status
from publish.outbox.ledger import queue
from publish.outbox.policy.row_states import SETTLED
from publish.outbox.runner import wake
from publish.status import progress as status_progress
from publish.status.manual_posting import manual_posts
from publish.status.target_registry import find_target
from publish.targets import target_class
from reporter.annotations import face_review
from reporter.enums import DeliveryState, ItemKind, TakeawayState
from reporter.errors import BadInput
from reporter.models import Delivery, Target
from reporter.models.outbox import TargetStatus
from reporter.review import queries as sheets

bp = Blueprint("publish", __name__, url_prefix="/publish")

LINKS = 12
_SHOWN_NOTES = 6


@dataclass(frozen=True)
class ListedTarget:
    """A target as the page shows it."""

    name: str
    kind: str
    sentence: str
    trouble: list[str]
    notes: list[str]
    posts: list[Delivery]
    # Where its front page is on this laptop or a stick; '' if it has an address that a browser opens.
    on_disk: str
    parked: int
    held: bool
    secret: bool
    sent_at: datetime | None
    progress: status_progress.PublishProgress
    refused: list[dict[str, Any]] = field(default_factory=list)


@bp.get("")
def overview() -> str:
    """Show all targets."""
    context = publish_context_of(current_kiosk())
    targets = db.session.scalars(select(Target).order_by(Target.created_at, Target.name))
    counts = status_progress.counts(db.session(), context.budget)
    state = target_status.outbox_state(db.session(), current_kiosk().now())
    db.session.commit()
    return render_template(
        "desk/publish.html",
        places=[_place(target, counts.get(target.id, {})) for target in targets],
        whole=status_progress.progress(db.session(), context),
        paused=state.paused_at is not None,
        budget=context.budget // 1_000_000,
        spent=state.bytes_spent,
        left=target_status.budget_left(db.session(), context.budget),
        since=state.counted_since,
        by_hand=manual_posts(db.session(), context),
        automatic=current_kiosk().settings.publish.automatic,
        held_back=_held_back(),
    )


@dataclass(frozen=True)
class HeldBack:
    """Numbers of approved takeaways that stay in the room until a person has done something about them."""

    faces: int
    consent: int
    undescribed: int


def _held_back() -> HeldBack | None:
    """What is held back; None: nothing."""
    session = db.session()
    found = HeldBack(
        face_review.count_held(session),
        sheets.count_without_consent(session),
        sheets.count_undescribed(session),
    )
    return found if found.faces or found.consent or found.undescribed else None


def _place(target: Target, counts: Mapping[str, int]) -> ListedTarget:
    rows = list(
        db.session.scalars(
            select(Delivery).where(Delivery.target_id == target.id).order_by(Delivery.created_at)
        )
    )
    line = db.session.get(TargetStatus, target.id)
    parked = [row for row in rows if row.state == DeliveryState.PARKED]
    open_errors = [row.error for row in rows if row.state not in (*SETTLED, DeliveryState.PARKED)]
    notes = [row.error for row in rows if row.error and row.state in SETTLED]
    return ListedTarget(
        name=target.name,
        kind=_(target_class(target.kind).title),
        sentence=sentence(counts),
        trouble=_each_once([target.paused, target_status.status_text(line), *open_errors]),
        notes=_each_once(notes)[:_SHOWN_NOTES],
        posts=[
            row for row in rows if row.item_kind == ItemKind.STORY and row.url.startswith("http")
        ][-LINKS:],
        on_disk=_on_disk(rows),
        parked=len(parked),
        held=line is not None and line.paused_at is not None,
        secret=bool(target_class(target.kind).secret_prompt(target.options)),
        sent_at=max((row.sent_at for row in rows if row.sent_at), default=None),
        progress=status_progress.progress(
            db.session(), publish_context_of(current_kiosk()), target
        ),
        refused=[{"title": r.memory.title or r.key, "why": r.error} for r in parked][:LINKS],
    )


def _on_disk(rows: Sequence[Delivery]) -> str:
    """Return the path of the front page that was written to a folder."""
    fronts = (row.url for row in rows if row.item_kind == ItemKind.FRONT_PAGE)
    url = next((url for url in fronts if url.startswith("file:")), "")
    return url2pathname(urlsplit(url).path)


def _each_once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, words)))


def sentence(counts: Mapping[str, int]) -> str:
    """Summarize a target's deliveries, as "14 sent, 2 waiting to be sent, 1 needs you"."""

    def number(*states: DeliveryState) -> int:
        return sum(counts.get(state.value, 0) for state in states)

    due = number(DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.WAITING)
    changed, by_hand = number(DeliveryState.CHANGED), number(DeliveryState.MANUAL)
    leaving, parked = number(DeliveryState.WITHDRAWING), number(DeliveryState.PARKED)
    sent, gone = number(DeliveryState.SENT), number(DeliveryState.WITHDRAWN)
    parts = [
        ngettext("%(num)d sent", "%(num)d sent", sent) if sent else "",
        ngettext("%(num)d waiting to be sent", "%(num)d waiting to be sent", due) if due else "",
        ngettext("%(num)d to be changed", "%(num)d to be changed", changed) if changed else "",
        ngettext("%(num)d to be taken down", "%(num)d to be taken down", leaving)
        if leaving
        else "",
        ngettext("%(num)d taken down", "%(num)d taken down", gone) if gone else "",
        ngettext("%(num)d to do by hand", "%(num)d to do by hand", by_hand) if by_hand else "",
        ngettext("%(num)d needs you", "%(num)d need you", parked) if parked else "",
    ]
    return _(", ").join(filter(None, parts)) or _("Nothing has been sent yet.")


@bp.get("/state")
@describe(answers="Progress")
def state() -> ResponseReturnValue:
    """Return publishing progress as JSON, for polling."""
    context = publish_context_of(current_kiosk())
    counts = status_progress.counts(db.session(), context.budget)
    targets = list(db.session.scalars(select(Target)))
    by_name = {
        target.name: {
            "sentence": sentence(counts.get(target.id, {})),
            **status_progress.progress_json(
                status_progress.progress(db.session(), context, target)
            ),
        }
        for target in targets
    }
    whole = status_progress.progress_json(status_progress.progress(db.session(), context))
    left = target_status.budget_left(db.session(), context.budget)
    return jsonify({"targets": by_name, "whole": whole, "left": left})


@bp.get("/preview")
@describe(query="target")
def preview() -> str:
    """Show what would be sent now, word for word, and what would change."""
    rows = dry_run(current_kiosk(), [name] if (name := request.args.get("target", "")) else ())
    places = db.session.scalar(select(func.count(Target.id))) or 0
    return render_template(
        "desk/publish_preview.html",
        rows=rows,
        only=name,
        places=places,
        approved=sheets.count_state(db.session(), TakeawayState.APPROVED),
        held_back=_held_back(),
    )


@bp.post("/now")
@describe()
def publish_now() -> ResponseReturnValue:
    """Queue what is approved. The worker sends it, unless automatic sending is off."""
    kiosk = current_kiosk()
    if kiosk.settings.publish.automatic:
        context = publish_context_of(kiosk)
        queue(db.session(), context)
        wake(db.session(), context)
        flash(_("What is approved is on its way. This page tells how far it is."))
    else:
        publish_all(kiosk)
        flash(_("What is approved was sent, as far as the places could be reached."))
    return _back()


@bp.post("/pause")
@describe(form="on target")
def pause() -> ResponseReturnValue:
    """Pause (``on``) or resume all targets, or one ``target``."""
    on, name = bool(request.form.get("on")), request.form.get("target", "")
    set_pause(current_kiosk(), [name] if name else [], on=on)
    flash(_("Paused. Nothing is sent until you go on.") if on else _("It goes on."))
    return _back()


@bp.post("/budget")
@describe(form="mb:integer anew")
def budget() -> ResponseReturnValue:
    """Set the data limit; ``anew`` counts from now on."""
    try:
        megabytes = int(request.form.get("mb", "0") or 0)
    except ValueError as error:
        raise BadInput(_("Write the budget as a number of megabytes.")) from error
    if not 0 <= megabytes <= 10_000_000:
        raise BadInput(_("Write the budget as a number of megabytes."))
    set_budget(current_kiosk(), megabytes, anew=bool(request.form.get("anew")))
    flash(_("The budget is set.") if megabytes else _("There is no budget: everything is sent."))
    return _back()


@bp.post("/<name>/retry")
@describe()
def retry(name: str) -> ResponseReturnValue:
    """Retry deliveries that needed a person."""
    find_target(db.session(), name)
    count = retry_parked(current_kiosk(), name)
    flash(ngettext("%(num)d is tried again.", "%(num)d are tried again.", count))
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("desk.publish.overview"), code=303)
