"""Tables that are no plain list: grids, headers in two rows, sheets for days, merged cells, OpenDocument."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule
from tests.reporter.schedule.test_tables import notes_of_times, read, spans
from tests.reporter.schedule.test_workbooks import BOTH, CLOCK, DAY, clock, workbook

NINE, TEN = "12-05 09:00", "12-05 10:00"
LISTED = [("Alpha", NINE, TEN), ("Beta", TEN, "12-05 11:00")]
TABLES = {
    "a grid of rooms": (
        "Saturday 5 December 2026,,\nTime,Great Hall,Studio\n9:00-10:00,Alpha,\n10:00-11:00,,Beta\n",
        LISTED,
    ),
    "a grid of days": (
        "Time,Sat 5 Dec 2026,Sun 6 Dec 2026\n9:00,Alpha,Gamma\n10:00,Beta,\n",
        [("Alpha", NINE, ""), ("Beta", TEN, ""), ("Gamma", "12-06 09:00", "")],
    ),
    "a grid with a date in front": (
        "Date,Time,Session 1,Session 2\n2026-12-05,9:00,Alpha,Gamma\n,10:00,,Delta\n",
        [("Alpha", NINE, ""), ("Gamma", NINE, ""), ("Delta", TEN, "")],
    ),
    "a grid below a title with the day": (
        "Spring programme of Saturday 5 December 2026,,\n,Blue room,Green room\n9:00-10:00,Alpha,\n"
        "10:00-11:00,,Beta\n",
        LISTED,
    ),
    "a grid of times above": (
        "Saturday 5 December 2026,,\nRoom,9:00-10:00,10:00-11:00\nBlue,Alpha,\nGreen,,Beta\n",
        LISTED,
    ),
    "a grid of days and rooms below times": (
        "Day;Room;9.00 Uhr;10.00 Uhr\n5.12.2026;Blue;Alpha;\n6.12.2026;Blue;;Beta\n",
        [("Alpha", NINE, ""), ("Beta", "12-06 10:00", "")],
    ),
    "a grid of moments above": (
        "Raum,2026-12-05 9:00,2026-12-05 10:00\nBlau,Alpha,Beta\n",
        [("Alpha", NINE, ""), ("Beta", TEN, "")],
    ),
    "a header in two rows": (
        "Programme,,,,\nWhen,,,Where,What\nDate,Start,End,Room,Title\n"
        "2026-12-05,9:00,10:00,Hall,Alpha\n2026-12-05,10:00,11:00,Hall,Beta\n",
        LISTED,
    ),
    "names below names": (
        "Titel,Datum,Uhrzeit,,Raum\n,,von,bis,\nAlpha,5.12.2026,9:00,10:00,A\nBeta,5.12.2026,10:00,11:00,A\n",
        LISTED,
    ),
    "dates and times below start and end": (
        "Title,Start,,End,\n,Date,Time,Date,Time\nAlpha,2026-12-05,9:00,2026-12-05,10:00\n"
        "Beta,2026-12-05,10:00,2026-12-05,11:00\n",
        LISTED,
    ),
    "Markdown": (
        "| Title | Start |\n|:--|---|\n| Alpha | 2026-12-05 9:00 |\n",
        [("Alpha", NINE, "")],
    ),
    "a heading over all columns": (
        "Time,Session\nSat 5 Dec 2026,Sat 5 Dec 2026\n9:00,Alpha\nSunday,\n9:00,Beta\n",
        [("Alpha", NINE, ""), ("Beta", "12-06 09:00", "")],
    ),
    "a zone behind the name": (
        "Title,Start ET,End (Eastern Time)\nAlpha,2026-12-05 4:00,2026-12-05 5:00\n",
        [("Alpha", NINE, TEN)],
    ),
    "a zone above": (
        "All times are in CET,\nTitle,Start\nAlpha,2026-12-05 10:00\n",
        [("Alpha", NINE, "")],
    ),
    "days and parts of days as numbers": (
        "Title,Date,Start,End\nAlpha,46361,0.375,0.416666666666667\n",
        [("Alpha", NINE, TEN)],
    ),
    "minutes in brackets": (
        "Title,Start,Time (min)\nAlpha,2026-12-05 9:00,60\n",
        [("Alpha", NINE, TEN)],
    ),
    "Portuguese": ("Atividade;Data;Horário\nAlpha;05/12/2026;9h às 10h\n", LISTED[:1]),
    "French": ("Intitulé;Date;Horaires\nAlpha;samedi 5 décembre 2026;9h - 10h\n", LISTED[:1]),
    "Thai": ("ชื่อ,วันที่,เวลา\nAlpha,5/12/2569,9:00\n", [("Alpha", NINE, "")]),
    "cancelled ones": (
        "Title,Start,Status\nAlpha,2026-12-05 9:00,confirmed\nBeta,2026-12-05 9:00,cancelled\n"
        "ABGESAGT: Gamma,2026-12-05 9:00,\n",
        [("Alpha", NINE, "")],
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_whatever_its_layout(kind: str) -> None:
    text, known = TABLES[kind]
    assert spans(read(text)) == known


@pytest.mark.parametrize(
    "title", ["Programme 5 to 6 December 2026", "5 Dec 2026 and 7 Dec 2026", "Programme 2026"]
)
def test_a_title_that_names_no_single_day_is_no_day(title: str) -> None:
    with pytest.raises(BadInput, match="a time but no date"):
        read(f"{title},\nTime,Session\n9:00,Alpha\n")


def test_a_column_taken_as_the_start_is_not_called_unused() -> None:
    told = " ".join(read("Title,Frobnicate\nAlpha,2026-12-05 9:00\n").notes)
    assert "taken as the start" in told
    assert "not used" not in told


def test_a_row_without_a_start_is_said() -> None:
    reading = read("Start,Title\n2026-12-05 9:00,Alpha\n,Beta\n")
    assert any("no start" in note for note in notes_of_times(reading))


def test_rows_below_a_heading_that_is_not_understood_have_no_day() -> None:
    reading = read("Time,Session\n2026-12-05 9:00,Alpha\nDay two,\n9:00,Beta\n")
    assert spans(reading) == [("Alpha", NINE, ""), ("Beta", "", "")]


def named(data: bytes, names: list[str], *, hidden: str = "") -> bytes:
    """The spreadsheet with names for its sheets."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheets = "".join(
        f'<sheet name="{name}" r:id="r{n}" state="{"hidden" if name == hidden else "visible"}"/>'
        for n, name in enumerate(names, 1)
    )
    targets = "".join(
        f'<Relationship Id="r{n}" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in set(old.namelist()) - {"xl/workbook.xml"}:
            new.writestr(name, old.read(name))
        new.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="{kind}"><sheets>{sheets}</sheets></workbook>',
        )
        new.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{targets}</Relationships>")
    return file.getvalue()


