"""``reporter new``, ``reporter sessions``, ``reporter posters``."""

from __future__ import annotations

import sys
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kiosk.cli.common import (
    choose_place,
    db_session,
    gathering_folder,
    gathering_option,
    json_option,
    kiosk_context,
    port_option,
    print_json,
)
from kiosk.cli.progress_bar import progress_bar
from reporter.clock import new_random, rfc3339, utc_now
from reporter.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from reporter.actor import Actor
    from reporter.config import Settings
    from reporter.gathering.schedule_preview import SchedulePreview
    from reporter.models import EventSession
    from reporter.schedule import Reading


def _read(path: Path, timezone: str, day: date | None = None) -> Reading:
    from reporter.schedule import inspect_schedule

    if not path.is_file():
        raise NotFound("There is no file %(path)s.", path=path)
    return inspect_schedule(path, filename=path.name, timezone=timezone, day=day)


def _tell_findings(reading: Reading) -> None:
    """Print notes on a schedule, and what of it was skipped, to standard error."""
    for sentence in reading.left_out:
        click.echo(f"reporter: left out: {sentence}", err=True)
    for sentence in reading.notes:
        click.echo(f"reporter: {sentence}", err=True)


def _read_for_new(path: Path, timezone: str | None) -> tuple[Reading, str]:
    """Return a new gathering's schedule and its time zone: the given one, or the file's, or the one asked
    for at a terminal, else this laptop's.
    """
    from kiosk.runtime.timezone import local_timezone

    local = local_timezone()
    reading = _read(path, timezone or local)
    zone = timezone or reading.named_zone
    if not zone and sys.stdin.isatty():
        zone = click.prompt(
            "The schedule doesn't tell its time zone. Where does it take place?", default=local
        )
    if not zone:
        click.echo(
            f"reporter: The schedule doesn't tell its time zone; that of this laptop, {local}, was taken. Give "
            "another one with --timezone.",
            err=True,
        )
    return (reading if zone in ("", reading.zone) else _read(path, zone)), zone or local


@click.command("new")
@click.argument("name")
@click.option(
    "--schedule",
    type=click.Path(path_type=Path),
    help="CSV, .xlsx, iCalendar, or frab/pretalx JSON or XML.",
)
@click.option("--timezone", help="As Europe/Berlin; else that of the schedule or of this laptop.")
@click.option(
    "--language", default="en", show_default=True, help="Language of pages, posters and posts."
)
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
    name: str, schedule: Path | None, timezone: str | None, language: str, *, previous: Path | None
) -> None:
    """Create a gathering, with its sessions if a schedule is given."""
    from kiosk.runtime.timezone import local_timezone
    from reporter.actor import Actor
    from reporter.config import load_settings
    from reporter.gathering.folder import make_gathering, open_session
    from reporter.gathering.sessions import add_session, all_sessions, import_schedule

    # Read first, so that an unreadable schedule leaves no half-made gathering.
    reading, zone = (
        _read_for_new(schedule, timezone) if schedule else (None, timezone or local_timezone())
    )
    before = load_settings(previous) if previous else None
    rng, now = new_random(), utc_now()
    folder = gathering_folder()
    choose_place(folder)
    settings = make_gathering(folder, name, timezone=zone, language=language, now=now, rng=rng)
    with open_session(settings) as session:
        if reading:
            done = import_schedule(session, reading.sessions, now=now, rng=rng)
            _say_text_only(done.text_only)
        if before:
            _carry_over(session, before, Actor(now, rng, "shell"))
        if not all_sessions(session):
            add_session(session, "Lobby", now=now, rng=rng)
    if reading:
        _tell_findings(reading)
    count = len(reading.sessions) if reading else 1
    click.echo(
        f"{name}: {count} session(s) in {folder}, times of {zone}. Start with: reporter kiosk"
    )


def _say_text_only(count: int) -> None:
    if count:
        click.echo(
            f"{count} session(s) ask not to be recorded: they take words only, and these stay in the room. "
            "The desk's page of sessions can let the words of one be published."
        )


def _carry_over(session: Session, before: Settings, actor: Actor) -> None:
    from reporter.follow_up.next_gathering import carry_over
    from reporter.gathering.folder import open_session

    with open_session(before) as previous:
        carried = carry_over(session, previous, before, actor)
    click.echo(
        f"from {before.gathering.title}: {carried.questions} open questions, {carried.actions} action items, "
        f"{carried.sessions} sessions, {carried.invited} people to invite"
    )


