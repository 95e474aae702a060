"""``reporter kiosk``, ``reporter demo``, ``reporter index``."""

from __future__ import annotations

import logging
import signal
import tempfile
import threading
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import db_session, gathering_folder, gathering_option, opened
from kiosk.cli.progress_bar import progress_bar
from reporter.clock import new_random, utc_now
from reporter.config import Settings, exists, load_settings
from reporter.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask

DEFAULT_PORT = 8000


@click.command("kiosk")
@click.option(
    "--host",
    default="0.0.0.0",
    show_default=True,
    help="Address to listen on; 127.0.0.1: this laptop only.",
)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="0 takes a free one.")
@click.option("--no-open", is_flag=True, help="Do not open the start page in the browser.")
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@gathering_option
def kiosk(host: str, port: int, no_open: bool, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Run the kiosk and its workers until Ctrl-C."""
    if bool(tls_cert) != bool(tls_key):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    prepare_log()
    settings = _open_or_make(gathering_folder())
    serve(
        settings,
        host,
        port,
        tls=(tls_cert, tls_key) if tls_cert and tls_key else None,
        show=not no_open,
    )


def _open_or_make(folder: Path) -> Settings:
    """The gathering; where there is none yet, a new one, so that the first scan works."""
    from reporter.gathering.folder import make_gathering

    if exists(folder):
        return load_settings(folder)
    from kiosk.runtime.timezone import local_timezone

    settings = make_gathering(
        folder,
        "Our gathering",
        timezone=local_timezone(),
        language="en",
        now=utc_now(),
        rng=new_random(),
    )
    click.echo(f"made a new gathering in {folder}; its open session is called Lobby")
    return settings


def prepare_log() -> None:
    """Warnings, with their time, on standard error."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def serve(
    settings: Settings, host: str, port: int, *, tls: tuple[Path, Path] | None, show: bool
) -> None:
    """Run server and workers until Ctrl-C. Raises ConfigError when the port is taken."""
    from kiosk.app import create_app
    from kiosk.server.http import bound_port, make_server
    from kiosk.web.middleware.host_check import own_host
    from kiosk.workers import Workers

    stop = _stop_signal()
    app = create_app(settings)
    try:
        server = make_server(
            app, host, port, tls=tls, own_host=lambda asked: own_host(asked, settings)
        )
    except OSError as error:
        raise ConfigError(
            "Port %(port)s can't be used: something else listens there. Is a kiosk running "
            "already? Try: reporter kiosk --port 8001",
            port=port,
        ) from error
    app.extensions["kiosk"].port = bound_port(server)
    app.extensions["kiosk"].receiving = lambda: server.receiving
    workers = Workers(app)
    serving = threading.Thread(target=server.serve, name="serve", daemon=True)
    try:
        workers.start()
        serving.start()
        _announce(app, host, tls=bool(tls), show=show)
        # In short waits: on Windows a wait without end can't be interrupted.
        while serving.is_alive() and not stop.wait(0.5):
            pass
    finally:
        click.echo("stopping")
        server.stop()
        workers.stop()


def _announce(app: Flask, host: str, *, tls: bool, show: bool) -> None:
    """Say where the kiosk is. The socket listens already: whoever connects now is served."""
    from kiosk.runtime.addresses import is_for_phones, phone_url

    kiosk = app.extensions["kiosk"]
    scheme = "https" if tls else "http"
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    local = f"{scheme}://{name}:{kiosk.port}/"
    click.echo(f"listening on {local}")
    url = phone_url(kiosk.settings, kiosk.port, scheme=scheme)
    if is_for_phones(url):
        click.echo(f"phones on the same Wi-Fi: {url}/")
    else:
        click.echo("no phone can reach this laptop yet: it is in no network but its own")
    click.echo("stop with Ctrl-C")
    if show:
        # A browser may take its time to start, or not exist: never in our way.
        threading.Thread(target=webbrowser.open, args=(local,), daemon=True).start()


def _stop_signal() -> threading.Event:
    """An event that Ctrl-C and its like set, from now on: one that comes while we start must not be lost either."""
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), note)
    return stop


@click.command("index")
@click.option(
    "--rebuild", is_flag=True, required=True, help="Build the index again from the database."
)
@gathering_option
def index(rebuild: bool) -> None:
    """Care for the search index."""
    with opened() as kiosk, progress_bar("index") as bar:
        written = kiosk.index.rebuild(db_session(), bar.step)
        click.echo(f"indexed {written} takeaways")


@click.command("demo")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--host",
    default="0.0.0.0",
    show_default=True,
    help="Address to listen on; 127.0.0.1: this laptop only.",
)
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="0 takes a free one.")
@click.option("--no-open", is_flag=True, help="Do not open the start page in the browser.")
def demo(folder: Path | None, host: str, port: int, no_open: bool) -> None:
    """Run a kiosk with a sample gathering: drawn photos, short films, notes, some of it still to be decided on.

    In FOLDER it stays, and is taken up again the next time; without one it is gone after Ctrl-C.
    """
    prepare_log()
    with ExitStack() as stack:
        if folder is None:
            place = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="reporter-demo-", ignore_cleanup_errors=True)
            )
            settings = _made(Path(place) / "gathering")
            stack.callback(_forget_secrets, settings)
        else:
            settings = load_settings(folder) if exists(folder) else _made(folder)
        serve(settings, host, port, tls=None, show=not no_open)


def _made(folder: Path) -> Settings:
    from kiosk.demo.gathering import make_demo

    with progress_bar("sample gathering") as bar:
        return make_demo(folder, now=utc_now(), rng=new_random(), progress=bar.step)


def _forget_secrets(settings: Settings) -> None:
    """What a kiosk keeps outside the folder of its gathering."""
    from sqlalchemy import select

    from reporter.gathering.folder import open_session
    from reporter.models import Gathering
    from reporter.secret_store import remove_secret

    with open_session(settings) as session:
        gathering_id = str(session.scalars(select(Gathering.id)).one())
    for name in ("signing", "desk"):
        remove_secret(gathering_id, name)
