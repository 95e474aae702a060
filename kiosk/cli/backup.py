"""``reporter backup``, ``reporter restore``."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import (
    db_session,
    gathering_folder,
    gathering_option,
    json_option,
    opened,
    print_json,
)
from kiosk.cli.progress_bar import progress_bar
from reporter.errors import Conflict, ReporterError


def _copy(source: Path, goal: Path, label: str) -> None:
    from reporter.gathering.backup import copy_gathering

    with progress_bar(label) as bar:
        done = copy_gathering(source, goal, progress=bar.step)
    if done.missing:
        raise ReporterError(
            "%(count)s originals are missing in %(source)s itself, as %(what)s; everything "
            "else is in %(goal)s, verified. Look for another copy.",
            count=len(done.missing),
            source=source,
            what=done.missing[0],
            goal=goal,
        )
    click.echo(f"{goal}: {done.copied} files copied, {done.known} were there already, all verified")


@click.command("backup")
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def backup(dest: Path) -> None:
    """Make a verified copy of the gathering, also while its kiosk runs."""
    from reporter.clock import utc_now
    from reporter.config import load_settings
    from reporter.gathering.copies import BACKUP, note_copy
    from reporter.gathering.folder import open_session

    source = gathering_folder()
    _copy(source, dest, "backup")
    with open_session(load_settings(source)) as session:
        note_copy(session, BACKUP, dest, now=utc_now())


@click.command("restore")
@click.argument("src", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def restore(src: Path) -> None:
    """Bring a copy back into the folder of the gathering, which must be empty or not there."""
    from reporter.config import exists

    goal = gathering_folder()
    if exists(goal):
        raise Conflict(
            "There is a gathering in %(goal)s. Move it away first, or choose another --gathering.",
            goal=goal,
        )
    _copy(src, goal, "restore")


@click.command("merge")
@click.argument("other", type=click.Path(path_type=Path, exists=True))
@json_option
@gathering_option
def merge(other: Path, as_json: bool) -> None:
    """Take in another kiosk's gathering folder or bundle; again, it changes nothing."""
    from kiosk.services.merging import merge_in

    with opened() as kiosk:
        done = merge_in(kiosk, other)
        kiosk.index.sync(db_session())
        if as_json:
            print_json(vars(done))
            return
        click.echo(
            f"{done.takeaways} takeaways and {done.files} files came, {done.changed} were newer there, "
            f"{done.withdrawn} were taken back there, {done.known} were known"
        )
        if done.sessions or done.stories or done.deliveries or done.targets:
            click.echo(
                f"also: {done.sessions} sessions, {done.stories} stories, {done.targets} places, "
                f"{done.deliveries} things that were published from there"
            )
        if done.captions or done.items:
            click.echo(
                f"also: captions of {done.captions} recordings, {done.items} questions and actions"
            )
        for line in done.left:
            click.echo(f"left out: {line}", err=True)
        if done.left:
            click.get_current_context().exit(1)
