"""``reporter erase``, ``reporter census``."""

from __future__ import annotations

import sys

import click

from kiosk.cli.common import db_session, gathering_option, json_option, opened, print_json
from reporter.errors import BadInput


@click.command("erase")
@click.argument("receipts", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Don't ask once more.")
@gathering_option
def erase(receipts: tuple[str, ...], yes: bool) -> None:
    """Leave nothing of takeaways but a tombstone without content, and say which copies still hold them."""
    from kiosk.services.erasure import Erased
    from kiosk.services.erasure import erase as erase_rows
    from reporter.moderation.decisions import by_receipt

    with opened() as kiosk:
        rows = list(
            {row.id: row for row in (by_receipt(db_session(), r) for r in receipts)}.values()
        )
        for row in rows:
            click.echo(f"{row.receipt}  {row.kind:5}  {row.session.title}  {row.text[:60]}")
        if not yes and not sys.stdin.isatty():
            raise BadInput("This can't be undone. Say so with --yes.")
        if not yes:
            click.confirm("Erase for good? This can't be undone.", abort=True)
        done: Erased = erase_rows(kiosk, rows, who="shell")
    _say(done)
    if done.targets_left or not done.clean:
        click.get_current_context().exit(1)


def _say(done: object) -> None:
    from kiosk.services.erasure import Erased

    assert isinstance(done, Erased)
    click.echo(f"erased here: {', '.join(done.receipts)}; a tombstone without content stays")
    for name in done.targets_left:
        click.echo(f"{name}: not taken down yet; it is tried again as soon as it can be reached")
    if not done.clean:
        click.echo(
            "Somebody reads the database just now: the running kiosk clears its last traces within some minutes. "
            "Without a kiosk, run this once more.",
            err=True,
        )
    for held in done.copies:
        when = f"{held.made_at:%Y-%m-%d %H:%M} UTC"
        if held.known:
            again = "reporter backup" if held.kind == "backup" else "reporter bundle -o"
            click.echo(f"still in the {held.kind} {held.place} of {when}: {again} {held.place}")
        else:
            click.echo(
                f"can't look into the {held.kind} {held.place} of {when}: it may still hold it"
            )


@click.command("census")
@json_option
@gathering_option
def census(as_json: bool) -> None:
    """Look through every place for what may not be there; exit code 1 if anything is."""
    from kiosk.services.census import take_census

    with opened() as kiosk:
        places = take_census(kiosk)
    if as_json:
        print_json({"places": [vars(place) for place in places]})
    else:
        for place in places:
            click.echo(
                f"{'ok  ' if not place.violations else 'LOOK'}  {place.name:22} {place.items}"
            )
            for violation in place.violations:
                click.echo(f"      {violation}")
    if any(place.violations for place in places):
        click.get_current_context().exit(1)
