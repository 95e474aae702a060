"""An organization's page: its members and their roles, invitations, its laptops, and codes that pair more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.hub.gatherings import current_hub
from kiosk.runtime.database import db
from kiosk.web.hub.member_access import signed_in_here
from kiosk.web.openapi.describe import describe
from reporter.database.row_security import TenantScope, enter_scope
from reporter.errors import BadInput, Forbidden, NotFound
from reporter.hub import kiosks, organizations
from reporter.hub.models import Account, Member, Organization
from reporter.hub.roles import Role

bp = Blueprint("hub_organization", __name__, url_prefix="/hub/o/<uuid:number>")


@dataclass(frozen=True)
class OrganizationPage:
    """What the page shows beside the members; secrets stand on this one answer alone."""

    invitation: str = ""
    code: str = ""


def enter_organization(number: uuid.UUID, *roles: Role) -> str:
    """Work for an organization from here on, as one of its members; raises NotFound, or Forbidden for other roles."""
    here = signed_in_here()
    if here is None:
        raise Forbidden(_("Sign in first."))
    enter_scope(here.scope)
    role = db.session.scalar(
        select(Member.role).where(
            Member.organization_id == number, Member.account_id == here.account
        )
    )
    db.session.rollback()
    if role is None:
        raise NotFound(_("There is no such page here."))
    if roles and role not in roles:
        raise Forbidden(_("Your role does not include this. Ask an organizer."))
    enter_scope(TenantScope(organization=number, account=here.account))
    return role


@bp.get("")
def overview(number: uuid.UUID) -> str:
    """Members, invitations, codes."""
    return _page(number, enter_organization(number), OrganizationPage())


def _page(number: uuid.UUID, role: str, page: OrganizationPage) -> str:
    members = db.session.execute(
        select(Account, Member.role)
        .join(Member, Member.account_id == Account.id)
        .where(Member.organization_id == number)
        .order_by(Account.email)
    ).all()
    organization = db.session.get_one(Organization, number)
    return render_template(
        "hub/organization.html",
        organization=organization,
        url=base_url(),
        members=members,
        gatherings=kiosks.gatherings_of(db.session(), number),
        laptops=kiosks.kiosks_of(db.session(), number),
        role=role,
        roles=list(Role),
        page=page,
    )


@bp.post("/invitation")
@describe(form="email* role*=owner|organizer|facilitator|reviewer csrf_token", statuses=(200,))
def invite(number: uuid.UUID) -> str:
    """Invite somebody; the link is on the answer, for whoever sends it."""
    role = enter_organization(number, Role.OWNER)
    email, wanted = request.form.get("email", ""), _role(request.form.get("role", ""))
    secret = organizations.invite(db.session(), number, email, wanted, now=current_hub().clock())
    return _page(number, role, OrganizationPage(invitation=invitation_url(secret)))


def invitation_url(secret: str) -> str:
    """Where an invitation is accepted."""
    return f"{base_url()}/hub/invitation/{secret}"


def base_url() -> str:
    """The hub's address, as others reach it."""
    return current_hub().settings.url or request.host_url.rstrip("/")


@bp.post("/code")
@describe(form="gathering:uuid csrf_token", statuses=(200,))
def show_code(number: uuid.UUID) -> str:
    """A code that pairs one kiosk: with a gathering of its own, or with one that is there."""
    role = enter_organization(number, Role.OWNER, Role.ORGANIZER)
    joined = request.form.get("gathering", "", type=str)
    gathering = _number(joined) if joined else None
    code = kiosks.pairing_code(db.session(), number, gathering, now=current_hub().clock())
    return _page(number, role, OrganizationPage(code=code))


def _number(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound(_("This organization has no such gathering.")) from error


@bp.post("/laptop/<uuid:gathering>/<uuid:kiosk>/forget")
@describe(form="csrf_token")
def forget(number: uuid.UUID, gathering: uuid.UUID, kiosk: uuid.UUID) -> ResponseReturnValue:
    """Unpair a laptop, as one that was lost: what it brought stays."""
    enter_organization(number, Role.OWNER, Role.ORGANIZER)
    name = kiosks.unpair(db.session(), number, gathering, kiosk)
    flash(_("%(name)s is not paired any more. What came from it stays.", name=name))
    return redirect(f"/hub/o/{number}", code=303)


@bp.post("/member/<uuid:account>")
@describe(form="role=owner|organizer|facilitator|reviewer csrf_token")
def change(number: uuid.UUID, account: uuid.UUID) -> ResponseReturnValue:
    """Give a member another role; none lets them go."""
    enter_organization(number, Role.OWNER)
    wanted = request.form.get("role", "")
    organizations.set_role(db.session(), number, account, _role(wanted) if wanted else "")
    flash(_("Kept."))
    here = signed_in_here()
    gone = not wanted and here is not None and here.account == account
    return redirect("/hub/" if gone else f"/hub/o/{number}", code=303)


def _role(text: str) -> str:
    try:
        return Role(text).value
    except ValueError as error:
        raise BadInput(_("There is no such role.")) from error
