"""Schedules as iCalendar files (RFC 5545), read with the library ``icalendar``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.schedule.datetimes import to_utc
from reporter.schedule.parsed_session import (
    MAX_SESSIONS,
    Draft,
    ScheduledSession,
    one_line,
    plain_text,
)

if TYPE_CHECKING:
    from icalendar import Event

# The library takes about a second a megabyte; no real programme comes near this.
MAX_BYTES = 4_000_000
MAX_LINES = 200_000


def read_ical(text: str, zone: ZoneInfo, warn: Callable[[str], None]) -> list[Draft]:
    """The events of one or more calendars. Floating times and whole days are in ``zone``.

    Repeating events come in once, at their first time, which ``warn`` is told; cancelled ones not
    at all. Raises BadInput that names the event.
    """
    drafts: list[Draft] = []
    for number, event in enumerate(_events(text), start=1):
        if _value(event, "STATUS").upper() == "CANCELLED":
            continue
        drafts.append(_draft(event, number, zone, warn))
    return drafts


def _events(text: str) -> Iterator[Event]:
    from icalendar import Calendar, Event

    if len(text) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise BadInput("This calendar is too big. Export only the gathering's own events.")
    if text.upper().count("BEGIN:") > 4 * MAX_SESSIONS:
        raise BadInput(f"This calendar has more than {MAX_SESSIONS} events. Split it.")
    try:
        calendars: list[Any] = Calendar.from_ical(text, multiple=True)
        found = [part for calendar in calendars for part in calendar.walk("VEVENT")]
    # What the parser raises on damaged files: its own errors are ValueErrors, broken nesting gives
    # the others.
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError) as error:
        reason = one_line(str(error), 120)
        raise BadInput(f"This calendar is damaged ({reason}). Export it again.") from error
    yield from (part for part in found if isinstance(part, Event))


def _draft(event: Event, number: int, zone: ZoneInfo, warn: Callable[[str], None]) -> Draft:
    title = one_line(_value(event, "SUMMARY"))
    if not title:
        raise BadInput(f"Event {number} of the calendar has no title (SUMMARY). Give it one.")
    where = f"Event {number} (“{title}”)"
    if event.get("RRULE") or event.get("RDATE"):
        warn(
            f"{where} repeats. Only its first time was taken; add the others with a title of "
            "their own."
        )
    starts, ends = _span(event, where, zone)
    session = ScheduledSession(
        guid=_guid(event),
        title=title,
        room=one_line(_value(event, "LOCATION")),
        track=one_line(_categories(event)),
        description=plain_text(_value(event, "DESCRIPTION")),
        starts_at=starts,
        ends_at=ends,
        language=one_line(_language(event), 35),
    )
    return Draft(where, session)


def _guid(event: Event) -> str:
    """The UID; a changed instance of a series carries the series' UID and its own RECURRENCE-ID."""
    uid = one_line(_value(event, "UID"), 200)
    instance = event.get("RECURRENCE-ID")
    if not uid or instance is None:
        return uid
    return f"{uid} {_dt(instance) or instance}"


def _span(event: Event, where: str, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    start, end = _moment(event, "DTSTART", where), _moment(event, "DTEND", where)
    if start is None:
        return None, None
    length = _dt(event.get("DURATION"))
    if end is None and isinstance(length, timedelta):
        end = start + length
    elif end is None and not isinstance(start, datetime):
        end = start + timedelta(days=1)  # RFC 5545, 3.6.1: a date alone lasts that day
    try:
        starts = to_utc(_at(start), zone)
        ends = to_utc(_at(end), zone) if end is not None else None
    except BadInput as error:
        raise BadInput(f"{where}: {error.message}") from error
    if ends is not None and ends < starts:
        raise BadInput(f"{where} ends before it starts. Correct it in the calendar.")
    return starts, ends


def _moment(event: Event, name: str, where: str) -> date | None:
    """A date, or a datetime (which is a date too); BadInput for anything else."""
    value = event.get(name)
    if value is None:
        return None
    moment = _dt(value)
    if not isinstance(moment, date):
        raise BadInput(f"{where} has no single readable {name}. Correct it in the calendar.")
    return moment


def _dt(value: Any) -> Any:
    """The Python value of a time property; None for a missing or a broken one."""
    try:
        return getattr(value, "dt", None)
    except ValueError:  # the library keeps what it can't parse and raises at the first look
        return None


def _at(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _value(event: Event, name: str) -> str:
    value = event.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None else str(value)


def _categories(event: Event) -> str:
    value = event.get("CATEGORIES")
    first = value[0] if isinstance(value, list) and value else value
    names = getattr(first, "cats", None)
    return str(names[0]) if names else ""


def _language(event: Event) -> str:
    return str(getattr(event.get("SUMMARY"), "params", {}).get("LANGUAGE", ""))
