"""Coming in: by an invitation's link, then with address and password. And the list of what one is a member of."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from kiosk.hub.gatherings import current_hub
from kiosk.hub.paths import gathering_path
from kiosk.runtime.database import db
from kiosk.server.connection import share_of
from kiosk.web.hub.door import SIGNED_IN, account_here
from kiosk.web.middleware.auth import check_strength
from kiosk.web.openapi.describe import describe
from reporter.database.row_security import Scope, working_for
from reporter.errors import BadInput, TooMuch
from reporter.gathering.admission import Window
from reporter.hub import organizations
from reporter.hub.models import HubGathering, Member, Organization
from reporter.hub.roles import Role

bp = Blueprint("hub", __name__, url_prefix="/hub")

# Wrong passwords, from one address and for one account, in this process.
TRIES, LENGTH = 10, timedelta(minutes=5)
# Compared with where nobody has the address, so that an answer takes as long.
_NOBODY = generate_password_hash("nobody")


ROLE_WORDS = {
    Role.OWNER.value: later("Owner"),
    Role.ORGANIZER.value: later("Organizer"),
    Role.FACILITATOR.value: later("Facilitator"),
    Role.REVIEWER.value: later("Reviewer"),
}


@bp.app_context_processor
def words() -> dict[str, object]:
    """What the hub's pages need."""
    return {"role_words": ROLE_WORDS, "tour": None}


@bp.get("/")
@describe(statuses=(200, 302))
def overview() -> ResponseReturnValue:
    """One's organizations and their gatherings."""
    account = account_here()
    if account is None:
        return redirect("/hub/sign-in")
    return render_template("hub/overview.html", organizations=_memberships(account))


def _memberships(account: uuid.UUID) -> list[tuple[Organization, str, list[tuple[str, str]]]]:
    """(organization, role, [(title, address)])."""
    with working_for(Scope(account=account)):
        rows = db.session.execute(
            select(Organization, Member.role)
            .join(Member, Member.organization_id == Organization.id)
            .where(Member.account_id == account)
            .order_by(Organization.name)
        ).all()
        gatherings = db.session.scalars(
            select(HubGathering).order_by(HubGathering.created_at.desc())
        ).all()
        db.session.expunge_all()
        db.session.rollback()
    return [
        (
            organization,
            role,
            [
                (one.title, gathering_path(one.id, "/desk/"))
                for one in gatherings
                if one.organization_id == organization.id
            ],
        )
        for organization, role in rows
    ]


@bp.get("/sign-in")
@describe(query="next")
def ask() -> str:
    """The page that asks for address and password."""
    return render_template("hub/sign_in.html")


@bp.post("/sign-in")
@describe(query="next", form="email* password* csrf_token")
def sign_in() -> ResponseReturnValue:
    """Let a member in. Raises TooMuch after too many wrong passwords."""
    email = request.form.get("email", "").strip().lower()
    keys = (share_of(request.remote_addr or ""), f"account {email}")
    _count_try(keys)
    found = organizations.account_of(db.session(), email)
    right = check_password_hash(found[1] if found else _NOBODY, request.form.get("password", ""))
    if found is None or not right:
        flash(_("Address or password is wrong."))
        return redirect(request.full_path, code=303)
    for key in keys:
        _tries().remove_last(key)
    _begin(found[0])
    return redirect(_inside(request.args.get("next", "")), code=303)


@bp.post("/sign-out")
@describe(form="csrf_token")
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in, in its cookie and in the database."""
    token = session.get(SIGNED_IN)
    if isinstance(token, str):
        organizations.sign_out(db.session(), token)
    session.clear()
    return redirect("/hub/sign-in", code=303)


@bp.get("/invitation/<secret>")
def invitation(secret: str) -> str:
    """What an invitation offers, and the password to choose."""
    offer = organizations.look_at_invitation(db.session(), secret, now=current_hub().clock())
    known = organizations.account_of(db.session(), offer.email) is not None
    return render_template("hub/invitation.html", offer=offer, known=known)


@bp.post("/invitation/<secret>")
@describe(form="password* csrf_token")
def accept(secret: str) -> ResponseReturnValue:
    """Become a member: with a new password, or with the one that the address has already."""
    hub, password = current_hub(), request.form.get("password", "")
    keys = (share_of(request.remote_addr or ""),)
    _count_try(keys)
    offer = organizations.look_at_invitation(db.session(), secret, now=hub.clock())
    known = organizations.account_of(db.session(), offer.email)
    if known is None:
        check_strength(password, offer.organization)
    elif not check_password_hash(known[1], password):
        raise BadInput(_("Address or password is wrong."))
    hashed = generate_password_hash(password)
    account = organizations.accept(db.session(), secret, hashed, now=hub.clock(), rng=hub.rng)
    _tries().remove_last(keys[0])
    _begin(account)
    return redirect("/hub/", code=303)


def _begin(account: uuid.UUID) -> None:
    """A new sign-in, with an id of its own whatever the browser brought (session fixation)."""
    token = organizations.sign_in(db.session(), account, now=current_hub().clock())
    session.clear()
    session[SIGNED_IN] = token
    session.permanent = True


def _tries() -> Window:
    window: Window = current_app.extensions.setdefault("wrong_passwords", Window(LENGTH))
    return window


def _count_try(keys: tuple[str, ...]) -> None:
    """Counted before the hash is computed, which takes a moment: many at once must not pass."""
    now = current_hub().clock()
    for key in keys:
        count, _amount, left = _tries().total(key, now=now)
        if count >= TRIES:
            raise TooMuch(
                "Too many wrong passwords. Wait a little, then type it once more.", retry_after=left
            )
    for key in keys:
        _tries().add(key, 0, now=now)


def _inside(path: str) -> str:
    """Only a page of this hub: never an address that leads elsewhere."""
    return path if path.startswith(("/g/", "/hub/")) and "\\" not in path else "/hub/"
