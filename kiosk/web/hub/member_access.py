"""Who gets in at a hub: members to the gatherings of their organizations, kiosks to their own, nobody else.

What a request may see is said to the database before any page asks for a row (``reporter.database.row_security``): a
page that forgot to look whose gathering it shows would find nothing.
"""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from flask import Flask, g, redirect, request, session
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from kiosk.hub.gatherings import current_hub, settings_text
from kiosk.hub.paths import KEY
from kiosk.runtime.database import db
from kiosk.web.middleware.error_pages import wants_json
from reporter.database.row_security import TenantScope, current_scope, enter_scope
from reporter.errors import Forbidden, NotFound
from reporter.hub import kiosks
from reporter.hub.access import sign_ins
from reporter.hub.access.sign_ins import SignedIn
from reporter.hub.models import HubGathering, Member
from reporter.hub.roles import may_use

# The name of the sign-in's token in the session cookie.
SIGNED_IN = "signed_in"
_FREE = ("static",)
_DESK = "desk"
# Parts of the desk that are about the laptop itself: its card reader, its sticks and copies, laptops near it.
_LAPTOPS = frozenset({"cards", "tools", "laptops"})


class MemberAccess:
    """The desk is for members; no screen is the hub's own."""

    def at_laptop(self) -> bool:
        """Never: whatever comes from this machine came through a proxy."""
        return False

    def at_desk(self) -> bool:
        """Whoever got as far as a page of a gathering is a member of its organization."""
        return g.get("member_role") is not None

    def require_desk(self) -> Response | None:
        """Raises Forbidden for a part of the desk that is not for this role, NotFound for one that a hub has not."""
        part = _part()
        if part in _LAPTOPS:
            raise NotFound(_("This can be done only at the laptop itself."))
        if not may_use(g.member_role, part):
            raise Forbidden(_("Your role does not include this. Ask an organizer."))
        return None

    def has_part(self, part: str) -> bool:
        """What is no laptop's, and within the member's role."""
        return part not in _LAPTOPS and may_use(g.member_role, part)


def _part() -> str:
    """The part of the desk that is asked for, as its blueprint is called; what is no desk counts as review."""
    parts = (request.blueprint or "").split(".")
    if parts[0] != _DESK:
        return "review" if request.method in ("GET", "HEAD") else "sessions"
    return parts[1] if len(parts) > 1 else ""


def init_app(app: Flask) -> None:
    """Look at each request before anything else does."""
    app.extensions["error_template"] = _error_template
    app.before_request(_enter)
    app.after_request(_keep_out_of_shared_caches)
    app.after_request(_keep_changes)
    app.teardown_request(_leave)
    app.teardown_appcontext(_leave_gathering)


def _error_template() -> str:
    return "error.html" if "kiosk" in g else "hub/error.html"


def _enter() -> Response | None:
    enter_scope(TenantScope())
    gathering: uuid.UUID | None = request.environ.get(KEY)
    if request.endpoint in _FREE:
        return None
    if gathering is None:
        # The hub's own pages look for themselves.
        if request.blueprint is None or not request.blueprint.startswith("hub"):
            raise NotFound(_("There is no such page here."))
        return None
    return _enter_gathering(gathering)


def _leave(_error: BaseException | None) -> None:
    enter_scope(TenantScope())


def _leave_gathering(_error: BaseException | None) -> None:
    kiosk = g.pop("kiosk", None)
    if kiosk is not None:
        current_hub().leave(kiosk)


def _enter_gathering(gathering: uuid.UUID) -> Response | None:
    here = signed_in_here()
    if here is None:
        if request.method not in ("GET", "HEAD") or wants_json():
            raise Forbidden(_("Sign in first."))
        here_again = request.script_root + request.full_path.removesuffix("?")
        return redirect(f"/hub/sign-in?{urlencode({'next': here_again})}")
    enter_scope(here.scope)
    found = db.session.execute(
        select(HubGathering.organization_id, Member.role)
        .join(Member, Member.organization_id == HubGathering.organization_id)
        .where(HubGathering.id == gathering, Member.account_id == here.account)
    ).one_or_none()
    db.session.rollback()
    if found is None:
        # Whether another organization has such a gathering is nobody's business.
        raise NotFound(_("There is no such page here."))
    open_gathering(TenantScope(found.organization_id, gathering, here.account))
    g.member_role = found.role
    return None


def open_gathering(scope: TenantScope) -> None:
    """Let the rest of this request, or of this turn of a worker, be one of a gathering."""
    enter_scope(scope)
    _leave_gathering(None)
    row = db.session.get_one(HubGathering, scope.gathering)
    g.kiosk = current_hub().context_of(db.session(), row)
    g.settings_before = row.settings
    db.session.rollback()


def signed_in_here() -> SignedIn | None:
    """Who has signed in in this browser."""
    token = session.get(SIGNED_IN)
    if not isinstance(token, str):
        return None
    if "signed_in" not in g:
        g.signed_in = sign_ins.signed_in(db.session(), token, now=current_hub().clock())
    found: SignedIn | None = g.signed_in
    return found


def _keep_out_of_shared_caches(response: Response) -> Response:
    """Let no proxy keep one member's page for others: a cookie alone forbids that to none (RFC 9111, 3)."""
    control = response.cache_control
    if request.endpoint not in _FREE and not (control.private or control.no_store):
        control.private = True
        if control.max_age is None:
            control.no_cache = True
    return response


def _keep_changes(response: Response) -> Response:
    """Settings that a page changed belong to the gathering's row; and a worker looks at what else became of it."""
    gathering = current_scope().gathering
    if gathering is None or request.method in ("GET", "HEAD", "OPTIONS") or "kiosk" not in g:
        return response
    hub = current_hub()
    text = settings_text(hub.folder_of(gathering))
    db.session.rollback()
    if text != g.settings_before:
        db.session.get_one(HubGathering, gathering).settings = text
    kiosks.wake(db.session(), gathering, now=hub.clock())
    db.session.commit()
    return response
