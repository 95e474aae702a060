"""Passkeys: made on one's own page or when an invitation is accepted, shown to sign in. Needs the page's script."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Blueprint, Response, jsonify, request, session
from flask_babel import gettext as _

from kiosk.hub import passkeys as ceremony
from kiosk.hub.gatherings import current_hub
from kiosk.hub.passkeys import NewPasskey, RelyingParty
from kiosk.runtime.database import db
from kiosk.web.hub.account import own_account
from kiosk.web.hub.sign_in import begin, count_try, forgive, inside, note
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.json_body import read_texts
from reporter.errors import BadInput, Conflict, Forbidden
from reporter.hub import organizations
from reporter.hub.access import passkeys
from reporter.hub.access.sign_in_methods import sign_in_methods
from reporter.hub.organizations import Joining

bp = Blueprint("hub_passkeys", __name__, url_prefix="/hub")

WAY = "passkey"
# What a browser is asked to answer now, and for whom.
_ASKED = "asked"
_MOST = 20


def _site() -> RelyingParty:
    site = ceremony.site_of(current_hub().settings.url or request.host_url.rstrip("/"))
    if site is None:
        raise BadInput(
            "Passkeys need a name in the address, as hub.example.org or localhost: an address in numbers has none."
        )
    return site


def _ask(options: dict[str, object], challenge: str, whom: uuid.UUID | None = None) -> Response:
    session[_ASKED] = {"challenge": challenge, "whom": whom.hex if whom else ""}
    return jsonify(options)


def _pending_challenge() -> tuple[str, uuid.UUID | None]:
    """The challenge that this browser got last, and for whom. Raises BadInput where it was answered."""
    asked = session.pop(_ASKED, None)
    if asked is None or not passkeys.spend(
        db.session(), asked["challenge"], now=current_hub().clock()
    ):
        raise BadInput("This page was answered already. Load it anew and try once more.")
    return asked["challenge"], uuid.UUID(asked["whom"]) if asked["whom"] else None


@bp.post("/passkey/ask")
@describe(produces="application/json", statuses=(200,))
def ask() -> Response:
    """What a browser signs to sign in."""
    return _ask(*ceremony.ask_to_show(_site()))


@bp.post("/passkey")
@describe(query="next", json="PasskeyAnswer", produces="application/json", statuses=(200,))
def sign_in() -> Response:
    """Let in who has shown a passkey. Raises Forbidden for one that isn't known, TooMuch after too many."""
    keys = count_try()
    credential = read_texts(("credential",)).get("credential", "")
    challenge, _whom = _pending_challenge()
    known = passkeys.by_id(db.session(), ceremony.shown_id(credential))
    note(WAY, "tried")
    if known is None:
        raise ceremony.unknown()
    count = ceremony.check_shown(_site(), credential, challenge, known)
    passkeys.note_use(db.session(), known, count, now=current_hub().clock())
    forgive(keys)
    begin(known.account, WAY)
    return jsonify(next=inside(request.args.get("next", "")))


@bp.post("/account/passkey/ask")
@describe(produces="application/json", statuses=(200,))
def ask_for_another() -> Response:
    """What a browser makes one's next passkey from."""
    here = own_account()
    known: Sequence[str] = passkeys.ids_of(db.session(), here.account)
    if len(known) >= _MOST:
        raise Conflict("These are many passkeys. Remove one first.")
    email = sign_in_methods(db.session(), here.account).email
    return _ask(*ceremony.ask_to_make(_site(), here.account, email, known), here.account)


@bp.post("/account/passkey")
@describe(json="PasskeyAnswer", produces="application/json", statuses=(200,))
def add() -> Response:
    """Keep another passkey."""
    here = own_account()
    passkey, whom, name = _new_passkey()
    if whom != here.account:
        raise Forbidden(_("Sign in first."))
    known = passkeys.ids_of(db.session(), here.account)
    name = name or _("Passkey %(number)d", number=len(known) + 1)
    passkeys.add(db.session(), passkey.row(here.account, name, now=current_hub().clock()))
    return jsonify(next="/hub/account")


def _new_passkey() -> tuple[NewPasskey, uuid.UUID | None, str]:
    """The passkey in the answer, whom it was asked for, and what it is to be called."""
    texts = read_texts(("credential", "name"))
    challenge, whom = _pending_challenge()
    passkey = ceremony.check_made(_site(), texts.get("credential", ""), challenge)
    return passkey, whom, passkeys.clean_name(texts.get("name", ""))


@bp.post("/invitation/<secret>/passkey/ask")
@describe(produces="application/json", statuses=(200,))
def ask_to_join(secret: str) -> Response:
    """What the browser of who is invited makes a first passkey from."""
    offer = organizations.look_at_invitation(db.session(), secret, now=current_hub().clock())
    if organizations.account_of(db.session(), offer.email) is not None:
        raise Conflict("This address has an account already. Sign in with it, then open the link.")
    # Random alone: what is new here is known to nobody.
    account = uuid.uuid4()
    return _ask(*ceremony.ask_to_make(_site(), account, offer.email, ()), account)


@bp.post("/invitation/<secret>/passkey")
@describe(json="PasskeyAnswer", produces="application/json", statuses=(200,))
def join(secret: str) -> Response:
    """Become a member, with a passkey as the way in."""
    keys = count_try()
    now = current_hub().clock()
    passkey, whom, name = _new_passkey()
    if whom is None:
        raise BadInput("This page was answered already. Load it anew and try once more.")
    row = passkey.row(whom, name or _("Passkey %(number)d", number=1), now=now)
    organizations.accept(db.session(), secret, Joining(whom, rows=(row,)), now=now)
    forgive(keys)
    begin(whom, WAY)
    return jsonify(next="/hub/")
