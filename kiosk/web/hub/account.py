"""One's own page: the ways in of one's account. Whoever changes them has signed in a moment ago."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.security import generate_password_hash

from kiosk.hub.gatherings import current_hub
from kiosk.runtime.database import db
from kiosk.web.hub.member_access import SIGNED_IN, signed_in_here
from kiosk.web.middleware.auth import check_strength
from kiosk.web.openapi.describe import describe
from reporter.database.row_security import TenantScope, enter_scope
from reporter.errors import Forbidden
from reporter.hub.access import identities, passkeys, sign_in_methods
from reporter.hub.access.sign_ins import SignedIn

bp = Blueprint("hub_account", __name__, url_prefix="/hub/account")
_PAGE = "/hub/account"


def own_account() -> SignedIn:
    """Work for the account that has signed in here, from here on.

    Raises Forbidden for who hasn't, or not lately, or by an organization's provider, which vouches for it there alone.
    """
    here = signed_in_here()
    if here is None:
        raise Forbidden(_("Sign in first."))
    if here.only is not None:
        raise Forbidden("Your organization's sign-in can't change how you get in elsewhere.")
    if not here.is_fresh(current_hub().clock()):
        raise Forbidden("Sign in once more to change this.")
    enter_scope(TenantScope(account=here.account))
    return here


@bp.get("")
@describe(statuses=(200, 302))
def overview() -> ResponseReturnValue:
    """The ways in, and what can be done with each."""
    here = signed_in_here()
    if here is None or (here.only is None and not here.is_fresh(current_hub().clock())):
        if here is not None:
            flash(_("Sign in once more to change this."))
        return redirect(f"/hub/sign-in?next={_PAGE}")
    here = own_account()
    return render_template(
        "hub/account.html",
        ways=sign_in_methods.sign_in_methods(db.session(), here.account),
        bindings=identities.bindings(db.session(), here.account),
    )


@bp.post("/password")
@describe(form="password* csrf_token")
def set_password() -> ResponseReturnValue:
    """Set a password, or another one."""
    here, password = own_account(), request.form.get("password", "")
    check_strength(password, sign_in_methods.sign_in_methods(db.session(), here.account).email)
    hashed = generate_password_hash(password)
    sign_in_methods.set_password(db.session(), here.account, hashed, session[SIGNED_IN])
    return _redirect_saved()


@bp.post("/password/remove")
@describe(form="csrf_token")
def remove_password() -> ResponseReturnValue:
    """Get in without a password from now on."""
    here = own_account()
    sign_in_methods.set_password(db.session(), here.account, "", session[SIGNED_IN])
    return _redirect_saved()


@bp.post("/passkey/<credential>/name")
@describe(form="name* csrf_token")
def rename(credential: str) -> ResponseReturnValue:
    """Call a passkey otherwise."""
    here = own_account()
    passkeys.rename(db.session(), here.account, credential, request.form.get("name", ""))
    return _redirect_saved()


@bp.post("/passkey/<credential>/remove")
@describe(form="csrf_token")
def remove(credential: str) -> ResponseReturnValue:
    """Forget a passkey."""
    here = own_account()
    sign_in_methods.remove_passkey(db.session(), here.account, credential, session[SIGNED_IN])
    return _redirect_saved()


@bp.post("/openid/<uuid:organization>/remove")
@describe(form="csrf_token")
def unbind(organization: uuid.UUID) -> ResponseReturnValue:
    """Let an organization's provider vouch no more."""
    here = own_account()
    identities.unbind(db.session(), organization, here.account)
    return _redirect_saved()


def _redirect_saved() -> ResponseReturnValue:
    flash(_("Kept."))
    return redirect(_PAGE, code=303)
