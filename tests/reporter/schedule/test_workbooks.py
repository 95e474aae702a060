"""Spreadsheets as .xlsx: dates and times are numbers with a format there."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule
from tests.reporter.schedule.test_tables import notes_of_times, spans

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
# Day 46361 of a spreadsheet is 5 December 2026.
DAY = 46_361
TEXT, DATE, CLOCK, BOTH, GERMAN, LENGTH = range(6)
STYLES = (
    f'<styleSheet {MAIN}><numFmts><numFmt numFmtId="164" formatCode="[$-407]dddd, d. mmmm yyyy &quot;um&quot; hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts><cellXfs>'
    + "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 18, 22, 164, 165))
    + "</cellXfs></styleSheet>"
)
Cell = str | tuple[float, int] | None


def workbook(*sheets: list[list[Cell]], more: str = "") -> bytes:
    """A spreadsheet; a number comes with the position of its style, None is a cell that isn't there."""
    file = io.BytesIO()
    texts: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", f"<workbook {MAIN}><workbookPr {more}/></workbook>")
        archive.writestr("xl/styles.xml", STYLES)
        for number, rows in enumerate(sheets, 1):
            body = "".join(row(at, cells, texts) for at, cells in enumerate(rows, 1) if cells)
            sheet = f"<worksheet {MAIN}><sheetData>{body}</sheetData></worksheet>"
            archive.writestr(f"xl/worksheets/sheet{number}.xml", sheet)
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{shared}</sst>")
    return file.getvalue()


def row(number: int, cells: list[Cell], texts: list[str]) -> str:
    parts: list[str] = []
    for column, cell in enumerate(cells):
        place = f'r="{chr(65 + column)}{number}"'
        if isinstance(cell, str):
            texts.append(cell)
            parts.append(f'<c {place} t="s"><v>{len(texts) - 1}</v></c>')
        elif cell is not None:
            parts.append(f'<c {place} s="{cell[1]}"><v>{cell[0]!r}</v></c>')
    return f'<row r="{number}">{"".join(parts)}</row>'


def clock(hours: float, style: int = CLOCK) -> tuple[float, int]:
    return hours / 24, style


def at(hours: float, style: int = BOTH) -> tuple[float, int]:
    return DAY + hours / 24, style


PLANS: dict[str, list[list[Cell]]] = {
    "date and times": [
        ["Titel", "Datum", "Beginn", "Ende"],
        ["A & Ö", (DAY, DATE), clock(14.5), clock(15.25)],
        ["B", None, clock(16), clock(17)],
    ],
    "moments in two formats": [
        ["Title", "Start", "End"],
        ["A & Ö", at(14.5), at(15.25, GERMAN)],
        ["B", at(16), at(17)],
    ],
    "below a title, with lengths": [
        ["Spring gathering"],
        [],
        ["Title", "Room", "Start", "Duration"],
        ["A & Ö", None, at(14.5), clock(0.75, LENGTH)],
        ["B", "Hall", at(16), clock(1, LENGTH)],
    ],
    "as text": [
        ["Title", "Date", "Time"],
        ["A & Ö", "5 Dec 2026", "14:30–15:15"],
        ["B", "5 Dec 2026", "4–5 pm"],
    ],
}
RIGHT = [("A & Ö", "12-05 14:30", "12-05 15:15"), ("B", "12-05 16:00", "12-05 17:00")]


@pytest.mark.parametrize("name", PLANS)
def test_a_sheet_is_read_to_the_minute(name: str) -> None:
    reading = inspect_schedule(workbook(PLANS[name]), timezone="UTC")
    assert spans(reading) == RIGHT
    notes = [note for note in notes_of_times(reading) if "No date of its own" not in note]
    assert notes == []


def test_the_sheet_with_the_programme_is_taken() -> None:
    notes: list[list[Cell]] = [["Remember the seeds"], ["and the soil"]] * 20
    reading = inspect_schedule(workbook(notes, PLANS["date and times"]), timezone="UTC")
    assert spans(reading) == RIGHT


def test_days_that_are_counted_from_1904() -> None:
    plan: list[list[Cell]] = [["Title", "Start"], ["A", (DAY - 1462 + 0.5, BOTH)]]
    reading = inspect_schedule(workbook(plan, more='date1904="1"'), timezone="UTC")
    assert reading.sessions[0].starts_at == datetime(2026, 12, 5, 12, tzinfo=UTC)


def scratched(data: bytes) -> bytes:
    """With some packed bytes turned over, as a bad stick leaves a file."""
    at = data.index(b"xl/styles.xml") + 40
    return data[:at] + bytes(255 - byte for byte in data[at : at + 30]) + data[at + 30 :]


@pytest.mark.parametrize(
    "data",
    [
        workbook(),
        workbook([["Only words"]]),
        workbook(PLANS["as text"])[:-200],
        workbook(PLANS["as text"]).replace(b"PK\x01\x02", b"PK\x01\x03"),
        scratched(workbook(PLANS["as text"])),
        # An older Excel's file, a document.
        b"\xd0\xcf\x11\xe0" + bytes(600),
        b"PK\x03\x04" + bytes(600),
    ],
)
def test_what_is_damaged_or_no_table_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadInput):
        inspect_schedule(data, timezone="UTC")
