"""Schedule import: the single entry point, which parses a file of any known format into a list of sessions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.calendars.other_forms import as_icalendar
from reporter.schedule.csv_reader import read_csv
from reporter.schedule.dates.zones import is_universal, zone_of_name
from reporter.schedule.datetimes import find_zone
from reporter.schedule.frab_reader import parse_xml, read_json, read_xml
from reporter.schedule.ical_reader import read_ical, zone_of_calendars
from reporter.schedule.parsed_session import (
    Findings,
    ScheduledSession,
    SessionDraft,
    finish,
    one_line,
    with_unique_guids,
)
from reporter.schedule.spreadsheets.open_document import document_sheets, is_flat_document
from reporter.schedule.spreadsheets.workbook import chosen_sheets, is_workbook, workbook_sheets
from reporter.schedule.tables.encoding import decode_text
from reporter.schedule.tables.html_table import (
    html_sheets,
    is_spreadsheet_xml,
    spreadsheet_xml_sheets,
)
from reporter.schedule.tables.sheet import MOST_COLUMNS, Sheet
from reporter.schedule.tables.table import Row

__all__ = [
    "MAX_BYTES",
    "Reading",
    "ScheduledSession",
    "inspect_schedule",
    "inspect_schedules",
    "read_schedule",
    "zone_named_in",
]

MAX_BYTES = 16_000_000


@dataclass(frozen=True)
class Reading:
    """Result of parsing a file: its sessions in order of time, and all messages for the user.

    ``kind``: the format, in words. ``zone``: the IANA name used for times without a zone of their
    own. ``named_zone``: the zone that the file names for its place, or "". ``notes``: warnings
    about imported entries; ``left_out``: a sentence for each entry that was skipped.
    """

    kind: str
    sessions: tuple[ScheduledSession, ...]
    zone: str
    named_zone: str
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


def inspect_schedule(
    source: str | Path | bytes, *, filename: str = "", timezone: str, day: date | None = None
) -> Reading:
    """Parse a schedule from a path or from bytes: CSV, .xlsx, .ods, iCalendar, frab/pretalx JSON or XML.

    The format is detected from the content. ``timezone`` is an IANA name for times that have
    neither an offset nor a zone; a zone named by the file takes precedence. ``day``: the gathering's
    first, for a table or lines that name no day. ``filename`` is only used in messages.

    Each session has a guid that stays the same when the same file is parsed again. Raises BadInput
    if it is not a schedule, or if not a single entry can be parsed.
    """
    name = filename or (Path(source).name if isinstance(source, str | Path) else "")
    find_zone(timezone)
    data = source if isinstance(source, bytes) else _contents(Path(source))
    try:
        return _read(data, timezone, day)
    except BadInput as error:
        if not name:
            raise
        raise BadInput("%(where)s: %(sentence)s", where=name, sentence=error.message) from error


def inspect_schedules(
    files: Sequence[tuple[str, bytes]], *, timezone: str, day: date | None = None
) -> Reading:
    """Parse several files, each a name and its bytes, as one schedule, such as one file for each day.

    Messages begin with the name of their file. The zone is that of the first file that names one.
    Raises BadInput, with the name, if one of them is not a schedule.
    """
    read = [
        inspect_schedule(data, filename=name, timezone=timezone, day=day) for name, data in files
    ]
    named = [(name, reading) for (name, _), reading in zip(files, read, strict=True)]
    return Reading(
        kind=read[0].kind,
        sessions=tuple(with_unique_guids(one for reading in read for one in reading.sessions)),
        zone=timezone,
        named_zone=next((reading.named_zone for reading in read if reading.named_zone), ""),
        notes=tuple(_of_file(name, note) for name, reading in named for note in reading.notes),
        left_out=tuple(_of_file(name, one) for name, reading in named for one in reading.left_out),
    )


def _of_file(name: str, sentence: str) -> Message:
    return Message("%(where)s: %(sentence)s", where=one_line(name, 60), sentence=sentence)


def read_schedule(
    source: str | Path | bytes,
    *,
    filename: str = "",
    timezone: str,
    warn: Callable[[str], None] | None = None,
) -> list[ScheduledSession]:
    """The sessions of ``inspect_schedule``; ``warn`` is called with each of its messages."""
    reading = inspect_schedule(source, filename=filename, timezone=timezone)
    for sentence in (*reading.left_out, *reading.notes):
        if warn is not None:
            warn(sentence)
    return list(reading.sessions)


def zone_named_in(source: Path | bytes) -> str:
    """The IANA name of the place given in a schedule; '' if it gives none that is known."""
    text, _ = _text_of(source if isinstance(source, bytes) else _contents(source))
    return _named_zone(text, Findings())


def _read(data: bytes, timezone: str, day: date | None) -> Reading:
    if len(data) > MAX_BYTES:
        raise BadInput(
            "A schedule may have at most %(what)s MB; this file is bigger. Is it the right one?",
            what=MAX_BYTES // 1_000_000,
        )
    text, encoding = _text_of(data)
    findings = Findings()
    if encoding:
        findings.note(
            Message(
                "The file doesn't say which encoding it has. It was read as %(encoding)s. If names look wrong, "
                "save it as UTF-8.",
                encoding=encoding,
            )
        )
    kind, drafts = _drafts(data, text, find_zone(timezone), findings, day=day)
    _refuse_hopeless(drafts, findings)
    marked = [
        replace(draft, session=replace(draft.session, start_unread=draft.where in findings.unread))
        for draft in drafts
    ]
    return Reading(
        kind=kind,
        sessions=tuple(finish(marked)),
        zone=timezone,
        named_zone=_named_zone(text, findings),
        notes=tuple(findings.notes),
        left_out=tuple(findings.left_out),
    )


def _text_of(data: bytes) -> tuple[str, str]:
    """Decode the file; returns the text, and the name of a legacy encoding that had to be guessed or ""."""
    if is_workbook(data):
        return workbook_sheets(data)[0][0].text, ""
    text, encoding = decode_text(data)
    return as_icalendar(text, lambda: parse_xml(data)) or text, encoding


def _refuse_hopeless(drafts: list[SessionDraft], findings: Findings) -> None:
    """Reject a file of which not a single entry can be parsed completely."""
    if any(draft.where not in findings.odd for draft in drafts):
        return
    wrong = [*findings.odd.values(), *findings.left_out]
    if wrong:
        raise BadInput(wrong[0])


def _drafts(
    data: bytes, text: str, zone: ZoneInfo, findings: Findings, *, day: date | None
) -> tuple[str, list[SessionDraft]]:
    if is_workbook(data):
        # All sheets that have the same columns, such as one for each day.
        return "CSV table", _read_sheets(workbook_sheets(data), zone, findings, day=day)
    start = text.lstrip()[:200].upper()
    if start.startswith(("{", "[")):
        return "schedule.json", read_json(text, zone, findings)
    if start.startswith("BEGIN:V"):
        return "iCalendar", read_ical(_calendar(text), zone, findings)
    if start.startswith("<") and (sheets := _marked_up(data, text, start)) is not None:
        return "table of a web page", _read_sheets(chosen_sheets(sheets), zone, findings, day=day)
    if start.startswith("<"):
        return "schedule.xml", read_xml(data, zone, findings)
    return "CSV table", read_csv(text, zone, findings, day=day)


_PAGE = re.compile(
    r"<(?:!DOCTYPE HTML|HTML|HEAD|BODY|TABLE|META|STYLE|DIV|!--STARTFRAGMENT)\b", re.I
)


def _marked_up(data: bytes, text: str, start: str) -> list[Sheet] | None:
    """The tables of a web page, or of Excel's XML of 2003; None if it is other XML."""
    if any(mark in start for mark in ("OFFICE:SPREADSHEET", "EXCEL.SHEET", "OPENDOCUMENT")):
        root = parse_xml(data)
        if is_flat_document(root):
            return document_sheets(root)
        return spreadsheet_xml_sheets(root) if is_spreadsheet_xml(root) else None
    if not _PAGE.match(text.lstrip()):
        return None
    sheets = html_sheets(text)
    if not sheets:
        raise BadInput("This is a web page, not a schedule. Export the schedule as a file.")
    return sheets


