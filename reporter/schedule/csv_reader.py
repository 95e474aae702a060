"""Schedules from spreadsheets: CSV with whatever header names, separators and dates people use."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from reporter.errors import BadInput
from reporter.schedule.datetimes import (
    SlashOrder,
    When,
    parse_length,
    parse_when,
    slash_order,
    to_utc,
)
from reporter.schedule.parsed_session import (
    MAX_SESSIONS,
    Draft,
    ScheduledSession,
    one_line,
    plain_text,
)

_NAMES = {
    "title": "title name session talk event subject summary sessiontitle sessionname eventname "
    "eventtitle talktitle titel titre titulo thema veranstaltung",
    "start": "start starts starttime startsat startat begin begins beginning from time startdate "
    "startdatetime datetime when startdateandtime beginn von debut inicio zeit uhrzeit",
    "end": "end ends endtime endsat endat until to finish enddate enddatetime ende bis fin hasta",
    "date": "date day datum tag jour fecha dia",
    "duration": "duration length minutes mins durationmin durationminutes durationinminutes dauer "
    "duree duracion",
    "room": "room rooms location venue place where hall stage roomname raum saal ort salle lieu "
    "sala lugar",
    "speakers": "speaker speakers presenter presenters host hosts facilitator facilitators person "
    "persons people by who speakername speakernames proposer referent referenten referentin "
    "sprecher intervenant intervenants ponente ponentes",
    "key": "id guid uid uuid code sessionid eventid talkid slug identifier nr number",
    "track": "track topic category theme strand type spur kategorie",
    "description": "description abstract details notes about beschreibung descripcion",
    "language": "language lang sprache langue idioma",
    "licence": "licence license recordinglicense recordinglicence lizenz",
    "do_not_record": "donotrecord dontrecord norecording notrecorded optout recordingoptout",
}
_COLUMN = {name: column for column, names in _NAMES.items() for name in names.split()}
_YES = {"1", "true", "yes", "y", "x", "ja", "oui", "si", "on", "✓", "✔"}


@dataclass(frozen=True)
class _Row:
    number: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        return f"Row {self.number}"

    def get(self, column: str) -> str:
        return self.cells.get(column, "").strip()


def read_csv(text: str, zone: ZoneInfo) -> list[Draft]:
    """The sessions of a CSV text; times without an offset are in ``zone``.

    Raises BadInput that names the row (as a spreadsheet counts them) and says what to change.
    """
    rows = list(_rows(text))
    order = slash_order(
        [
            (row.where, row.get(name))
            for row in rows
            for name in ("date", "start", "end")
            if row.get(name)
        ]
    )
    return [_draft(row, zone, order) for row in rows]


def _rows(text: str) -> Iterator[_Row]:
    delimiter, columns = _header(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    seen_header = False
    try:
        for number, cells in enumerate(reader, start=1):
            if number > 2 * MAX_SESSIONS:
                raise BadInput(f"The table has more than {2 * MAX_SESSIONS} rows. Split it.")
            if not any(cell.strip() for cell in cells):
                continue
            if not seen_header:
                seen_header = True
                continue
            yield _Row(number, _named(columns, cells))
    except csv.Error as error:
        raise BadInput(
            f"The table can't be read near line {reader.line_num}: a quotation mark is probably "
            "not closed. Save it again as CSV."
        ) from error


def _named(columns: list[str], cells: list[str]) -> dict[str, str]:
    """Cells by column; of two columns that mean the same, the first that isn't empty counts."""
    named: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column and not named.get(column):
            named[column] = cell
    return named


def _header(text: str) -> tuple[str, list[str]]:
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    if len(first) > 20_000:
        raise BadInput("The first line is too long for a header. Is this really a CSV table?")
    choices = [(mark, _columns(first, mark)) for mark in ",;\t|"]
    delimiter, columns = max(choices, key=lambda choice: sum(map(bool, choice[1])))
    if "title" not in columns:
        raise BadInput(
            "No column is called “title”. The first row of the table must name its columns, "
            "as in: title,start,end,room,speaker,id"
        )
    return delimiter, columns


def _columns(line: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [_COLUMN.get(_bare(name), "") for name in names]


def _bare(name: str) -> str:
    letters = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)", "", name)).casefold()
    return "".join(c for c in letters if c.isalnum())


def _draft(row: _Row, zone: ZoneInfo, order: SlashOrder | None) -> Draft:
    title = one_line(row.get("title"))
    if not title:
        raise BadInput(f"{row.where} has no title. Fill it in or delete the row.")
    starts, ends = _times(row, order)
    session = ScheduledSession(
        guid="",
        title=title,
        room=one_line(row.get("room")),
        track=one_line(row.get("track")),
        speakers=_people(row.get("speakers")),
        description=plain_text(row.get("description")),
        starts_at=_utc(row, starts, zone),
        ends_at=_utc(row, ends, zone),
        do_not_record=row.get("do_not_record").casefold() in _YES,
        licence=one_line(row.get("licence")),
        language=one_line(row.get("language"), 35),
    )
    if session.starts_at and session.ends_at and session.ends_at < session.starts_at:
        raise BadInput(f"{row.where} (“{title}”) ends before it starts. Check its times.")
    return Draft(row.where, session, key=one_line(row.get("key")))


def _utc(row: _Row, moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    try:
        return to_utc(moment, zone) if moment else None
    except BadInput as error:
        raise BadInput(f"{row.where}: {error.message}") from error


def _people(text: str) -> tuple[str, ...]:
    names = (one_line(name) for name in re.split(r"[,;|\n]|\s+(?:&|and|und)\s+", text))
    return tuple(name for name in names if name)


def _times(row: _Row, order: SlashOrder | None) -> tuple[datetime | None, datetime | None]:
    day = _when(row, "date", order)
    start = _when(row, "start", order) or (day and When(day.day, None))
    if start is None:
        return None, None
    starts = start.at(day.day if day else None)
    if starts is None:
        raise BadInput(
            f"{row.where} has a time but no date. Write the start like 2026-12-05 14:00, or add "
            "a column “date”."
        )
    return starts, _end(row, starts, whole_day=start.clock is None, order=order)


def _end(
    row: _Row, starts: datetime, *, whole_day: bool, order: SlashOrder | None
) -> datetime | None:
    end = _when(row, "end", order)
    if end is not None:
        return _end_after(starts, end, end.at(starts.date()))
    if text := row.get("duration"):
        try:
            return starts + parse_length(text)
        except ValueError as error:
            raise BadInput(
                f"{row.where}: the duration “{one_line(text, 40)}” is not understood. Write "
                "minutes, or hours and minutes like 1:30."
            ) from error
    return starts + timedelta(days=1) if whole_day else None


def _end_after(starts: datetime, end: When, ends: datetime | None) -> datetime | None:
    if ends is None:
        return None
    if ends.tzinfo is None and starts.tzinfo is not None:
        ends = ends.replace(tzinfo=starts.tzinfo)
    elif ends.tzinfo is not None and starts.tzinfo is None:
        return ends
    if end.clock is None:  # a date alone means that whole day
        return ends + timedelta(days=1)
    if end.day is None and ends < starts:  # a time alone that is earlier: past midnight
        return ends + timedelta(days=1)
    return ends


def _when(row: _Row, column: str, order: SlashOrder | None) -> When | None:
    text = row.get(column)
    if not text:
        return None
    try:
        when = parse_when(text, order)
    except ValueError as error:
        raise BadInput(
            f"{row.where}: the {column} “{one_line(text, 40)}” is not understood. Write it like "
            f"{date(2026, 12, 5)} 14:00."
        ) from error
    return when
