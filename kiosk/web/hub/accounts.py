"""Coming in: by an invitation's link, then with address and password. And the list of what one is a member of."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy import select
from werkzeug.security import check_password_hash, generate_password_hash

from kiosk.hub.gatherings import current_hub
from kiosk.hub.paths import gathering_path
from kiosk.runtime.database import db
from kiosk.web.hub.member_access import signed_in_here
from kiosk.web.hub.sign_in import begin, count_try, end, forgive, inside, note
from kiosk.web.middleware.auth import check_strength
from kiosk.web.openapi.describe import describe
from reporter.clock import new_id
from reporter.database.row_security import working_for
from reporter.errors import BadInput
from reporter.hub import organizations
from reporter.hub.access import identities, sign_in_methods
from reporter.hub.access.sign_ins import SignedIn
from reporter.hub.models import HubGathering, Member, Organization
from reporter.hub.organizations import Joining
from reporter.hub.roles import Role

bp = Blueprint("hub", __name__, url_prefix="/hub")

WAY = "password"
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
    return {"role_words": ROLE_WORDS, "tour": None, "day": format_date}


@bp.get("/")
@describe(statuses=(200, 302))
def overview() -> ResponseReturnValue:
    """One's organizations and their gatherings."""
    here = signed_in_here()
    if here is None:
        return redirect("/hub/sign-in")
    return render_template("hub/overview.html", organizations=_memberships(here), here=here)


def _memberships(here: SignedIn) -> list[tuple[Organization, str, list[tuple[str, str]]]]:
    """(organization, role, [(title, address)])."""
    with working_for(here.scope):
        rows = db.session.execute(
            select(Organization, Member.role)
            .join(Member, Member.organization_id == Organization.id)
            .where(Member.account_id == here.account)
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
    return render_template("hub/sign_in.html", next=inside(request.args.get("next", "")))


@bp.post("/sign-in")
@describe(query="next", form="email* password* csrf_token")
def sign_in() -> ResponseReturnValue:
    """Let a member in. Raises TooMuch after too many wrong passwords."""
    email = request.form.get("email", "").strip().lower()
    keys = count_try(f"account {email}")
    found = organizations.account_of(db.session(), email)
    note(WAY, "tried")
    right = _is_right(found[1] if found else "")
    if found is None or not right:
        flash(_("Address or password is wrong."))
        return redirect(request.full_path, code=303)
    forgive(keys)
    begin(found[0], WAY)
    return redirect(inside(request.args.get("next", "")), code=303)


def _is_right(hashed: str) -> bool:
    """Whether the form has the password; takes as long where there is none."""
    right = check_password_hash(hashed or _NOBODY, request.form.get("password", ""))
    return right and bool(hashed)


@bp.post("/sign-out")
@describe(form="csrf_token")
def sign_out() -> ResponseReturnValue:
    """End this browser's sign-in, in its cookie and in the database."""
    end()
    return redirect("/hub/sign-in", code=303)


@bp.get("/invitation/<secret>")
def invitation(secret: str) -> str:
    """What an invitation offers, and the ways to accept it."""
    offer = organizations.look_at_invitation(db.session(), secret, now=current_hub().clock())
    known = organizations.account_of(db.session(), offer.email)
    return render_template(
        "hub/invitation.html",
        offer=offer,
        secret=secret,
        known=known is not None,
        here=_is_here(known),
        mine=_own_account(),
        provider=identities.provider_of(db.session(), offer.organization_id),
    )


def _own_account() -> SignedIn | None:
    """Who has signed in here by a way of their own: a provider's word counts in its organization only."""
    here = signed_in_here()
    return here if here is not None and here.only is None else None


def _is_here(known: tuple[uuid.UUID, str] | None) -> bool:
    """Whether the account has signed in in this browser, by a way in of its own."""
    here = _own_account()
    return here is not None and known is not None and here.account == known[0]


@bp.post("/invitation/<secret>")
@describe(form="password email as csrf_token")
def accept(secret: str) -> ResponseReturnValue:
    """Become a member: with a new password, with the one that the address has already, or signed in by any way.

    ``email``: another address than the invited one; ``as=me``: the account that has signed in here.
    """
    hub, password = current_hub(), request.form.get("password", "")
    offer = organizations.look_at_invitation(db.session(), secret, now=hub.clock())
    mine = _own_account()
    if request.form.get("as") == "me" and mine is not None:
        own = sign_in_methods.address_of(db.session(), mine.account)
        organizations.accept(db.session(), secret, Joining(mine.account, own), now=hub.clock())
        return redirect("/hub/", code=303)
    email = organizations.clean_email(request.form.get("email") or offer.email)
    known = organizations.account_of(db.session(), email)
    keys = count_try(f"account {email}")
    if known is None:
        check_strength(password, offer.organization)
        hashed = generate_password_hash(password)
        joining = Joining(new_id(hub.clock(), hub.rng), email, hashed)
    elif _is_here(known) or _is_right(known[1]):
        joining = Joining(known[0], email)
    else:
        raise BadInput(_("Address or password is wrong."))
    organizations.accept(db.session(), secret, joining, now=hub.clock())
    forgive(keys)
    if not _is_here(known):
        begin(joining.account, WAY)
    return redirect("/hub/", code=303)
