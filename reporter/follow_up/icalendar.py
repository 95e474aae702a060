"""iCalendar export (RFC 5545): open items as VTODO, the next gathering as VEVENT."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from reporter.enums import ItemState
from reporter.follow_up.action_items import publishable_name
from reporter.models.follow_up import ActionItem, NextGathering

if TYPE_CHECKING:
    from icalendar import Event, Todo

_STATES = {
    ItemState.OPEN.value: "NEEDS-ACTION",
    ItemState.DONE.value: "COMPLETED",
    ItemState.DROPPED.value: "CANCELLED",
}


def calendar(
    title: str, items: Iterable[ActionItem], following: NextGathering | None, *, now: datetime
) -> bytes:
    """A calendar file. Names are included only with their owners' agreement."""
    from icalendar import Calendar

    document = Calendar()
    document.add("prodid", "-//Social Reporter//EN")
    document.add("version", "2.0")
    document.add("x-wr-calname", title)
    if following is not None:
        document.add_component(_event(following, now))
    for item in items:
        document.add_component(_todo(item, now))
    return bytes(document.to_ical())


def _event(row: NextGathering, now: datetime) -> Event:
    from icalendar import Event

    event = Event()
    # The UID is the same for all versions, so that a calendar updates the entry it has.
    event.add("uid", f"next-{row.starts_at:%Y%m%d}@social-reporter")
    event.add("dtstamp", now)
    event.add("last-modified", row.changed_at)
    event.add("summary", row.title)
    event.add("dtstart", row.starts_at)
    if row.ends_at:
        event.add("dtend", row.ends_at)
    for name, value in (
        ("location", row.place),
        ("url", row.url),
        ("description", row.description),
    ):
        if value:
            event.add(name, value)
    return event


def _todo(item: ActionItem, now: datetime) -> Todo:
    from icalendar import Todo

    todo = Todo()
    todo.add("uid", f"{item.id}@social-reporter")
    todo.add("dtstamp", now)
    todo.add("created", item.created_at)
    todo.add("last-modified", item.changed_at)
    todo.add("summary", item.what)
    todo.add("status", _STATES[item.state])
    todo.add("categories", [item.kind])
    if item.due_on:
        todo.add("due", item.due_on)
    if item.closed_at and item.state == ItemState.DONE:
        todo.add("completed", item.closed_at)
    about = [publishable_name(item), item.outcome]
    if any(about):
        todo.add("description", "\n".join(filter(None, about)))
    return todo
