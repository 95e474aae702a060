"""``reporter review``, ``search``, ``themes``, ``withdraw``: the desk's work from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kiosk.cli.common import db_session, gathering_option, json_option, kiosk_context, print_json
from reporter.enums import Kind, TakeawayState
from reporter.errors import BadInput

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reporter.actor import Actor
    from reporter.models import Takeaway
    from reporter.themes.board import MemberReference, ThemeView


@click.group("review")
@gathering_option
def review() -> None:
    """Decide what may be shown."""


@review.command("list")
@click.option(
    "--state",
    type=click.Choice([state.value for state in TakeawayState]),
    default=None,
    help="Only those in this state.",
)
@json_option
@gathering_option
def list_takeaways(state: str | None, as_json: bool) -> None:
    """List takeaways, oldest first."""
    from sqlalchemy import select

    from kiosk.web.shared.serializers import shell_record
    from reporter.models import Takeaway
    from reporter.stories.queries import with_everything

    with kiosk_context():
        query = (
            select(Takeaway).options(*with_everything()).order_by(Takeaway.received_at, Takeaway.id)
        )
        if state:
            query = query.where(Takeaway.state == state)
        rows = list(db_session().scalars(query))
        if as_json:
            print_json({"takeaways": [shell_record(row) for row in rows]})
            return
        for row in rows:
            click.echo(_line(row))


def _line(row: Takeaway) -> str:
    words = " ".join((row.caption or row.text).split())[:60]
    return f"{row.receipt}  {row.state:9}  {row.kind:5}  {row.session.title[:24]:24}  {words}"


def _decide(
    receipts: tuple[str, ...], act: Callable[[Session, Takeaway, Actor], None], word: str
) -> None:
    from reporter.moderation.decisions import by_receipt

    with kiosk_context() as kiosk:
        # All are looked up first, so that a mistyped receipt changes nothing.
        rows = [by_receipt(db_session(), receipt) for receipt in receipts]
        for row in rows:
            act(db_session(), row, kiosk.actor("shell"))
        click.echo(f"{len(rows)} {word}")


@review.command("approve")
@click.argument("receipts", nargs=-1, required=True)
@gathering_option
def approve_takeaways(receipts: tuple[str, ...]) -> None:
    """Approve takeaways. A photo without alt text gets one from its kind and session."""
    from reporter.moderation.decisions import approve

    _decide(receipts, approve, "approved")
    _describe_plainly(receipts)


def _describe_plainly(receipts: tuple[str, ...]) -> None:
    """Add alt texts: here nobody sees the desk's notice about photos that stay unpublished without one."""
    from kiosk.services.alt_text import proposals_for
    from reporter.media.alt_text import undescribed
    from reporter.moderation.decisions import by_receipt
    from reporter.review.conflicts import set_fields_many

    with kiosk_context() as kiosk:
        rows = [by_receipt(db_session(), receipt) for receipt in receipts]
        bare = [row for row in rows if undescribed(row)]
        set_fields_many(
            db_session(), bare, kiosk.actor("shell"), lambda row: proposals_for(row, "")
        )
        for row in bare:
            click.echo(
                f"{row.receipt}: described only as “{row.attachments[0].alt}”. Say what it shows: "
                f"reporter review describe {row.receipt} --text …"
            )


@review.command("hide")
@click.argument("receipts", nargs=-1, required=True)
@gathering_option
def hide_takeaways(receipts: tuple[str, ...]) -> None:
    """Hide takeaways; they are kept."""
    from reporter.moderation.decisions import hide

    _decide(receipts, hide, "hidden")


