"""Sessions in the JSON of other programs.

Sched, Sessionize, pretalx' API, Indico, Eventbrite, Google, FullCalendar and schema.org have no
common form, but each session is an object with a title and a start whose names say what they are.
Such objects are found wherever they are and read as the rows of a table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from reporter.schedule.dates.moments import DateOrder, parse_span
from reporter.schedule.parsed_session import MAX_SESSIONS, event_numbered
from reporter.schedule.tables.headers import read_column
from reporter.schedule.tables.table import Row, Table, settled

Record = dict[str, str]

_MOST_DEPTH = 12
# What an object that stands for a text has: a text in several languages, a person, a place, a time.
_TEXT_KEYS = ("utc", "dateTime", "text", "fullName", "displayName", "name", "title", "value", "en")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,8})?")
_REFERENCE = re.compile(r"(?<=[a-z])(?:_?ids?|Ids?)$")
# An id that is a name, as "Hall A" is.
_WORDS = re.compile(r"[^\W\d_]{2,}(?:[ -].*)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")
_WHOLE_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# A moment in seconds, or in thousandths of seconds.
_COUNTED = re.compile(r"\d{9,}")
_LISTED = ("room", "speakers", "track")
# Names of iCalendar, which are no words.
_SHORT = {"dtstart": "start", "dtend": "end", "startDateTime": "start", "endDateTime": "end"}


def loads_lines(text: str) -> list[Any] | None:
    """The objects of a file with one JSON object a line; None if it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return None


def read_records(document: Any) -> Table | None:
    """The sessions of a JSON document as a table, one row for each; None if it has none."""
    names = _Names()
    names.collect(document)
    records = [*_once(_records(document, names, {}, 0))][: MAX_SESSIONS + 1]
    if not records:
        return None
    keys = [*dict.fromkeys(key for record in records for key in record)]
    rows = [
        Row(number, tuple(record.get(key, "") for key in keys), title=event_numbered(number))
        for number, record in enumerate(records, start=1)
    ]
    return Table(settled([read_column(_SHORT.get(key, key)) for key in keys]), (), tuple(rows))


def _once(records: Iterator[Record]) -> Iterator[Record]:
    """Each session once: Sessionize lists them by room, and again by time."""
    seen: dict[tuple[str, ...], Record] = {}
    for number, record in enumerate(records):
        identity = {role: _first(record, role) for role in ("key", "start", "room")}
        mark = tuple(identity.values()) if identity["key"] else (str(number),)
        for key, text in record.items():
            seen.setdefault(mark, {}).setdefault(key, text)
    yield from seen.values()


def _first(record: Record, role: str) -> str:
    return next((text for key, text in record.items() if text and _role(key) == role), "")


@dataclass
class _Names:
    """The names of rooms, speakers and tracks that sessions refer to by an id."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def collect(self, node: Any, role: str = "", depth: int = 0) -> None:
        """Note each object with an id and a name below a key such as "rooms"."""
        if depth > _MOST_DEPTH:
            return
        if isinstance(node, list):
            for item in node:
                self.collect(item, role, depth + 1)
        elif isinstance(node, dict):
            name = _text(node, self, "")
            for key in ("id", "code", "guid"):
                if role and name and isinstance(node.get(key), str | int):
                    self.names[role, str(node[key])] = name
            for key, value in node.items():
                if isinstance(value, list | dict):
                    self.collect(value, _listed_role(key), depth + 1)

    def of(self, role: str, text: str) -> str:
        """The name for an id; "" if it is none."""
        return self.names.get((role, text), "")


def _listed_role(key: str) -> str:
    role = read_column(key).role
    return role if role in _LISTED else ""


def _records(node: Any, names: _Names, around: Record, depth: int) -> Iterator[Record]:
    """The sessions in a part of the document; ``around``: what objects around them say of all: zone, day, room."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(node, list):
        for item in node:
            yield from _records(item, names, around, depth + 1)
    elif isinstance(node, dict):
        below = {**around, **_of_all(node, names)}
        inner = [
            record
            for key, value in node.items()
            for record in _inner((key, value), names, below, depth)
        ]
        # An event with sessions of its own is the gathering, or a block of its timetable.
        yield from inner or (_merged(around, record) for record in _sessions(node, names))


def _inner(item: tuple[str, Any], names: _Names, around: Record, depth: int) -> Iterator[Record]:
    """The sessions below one key of an object."""
    key, value = item
    if _DAY.match(key):
        around = {**around, "date": key}
    if _listed_role(key) == "room" and isinstance(value, list):
        for room in value:
            named = {**around, "room": _text(room, names, "")}
            yield from _records(room, names, named, depth + 2)
    elif isinstance(value, list | dict):
        yield from _records(value, names, around, depth + 1)


def _of_all(node: dict[str, Any], names: _Names) -> Record:
    """The zone and the day of an object, which are those of the sessions in it."""
    defaults: Record = {}
    for key, value in node.items():
        column = read_column(key)
        text = _text(value, names, "") if isinstance(value, str) else ""
        if text and column.role == "zone":
            defaults["timezone"] = text
        elif column.role == "start" and column.kind == "date" and text:
            # "Day 2", or a weekday: the day further above is another one's.
            defaults["date"] = text[:10] if _DAY.match(text) else ""
    if any(end[:10] != defaults.get("date") for end in _last_days(node)):
        # The first of several days.
        defaults.pop("date", None)
    return defaults


def _last_days(node: dict[str, Any]) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, str) and _DAY.match(value) and _role(key) == "end":
            yield value


def _merged(around: Record, record: Record) -> Record:
    """The session with what is said of all; a day only if its own times have none."""
    starts = [text for key, text in record.items() if _role(key) == "start"]
    if not around.get("date") or any(map(_has_day, starts)):
        around = {key: text for key, text in around.items() if key != "date"}
    return {**around, **record}


