"""Spreadsheets that are wider, longer or merged more than usual: nothing of them is left out without a word."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.schedule import inspect_schedule
from tests.reporter.schedule.spreadsheets.test_office_open import (
    DAY,
    RIGHT,
    A,
    B,
    header,
    number,
    parts,
    read,
    row,
    said,
    text,
)
from tests.reporter.schedule.test_tables import spans


def test_cells_too_far_to_the_right_are_reported() -> None:
    far = "<c r='SG2' t='inlineStr'><is><t>2026-12-06 10:00</t></is></c><c r='SH2' s='1'/>"
    reading = read(parts(header() + A.replace("</row>", f"{far}</row>") + B))
    assert spans(reading) == RIGHT
    assert "Cells beyond the first 500 columns were not read: SG2." in said(reading)


def test_every_merged_cell_counts_however_many_there_are() -> None:
    rows = [row(text(f"S{n}"), number(DAY, 1), number(9 / 24, 2)) for n in range(0, 4_400, 2)]
    below = row(text("T"), text(""), number(10 / 24, 2))
    body = header("Titel", "Datum", "Beginn") + "".join(one + below for one in rows)
    merged = "".join(f"<mergeCell ref='B{n}:B{n + 1}'/>" for n in range(2, 4_402, 2))
    reading = read(parts(f"<sheetData>{body}</sheetData><mergeCells>{merged}</mergeCells>"))
    assert all(session.starts_at for session in reading.sessions)
    assert "No date of its own" not in said(reading)


def test_merged_cells_that_overlap_are_refused() -> None:
    body = header() + A + B * 400
    merged = "<mergeCell ref='A1:SF400'/>" * 60
    with pytest.raises(BadInput, match="overlap"):
        read(parts(f"<sheetData>{body}</sheetData><mergeCells>{merged}</mergeCells>"))


def spreadsheet_xml(*rows: str, more: str = "") -> bytes:
    """A workbook of Excel's XML of 2003."""
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    table = f"<Worksheet s:Name='Plan'><Table>{more}{''.join(rows)}</Table></Worksheet>"
    return f"<?xml version='1.0'?><Workbook xmlns='{space}' xmlns:s='{space}'>{table}</Workbook>".encode()


def cells(*texts: str) -> str:
    """Cells of that XML; "Index=4|x" has an attribute."""
    parts = [one.rpartition("|") for one in texts]
    named = [(name.partition("="), words) for name, _, words in parts]
    return "".join(
        f"<Cell s:{key or 'StyleID'}='{value}'><Data s:Type='String'>{words}</Data></Cell>"
        for (key, _, value), words in named
    )


def test_merged_cells_of_excels_xml_move_those_behind() -> None:
    head = f"<Row>{cells('Title', 'Note', 'Kind', 'Start', 'End')}</Row>"
    first = f"<Row>{cells('A', 'MergeAcross=1|x', '2026-12-05 9:00', '2026-12-05 10:00')}</Row>"
    below = f"<Row s:Index='4' s:Hidden='1'>{cells('B', 'Index=4|2026-12-05 11:00')}</Row>"
    reading = inspect_schedule(spreadsheet_xml(head, first, below), timezone="UTC")
    assert spans(reading) == [("A", "12-05 09:00", "12-05 10:00")]
    assert any("Row 4 is hidden" in sentence for sentence in reading.left_out)


def test_a_start_merged_over_many_rows_of_excels_xml_holds_for_all() -> None:
    head = f"<Row>{cells('Start', 'Title')}</Row>"
    first = f"<Row>{cells('MergeDown=69|2026-12-05 9:00', 'T0')}</Row>"
    rows = [f"<Row>{cells(f'Index=2|T{n}')}</Row>" for n in range(1, 70)]
    reading = inspect_schedule(spreadsheet_xml(head, first, *rows), timezone="UTC")
    assert {start for _, start, _ in spans(reading)} == {"12-05 09:00"}
    assert len(reading.sessions) == 70


def test_a_day_over_many_rows_of_a_page_holds_for_all() -> None:
    rows = [f"<tr><td>{8 + n // 12}:{n % 12 * 5:02}<td>T{n}" for n in range(100)]
    rows[0] = rows[0].replace("<tr>", "<tr><td rowspan=100>2026-12-05")
    page = f"<table><tr><th>Date<th>Start<th>Title{''.join(rows)}</table>"
    reading = inspect_schedule(page.encode(), timezone="UTC")
    found = {title: start for title, start, _ in spans(reading)}
    assert found["T99"] == "12-05 16:15"
    assert len(found) == 100