def _read_sheets(
    chosen: tuple[list[Sheet], list[str]], zone: ZoneInfo, findings: Findings, *, day: date | None
) -> list[SessionDraft]:
    sheets, others = chosen
    if others:
        findings.note(
            Message(
                "Sheets that were not read: %(sheets)s. If they have sessions too, give them the "
                "same columns, or export them as CSV.",
                sheets=", ".join(f"“{one_line(name, 40)}”" for name in others[:8]),
            )
        )
    drafts: list[SessionDraft] = []
    for sheet in sheets:
        name, alone = one_line(sheet.name, 40), len(sheets) == 1
        drafts += read_csv(sheet.text, zone, findings, sheet=name, alone=alone, day=day)
        _tell_unread(sheet, "" if alone else name, findings)
    return drafts


def _tell_unread(sheet: Sheet, name: str, findings: Findings) -> None:
    for number in sheet.hidden_rows:
        findings.leave_out(
            Message(
                "%(where)s is hidden in the spreadsheet. Show it if it is a session.",
                where=Row(number, (), name).where,
            )
        )
    if sheet.hidden_columns:
        findings.note(
            Message(
                "Hidden columns that were not read, because others are shown: %(columns)s.",
                columns=", ".join(f"“{one_line(one, 40)}”" for one in sheet.hidden_columns[:8]),
            )
        )
    if sheet.unsaved:
        findings.note(
            Message(
                "Formulas without a result in the file: %(cells)s. Open it in a spreadsheet program, "
                "save it there, and import it again.",
                cells=_places(sheet.unsaved, name),
            )
        )
    if sheet.errors:
        findings.note(
            Message(
                "Cells with an error were taken as empty: %(cells)s.",
                cells=_places(sheet.errors, name),
            )
        )
    if sheet.beyond:
        findings.note(
            Message(
                "Cells beyond the first %(most)s columns were not read: %(cells)s.",
                most=MOST_COLUMNS,
                cells=_places(sheet.beyond, name),
            )
        )


