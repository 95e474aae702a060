"""``reporter replies``: fetch what was said elsewhere, and list it."""

from __future__ import annotations

import click

from kiosk.db import db
from kiosk.shell import gathering_option, json_option, opened, print_json


@click.command("replies")
@json_option
@gathering_option
def replies(as_json: bool) -> None:
    """Fetch replies from all targets and list all known ones."""
    from kiosk.conversation import listen_now, replies_document

    with opened() as kiosk:
        listen_now(kiosk)
        document = replies_document(db.session())
    if as_json:
        print_json(document)
        return
    for row in document["replies"]:
        words = " ".join(row["text"].split())[:60] or row["kind"]
        click.echo(f"{row['target'][:12]:12}  {row['state']:6}  {row['author'][:20]:20}  {words}")
    for place in document["targets"]:
        said = place["error"] or f"{_count(document, place['name'])} known"
        click.echo(f"{place['name']}: last looked {place['last_looked_at'] or 'never'}; {said}")
    if not document["targets"]:
        click.echo(
            "no target tells replies yet; add one, as: reporter targets add wordpress blog …"
        )


def _count(document: dict[str, list[dict[str, str]]], name: str) -> str:
    count = sum(row["target"] == name for row in document["replies"])
    return "1 reply" if count == 1 else f"{count} replies"


COMMANDS = (replies,)
