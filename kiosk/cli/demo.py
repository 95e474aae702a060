"""``reporter demo``: a kiosk with a filled sample gathering."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from kiosk.cli.progress_bar import progress_bar
from kiosk.cli.serve import DEFAULT_PORT, prepare_log, serve
from reporter.clock import new_random, utc_now
from reporter.config import Settings, exists, load_settings


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
