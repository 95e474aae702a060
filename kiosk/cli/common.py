"""Shared by the commands: their common options, and opening the selected gathering."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kiosk.runtime.context import KioskContext

F = TypeVar("F", bound=Callable[..., Any])
GATHERING_VARIABLE = "REPORTER_GATHERING"


def _note_folder(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.find_root().meta["gathering"] = value


def gathering_option(command: F) -> F:
    """Add ``--gathering DIR``, which may stand before or after the command's name."""
    return click.option(
        "--gathering",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        callback=_note_folder,
        expose_value=False,
        help=f"Folder of the gathering (else ${GATHERING_VARIABLE}, else ./gathering).",
    )(command)


def json_option(command: F) -> F:
    """Add ``--json``: one JSON document on standard output and nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def port_option(command: F) -> F:
    """``--port``: that of the gathering's running kiosk unless it is given."""
    return click.option(
        "--port",
        type=click.IntRange(1, 65535),
        callback=_find_port,
        show_default="that of the running kiosk, else 8000",
        help="The port that the kiosk listens on.",
    )(command)


def _find_port(ctx: click.Context, _param: click.Parameter, value: int | None) -> int:
    from kiosk.desktop.port_file import noted

    # --gathering has been read by now: click reads what was typed before it takes defaults.
    port = value or noted(gathering_folder()).port
    ctx.find_root().meta["port"] = port
    return port


def _only_at() -> str:
    """The one address at which the running kiosk listens; '' for all of them, and for commands without that option."""
    from kiosk.desktop.port_file import noted

    port = click.get_current_context().find_root().meta.get("port")
    running = noted(gathering_folder()) if port is not None else None
    return running.only if running is not None and running.port == port else ""


def asked_for() -> Path | None:
    """Return the folder given explicitly, or None."""
    chosen = click.get_current_context().find_root().meta.get("gathering")
    chosen = chosen or os.environ.get(GATHERING_VARIABLE)
    return Path(chosen) if chosen else None


def gathering_folder() -> Path:
    """Return the given folder, or ``gathering`` below the current one."""
    return asked_for() or Path("gathering")


def choose_place(folder: Path) -> None:
    """Check the folder of a new gathering; print warnings. Raises ConfigError if it is unsuitable."""
    from kiosk.desktop.place import Fitness, need_fit_place

    place = need_fit_place(folder)
    if place.fitness is Fitness.CARE:
        click.echo(f"reporter: {place.reason}", err=True)


def warn_of_place(folder: Path) -> None:
    """Print warnings about the folder of an existing gathering."""
    from kiosk.desktop.place import Fitness, judge

    place = judge(folder)
    if place.fitness is not Fitness.GOOD:
        click.echo(f"reporter: {place.reason}", err=True)


def print_json(document: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


@contextmanager
def kiosk_context() -> Iterator[KioskContext]:
    """Open the selected gathering in an application context, without server and workers.

    A command with ``port_option`` gets the running kiosk's address, if it listens at one alone.
    Raises ConfigError when there is no gathering.
    """
    from kiosk.app import create_app
    from kiosk.desktop.port_file import running_at
    from kiosk.runtime.context import current_kiosk
    from kiosk.runtime.database import db
    from reporter.config import load_settings

    app = create_app(load_settings(gathering_folder()))
    with app.app_context():
        kiosk = current_kiosk()
        kiosk.only_at = _only_at()
        if running := running_at(gathering_folder()):
            kiosk.port = running.port
        try:
            yield kiosk
        finally:
            kiosk.stop()
            db.session.remove()
            db.engine.dispose()


def db_session() -> Session:
    """Return the database session of the opened gathering."""
    from kiosk.runtime.database import db

    return db.session()
