"""The WSGI application: one gathering, its pages, wired together here and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from jinja2 import StrictUndefined

from kiosk.demo.sample_folder import shown_takeaway
from kiosk.i18n import locale_selector
from kiosk.runtime.byte_code import TemplateCode
from kiosk.runtime.context import KioskContext, current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.lazy_blueprints import LazyApp
from kiosk.runtime.making import make_kiosk
from kiosk.runtime.static_files import static_dir, version
from kiosk.web.middleware import (
    auth,
    device_cookie,
    error_pages,
    host_check,
    origin_check,
    rate_limits,
    text_size,
)
from kiosk.web.middleware import request_limits as middleware_request_limits
from kiosk.web.middleware.compression import KEPT
from kiosk.web.middleware.request_limits import request_limits
from kiosk.web.middleware.security_headers import PARTS, policy
from kiosk.web.phone import captive_portal, pwa, start
from kiosk.web.shared import health, joined
from kiosk.web.shared.streaming_forms import KioskRequest
from reporter import secret_store
from reporter.clock import Clock, new_random, utc_now
from reporter.config import Settings
from reporter.database.engine import engine_options, prepare_sqlite
from reporter.gathering.folder import ensure_row, note_program, prepare_folder, upgrade_schema
from reporter.gathering.sessions import ensure_lobby

# What is asked for first; the others are loaded when one of them is (see `kiosk.web.deferred`).
FRONT = (start, pwa, captive_portal, health, joined)

# Foreign hosts and bodies that are too large go first: nothing has read a byte then.
MIDDLEWARE = (
    host_check,
    middleware_request_limits,
    origin_check,
    auth.csrf,
    locale_selector,
    text_size,
    device_cookie,
    rate_limits,
    error_pages,
    joined,
)

# A year, as OWASP's ASVS asks (5.0, 3.4.1). Browsers heed it for names only, not for addresses in numbers.
HSTS = "max-age=31536000"


def create_app(
    settings: Settings, *, clock: Clock = utc_now, rng: random.Random | None = None
) -> LazyApp:
    """The kiosk's WSGI application for one gathering; opens its database and brings the schema up to date.

    Starts no thread and no process: workers belong to the ``reporter kiosk`` command.
    """
    app = bare_app(settings, settings.database_url)
    prepare_folder(settings)
    db.init_app(app)
    with app.app_context():
        prepare_sqlite(db.engine)
        upgrade_schema(db.engine)
        rng = rng or new_random()
        gathering = ensure_row(db.session(), now=clock(), rng=rng)
        note_program(db.session(), version(), now=clock())
        ensure_lobby(db.session(), now=clock(), rng=rng)
        if gathering.check_faces != settings.publish.check_faces:
            _apply_face_check(settings)
        app.extensions["kiosk"] = kiosk = make_kiosk(settings, gathering.id, clock=clock, rng=rng)
        kiosk.may_send, kiosk.may_go_on = lambda: _may_send(kiosk), lambda: _may_go_on(kiosk)
        app.secret_key = secret_store.signing_key(kiosk.secrets_id)
        db.session.remove()
    add_pages(app, MIDDLEWARE, auth.LaptopAccess())
    _show_tour(app, sample=shown_takeaway(settings.folder) is not None)
    app.register_lazy(_deferred, _sources())
    return app


def _apply_face_check(settings: Settings) -> None:
    from reporter.annotations import face_review

    face_review.set_check(db.session(), settings.publish.check_faces)


def _show_tour(app: Flask, *, sample: bool) -> None:
    """Give every page ``tour``: what to show of it, or None. Only a sample's pages load it."""

    def tour_state() -> dict[str, Any]:
        if not sample:
            return {"tour": None}
        from kiosk.demo import tour

        return {"tour": tour.tour_state()}

    app.context_processor(tour_state)


def _may_send(kiosk: KioskContext) -> bool:
    from kiosk.peers import publisher_lease

    return publisher_lease.may_send(kiosk)


def _may_go_on(kiosk: KioskContext) -> bool:
    from kiosk.peers import publisher_lease

    return publisher_lease.may_go_on(kiosk)


def bare_app(settings: Settings, database_url: str) -> LazyApp:
    """An application without pages, configured."""
    app = LazyApp(__name__, static_folder=str(static_dir()), static_url_path="/static")
    app.request_class = KioskRequest
    app.session_interface = auth.KioskCookies()
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.bytecode_cache = TemplateCode()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _configure(app, settings, database_url)
    return app


def add_pages(app: Flask, middleware: Iterable[Any], policy: auth.AccessPolicy) -> None:
    """Register what looks at each request, who lets people in, and the pages that are asked for first."""
    app.extensions["access_policy"] = policy
    for extension in middleware:
        extension.init_app(app)
    for module in FRONT:
        app.register_blueprint(module.bp)
    app.after_request(_harden)


def _deferred() -> list[Blueprint]:
    from kiosk.demo import tour
    from kiosk.web import deferred

    return [*deferred.blueprints(), tour.bp]


def _sources() -> Iterator[Path]:
    """Folders and files that pages are made from."""
    here = Path(__file__).parent
    yield from (here / "web", Path(__file__), here / "demo" / "tour.py")


def _configure(app: Flask, settings: Settings, database_url: str) -> None:
    app.config.update(
        SQLALCHEMY_DATABASE_URI=database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(database_url),
        **request_limits(settings),
        MAX_FORM_PARTS=200,
        # Laptop clocks drift and phones stay for days: a form's token doesn't run out.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.endpoint not in KEPT or response.mimetype not in PARTS:
        media = current_kiosk().store.origin
        headers.setdefault("Content-Security-Policy", policy(g.get("styles_within", ""), media))
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
    if request.is_secure:
        # Over plain http browsers ignore it, and complain on the console.
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Strict-Transport-Security", HSTS)
    return response
