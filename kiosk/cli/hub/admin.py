"""``reporter hub``: create a hub and pairing codes, serve its pages, run its workers."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import json_option, print_json
from kiosk.cli.serve import stop_signal
from reporter.clock import new_random, utc_now
from reporter.errors import ConfigError, NotFound, attempt

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from reporter.hub.config import HubSettings

DEFAULT_PORT = 8080
metrics_option = click.option(
    "--metrics",
    envvar="REPORTER_METRICS",
    metavar="HOST:PORT",
    help="Serve this process's Prometheus metrics at a separate address.",
)
# Interval between two checks of the object store's local cache.
TRIM_SECONDS = 600.0
log = logging.getLogger(__name__)


@click.group("hub")
def hub() -> None:
    """Run this program for many gatherings, on PostgreSQL.

    Set REPORTER_DATABASE_URL and REPORTER_MEDIA_URL, or write them into the file that REPORTER_HUB_FILE names.
    """


def _settings() -> HubSettings:
    from reporter.hub.config import hub_settings

    try:
        import prometheus_client  # noqa: F401
        import psycopg  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "A hub needs the extra hub: pip install 'social-reporter[hub]'"
        ) from error
    return hub_settings()


@contextmanager
def _owner(settings: HubSettings) -> Iterator[Session]:
    """Yield a session of the role that owns the tables, on an upgraded database."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    from reporter.database.engine import engine_options
    from reporter.database.row_security import TenantScope, scope_transactions, working_for
    from reporter.hub.schema import upgrade_hub

    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    scope_transactions(engine)
    try:
        upgrade_hub(engine)
        with working_for(TenantScope(migrating=True)), Session(engine) as session:
            yield session
    finally:
        engine.dispose()


@hub.command("init")
@click.option("--organization", required=True, metavar="NAME")
@click.option("--owner", required=True, metavar="EMAIL")
@json_option
def init(organization: str, owner: str, as_json: bool) -> None:
    """Create or upgrade the database, and an organization with an invitation link for its owner.

    Repeating it creates another invitation.
    """
    from reporter.database.row_security import TenantScope, working_for
    from reporter.hub import organizations
    from reporter.hub.roles import Role

    settings, now = _settings(), utc_now()
    with _owner(settings) as session:
        number = organizations.find_organization(session, organization)
        if number is None:
            number = organizations.make_organization(
                session, organization, now=now, rng=new_random()
            )
        session.rollback()
        with working_for(TenantScope(organization=number)):
            secret = organizations.invite(session, number, owner, Role.OWNER, now=now)
    link = f"{settings.url or f'http://localhost:{DEFAULT_PORT}'}/hub/invitation/{secret}"
    if as_json:
        print_json({"invitation": link})
    else:
        click.echo(f"invitation for {owner}, valid once within 14 days: {link}")


@hub.command("pairing-code")
@click.option("--organization", required=True, metavar="NAME")
@click.option("--gathering", metavar="TITLE", help="Let another laptop join this one.")
@json_option
def pairing_code(organization: str, gathering: str | None, as_json: bool) -> None:
    """Create a code that pairs one kiosk with an organization within an hour: reporter pair HUB-URL CODE."""
    from reporter.database.row_security import TenantScope, working_for
    from reporter.hub import kiosks

    with _owner(_settings()) as session:
        number = _number(session, organization)
        with working_for(TenantScope(organization=number)):
            joined = kiosks.gathering_called(session, number, gathering) if gathering else None
            code = kiosks.pairing_code(session, number, joined, now=utc_now())
    shown = f"{code[:4]}-{code[4:]}"
    if as_json:
        print_json({"code": shown})
    else:
        click.echo(f"code, valid once within an hour: {shown}")


@hub.command("openid")
@click.option("--organization", required=True, metavar="NAME")
@click.option(
    "--short-name", default="", metavar="NAME", help="The name that its members type to sign in."
)
@click.option("--issuer", default="", metavar="URL", help="URL of its OpenID Connect provider.")
@click.option("--client-id", default="", metavar="ID", help="This hub's client id at the provider.")
@click.option("--remove", is_flag=True, help="Switch this sign-in off.")
def openid(
    organization: str, short_name: str, issuer: str, client_id: str, *, remove: bool
) -> None:
    """Let an organization's members sign in at its OpenID provider. The client secret is read from standard input."""
    from kiosk.cli.publish import ask_secret
    from kiosk.hub.openid import SECRET, check_issuer, discover
    from reporter.database.row_security import TenantScope, working_for
    from reporter.hub.access import identities
    from reporter.secret_store import remove_secret, set_secret

    settings = _settings()
    with _owner(settings) as session:
        number = _number(session, organization)
        with working_for(TenantScope(organization=number)):
            if remove:
                identities.remove_provider(session, number)
                remove_secret(str(number), SECRET)
                return
            if not (short_name and issuer and client_id):
                raise click.UsageError("--short-name, --issuer and --client-id are needed.")
            discover(check_issuer(issuer))
            name = identities.clean_short_name(short_name)
            known = identities.KnownProvider(number, name, issuer, client_id)
            identities.set_provider(session, known)
            set_secret(str(number), SECRET, ask_secret("client secret"))
    base = settings.url or f"http://localhost:{DEFAULT_PORT}"
    click.echo(f"tell the provider this redirect address: {base}/hub/openid/callback")
    click.echo(f"members sign in at {base}/hub/openid?organization={name}")


