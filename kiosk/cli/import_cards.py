"""``reporter import``: memory cards and folders of cameras."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.common import db_session, gathering_option, json_option, kiosk_context, print_json
from kiosk.cli.progress_bar import progress_bar
from reporter.enums import ImportState

if TYPE_CHECKING:
    from reporter.models.camera import CardImport


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option(
    "--session", "code", default="", help="Everything belongs to this session (its code)."
)
@click.option("--watch", "watching", is_flag=True, help="Keep importing what appears there.")
@json_option
@gathering_option
def import_card(paths: tuple[Path, ...], code: str, watching: bool, as_json: bool) -> None:
    """Import memory cards and folders of photo and video cameras; nothing is written to the card."""
    from capture.cards.importer import begin_import
    from kiosk.services.card_imports import import_record, run_import, watch
    from reporter.errors import NotFound
    from reporter.gathering.sessions import by_code

    missing = [path for path in paths if not path.exists()]
    if missing and not watching:
        raise NotFound(
            "There is nothing at %(what)s. Is the card in, and is this its folder?", what=missing[0]
        )
    with kiosk_context() as kiosk, _stoppable() as stop:
        event = by_code(db_session(), code) if code else None
        label = " ".join(str(path.absolute()) for path in paths)
        job = begin_import(db_session(), label, now=kiosk.now(), rng=kiosk.rng, event=event)
        run = watch if watching else run_import
        with progress_bar("import") as bar:
            run(kiosk, job, paths, tell=bar.files, stopped=stop.asked)
        if as_json:
            print_json(import_record(job))
        else:
            _tell(import_record(job))
        ended = _ending(job, watching=watching)
    if ended:
        click.echo(f"reporter: {ended}", err=True)
        sys.exit(1)


def _tell(record: dict[str, Any]) -> None:
    for entry in record["takeaways"]:
        proposed = f" (proposed: {entry['proposed']})" if entry["proposed"] else ""
        click.echo(f"{entry['receipt']}  {entry['session']}{proposed}  {entry['file']}")
    for entry in record["markers"]:
        offset = entry["offset_s"]
        clock = "" if offset is None else f"  clock {offset:+d} s"
        click.echo(f"marker  {entry['session'] or 'end of session'}{clock}  {entry['file']}")
    for entry in record["failures"]:
        click.echo(f"not imported: {entry['file']}: {entry['error']}", err=True)
    for name in record["missing"]:
        click.echo(f"missing: {name}", err=True)
    for entry in record["skipped"]:
        click.echo(f"left on the card: {entry['file']}: {entry['reason']}", err=True)
    for entry in record["notes"]:
        click.echo(f"note: {entry['file']}: {entry['note']}", err=True)
    waits = sum(1 for entry in record["takeaways"] if entry["proposed"])
    click.echo(
        f"{record['imported']} imported, {record['known']} known, {record['failed']} failed, "
        f"{len(record['skipped'])} left on the card"
    )
    if waits:
        click.echo(f"{waits} are only proposed a session: decide at the desk, under Cards")


def _ending(job: CardImport, *, watching: bool) -> str:
    """Why the import ended early, in one line; empty if it completed."""
    if job.state == ImportState.STOPPED and not watching:
        return job.message
    if job.missing:
        return job.message
    if job.failed:
        return (
            f"{len(job.failed)} files could not be taken in and are only on the card. "
            "Keep it until you have looked at them."
        )
    return ""


class _Stop:
    """Ctrl-C once: stop after the current file. Twice: stop at once."""

    def __init__(self) -> None:
        self._asked = False

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True

    def asked(self) -> bool:
        """Whether to stop the import."""
        return self._asked


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    stop = _Stop()
    names = [name for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), stop.note) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
