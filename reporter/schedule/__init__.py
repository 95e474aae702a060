"""The one way in for schedules: a file of any known kind becomes a list of sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from reporter.errors import BadInput
from reporter.schedule.csv_reader import read_csv
from reporter.schedule.datetimes import find_zone
from reporter.schedule.frab_reader import read_json, read_xml
from reporter.schedule.ical_reader import read_ical
from reporter.schedule.parsed_session import ScheduledSession, finish

__all__ = ["MAX_BYTES", "ScheduledSession", "read_schedule", "zone_named_in"]

MAX_BYTES = 16_000_000

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_schedule(
    source: str | Path | bytes,
    *,
    filename: str = "",
    timezone: str,
    warn: Callable[[str], None] | None = None,
) -> list[ScheduledSession]:
    """Reads a schedule from a path or from bytes: CSV, iCalendar, frab/pretalx JSON or XML.

    The kind is told by the content. ``timezone`` is an IANA name for times that carry neither an
    offset nor a zone; a zone that the file names goes before it. ``filename`` only serves messages.
    ``warn`` gets a sentence for each thing that was read but not taken over (as repeating events).

    The sessions come in the order of time, each with a guid that stays the same when the same file
    is read again. Raises BadInput, which names the row or event, for anything that is no schedule.
    """
    name = filename or (Path(source).name if isinstance(source, str | Path) else "")
    zone = find_zone(timezone)
    data = source if isinstance(source, bytes) else _contents(Path(source))
    try:
        if len(data) > MAX_BYTES:
            raise BadInput(
                f"A schedule may have at most {MAX_BYTES // 1_000_000} MB; this file is bigger. "
                "Is it the right one?"
            )
        text = _decoded(data)
        start = text.lstrip()[:200].upper()
        if start.startswith(("{", "[")):
            drafts = read_json(text, zone)
        elif start.startswith("BEGIN:VCALENDAR"):
            drafts = read_ical(text, zone, warn or _nothing)
        elif start.startswith(("<!DOCTYPE HTML", "<HTML")):
            raise BadInput("This is a web page, not a schedule. Export the schedule as a file.")
        elif start.startswith("<"):
            drafts = read_xml(data, zone)
        else:
            drafts = read_csv(text, zone)
        return finish(drafts)
    except BadInput as error:
        raise BadInput(f"{name}: {error.message}" if name else error.message) from error


# The gathering's zone: frab and pretalx in JSON and XML; calendars as a whole (RFC 7986's older "X-WR-TIMEZONE") or by
# their times (RFC 5545, 3.2.19).
_ZONES = (
    re.compile(r'"time_zone_name"\s*:\s*"([^"]+)"'),
    re.compile(r"<time_zone_name>\s*([^<]+?)\s*<"),
    re.compile(r"^X-WR-TIMEZONE:\s*(.+?)\s*$", re.M),
    re.compile(r'^[A-Z-]+;(?:[^:\r\n]*;)?TZID="?([^":;\r\n]+)', re.M),
)


def zone_named_in(source: Path | bytes) -> str:
    """The IANA name of the time zone that a schedule names for itself; '' where it names none that is known."""
    text = _decoded(source if isinstance(source, bytes) else _contents(source))
    for pattern in _ZONES:
        for found in pattern.finditer(text):
            name = found[1].replace("\\/", "/")
            try:
                return find_zone(name).key
            except BadInput:
                continue
    return ""


def _nothing(sentence: str) -> None:
    """Stands in for ``warn`` when the caller doesn't ask."""


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise BadInput(f"The schedule {path} can't be opened: {reason}.") from error


def _decoded(data: bytes) -> str:
    """Text of unknown encoding: a byte order mark decides, else UTF-8, else Windows-1252."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise BadInput("This is a spreadsheet document. Save it as CSV (UTF-8) and import that.")
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        raise BadInput(
            "This file is no text, or its letters are in an unknown encoding. Save it as UTF-8."
        ) from error
    if "\x00" in text:
        raise BadInput("This is no text file. Give CSV, iCalendar, schedule.json or schedule.xml.")
    if not text.strip():
        raise BadInput("This file is empty. Export the schedule again.")
    return text


def _encoding(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    # UTF-16 without a mark: every other byte of plain Latin text is zero.
    start = data[:200]
    if len(start) >= 4 and start.count(0) * 5 >= len(start) * 2:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
