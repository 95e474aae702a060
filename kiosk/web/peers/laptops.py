"""Desk page of other laptops: which are paired and near, their contents, merging now or every few minutes."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.peers.exchange import pair_with
from kiosk.peers.identity import own_name
from kiosk.peers.pairing import forget, format_code, new_code
from kiosk.peers.push import pair_hub
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.openapi.describe import describe
from reporter.errors import NotFound
from reporter.models import Peer, Takeaway

bp = Blueprint("laptops", __name__, url_prefix="/laptops")
# A laptop that responded within this time counts as near.
NEAR = timedelta(minutes=2)


@bp.get("")
def overview() -> str:
    """Show all paired laptops, and how to pair another."""
    return _page()


def _page(code: str = "") -> str:
    now = current_kiosk().now()
    peers = db.session.scalars(
        select(Peer).where(Peer.hub.is_(False)).order_by(Peer.name, Peer.id)
    ).all()
    return render_template(
        "desk/laptops.html",
        hub=db.session.scalar(select(Peer).where(Peer.hub)),
        peers=[(peer, _is_near(peer, now), _doubtful(peer)) for peer in peers],
        code=format_code(code) if code else "",
        name=own_name(current_kiosk()),
    )


def _is_near(peer: Peer, now: object) -> bool:
    return not peer.error and peer.reached_at is not None and now - peer.reached_at < NEAR  # type: ignore[operator]


def _doubtful(peer: Peer) -> list[Takeaway]:
    """Return takeaways that both laptops had decided on before the last merge."""
    receipts = (peer.report or {}).get("look", [])
    return list(db.session.scalars(select(Takeaway).where(Takeaway.receipt.in_(receipts))))


@bp.post("/code")
@describe(statuses=(200,))
def show_code() -> str:
    """Show a new pairing code, which is not stored in the page's history."""
    return _page(new_code(db.session(), current_kiosk()))


@bp.post("")
@describe(form="url* code*")
def pair() -> ResponseReturnValue:
    """Pair with the laptop or hub at the given address, by its code: what the one has comes, what is here goes to the
    other."""
    url = request.form.get("url", "").strip()
    peer = _pair_with(url if "://" in url else f"http://{url}", request.form["code"])
    peer.merge_requested_at = current_kiosk().now()
    db.session.commit()
    if peer.hub:
        flash(_("What is new here is brought to %(url)s by itself.", url=peer.url))
    else:
        flash(_("Paired with %(name)s. What it has comes now.", name=peer.name))
    return _back()


def _pair_with(url: str, code: str) -> Peer:
    try:
        return pair_with(current_kiosk(), url, code)
    except NotFound as error:
        # A hub has no such page, and has not seen the code.
        try:
            return pair_hub(current_kiosk(), url, code)
        except NotFound:
            raise error from None


@bp.post("/<uuid:number>/merge")
def merge(number: uuid.UUID) -> ResponseReturnValue:
    """Merge now."""
    peer = _find(number)
    peer.merge_requested_at = current_kiosk().now()
    db.session.commit()
    flash(_("What is new at %(name)s comes now.", name=peer.name))
    return _back()


@bp.post("/<uuid:number>/automatic")
@describe(form="on")
def set_automatic(number: uuid.UUID) -> ResponseReturnValue:
    """Switch automatic merging on (``on`` is set) or off."""
    _find(number).automatic = bool(request.form.get("on"))
    db.session.commit()
    return _back()


@bp.post("/<uuid:number>/forget")
def remove(number: uuid.UUID) -> ResponseReturnValue:
    """Unpair; merged takeaways stay."""
    peer = _find(number)
    forget(db.session(), current_kiosk(), peer)
    flash(_("%(name)s is not paired any more. What came from it stays.", name=peer.name))
    return _back()


def _find(number: uuid.UUID) -> Peer:
    peer = db.session.get(Peer, number)
    if peer is None:
        raise NotFound(_("This laptop is not paired. Pair it once more at the desk."))
    return peer


def _back() -> ResponseReturnValue:
    return redirect(url_for("desk.laptops.overview"), code=303)
