"""Title and ids of a calendar event, including the ids that other exports of it use; and what is no event."""

from __future__ import annotations

import re

from reporter.messages import Message
from reporter.schedule.calendars.content_lines import Component, parse_moment
from reporter.schedule.parsed_session import Findings, one_line, title_line

_PRETALX_UID = re.compile(r"pretalx-.+-([A-Z0-9]{5,8}(?:-\d+)?)@")


def title_of(event: Component) -> tuple[str, tuple[str, ...]]:
    """The title, and the speakers if they follow it as in pretalx (“Title - Speaker, Speaker”)."""
    summary = event.text("SUMMARY")
    if _PRETALX_UID.match(event.text("UID")) is None or " - " not in f"{summary} ":
        return title_line(summary), ()
    title, _, names = f"{summary} ".rpartition(" - ")
    people = (one_line(name) for name in names.split(","))
    return title_line(title), tuple(name for name in people if name)


def guid_of(event: Component) -> str:
    """The UID; for a changed instance of a series, the series' UID plus its RECURRENCE-ID."""
    uid = one_line(event.text("UID"), 200)
    instance = event.first("RECURRENCE-ID")
    if not uid or instance is None:
        return uid
    try:
        return f"{uid} {parse_moment(instance.value)}"
    except ValueError:
        return f"{uid} {one_line(instance.value, 60)}"


def aliases_of(event: Component) -> tuple[str, ...]:
    """Its ids in other exports of the same system."""
    match = _PRETALX_UID.match(event.text("UID"))
    return (f"pretalx {match[1]}",) if match else ()


def tell_others(calendar: Component, findings: Findings) -> None:
    """Report tasks and journal entries, which have times, too."""
    if count := len(calendar.of_kind("VTODO") + calendar.of_kind("VJOURNAL")):
        findings.note(
            Message(
                "Tasks and journal entries of the calendar were not read: %(count)s.", count=count
            )
        )