def _places(cells: Sequence[str], sheet: str) -> str:
    more = " …" if len(cells) > 8 else ""
    return ", ".join(f"{sheet}!{cell}" if sheet else cell for cell in cells[:8]) + more


def _calendar(text: str) -> str:
    """Wrap the text in a calendar if needed: some programs save single events without one."""
    if text.lstrip()[:20].upper().startswith("BEGIN:VCALENDAR"):
        return text
    return f"BEGIN:VCALENDAR\r\n{text.strip()}\r\nEND:VCALENDAR\r\n"


_OTHER_OFFSET = re.compile(r"T\d\d:\d\d(?::\d\d)?[+-](?!00:00)\d\d:\d\d")
# frab and pretalx, in JSON and XML.
_ZONES = (
    re.compile(r'"time_zone_name"\s*:\s*"([^"]{1,200})"'),
    re.compile(r"<time_zone_name>\s*([^<]{1,200}?)\s*<"),
)


def _named_zone(text: str, findings: Findings) -> str:
    if text.lstrip()[:20].upper().startswith("BEGIN:VCALENDAR"):
        return zone_of_calendars(text, findings)
    if not text.lstrip().startswith(("{", "[", "<")):
        return ""
    for pattern in _ZONES:
        for found in pattern.finditer(text):
            zone = zone_of_name(found[1].replace("\\/", "/"))
            if zone is not None and is_universal(zone) and _OTHER_OFFSET.search(text):
                findings.note(
                    Message(
                        "The file names UTC as its zone, while its times have other offsets. The times "
                        "are right; give the gathering's zone yourself."
                    )
                )
                return ""
            if zone is not None:
                return zone.key
    return ""


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise BadInput(
            "The schedule %(path)s can't be opened: %(reason)s.", path=path, reason=reason
        ) from error
