"""``reporter actions``: what is open, as a list, as JSON, as a calendar."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.db import db
from kiosk.shell import gathering_option, json_option, opened, print_json


@click.command("actions")
@click.option("--ics", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write them, and the next gathering, as a calendar file.")  # fmt: skip
@json_option
@gathering_option
def actions(ics: Path | None, as_json: bool) -> None:
    """List questions and action items, those due first."""
    from reporter.actions import all_items, item_record
    from reporter.calendar import calendar
    from reporter.following import next_gathering

    with opened() as kiosk:
        items = all_items(db.session())
        if ics is not None:
            title = kiosk.settings.gathering.title
            ics.write_bytes(calendar(title, items, next_gathering(db.session()), now=kiosk.now()))
        records = [item_record(item) for item in items]
    if as_json:
        print_json({"items": records})
        return
    for row in records:
        due = row["due_on"] or ""
        click.echo(f"{row['state']:8} {row['kind']:9} {due:10} {row['who'][:16]:16} {row['what']}")
    if not records:
        click.echo(
            "nothing is open; make takeaways and replies into items at the desk, under To do"
        )


COMMANDS = (actions,)