@review.command("describe")
@click.argument("receipts", nargs=-1)
@click.option("--text", default="", help="What the photos of these takeaways show.")
@click.option("--accept", is_flag=True, help="Take the proposals for all approved photos.")
@gathering_option
def describe_photos(receipts: tuple[str, ...], text: str, accept: bool) -> None:
    """List approved photos without a description, or describe them."""
    from kiosk.services.alt_text import described_as, proposal_for, proposals_for
    from reporter.moderation.decisions import by_receipt
    from reporter.review.conflicts import set_fields_many
    from reporter.review.queries import undescribed_rows

    with kiosk_context() as kiosk:
        rows = [by_receipt(db_session(), receipt) for receipt in receipts]
        rows = rows or list(db_session().scalars(undescribed_rows()))
        if not accept and not text:
            for row in rows:
                click.echo(f"{_line(row)}  proposed: {proposal_for(row)}")
            return
        if text and not receipts:
            raise BadInput("Say of which takeaways: reporter review describe RECEIPT --text …")
        words = described_as if text else proposals_for
        done = set_fields_many(
            db_session(), rows, kiosk.actor("shell"), lambda row: words(row, text)
        )
        click.echo(f"{len(done.changed)} described")


@click.command("search")
@click.argument("query", default="")
@click.option("--session", "code", default="", help="Only this session's, by its code.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), default=None)
@click.option(
    "--sort",
    type=click.Choice(["relevance", "newest", "oldest"]),
    default="relevance",
    show_default=True,
    help="Sort order.",
)
@click.option("--limit", default=50, show_default=True, help="Maximum number of results.")
@json_option
@gathering_option
def search(
    query: str, code: str, kind: str | None, sort: str, *, limit: int, as_json: bool
) -> None:
    """Search all takeaways except withdrawn ones, with the facilitator's rights."""
    from kiosk.web.shared.serializers import search_record, shell_url
    from reporter.codes import normalize
    from reporter.search import SearchRequest, Sort, load_hits
    from reporter.search.maintenance import rebuild_if_asked

    filters = {"session": normalize(code) if code else "", "kind": kind or ""}
    with kiosk_context() as kiosk:
        # A library may have been updated since the kiosk ran.
        rebuild_if_asked(db_session(), kiosk.index)
        kiosk.index.sync(db_session())
        settings, order = kiosk.settings, Sort(sort)
        today = kiosk.now().astimezone(settings.zone).date()
        ask = SearchRequest(
            query, filters, place=None, sort=order, limit=max(limit, 1), today=today
        )
        found = kiosk.index.search(ask)
        rows = load_hits(db_session(), found, ask, settings.gathering.language)
        if as_json:
            print_json(search_record(found, rows, shell_url))
            return
        for row, _mark in rows:
            click.echo(_line(row))
        click.echo(
            f"{found.total} found"
            + (f"; did you mean: {found.suggestion}" if found.suggestion else "")
        )


@click.command("themes")
@json_option
@gathering_option
def themes(as_json: bool) -> None:
    """List themes across sessions and languages, with the facilitator's rights."""
    from kiosk.services.summaries.theme_views import group_all
    from reporter.themes.board import theme_board, theme_members

    with kiosk_context() as kiosk:
        language = kiosk.settings.gathering.language
        group_all(kiosk)
        board = theme_board(db_session(), language)
        if as_json:
            members = theme_members(db_session())
            records = [_theme_record(theme, members[theme.id]) for theme in board.themes]
            print_json({"themes": records, "unassigned": board.rest})
            return
        if not board.themes:
            click.echo("There are too few takeaways to find themes yet.")
        for theme in board.themes:
            click.echo(f"{theme.count:5}  {theme.name}")
        click.echo(f"{board.rest:5}  in no theme")


def _theme_record(theme: ThemeView, members: Sequence[MemberReference]) -> dict[str, Any]:
    return {
        "name": theme.name,
        "takeaways": [row.receipt for row in members],
        "sessions": [event.code for event in theme.sessions],
        "questions": [row.receipt for row in theme.questions],
    }


@click.command("withdraw")
@click.argument("receipt")
@gathering_option
def withdraw_takeaway(receipt: str) -> None:
    """Withdraw a takeaway: here at once, at its targets through the ledger."""
    from kiosk.services.publishing import take_down
    from reporter.moderation.decisions import by_receipt, withdraw

    with kiosk_context() as kiosk:
        row = by_receipt(db_session(), receipt)
        withdraw(db_session(), row, kiosk.actor("shell"), kiosk.store)
        kiosk.index.sync(db_session())
        click.echo("taken back on this laptop: words and files are gone, a tombstone stays")
        for line in take_down(kiosk).sentences:
            click.echo(line)
