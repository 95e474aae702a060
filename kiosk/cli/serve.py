"""``reporter kiosk``, ``reporter demo``, ``reporter index``."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import (
    asked_for,
    choose_place,
    db_session,
    gathering_folder,
    gathering_option,
    kiosk_context,
    warn_of_place,
)
from kiosk.cli.progress_bar import progress_bar
from kiosk.desktop.child import LISTENING, PHONES
from kiosk.desktop.port_file import DEFAULT_PORT, LOOPBACK, listening_at, port_noted, running_at
from reporter.clock import new_random, utc_now
from reporter.config import Settings, exists, load_settings

if TYPE_CHECKING:
    from kiosk.runtime.context import KioskContext
    from kiosk.runtime.lazy_blueprints import LazyApp
    from kiosk.workers import Workers

log = logging.getLogger(__name__)

# A clock that is corrected gradually never jumps this far within half a second.
JUMP_SECONDS = 30
# How long background work waits for the first page to be served.
FIRST_PAGE_SECONDS = 1.0


_host_option = click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104  # phones have to reach it
    show_default=True,
    help="Address to listen on; 127.0.0.1: this laptop only.",
)
_port_option = click.option(
    "--port", default=DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
_no_open_option = click.option(
    "--no-open", is_flag=True, help="Do not open the start page in the browser."
)


@click.command("kiosk")
@_host_option
@_port_option
@_no_open_option
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@gathering_option
def kiosk(
    host: str, port: int, no_open: bool, tls_cert: Path | None, *, tls_key: Path | None
) -> None:
    """Run the kiosk and its workers until Ctrl-C."""
    if bool(tls_cert) != bool(tls_key):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    tls = (tls_cert, tls_key) if tls_cert and tls_key else None
    if tls:
        from kiosk.server.tls import tls_context

        # Refused before anything is opened: there is nothing to close again then.
        tls_context(*tls)
    prepare_log()
    folder = gathering_folder()
    with _uncollected():
        listener = _listen(host, port, folder, show=not no_open)
        if listener is not None:
            with listener:
                serve(_open_or_make(folder), listener, tls=tls, show=not no_open)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection until the first page: a start allocates much, imports most of all, and frees little
    (see _start_after_first_page)."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _open_or_make(folder: Path) -> Settings:
    """Open the gathering, or create one, so that the first scan works."""
    from reporter.gathering.folder import make_gathering

    if exists(folder):
        warn_of_place(folder)
        return load_settings(folder)
    from kiosk.runtime.timezone import local_timezone

    choose_place(folder)
    settings = make_gathering(
        folder,
        "Our gathering",
        timezone=local_timezone(),
        language="en",
        now=utc_now(),
        rng=new_random(),
    )
    zone = settings.gathering.timezone
    click.echo(
        f"created a gathering in {folder}, time zone {zone}; its open session is called Lobby"
    )
    return settings


def prepare_log() -> None:
    """Log warnings with their time to standard error."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def _listen(host: str, port: int, folder: Path | None, *, show: bool) -> socket.socket | None:
    """Listen on the port before anything else is opened: a second start must not touch a database in use.

    Returns None after showing this folder's kiosk if that runs; raises ConfigError if another program has the port.
    """
    from kiosk.server.http import bind

    if folder is not None and (first := running_at(folder)) is not None:
        from kiosk.desktop.second_start import show_first

        if show_first(first, folder, show=show):
            return None
    try:
        return bind(host, port)
    except OSError:
        from kiosk.desktop.second_start import show_at_port

        show_at_port(port, host, folder, show=show)
        return None


def serve(
    settings: Settings, listener: socket.socket, *, tls: tuple[Path, Path] | None, show: bool
) -> None:
    """Run server and workers until Ctrl-C; closes the listener.

    If the desk switches to another gathering of this laptop, that one is served next at the same address; connections
    made meanwhile wait for it.
    """
    stop = stop_signal()
    with listener.dup() as kept, _uncollected():
        at = listening_at(listener)
        with port_noted(settings.folder, at):
            following = _serve_one(settings, listener, stop=stop, tls=tls, show=show)
        while following is not None:
            _say_if_heard(f"continuing with {following}")
            _remember(settings.folder, following)
            settings = load_settings(following)
            with port_noted(settings.folder, at):
                following = _serve_one(settings, kept.dup(), stop=stop, tls=tls, show=False)