@click.group("sessions", invoke_without_command=True)
@gathering_option
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """List, import or add sessions."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_sessions)


def session_record(row: EventSession, takeaways: int) -> dict[str, object]:
    """Return a session as JSON."""
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
        "words_leave": row.words_leave,
        "licence": row.licence,
        "audience": row.audience,
        "takeaways": takeaways,
    }


@sessions.command("list")
@json_option
@gathering_option
def list_sessions(as_json: bool = False) -> None:
    """List the sessions and their codes."""
    from reporter.gathering.sessions import all_sessions, takeaway_counts

    with kiosk_context() as kiosk:
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
@click.option("--dry-run", is_flag=True, help="Only show what the file says and what would change.")
@json_option
@gathering_option
def import_sessions(file: Path, dry_run: bool, as_json: bool) -> None:
    """Import a schedule again: new sessions are added, known ones updated; codes never change."""
    from reporter.gathering.schedule_preview import preview_import
    from reporter.gathering.sessions import import_schedule

    with kiosk_context() as kiosk:
        from kiosk.services.schedule_preview import first_day

        gathering = kiosk.settings.gathering
        reading = _read(file, gathering.timezone, first_day(gathering))
        if dry_run:
            preview = preview_import(db_session(), reading)
            if as_json:
                print_json(preview_record(preview))
            else:
                _print_preview(preview, kiosk.settings.zone)
            return
        _tell_findings(reading)
        done = import_schedule(db_session(), reading.sessions, now=kiosk.now(), rng=kiosk.rng)
        if as_json:
            counts = {name: count for name, count in vars(done).items() if name != "text_only"}
            print_json(counts | ({"text_only": done.text_only} if done.text_only else {}))
        else:
            click.echo(
                f"{done.added} added, {done.updated} updated, {done.unchanged} unchanged, "
                f"{done.retired} no longer in the schedule (their codes stay valid)"
            )
            _say_text_only(done.text_only)


def preview_record(preview: SchedulePreview) -> dict[str, object]:
    """Return a preview as JSON; times in RFC 3339."""
    reading = preview.reading
    return {
        "kind": reading.kind,
        "sessions": len(reading.sessions),
        "first": rfc3339(preview.first),
        "last": rfc3339(preview.last),
        "without_time": preview.untimed,
        "timezone": reading.zone,
        "named_timezone": reading.named_zone,
        "left_out": list(reading.left_out),
        "notes": list(reading.notes),
        "new": [
            {"title": item.title, "starts_at": rfc3339(item.starts_at)} for item in preview.new
        ],
        "changed": [
            {
                "code": change.code,
                "title": change.title,
                "fields": list(change.fields),
                "starts_at": rfc3339(change.starts_at),
                "new_start": rfc3339(change.new_start),
            }
            for change in preview.changed
        ],
        "unchanged": preview.unchanged,
        "gone": [{"code": row.code, "title": row.title} for row in preview.gone],
    }


def _print_preview(preview: SchedulePreview, zone: tzinfo) -> None:
    reading = preview.reading
    click.echo(f"{len(reading.sessions)} session(s) in this {reading.kind}")
    if preview.first and preview.last:
        first, last = (moment.astimezone(zone) for moment in (preview.first, preview.last))
        click.echo(f"from {first:%a %d %b %Y %H:%M} to {last:%a %d %b %Y %H:%M}, times of {zone}")
    if reading.named_zone not in ("", reading.zone):
        click.echo(f"the file's zone is {reading.named_zone}; the gathering's is {reading.zone}")
    if preview.untimed:
        click.echo(f"{preview.untimed} without a time")
    for label, sentences in (("left out", reading.left_out), ("note", reading.notes)):
        for sentence in sentences:
            click.echo(f"{label}: {sentence}")
    for item in preview.new:
        start = _clock(item.starts_at, zone, unread=item.start_unread)
        click.echo(f"new: {start}  {item.title}")
    for change in preview.changed:
        click.echo(
            f"changed: {_clock(change.new_start, zone)}  {change.title} ({', '.join(change.fields)})"
        )
    for row in preview.gone:
        click.echo(f"gone: {row.code}  {row.title}")
    click.echo(
        f"{len(preview.new)} new, {len(preview.changed)} changed, {preview.unchanged} unchanged, "
        f"{len(preview.gone)} gone. Nothing was imported."
    )


def _clock(moment: datetime | None, zone: tzinfo, *, unread: bool = False) -> str:
    if moment is None:
        return ("time not understood" if unread else "any time").ljust(16)
    return f"{moment.astimezone(zone):%a %d %b %H:%M}"


@sessions.command("add")
@click.argument("titles", nargs=-1, required=True)
@click.option("--room", default="", help="Where it takes place.")
@json_option
@gathering_option
def add_sessions(titles: tuple[str, ...], room: str, as_json: bool) -> None:
    """Add one session for each title."""
    from reporter.gathering.sessions import add_session

    with kiosk_context() as kiosk:
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
@port_option
@click.option("--paper", type=click.Choice(["A4", "Letter"]), default="A4", show_default=True)
@gathering_option
def posters(output: Path, base_url: str | None, port: int, paper: str) -> None:
    """Write the print pack: posters, marker cards, the reporter's brief, the opening statement."""
    from kiosk.services.print_pack import write_posters

    with kiosk_context() as kiosk, progress_bar("posters") as bar:
        written = write_posters(
            kiosk, output, base_url=base_url, port=port, paper=paper, progress=bar.step
        )
        for warning in written.warnings:
            click.echo(f"reporter: {warning}", err=True)
        click.echo(f"{output}: codes lead to {written.base_url}")