def _has_day(text: str) -> bool:
    if _DAY.match(text) or _COUNTED.match(text):
        return True
    try:
        return parse_span(text, DateOrder()).start.day is not None
    except ValueError:
        return False


def _sessions(node: dict[str, Any], names: _Names) -> Iterator[Record]:
    """The object as a session, once for each of its times; nothing if it has no title or no start."""
    record: Record = {}
    slots: list[Record] = []
    for key, value in node.items():
        if _is_moment(value):
            record |= _flat({key: value}, names, node)
        elif isinstance(value, dict) and _has(value, "start"):
            slots.append(_flat(value, names))
        elif isinstance(value, list) and any(_is_slot(item) for item in value):
            slots += [_flat(item, names) for item in value if _is_slot(item)]
        else:
            record |= _flat({key: value}, names, node)
    if not _has_value(record, "title"):
        # pretalx' slots tell of their talk in an object of its own.
        values = [value for key, value in node.items() if not _listed_role(key)]
        talks = [value for value in values if isinstance(value, dict) and _has(value, "title")]
        record = {**_flat(talks[0], names), **record} if len(talks) == 1 else record
    if _has_value(record, "title"):
        for one in [{**record, **slot} for slot in slots] or [record]:
            if _has_value(one, "start"):
                yield one


def _is_moment(value: Any) -> bool:
    """Whether an object is a date or a time, as Google, Eventbrite and Indico write them."""
    return isinstance(value, dict) and any(
        isinstance(value.get(key), str) for key in ("date", "dateTime", "utc", "local")
    )


def _is_slot(value: Any) -> bool:
    return isinstance(value, dict) and _has(value, "start") and not _has(value, "title")


def _role(key: str) -> str:
    return read_column(_SHORT.get(key, key)).role


def _has(node: dict[str, Any], role: str) -> bool:
    return any(value and _role(key) == role for key, value in node.items())


def _has_value(record: Record, role: str) -> bool:
    return any(text and _role(key) == role for key, text in record.items())


def _flat(node: dict[str, Any], names: _Names, whole: dict[str, Any] | None = None) -> Record:
    """The values as texts; ``whole``: the object they are of. A zone beside a time becomes a column of its own."""
    record: Record = {}
    for key, value in node.items():
        if key.startswith(("@", "_")):
            continue  # "@type": "Event", of the format and not of the session
        name = _REFERENCE.sub("", key)
        role = _listed_role(name)
        text = _text(value, names, role)
        if _role(key) == "end" and _is_exclusive(value, whole or node):
            text = f"{date.fromisoformat(text) - timedelta(days=1)}"
        if _role(key) == "duration" and (length := _thousandths(value, text)):
            text = length
        if name != key and role:
            key, text = name, names.of(role, text) or (text if _WORDS.fullmatch(text) else "")
        if text and not (role and record.get(key)):
            record[key] = text
        zone = _zone_beside(value)
        if zone and _role(key) == "start":
            record.setdefault("timezone", zone)
    return record


def _is_exclusive(end: Any, node: dict[str, Any]) -> bool:
    """Whether the end is the day after the last, as Google and FullCalendar write it of whole days."""
    start = node.get("start")
    if isinstance(end, dict) and isinstance(start, dict):
        end, start = (one.get("date") if "time" not in one else "" for one in (end, start))
    elif node.get("allDay") is not True:
        return False
    days = [one for one in (start, end) if isinstance(one, str) and _WHOLE_DAY.fullmatch(one)]
    return len(days) == 2 and days[0] < days[1]


def _thousandths(value: Any, text: str) -> str:
    """A length in thousandths of seconds, as Meetup writes it: more than a day if it were seconds."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not text.isdecimal():
        return ""
    length = int(text)
    return f"PT{length // 1000}S" if length > 86_400 and length % 1000 == 0 else ""


def _zone_beside(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return next((str(value[key]) for key in ("tz", "timeZone", "timezone") if value.get(key)), "")


def _text(value: Any, names: _Names, role: str) -> str:
    """A value as the text of a cell; "" for objects that stand for none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
        return names.of(role, text) or text.strip()
    if isinstance(value, list):
        return ", ".join(text for item in value if (text := _text(item, names, role)))
    return _object_text(value, names, role) if isinstance(value, dict) else ""


def _object_text(value: dict[str, Any], names: _Names, role: str) -> str:
    if isinstance(value.get("date"), str):
        clock = value.get("time")
        return f"{value['date']}T{clock}" if isinstance(clock, str) else value["date"]
    if role == "speakers" and (name := _person(value)):
        return name
    # WordPress' calendar: {"venue": {"venue": "Hall"}}.
    for key in (*_TEXT_KEYS, "venue"):
        if value.get(key) and (text := _text(value[key], names, role)):
            return text
    if value and all(_LANGUAGE.fullmatch(key) for key in value):
        return next((text for one in value.values() if (text := _text(one, names, role))), "")
    return _person(value)


def _person(value: dict[str, Any]) -> str:
    """The name of a person; Indico writes "Last, First" in one field, which a comma would make two."""
    parts = [
        value.get("firstName") or value.get("first_name"),
        value.get("lastName") or value.get("last_name"),
    ]
    name = " ".join(part.strip() for part in parts if isinstance(part, str))
    whole = next(
        (
            text
            for key in ("fullName", "full_name", "name")
            if isinstance(text := value.get(key), str)
        ),
        "",
    )
    last, comma, first = whole.partition(",")
    return (name if all(parts) else f"{first.strip()} {last.strip()}") if comma else whole or name