def day(title: str) -> list[list[str | tuple[float, int] | None]]:
    return [["Title", "Start"], [title, clock(9, CLOCK)]]


def test_every_sheet_of_a_day_is_read() -> None:
    data = workbook(day("Alpha"), day("Beta"), [["Name", "Bio"], ["Ada", "x"]])
    reading = read(named(data, ["Sat 5 Dec 2026", "Sunday, 6 December 2026", "People"]))
    assert spans(reading) == [("Alpha", NINE, ""), ("Beta", "12-06 09:00", "")]
    assert any("“People”" in note for note in reading.notes)


def test_a_hidden_sheet_is_not_read_and_said() -> None:
    data = named(
        workbook(day("Alpha"), day("Old")), ["2026-12-05", "2025-12-05"], hidden="2025-12-05"
    )
    reading = read(data)
    assert spans(reading) == [("Alpha", NINE, "")]
    assert any("“2025-12-05”" in note for note in reading.notes)


def test_merged_times_hold_for_all_their_rows() -> None:
    start = (DAY + 9 / 24, BOTH)
    data = workbook([["Start", "Title"], [start, "Alpha"], [None, "Beta"]])
    merged = data_with(
        data, "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
    )
    assert spans(read(merged)) == [("Alpha", NINE, ""), ("Beta", NINE, "")]


def data_with(data: bytes, old: str, new: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).decode().replace(old, new))
    return file.getvalue()


def document(*sheets: tuple[str, list[str]]) -> bytes:
    """An OpenDocument spreadsheet; rows are given as the XML of their cells."""
    names = "urn:oasis:names:tc:opendocument:xmlns:"
    body = "".join(
        f'<t:table t:name="{escape(name)}">'
        + "".join(f"<t:table-row>{row}</t:table-row>" for row in rows)
        + '<t:table-row t:number-rows-repeated="1048000"><t:table-cell t:number-columns-repeated="1024"/>'
        "</t:table-row></t:table>"
        for name, rows in sheets
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "content.xml",
            f'<o:document-content xmlns:o="{names}office:1.0" xmlns:t="{names}table:1.0" xmlns:x="{names}text:1.0">'
            f"<o:body><o:spreadsheet>{body}</o:spreadsheet></o:body></o:document-content>",
        )
    return file.getvalue()


def text(words: str) -> str:
    return f'<t:table-cell o:value-type="string"><x:p>{escape(words)}</x:p></t:table-cell>'


def test_open_document_spreadsheets_are_read() -> None:
    header = text("Titel") + text("Datum") + text("Beginn") + text("Dauer")
    saturday = (
        '<t:table-cell o:value-type="date" o:date-value="2026-12-05" t:number-rows-spanned="2"/>'
    )
    nine, ten = (
        f'<t:table-cell o:value-type="time" o:time-value="PT{hour}H00M00S"/>'
        for hour in ("09", "10")
    )
    hour = '<t:table-cell o:value-type="float" o:value="60"/>'
    rows = [
        header,
        text("Alpha") + saturday + nine + hour,
        text("Beta") + "<t:covered-table-cell/>" + ten + hour,
    ]
    reading = inspect_schedule(document(("Plan", rows)), timezone="UTC")
    assert spans(reading) == LISTED
