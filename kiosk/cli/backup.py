"""``reporter backup``, ``reporter restore``."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.progress import progress_bar
from kiosk.shell import gathering_folder, gathering_option
from reporter.errors import Conflict, ReporterError


def _copy(source: Path, goal: Path, label: str) -> None:
    from reporter.backup import copy_gathering

    with progress_bar(label) as bar:
        done = copy_gathering(source, goal, progress=bar.step)
    if done.missing:
        raise ReporterError(
            f"{len(done.missing)} originals are missing in {source} itself, as {done.missing[0]}; "
            f"everything else is in {goal}, verified. Look for another copy."
        )
    click.echo(f"{goal}: {done.copied} files copied, {done.known} were there already, all verified")


@click.command("backup")
@click.argument("dest", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def backup(dest: Path) -> None:
    """Make a verified copy of the gathering, also while its kiosk runs."""
    _copy(gathering_folder(), dest, "backup")


@click.command("restore")
@click.argument("src", type=click.Path(path_type=Path, file_okay=False))
@gathering_option
def restore(src: Path) -> None:
    """Bring a copy back into the folder of the gathering, which must be empty or not there."""
    from reporter.config import exists

    goal = gathering_folder()
    if exists(goal):
        raise Conflict(
            f"There is a gathering in {goal}. Move it away first, or choose another --gathering."
        )
    _copy(src, goal, "restore")


COMMANDS = (backup, restore)