def _remember(before: Path, following: Path) -> None:
    """Make a double click open this gathering next time, if it opened the former one."""
    from kiosk.desktop.folder import remember_folder, remembered_folder

    known = remembered_folder()
    if known is not None and known.resolve() == before.resolve():
        remember_folder(following)


def _serve_one(
    settings: Settings,
    listener: socket.socket,
    *,
    stop: threading.Event,
    tls: tuple[Path, Path] | None,
    show: bool,
) -> Path | None:
    """Serve one gathering; return the folder of the next one, or None."""
    from kiosk.app import create_app
    from kiosk.desktop.awake import stay_awake
    from kiosk.privacy.log_files import log_to_folder
    from kiosk.server.http import bound_port, make_server
    from kiosk.web.middleware.host_check import own_host
    from kiosk.workers import Workers

    gc.disable()
    app = create_app(settings)
    written = log_to_folder(settings.folder)
    server = make_server(app, listener, tls=tls, own_host=lambda asked: own_host(asked, settings))
    kiosk = app.extensions["kiosk"]
    kiosk.port, kiosk.only_at = bound_port(server), listening_at(listener).only
    kiosk.receiving = lambda: server.receiving
    kiosk.busy = lambda: server.busy
    workers = Workers(app)
    serving = threading.Thread(target=server.serve, name="serve", daemon=True)
    try:
        serving.start()
        _announce(kiosk, tls=bool(tls), show=show)
        _start_after_first_page(app, workers)
        with stay_awake() as awake:
            if not awake:
                _say_if_heard(
                    "this laptop can't be kept awake: make sure that it doesn't go to sleep"
                )
            _wait(serving, lambda: stop.wait(0.5) or kiosk.successor is not None)
    finally:
        _say_if_heard("stopping")
        server.stop()
        workers.stop()
        logging.getLogger().removeHandler(written)
        written.close()
    return None if stop.is_set() else kiosk.successor


def _say_if_heard(words: str) -> None:
    """Print a line; without anybody to read it any more (the terminal was closed) the end goes on in order."""
    try:
        click.echo(words)
    except OSError:
        # What is left in the buffer would fail once more at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _start_after_first_page(app: LazyApp, workers: Workers) -> None:
    """Load all pages and start the workers after the first page was served or a short wait is over."""
    app.answered.wait(FIRST_PAGE_SECONDS)
    # Objects that exist by now stay: the garbage collector need not scan them again.
    gc.freeze()
    gc.enable()
    workers.start()


def _wait(serving: threading.Thread, ended: Callable[[], bool]) -> None:
    """Wait for the end (``ended`` waits briefly itself); report a jump of the clock, as after a sleep."""
    ahead = time.time() - time.monotonic()
    # In short waits: on Windows a wait without a timeout can't be interrupted.
    while serving.is_alive() and not ended():
        jumped = time.time() - time.monotonic() - ahead
        if abs(jumped) > JUMP_SECONDS:
            ahead += jumped
            log.warning(
                "the laptop slept or its clock was set (by %+d s): see that it shows the right time",
                jumped,
            )


def _announce(kiosk: KioskContext, *, tls: bool, show: bool) -> None:
    """Print the kiosk's addresses. The socket listens already."""
    from kiosk.desktop.running import show_page
    from kiosk.runtime.addresses import is_for_phones, phone_url, url_of

    scheme = "https" if tls else "http"
    local = f"{url_of(kiosk.only_at or LOOPBACK, kiosk.port, scheme=scheme)}/"
    click.echo(f"{LISTENING}{local}")
    url = phone_url(kiosk.settings, kiosk.port, scheme=scheme, ip=kiosk.only_for_phones)
    if kiosk.only_at and not kiosk.only_for_phones and not kiosk.settings.kiosk.base_url:
        click.echo(f"no phone can reach this laptop: the kiosk listens at {kiosk.only_at} only")
    elif is_for_phones(url):
        click.echo(f"{PHONES}{url}/")
    else:
        click.echo("no phone can reach this laptop yet: it is connected to no network")
    click.echo("stop with Ctrl-C")
    if show:
        show_page(local)


