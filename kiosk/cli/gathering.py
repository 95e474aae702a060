"""``reporter new``, ``reporter sessions``, ``reporter posters``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from reporter.clock import new_random, rfc3339, utc_now
from reporter.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reporter.actor import Actor
    from reporter.config import Settings
    from reporter.models import EventSession
    from reporter.schedule import ScheduledSession


def _read(path: Path, timezone: str) -> list[ScheduledSession]:
    from reporter.schedule import read_schedule

    if not path.is_file():
        raise NotFound(f"There is no file {path}.")
    return read_schedule(path, filename=path.name, timezone=timezone)


@click.command("new")
@click.argument("name")
@click.option(
    "--schedule",
    type=click.Path(path_type=Path),
    help="CSV, iCalendar, or frab/pretalx JSON or XML.",
)
@click.option("--timezone", help="As Europe/Berlin; else that of the schedule or of this laptop.")
@click.option("--language", default="en", show_default=True, help="Language of pages and index.")
@click.option(
    "--from",
    "previous",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The gathering before: its open questions and action items, sessions of a series, and people who agreed to be "
    "invited come along.",
)
@gathering_option
def new(
    name: str, schedule: Path | None, timezone: str | None, language: str, previous: Path | None
) -> None:
    """Make a gathering, with its sessions if there is a schedule."""
    from kiosk.runtime.timezone import local_timezone
    from reporter.actor import Actor
    from reporter.config import load_settings
    from reporter.gathering.folder import make_gathering, open_session
    from reporter.gathering.sessions import add_session, all_sessions, import_schedule
    from reporter.schedule import zone_named_in

    # Read first: a schedule that can't be read must not leave half a gathering.
    scheduled = _read(schedule, timezone or local_timezone()) if schedule else []
    zone = timezone or (zone_named_in(schedule) if schedule else "") or local_timezone()
    before = load_settings(previous) if previous else None
    rng, now = new_random(), utc_now()
    folder = gathering_folder()
    settings = make_gathering(folder, name, timezone=zone, language=language, now=now, rng=rng)
    with open_session(settings) as session:
        if scheduled:
            import_schedule(session, scheduled, now=now, rng=rng)
        if before:
            _carry_over(session, before, Actor(now, rng, "shell"))
        if not all_sessions(session):
            add_session(session, "Lobby", now=now, rng=rng)
    click.echo(
        f"{name}: {max(len(scheduled), 1)} session(s) in {folder}, times of {zone}. Start with: reporter kiosk"
    )


def _carry_over(session: Session, before: Settings, hand: Actor) -> None:
    from reporter.follow_up.next_gathering import carry_over
    from reporter.gathering.folder import open_session

    with open_session(before) as previous:
        told = carry_over(session, previous, before, hand)
    click.echo(
        f"from {before.gathering.title}: {told.questions} open questions, {told.actions} action items, "
        f"{told.sessions} sessions, {told.invited} people to invite"
    )


@click.group("sessions", invoke_without_command=True)
@gathering_option
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """List, import or add sessions."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sessions)


def session_record(row: EventSession, takeaways: int) -> dict[str, object]:
    """A session as JSON."""
    return {
        "code": row.code,
        "guid": row.guid,
        "title": row.title,
        "room": row.room,
        "track": row.track,
        "speakers": row.speakers,
        "starts_at": rfc3339(row.starts_at),
        "ends_at": rfc3339(row.ends_at),
        "do_not_record": row.do_not_record,
        "licence": row.licence,
        "audience": row.audience,
        "takeaways": takeaways,
    }


@sessions.command("list")
@json_option
@gathering_option
def list_sessions(as_json: bool = False) -> None:
    """The sessions and their codes."""
    from reporter.gathering.sessions import all_sessions, takeaway_counts

    with opened() as kiosk:
        rows, counts = all_sessions(db_session()), takeaway_counts(db_session())
        if as_json:
            print_json({"sessions": [session_record(row, counts.get(row.code, 0)) for row in rows]})
            return
        for row in rows:
            start = row.starts_at.astimezone(kiosk.settings.zone) if row.starts_at else None
            when = f"{start:%a %d %b %H:%M}" if start else "any time".ljust(16)
            click.echo(f"{row.code}  {when}  {counts.get(row.code, 0):4}  {row.title}")


@sessions.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@gathering_option
def import_sessions(file: Path, as_json: bool) -> None:
    """Take in a schedule again: new sessions are added, known ones updated, codes never change."""
    from reporter.gathering.sessions import import_schedule

    with opened() as kiosk:
        scheduled = _read(file, kiosk.settings.gathering.timezone)
        done = import_schedule(db_session(), scheduled, now=kiosk.now(), rng=kiosk.rng)
        if as_json:
            print_json(vars(done))
        else:
            click.echo(
                f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, "
                f"{done.retired} no longer in the schedule (their codes stay valid)"
            )


@sessions.command("add")
@click.argument("titles", nargs=-1, required=True)
@click.option("--room", default="", help="Where it takes place.")
@json_option
@gathering_option
def add_sessions(titles: tuple[str, ...], room: str, as_json: bool) -> None:
    """Add sessions by hand, one for each title."""
    from reporter.gathering.sessions import add_session

    with opened() as kiosk:
        rows = [
            add_session(db_session(), t, now=kiosk.now(), rng=kiosk.rng, room=room) for t in titles
        ]
        if as_json:
            print_json({"sessions": [session_record(row, 0) for row in rows]})
        else:
            for row in rows:
                click.echo(f"{row.code}  {row.title}")


@click.command("posters")
@click.option(
    "-o", "output", type=click.Path(path_type=Path), default="posters.pdf", show_default=True
)
@click.option("--base-url", help="The address that phones reach, as http://192.168.4.1:8000.")
@click.option(
    "--port", default=8000, show_default=True, help="The port that the kiosk will listen on."
)
@click.option("--paper", type=click.Choice(["A4", "Letter"]), default="A4", show_default=True)
@gathering_option
def posters(output: Path, base_url: str | None, port: int, paper: str) -> None:
    """Make the print pack: posters, marker cards, the reporter's brief, the opening statement."""
    from kiosk.services.print_pack import write_posters

    with opened() as kiosk, progress_bar("posters") as bar:
        written = write_posters(
            kiosk, output, base_url=base_url, port=port, paper=paper, progress=bar.step
        )
        for warning in written.warnings:
            click.echo(f"reporter: {warning}", err=True)
        click.echo(f"{output}: codes lead to {written.base_url}")
