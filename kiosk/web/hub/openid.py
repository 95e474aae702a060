"""Sign-in at an organization's provider: by a subject that an invitation, or the member, has bound to an account."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.hub import openid
from kiosk.hub.gatherings import current_hub
from kiosk.hub.openid import Client, PendingSignIn
from kiosk.runtime.database import db
from kiosk.web.hub.account import own_account
from kiosk.web.hub.member_access import signed_in_here
from kiosk.web.hub.sign_in import begin, count_try, forgive, inside, note
from kiosk.web.openapi.describe import describe
from reporter.clock import new_id
from reporter.errors import BadInput, Conflict, Forbidden, NotFound
from reporter.hub import organizations
from reporter.hub.access import identities
from reporter.hub.access.identities import KnownProvider
from reporter.hub.access.passkeys import ONCE
from reporter.hub.organizations import Joining
from reporter.secret_store import get_secret

bp = Blueprint("hub_openid", __name__, url_prefix="/hub/openid")

WAY = "openid"
# What a browser asked for before it went to the provider.
_ASKED = "openid"


def callback_url() -> str:
    """Where providers send browsers back to."""
    return (current_hub().settings.url or request.host_url.rstrip("/")) + "/hub/openid/callback"


def _client(provider: KnownProvider) -> Client:
    secret = get_secret(str(provider.organization_id), openid.SECRET) or ""
    return Client(provider, secret, callback_url())


def _provider(short_name: str) -> KnownProvider:
    provider = identities.provider_called(db.session(), short_name.strip().lower())
    if provider is None:
        raise NotFound("No organization with a sign-in of its own is called so.")
    return provider


@bp.get("")
@describe(query="organization next")
def choose() -> str:
    """Asks for the organization's short name; with one, links to its provider.

    (A form may not lead there by itself: its redirects count as the form's, and the policy keeps those here.)
    """
    name = request.args.get("organization", "")
    provider = _provider(name) if name else None
    following = inside(request.args.get("next", ""))
    return render_template("hub/openid.html", next=following, provider=provider)


@bp.get("/<short_name>")
@describe(query="next invitation bind", statuses=(302,))
def start(short_name: str) -> ResponseReturnValue:
    """Send the browser to the provider. Raises Forbidden where a page of another site wants it to accept something."""
    invitation, bind = request.args.get("invitation", ""), bool(request.args.get("bind"))
    site = request.headers.get("Sec-Fetch-Site", "none")
    if (invitation or bind) and site not in ("none", "same-origin"):
        raise Forbidden("This was sent by a page of another site. Use the kiosk's own page.")
    if bind:
        own_account()
    url, asked = openid.ask(_client(_provider(short_name)))
    session[_ASKED] = {
        **asdict(asked),
        "of": short_name,
        "at": current_hub().clock().timestamp(),
        "next": inside(request.args.get("next", "")),
        "invitation": invitation,
        "bind": bind,
    }
    return redirect(url)


@bp.get("/callback")
@describe(query="code state iss error", statuses=(303,))
def come_back() -> ResponseReturnValue:
    """Where providers send browsers back to: the sign-in ends, begins, or binds."""
    keys, pending = count_try(), session.pop(_ASKED, None)
    now = current_hub().clock()
    if pending is None or now > datetime.fromtimestamp(pending["at"], UTC) + ONCE:
        raise BadInput("This page was answered already. Load it anew and try once more.")
    if "error" in request.args:
        flash(_("The sign-in was not completed."))
        return redirect("/hub/sign-in", code=303)
    note(WAY, "tried")
    provider = _provider(pending["of"])
    asked = PendingSignIn(pending["state"], pending["nonce"], pending["verifier"])
    subject = openid.subject_of(_client(provider), asked, request.args, now=now)
    forgive(keys)
    if pending["bind"]:
        return _bind(provider, subject)
    if pending["invitation"]:
        return _join(provider, subject, pending["invitation"])
    account = identities.account_of(db.session(), provider, subject)
    if account is None:
        raise Forbidden("You are not a member here yet. Ask for an invitation.")
    begin(account, WAY, only=provider.organization_id)
    return redirect(pending["next"], code=303)


def _bind(provider: KnownProvider, subject: str) -> ResponseReturnValue:
    """The member who has signed in by a way of their own gets in by the provider too."""
    here, now = own_account(), current_hub().clock()
    known = identities.account_of(db.session(), provider, subject)
    if known is not None:
        raise Conflict("This sign-in belongs to an account already.")
    identities.bind(db.session(), identities.identity(provider, subject, here.account, now=now))
    flash(_("Kept."))
    return redirect("/hub/account", code=303)


def _join(provider: KnownProvider, subject: str, secret: str) -> ResponseReturnValue:
    """Accept an invitation of the provider's organization: the subject is bound to its address from now on."""
    hub = current_hub()
    offer = organizations.look_at_invitation(db.session(), secret, now=hub.clock())
    if offer.organization_id != provider.organization_id:
        raise Forbidden("This invitation is for somebody else.")
    bound = identities.account_of(db.session(), provider, subject)
    account = _joining_account(offer.email, bound)
    rows = () if bound else (identities.identity(provider, subject, account, now=hub.clock()),)
    organizations.accept(db.session(), secret, Joining(account, rows=rows), now=hub.clock())
    here = signed_in_here()
    if here is None or here.account != account:
        begin(account, WAY, only=provider.organization_id)
    return redirect("/hub/", code=303)


def _joining_account(email: str, bound: uuid.UUID | None) -> uuid.UUID:
    """Whose the address is: the account that the subject is bound to, or that has signed in here by a way of its own.

    A new one where nobody has the address.
    """
    known, here = organizations.account_of(db.session(), email), signed_in_here()
    number = known[0] if known else None
    if bound is not None and bound != number:
        raise Forbidden("This invitation is for somebody else.")
    if number is None:
        return new_id(current_hub().clock(), current_hub().rng)
    if bound is None and (here is None or (here.account, here.only) != (number, None)):
        raise Conflict("This address has an account already. Sign in with it, then open the link.")
    return number
