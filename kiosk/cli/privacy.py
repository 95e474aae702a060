"""``reporter erase``, ``reporter census``, ``reporter retain``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.common import db_session, gathering_option, json_option, kiosk_context, print_json
from reporter.errors import BadInput

if TYPE_CHECKING:
    from kiosk.privacy.retention import RetentionPreview


@click.command("erase")
@click.argument("receipts", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@gathering_option
def erase(receipts: tuple[str, ...], yes: bool) -> None:
    """Erase takeaways except for a tombstone without content, and list copies that still hold them."""
    from kiosk.privacy.erasure import Erased
    from kiosk.privacy.erasure import erase as erase_rows
    from reporter.moderation.decisions import by_receipt

    with kiosk_context() as kiosk:
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


# The command that makes a copy again at its place.
_AGAIN = {"backup": "reporter backup", "bundle": "reporter bundle -o", "film": "reporter film -o"}


def _say(done: object) -> None:
    from kiosk.privacy.erasure import Erased

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
            again = _AGAIN[held.kind]
            click.echo(f"still in the {held.kind} {held.place} of {when}: {again} {held.place}")
        else:
            click.echo(
                f"can't look into the {held.kind} {held.place} of {when}: it may still hold it"
            )


@click.command("census")
@json_option
@gathering_option
def census(as_json: bool) -> None:
    """Search every place for data that must not be there; exit code 1 if any is found."""
    from kiosk.privacy.census import take_census

    with kiosk_context() as kiosk:
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


@click.command("retain")
@click.option("--dry-run", is_flag=True, help="Change nothing; list what is deleted when.")
@json_option
@gathering_option
def retain(dry_run: bool, as_json: bool) -> None:
    """Delete what has been kept long enough, and list what is due next; a running kiosk does this by itself."""
    from kiosk.privacy.erasure import purge_now
    from kiosk.privacy.retention import due, preview, run_clock

    with kiosk_context() as kiosk:
        removed = {} if dry_run else asdict(run_clock(kiosk))
        if any(removed.values()):
            purge_now(kiosk)
        previews = preview(kiosk, due(kiosk))
    if as_json:
        print_json({"removed": removed, "kinds": [_as_json(one) for one in previews]})
        return
    for kind, count in removed.items():
        if count:
            click.echo(f"{kind}: {count} removed")
    for one in previews:
        click.echo(_sentence(one))


def _as_json(one: RetentionPreview) -> dict[str, Any]:
    times = {name: moment.isoformat() if moment else None for name, moment in _days(one)}
    return {
        "kind": one.kind.value,
        "period": one.period,
        "items": one.items,
        "announced": one.announced,
        **times,
    }


def _days(one: RetentionPreview) -> tuple[tuple[str, Any], ...]:
    return ("first", one.first), ("last", one.last)


def _sentence(one: RetentionPreview) -> str:
    begin = f"{one.kind} ({one.period}):"
    if one.first is None or one.last is None:
        return f"{begin} nothing goes by itself"
    sentence = (
        f"{begin} {one.items}, the first on {one.first:%Y-%m-%d}, the last on {one.last:%Y-%m-%d}"
    )
    return f"{sentence}; {one.announced} announced at the desk" if one.announced else sentence
