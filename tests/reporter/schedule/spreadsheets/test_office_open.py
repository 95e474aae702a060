"""Spreadsheets as Excel, LibreOffice, Google, Numbers and libraries write them, each with the same two sessions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from reporter.errors import BadInput
from reporter.schedule import Reading, inspect_schedule
from tests.reporter.schedule.test_tables import spans

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = (
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
# Day 46361 of a spreadsheet is 5 December 2026.
DAY = 46_361
HEADER = ("Titel", "Datum", "Beginn", "Ende")
RIGHT = [("A", "12-05 14:30", "12-05 15:15"), ("B", "12-05 16:00", "12-05 17:00")]
Cell = str | float | None
Styled = tuple[float, int]


def text(words: str) -> str:
    return f"<c t='inlineStr'><is><t>{words}</t></is></c>"


def number(value: float, style: int = 0) -> str:
    return f"<c s='{style}'><v>{value!r}</v></c>"


def row(*cells: str, more: str = "") -> str:
    return f"<row {more}>{''.join(cells)}</row>"


def header(*names: str) -> str:
    return row(*map(text, names or HEADER))


def session(title: str, start: float, end: float, *, day: str = "", more: str = "") -> str:
    """A row; styles 1 and 2 are a date and a time."""
    return row(
        text(title), day or number(DAY, 1), number(start / 24, 2), number(end / 24, 2), more=more
    )


A, B = session("A", 14.5, 15.25), session("B", 16, 17)


def parts(
    *sheets: str,
    formats: tuple[int, ...] = (14, 20),
    codes: dict[int, str] | None = None,
    book: str = "",
    states: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    namespaces: tuple[str, str] = (MAIN, OFFICE),
) -> dict[str, str]:
    """The parts of a workbook. ``formats``: numbers of the styles from 1 on; ``codes``: those that it defines."""
    main, office = namespaces
    custom = "".join(f"<numFmt numFmtId='{n}' formatCode='{c}'/>" for n, c in (codes or {}).items())
    listed = "".join(
        f"<sheet name='{names[i] if names else f'S{i}'}' r:id='r{i}' state='{states[i] if states else 'visible'}'/>"
        for i in range(len(sheets))
    )
    relations = [(f"r{i}", "worksheet", f"worksheets/sheet{i}.xml") for i in range(len(sheets))]
    relations.append(("st", "styles", "styles.xml"))
    styles = "".join(f"<xf numFmtId='{n}'/>" for n in (0, *formats))
    return {
        "_rels/.rels": related(("b", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f"<workbook xmlns='{main}' xmlns:r='{office}'>{book}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": related(*relations),
        "xl/styles.xml": f"<styleSheet xmlns='{main}'><numFmts>{custom}</numFmts>"
        f"<cellXfs>{styles}</cellXfs></styleSheet>",
    } | {
        f"xl/worksheets/sheet{i}.xml": f"<worksheet xmlns='{main}'>{in_sheet(body)}</worksheet>"
        for i, body in enumerate(sheets)
    }


def in_sheet(body: str) -> str:
    return body if "<sheetData>" in body else f"<sheetData>{body}</sheetData>"


def related(*relations: tuple[str, str, str]) -> str:
    listed = "".join(
        f"<Relationship Id='{key}' Type='{OFFICE}/{kind}' Target='{target}'/>"
        for key, kind, target in relations
    )
    return f"<Relationships>{listed}</Relationships>"


def packed(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo("part")
            entry.filename = name
            archive.writestr(entry, content)
    return file.getvalue()


def read(parts: dict[str, str]) -> Reading:
    return inspect_schedule(packed(parts), timezone="UTC")


def said(reading: Reading) -> str:
    return " ".join((*reading.notes, *reading.left_out))


def renamed(old: str, new: str) -> Callable[[dict[str, str]], dict[str, str]]:
    def change(parts: dict[str, str]) -> dict[str, str]:
        return {name.replace(old, new): content for name, content in parts.items()}

    return change


def retargeted(old: str, new: str) -> Callable[[dict[str, str]], dict[str, str]]:
    def change(parts: dict[str, str]) -> dict[str, str]:
        return {
            name.replace(old, new): content.replace(old, new).replace("xl//", "/")
            for name, content in parts.items()
        }

    return change


def absolute(parts: dict[str, str]) -> dict[str, str]:
    name = "xl/_rels/workbook.xml.rels"
    return parts | {name: parts[name].replace("Target='", "Target='/xl/")}


@pytest.mark.parametrize(
    "change",
    [
        absolute,
        renamed("/", "\\"),
        renamed("worksheets", "Worksheets"),
        renamed("styles", "Styles"),
        retargeted("workbook.xml", "workbook2.xml"),
        retargeted("worksheets/sheet0", "tables/programme"),
        retargeted("styles.xml", "style1.xml"),
    ],
)
def test_parts_are_found_whatever_a_program_calls_them(
    change: Callable[[dict[str, str]], dict[str, str]],
) -> None:
    assert spans(read(change(parts(header() + A + B)))) == RIGHT


@pytest.mark.parametrize("name", ["sharedStrings.xml", "SharedStrings.xml", "strings1.xml"])
def test_shared_strings_are_found_whatever_they_are_called(name: str) -> None:
    whole = parts(
        row(*(f"<c t='s'><v>{n}</v></c>" for n in range(4))) + A.replace(text("A"), shared(4)) + B
    )
    items = "".join(f"<si><r><t>{words}</t></r></si>" for words in (*HEADER, "A"))
    relations = [("r0", "worksheet", "worksheets/sheet0.xml"), ("st", "styles", "styles.xml")]
    whole["xl/_rels/workbook.xml.rels"] = related(*relations, ("ss", "sharedStrings", name))
    whole[f"xl/{name}"] = f"<sst xmlns='{MAIN}'>{items}</sst>"
    assert spans(read(whole)) == RIGHT


def shared(position: int) -> str:
    return f"<c t='s'><v>{position}</v></c>"


def test_strict_files_have_names_and_hidden_sheets_and_dates_in_words() -> None:
    def dated(moment: str) -> str:
        return f"<c t='d'><v>{moment}</v></c>"

    day = row(text("Titel"), text("Beginn"), text("Ende"))
    shown = row(text("A"), dated("1899-12-30T14:30:00"), dated("T15:15:00.000"))
    shown += row(text("B"), dated("2026-12-05T16:00:00Z"), dated("2026-12-05T17:00:00.000"))
    old = row(text("OLD"), dated("2025-12-05T09:00:00"), text(""))
    reading = read(
        parts(
            day + shown,
            day + old,
            names=("Samstag 5.12.2026", "Alt"),
            states=("visible", "hidden"),
            namespaces=STRICT,
        )
    )
    assert spans(reading) == RIGHT
    assert "“Alt”" in said(reading)


@pytest.mark.parametrize("formats", [(31, 32), (27, 33), (57, 55), (58, 56), (71, 75), (72, 76)])
def test_built_in_formats_of_east_asia_and_thailand(formats: tuple[int, ...]) -> None:
    reading = read(parts(header() + A + B, formats=formats))
    assert spans(reading) == RIGHT
    assert reading.notes == ()


@pytest.mark.parametrize(
    ("date", "clock"),
    [
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "[$-409]h:mm\\ AM/PM;@"),
        ("[$-411]ggge&quot;年&quot;m&quot;月&quot;d&quot;日&quot;;@", "hh&quot;h&quot;mm"),
        ("aaaa", "hh:mm"),
        ("mmm\\-yy", "hh:mm:ss.0"),
        ("[Red]dd.mm.yyyy;[Blue]dd.mm.yyyy", "h"),
    ],
)
def test_what_a_format_hides_counts(date: str, clock: str) -> None:
    whole = parts(header() + A + B, formats=(164, 165), codes={164: date, 165: clock})
    assert spans(read(whole)) == RIGHT


def test_days_from_1904_that_are_formatted_as_numbers() -> None:
    day = number(DAY - 1_462)
    rows = header() + session("A", 14.5, 15.25, day=day) + session("B", 16, 17, day=day)
    assert spans(read(parts(rows, book="<workbookPr date1904='true'/>"))) == RIGHT


def test_more_sheets_than_are_read_are_refused_in_words() -> None:
    with pytest.raises(BadInput, match="has 101 sheets; at most 100 are read"):
        read(parts(*[header() + A] * 101))


@pytest.mark.parametrize("more", ["hidden='1'", "hidden='true' outlineLevel='1'"])
def test_hidden_rows_are_left_out_and_said(more: str) -> None:
    hidden = session("Draft", 15.3, 15.5, more=more)
    reading = read(parts(header() + A + hidden + B))
    assert spans(reading) == RIGHT
    assert "Row 3 is hidden" in said(reading)


def test_rows_that_are_all_hidden_are_read() -> None:
    hidden = A.replace("<row ", "<row hidden='1' ") + B.replace("<row ", "<row hidden='1' ")
    assert spans(read(parts(header() + hidden))) == RIGHT


def test_a_hidden_column_yields_to_one_that_is_shown() -> None:
    old = number(9 / 24, 2)
    body = header("Titel", "Beginn (alt)", "Datum", "Beginn", "Ende")
    for title, start, end in (("A", 14.5, 15.25), ("B", 16, 17)):
        body += row(text(title), old, number(DAY, 1), number(start / 24, 2), number(end / 24, 2))
    columns = "<cols><col min='2' max='2' hidden='1'/></cols>"
    reading = read(parts(f"{columns}<sheetData>{body}</sheetData>"))
    assert spans(reading) == RIGHT
    assert "“Beginn (alt)”" in said(reading)


def test_a_hidden_column_of_dates_is_read_if_it_is_the_only_one() -> None:
    columns = "<cols><col min='2' max='2' hidden='1'/></cols>"
    reading = read(parts(f"{columns}<sheetData>{header() + A + B}</sheetData>"))
    assert spans(reading) == RIGHT
    assert "idden" not in said(reading)


@pytest.mark.parametrize(
    ("cell", "book"),
    [("<f>C3+1/24</f><v></v>", ""), ("<f>C3+1/24</f><v>0</v>", "<calcPr fullCalcOnLoad='1'/>")],
)
def test_formulas_without_a_result_are_said(cell: str, book: str) -> None:
    body = header() + A
    body += row(text("B"), number(DAY, 1), number(16 / 24, 2), f"<c r='D3' s='2'>{cell}</c>")
    reading = read(parts(body, book=book))
    assert spans(reading) == [RIGHT[0], ("B", "12-05 16:00", "")]
    assert "Formulas without a result in the file: D3." in said(reading)


def test_results_of_formulas_are_read() -> None:
    end = f"<c s='2'><f>C3+1/24</f><v>{17 / 24}</v></c>"
    body = header() + A + row(text("B"), number(DAY, 1), number(16 / 24, 2), end)
    assert spans(read(parts(body))) == RIGHT


def test_errors_are_said_and_are_no_midnight() -> None:
    error = "<c t='e'><f>X</f><v>{}</v></c>"
    late = error.format("#VALUE!")
    body = header() + A + row(text("B"), number(DAY, 1), number(16 / 24, 2), late)
    body += row(text("C"), number(DAY, 1), error.format("#REF!"), number(18 / 24, 2))
    reading = read(parts(body))
    assert sorted(spans(reading)) == [RIGHT[0], ("B", "12-05 16:00", ""), ("C", "", "")]
    assert "D3 (#VALUE!), C4 (#REF!)" in said(reading)


def test_what_a_merged_cell_covers_is_not_read() -> None:
    rows = header() + A + session("B", 16, 17, day=number(DAY - 700, 1))
    merged = "<mergeCells><mergeCell ref='B2:B3'/></mergeCells>"
    assert spans(read(parts(f"<sheetData>{rows}</sheetData>{merged}"))) == RIGHT


def test_escaped_line_ends_are_none_of_the_text() -> None:
    body = header("Titel", "Beginn_x000D_\n(Uhr)", "Ende")
    body += row(text("A_x0020__x005F_b"), text("2026-12-05_x000D_\n14:30"), text("15:15"))
    assert spans(read(parts(body))) == [("A _b", "12-05 14:30", "12-05 15:15")]


@pytest.mark.parametrize(
    ("kind", "code"), [(165, "hh:mm"), (165, "yyyy\\-mm\\-dd\\ hh:mm"), (22, "")]
)
def test_times_with_a_hidden_day_of_1900(kind: int, code: str) -> None:
    body = header()
    for title, start, end in (("A", 14.5, 15.25), ("B", 16, 17)):
        times = number(1 + start / 24, 2), number(1 + end / 24, 2)
        body += row(text(title), number(DAY, 1), *times)
    assert spans(read(parts(body, formats=(14, kind), codes={165: code}))) == RIGHT


def test_an_end_past_midnight_stays_in_the_night() -> None:
    body = header() + row(text("N"), number(DAY, 1), number(23.5 / 24, 2), number(1 + 0.5 / 24, 2))
    assert spans(read(parts(body))) == [("N", "12-05 23:30", "12-06 00:30")]


def test_times_written_with_a_point_keep_their_last_digit() -> None:
    body = header()
    for title, start, end in (("A", 14.3, 15.15), ("B", 16, 17)):
        body += row(text(title), number(DAY, 1), number(start, 2), number(end, 2))
    assert spans(read(parts(body, formats=(14, 2)))) == RIGHT


def test_a_number_that_may_be_two_times_is_not_guessed() -> None:
    body = header() + A + row(text("B"), number(DAY, 1), number(14.5), number(16 / 24, 2))
    reading = read(parts(body))
    assert sorted(spans(reading)) == [RIGHT[0], ("B", "", "")]
    assert "“14.5” may be 14:30 or 14:50" in said(reading)


@pytest.mark.parametrize(
    ("hours", "end"), [(0.75, "12-05 15:15"), (26.5, "12-06 17:00"), (48, "12-07 14:30")]
)
def test_lengths(hours: float, end: str) -> None:
    body = header("Titel", "Beginn", "Dauer")
    body += row(text("A"), number(DAY + 14.5 / 24, 1), number(hours / 24, 2))
    reading = read(parts(body, formats=(22, 46)))
    assert spans(reading) == [("A", "12-05 14:30", end)]
    assert ("ends on the next day" in said(reading)) == (hours > 24)


def test_a_length_that_is_rather_minutes_and_seconds_is_not_guessed() -> None:
    body = header("Titel", "Beginn", "Dauer")
    body += row(text("A"), number(DAY + 14.5 / 24, 1), number(0.75 / 24, 2))
    body += row(text("B"), number(DAY + 16 / 24, 1), number(45 / 24, 2))
    reading = read(parts(body, formats=(22, 46)))
    assert spans(reading) == [RIGHT[0], ("B", "12-05 16:00", "")]
    assert "“45:00:00” is not understood" in said(reading)


def test_a_length_as_a_part_of_a_day() -> None:
    body = header("Titel", "Beginn", "Dauer")
    body += row(text("A"), number(DAY + 14.5 / 24, 1), number(0.03125))
    body += row(text("B"), number(DAY + 16 / 24, 1), number(0.0416666666666667))
    assert spans(read(parts(body, formats=(22,)))) == RIGHT


def test_a_sheet_of_a_day_may_have_a_column_more() -> None:
    first = row(text("Titel"), text("Beginn"), text("Ende")) + A.replace(number(DAY, 1), "")
    second = row(text("Titel"), text("Beginn"), text("Ende"), text("Raum"))
    second += row(text("B"), number(16 / 24, 2), number(17 / 24, 2), text("Saal"))
    people = row(text("Name"), text("Beginn")) + row(text("Ada"), number(9 / 24, 2))
    reading = read(parts(first, second, people, names=("Sa 5.12.2026", "So 6.12.2026", "Helfer")))
    assert spans(reading) == [RIGHT[0], ("B", "12-06 16:00", "12-06 17:00")]
    assert "“Helfer”" in said(reading)


def test_more_days_than_weeks_have() -> None:
    days = [
        row(text("Titel"), text("Beginn")) + row(text(f"S{n}"), number(0.5, 2)) for n in range(24)
    ]
    names = tuple(f"{n + 1:02}.12.2026" for n in range(24))
    assert [start for _, start, _ in spans(read(parts(*days, names=names)))] == [
        f"12-{n + 1:02} 12:00" for n in range(24)
    ]


def test_a_price_is_no_time() -> None:
    body = header(*HEADER, "Preis")
    for one in (A, B):
        body += one.replace("</row>", number(5.5, 3) + "</row>")
    reading = read(parts(body, formats=(14, 0, 165), codes={165: "#,##0.00\\ &quot;€&quot;"}))
    assert spans(reading) == RIGHT
    assert "were not used: “Preis”" in said(reading)


def test_a_password_is_told() -> None:
    locked = b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(BadInput, match="protected by a password"):
        inspect_schedule(locked, timezone="UTC")