def stop_signal() -> threading.Event:
    """Return an event that termination signals set from now on, so that one during the start is not lost."""
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
        number = getattr(signal, name, None)
        # Started with nohup, the program shall outlive the terminal.
        if number and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            signal.signal(number, note)
    return stop


@click.command("open")
@click.option("--port", default=DEFAULT_PORT, show_default=True)
@click.option("--shortcut", is_flag=True, help="Only make an entry in the menu that does this.")
@gathering_option
def open_window(port: int, shortcut: bool) -> None:
    """Run the kiosk in a window with a button to stop it, as a double click does.

    The gathering's folder is asked for once and opened again the next time. Without a screen the proposed folder is
    used, and the kiosk runs as with ``reporter kiosk``.
    """
    from kiosk.desktop.folder import chosen_folder, remember_folder
    from kiosk.desktop.run import run_in_window
    from kiosk.desktop.shortcut import make_shortcut

    if shortcut:
        click.echo(f"made {make_shortcut(Path.home())}")
        return

    folder = asked_for() or chosen_folder()
    if folder is None:
        return
    if not exists(folder):
        choose_place(folder)
    remember_folder(folder)
    if not run_in_window(folder, port):
        click.echo("no screen for a window here: the kiosk runs without one")
        prepare_log()
        listener = _listen("0.0.0.0", port, folder, show=True)  # noqa: S104
        if listener is not None:
            with listener:
                serve(_open_or_make(folder), listener, tls=None, show=True)


@click.command("index")
@click.option(
    "--rebuild", is_flag=True, required=True, help="Build the index again from the database."
)
@gathering_option
def index(rebuild: bool) -> None:
    """Manage the search index."""
    with kiosk_context() as kiosk, progress_bar("index") as bar:
        written = kiosk.index.rebuild(db_session(), bar.step)
        click.echo(f"indexed {written} takeaways")


@click.command("demo")
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@_host_option
@_port_option
@_no_open_option
def demo(folder: Path | None, host: str, port: int, no_open: bool) -> None:
    """Run a kiosk with a sample gathering: forty takeaways with photographs and spoken films, answers, places.

    In FOLDER it is kept and continued the next time; without one it is deleted after Ctrl-C.
    """
    prepare_log()
    listener = _listen(host, port, folder, show=not no_open)
    if listener is None:
        return
    with ExitStack() as stack:
        stack.enter_context(listener)
        port = listener.getsockname()[1]
        if folder is None:
            place = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="reporter-demo-", ignore_cleanup_errors=True)
            )
            settings = _make_sample(Path(place) / "gathering", port)
            stack.callback(_forget_secrets, settings)
        else:
            settings = load_settings(folder) if exists(folder) else _make_sample(folder, port)
        serve(settings, listener, tls=None, show=not no_open)


def _make_sample(folder: Path, port: int) -> Settings:
    from kiosk.app import create_app
    from kiosk.demo.aftermath import bring_about
    from kiosk.demo.gathering import make_demo
    from kiosk.runtime.context import current_kiosk

    with progress_bar("sample gathering") as bar:
        settings = make_demo(folder, now=utc_now(), rng=new_random(), progress=bar.step)
    with progress_bar("pictures and places") as bar, create_app(settings).app_context():
        kiosk = current_kiosk()
        try:
            bring_about(kiosk, f"http://127.0.0.1:{port}/tour/site", bar.step)
        finally:
            kiosk.stop()
    return settings


def _forget_secrets(settings: Settings) -> None:
    """Delete the secrets that a kiosk keeps outside its gathering's folder."""
    from sqlalchemy import select

    from reporter.gathering.folder import open_session
    from reporter.models import Gathering
    from reporter.secret_store import remove_secret

    with open_session(settings) as session:
        gathering_id = str(session.scalars(select(Gathering.id)).one())
    for name in ("signing", "desk"):
        remove_secret(gathering_id, name)
