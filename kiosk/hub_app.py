"""The hub's WSGI application: the laptop's pages for many gatherings, wired together here and nowhere else."""

from __future__ import annotations

import random

from flask import Flask, g
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

from kiosk.app import MIDDLEWARE, add_pages, bare_app
from kiosk.hub.gatherings import make_hub
from kiosk.hub.paths import GatheringPaths
from kiosk.hub.telemetry.metrics import Metrics
from kiosk.hub.telemetry.requests import Telemetry
from kiosk.hub.telemetry.traces import make_traces
from kiosk.runtime.database import db
from kiosk.web import deferred
from kiosk.web import hub as pages
from kiosk.web.hub import member_access
from reporter.clock import Clock, new_random, utc_now
from reporter.database.row_security import WEB_ROLE, check_guarded, scope_transactions, work_as
from reporter.hub.config import HubSettings
from reporter.hub.secrets import shared_key


def create_hub_app(
    settings: HubSettings,
    *,
    role: str = WEB_ROLE,
    clock: Clock = utc_now,
    rng: random.Random | None = None,
) -> Flask:
    """The application of one process of a hub; its database is there already (``reporter hub init``).

    Raises ConfigError where the database would not keep organizations apart.
    """
    hub = make_hub(settings, clock=clock, rng=rng or new_random())
    app = bare_app(hub.front.settings, settings.database_url)
    db.init_app(app)
    app.extensions["hub"] = hub
    app.extensions["kiosk"] = LocalProxy(lambda: g.get("kiosk") or hub.front)
    with app.app_context():
        work_as(db.engine, role)
        scope_transactions(db.engine)
        check_guarded(db.engine)
        app.secret_key = shared_key(db.session())
        db.session.remove()
        telemetry = Telemetry(Metrics(), make_traces(), proxied=settings.proxies > 0)
        telemetry.traces.watch(db.engine)
    add_pages(app, (telemetry, member_access, *MIDDLEWARE), member_access.MemberAccess())
    for bp in (*deferred.blueprints(), *(module.bp for module in pages.PAGES)):
        app.register_blueprint(bp)
    app.wsgi_app = GatheringPaths(app.wsgi_app)  # type: ignore[method-assign]
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, count, count)  # type: ignore[method-assign]
    return app
