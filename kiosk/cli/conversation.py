"""``reporter actions``, ``reporter replies``: open items as a list, JSON or calendar; replies from targets."""

from __future__ import annotations

from pathlib import Path

import click

from kiosk.cli.common import db_session, gathering_option, json_option, kiosk_context, print_json


@click.command("actions")
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write them, and the next gathering, as a calendar file.",
)
@json_option
@gathering_option
def actions(ics: Path | None, as_json: bool) -> None:
    """List questions and action items, those due first."""
    from reporter.follow_up.action_items import all_items, item_record
    from reporter.follow_up.icalendar import calendar
    from reporter.follow_up.next_gathering import next_gathering

    with kiosk_context() as kiosk:
        items = all_items(db_session())
        if ics is not None:
            title = kiosk.settings.gathering.title
            ics.write_bytes(calendar(title, items, next_gathering(db_session()), now=kiosk.now()))
        records = [item_record(item) for item in items]
    if as_json:
        print_json({"items": records})
        return
    for row in records:
        due = row["due_on"] or ""
        click.echo(f"{row['state']:8} {row['kind']:9} {due:10} {row['who'][:16]:16} {row['what']}")
    if not records:
        click.echo(
            "nothing is open; make takeaways and replies into items at the desk, under Action items"
        )


@click.command("replies")
@json_option
@gathering_option
def replies(as_json: bool) -> None:
    """Fetch replies from all targets and list all known ones."""
    from kiosk.services.conversation import listen_now, replies_document

    with kiosk_context() as kiosk:
        listen_now(kiosk)
        document = replies_document(db_session())
    if as_json:
        print_json(document)
        return
    for row in document["replies"]:
        words = " ".join(row["text"].split())[:60] or row["kind"]
        click.echo(f"{row['target'][:12]:12}  {row['state']:6}  {row['author'][:20]:20}  {words}")
    for place in document["targets"]:
        state = place["error"] or f"{_count(document, place['name'])} known"
        click.echo(f"{place['name']}: last looked {place['last_looked_at'] or 'never'}; {state}")
    if not document["targets"]:
        click.echo(
            "no target tells replies yet; add one, as: reporter targets add wordpress blog …"
        )


def _count(document: dict[str, list[dict[str, str]]], name: str) -> str:
    count = sum(row["target"] == name for row in document["replies"])
    return "1 reply" if count == 1 else f"{count} replies"