def _number(session: Session, organization: str) -> uuid.UUID:
    from reporter.hub import organizations

    number = organizations.find_organization(session, organization)
    session.rollback()
    if number is None:
        raise NotFound("There is no organization %(name)s here.", name=organization)
    return number


@hub.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="0 takes a free one.")
@metrics_option
def serve(host: str, port: int, metrics: str | None) -> None:
    """Serve the hub's pages until Ctrl-C. Any number of processes on any number of machines may run."""
    stop, settings = stop_signal(), _settings()
    from kiosk.hub.telemetry.logs import log_as_json
    from kiosk.hub_app import create_hub_app
    from kiosk.server.http import bind, bound_port, make_server

    log_as_json()
    try:
        listener = bind(host, port)
    except OSError as error:
        raise ConfigError(
            "Port %(port)s can't be used: something else listens there.", port=port
        ) from error
    app = create_hub_app(settings)
    end = _tell(app, metrics)
    server = make_server(app, listener, proxied=settings.proxies > 0)
    serving = threading.Thread(target=server.serve, name="serve", daemon=True)
    serving.start()
    _trim(app, stop)
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    click.echo(f"listening on http://{name}:{bound_port(server)}/")
    _wait(stop, serving)
    server.stop()
    app.extensions["hub"].stop()
    end()


@hub.command("worker")
@click.option("--threads", default=2, show_default=True, help="Gatherings processed at once.")
@metrics_option
def worker(threads: int, metrics: str | None) -> None:
    """Process media, publish and fetch replies for all organizations until Ctrl-C, beside other workers."""
    stop, settings = stop_signal(), _settings()
    from kiosk.hub.telemetry.logs import log_as_json
    from kiosk.hub.telemetry.turns import ask_queue
    from kiosk.hub_app import create_hub_app
    from kiosk.hub_worker import HubWorker
    from reporter.database.row_security import WORKER_ROLE

    log_as_json()
    app = create_hub_app(settings, role=WORKER_ROLE)
    with app.app_context():
        ask_queue(utc_now)
    end = _tell(app, metrics)
    workers = [HubWorker(app, number) for number in range(threads)]
    running = [threading.Thread(target=one.run, name="hub worker", daemon=True) for one in workers]
    for thread in running:
        thread.start()
    _trim(app, stop)
    click.echo("working")
    _wait(stop, *running)
    for one in workers:
        one.stop()
    app.extensions["hub"].stop()
    for thread in running:
        thread.join(timeout=10)
    end()


def _tell(app: Flask, metrics: str | None) -> Callable[[], None]:
    """Serve metrics to Prometheus, if configured; return a function that stops it and sends the last traces."""
    telemetry = app.extensions["telemetry"]
    where, close = telemetry.metrics.serve(metrics) if metrics else ("", None)
    if where:
        click.echo(f"metrics at {where}")

    def end() -> None:
        if close:
            close()
        telemetry.traces.stop()

    return end


def _trim(app: Flask, stop: threading.Event) -> None:
    """Bound the local cache of an object store, in the background."""
    threading.Thread(target=_trim_often, args=(app, stop), name="trim", daemon=True).start()


def _trim_often(app: Flask, stop: threading.Event) -> None:
    from kiosk.web.middleware.error_pages import note_failure

    while not stop.wait(TRIM_SECONDS):
        with app.app_context():
            error = attempt(app.extensions["hub"].trim)
            if isinstance(error, Exception):
                note_failure(log, "trim", error)


def _wait(stop: threading.Event, *threads: threading.Thread) -> None:
    # In short waits: on Windows a wait without a timeout can't be interrupted.
    while all(thread.is_alive() for thread in threads) and not stop.wait(0.5):
        pass
    click.echo("stopping")
