"""Spreadsheets of LibreOffice and others, each with the same two sessions."""

from __future__ import annotations

import pytest

from reporter.errors import BadInput
from reporter.schedule import Reading, inspect_schedule
from tests.reporter.schedule.spreadsheets.test_office_open import RIGHT, packed, said
from tests.reporter.schedule.test_tables import spans

NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = "".join(
    f" xmlns:{short}='{NAMES}{name}:1.0'"
    for short, name in (("o", "office"), ("t", "table"), ("x", "text"), ("s", "style"))
)
ERROR = "<t:table-cell t:formula='of:=x' o:value-type='string'><x:p>{}</x:p></t:table-cell>"
DAY = "2026-12-05"


def text(words: str, more: str = "") -> str:
    return f"<t:table-cell o:value-type='string' {more}><x:p>{words}</x:p></t:table-cell>"


def date(value: str, more: str = "") -> str:
    return f"<t:table-cell o:value-type='date' o:date-value='{value}' {more}/>"


def time(value: str) -> str:
    return f"<t:table-cell o:value-type='time' o:time-value='{value}'/>"


def shown(value: float, words: str) -> str:
    return f"<t:table-cell o:value-type='float' o:value='{value}'><x:p>{words}</x:p></t:table-cell>"


def row(*cells: str, more: str = "") -> str:
    return f"<t:table-row {more}>{''.join(cells)}</t:table-row>"


HEADER = row(*map(text, ("Titre", "Date", "Début", "Fin")))
A = row(text("A"), date(DAY), time("PT14H30M00S"), time("PT15H15M00S"))
B = row(text("B"), date(DAY), time("PT16H00M00S"), time("PT17H00M00S"))


def table(*rows: str) -> str:
    return f"<t:table t:name='Feuille1'>{''.join(rows)}</t:table>"


def body(*rows: str) -> str:
    return f"<o:body><o:spreadsheet>{table(*rows)}</o:spreadsheet></o:body>"


def document(*rows: str, manifest: str = "<manifest/>") -> bytes:
    content = f"<o:document-content{SPACES}>{body(*rows)}</o:document-content>"
    return packed({"content.xml": content, "META-INF/manifest.xml": manifest})


def read(*rows: str) -> Reading:
    return inspect_schedule(document(*rows), timezone="UTC")


@pytest.mark.parametrize(
    "rows",
    [
        (
            row(
                text("A"),
                date("2026-12-04T23:59:59.9999999"),
                time("PT14H29M59.9999S"),
                time("PT15H15M0.0001S"),
            ),
            row(text("B"), date(DAY), time("PT15H59M59,9999S"), time("PT17H0M0S")),
        ),
        (
            row(text("A"), date(DAY), date("1899-12-30T14:30:00"), date("1899-12-30T15:15:00")),
            row(
                text("B"),
                date(f"{DAY}T00:00:00"),
                date("1899-12-30T16:00:00"),
                date("1900-01-01T17:00:00"),
            ),
        ),
        (
            row(text("A"), date(DAY), date(f"{DAY}T14:30:00Z"), date(f"{DAY}T15:14:59.999997")),
            row(text("B"), date(DAY), time("PT960M"), time("P0DT17H")),
        ),
        (
            row(text("A"), date(DAY), shown(14.3, "14,30"), shown(15.15, "15,15")),
            row(text("B"), date(DAY), shown(16, "16,00"), shown(17, "17,00")),
        ),
    ],
)
def test_times_as_programs_write_them(rows: tuple[str, str]) -> None:
    assert spans(read(HEADER, *rows)) == RIGHT


@pytest.mark.parametrize("how", ["filter", "collapse"])
def test_hidden_rows_are_left_out_by_their_number(how: str) -> None:
    empty = row(more="t:number-rows-repeated='3' t:visibility='collapse'")
    hidden = row(text("X"), date(DAY), time("PT9H"), more=f"t:visibility='{how}'")
    reading = read(HEADER, A, empty, hidden, B)
    assert spans(reading) == RIGHT
    assert "Row 6 is hidden" in said(reading)


def test_a_hidden_column_yields_to_one_that_is_shown() -> None:
    columns = "<t:table-column/><t:table-column-group><t:table-column t:visibility='collapse'/></t:table-column-group>"
    header = HEADER.replace(text("Date"), text("Début (ancien)") + text("Date"))
    rows = [one.replace(date(DAY), time("PT9H0M0S") + date(DAY)) for one in (A, B)]
    reading = read(columns, header, *rows)
    assert spans(reading) == RIGHT
    assert "“Début (ancien)”" in said(reading)


def test_what_a_merged_cell_covers_is_not_read() -> None:
    covered = "<t:covered-table-cell o:value-type='date' o:date-value='2020-01-01'/>"
    first = A.replace(date(DAY), date(DAY, "t:number-rows-spanned='2'"))
    assert spans(read(HEADER, first, B.replace(date(DAY), covered))) == RIGHT


def test_comments_are_no_words_of_a_cell() -> None:
    comment = "<o:annotation><x:p>was 13:00</x:p></o:annotation>"
    assert spans(read(HEADER, A.replace("<x:p>", f"{comment}<x:p>"), B)) == RIGHT


@pytest.mark.parametrize("error", ["#NAME?", "Err:508", "#DIV/0!"])
def test_errors_are_said(error: str) -> None:
    reading = read(HEADER, A, B.replace(time("PT17H00M00S"), ERROR.format(error)))
    assert spans(reading) == [RIGHT[0], ("B", "12-05 16:00", "")]
    assert f"D3 ({error})" in said(reading)


def test_formulas_without_a_result_are_said() -> None:
    reading = read(
        HEADER, A, B.replace(time("PT17H00M00S"), "<t:table-cell t:formula='of:=[.C3]'/>")
    )
    assert spans(reading) == [RIGHT[0], ("B", "12-05 16:00", "")]
    assert "Formulas without a result in the file: D3." in said(reading)


def test_one_xml_file_is_read() -> None:
    flat = f"<?xml version='1.0' encoding='UTF-8'?>\n<o:document{SPACES}>{body(HEADER, A, B)}</o:document>"
    assert spans(inspect_schedule(flat.encode(), timezone="UTC")) == RIGHT


@pytest.mark.parametrize("name", ["META-INF/manifest.xml", "encrypted-package"])
def test_a_password_is_told(name: str) -> None:
    locked = packed(
        {"META-INF/manifest.xml": "<manifest/>", "content.xml": "x"} | {name: "<encryption-data/>"}
    )
    with pytest.raises(BadInput, match="protected by a password"):
        inspect_schedule(locked, timezone="UTC")


def test_cells_too_far_to_the_right_are_reported() -> None:
    gap = "<t:table-cell t:number-columns-repeated='496'/>"
    far = A.replace("</t:table-row>", f"{gap}{text('Werkstatt 11:00')}</t:table-row>")
    reading = read(HEADER, far, B)
    assert spans(reading) == RIGHT
    assert "Cells beyond the first 500 columns were not read: SG2." in said(reading)
