"""``reporter merge OTHER``."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.db import db
from kiosk.shell import gathering_option, json_option, opened, print_json


@click.command("merge")
@click.argument("other", type=click.Path(path_type=Path, exists=True))
@json_option
@gathering_option
def merge(other: Path, as_json: bool) -> None:
    """Take in another kiosk's gathering folder or bundle; again, it changes nothing."""
    from kiosk.merging import merge_in

    with opened() as kiosk:
        done = merge_in(kiosk, other)
        kiosk.index.sync(db.session())
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


COMMANDS = (merge,)
