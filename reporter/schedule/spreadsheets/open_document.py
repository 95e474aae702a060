"""Read .ods spreadsheets of LibreOffice and others (OpenDocument 1.3, part 3, 9): their sheets as texts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporter.errors import BadInput
from reporter.schedule.spreadsheets.number_formats import iso_text
from reporter.schedule.spreadsheets.package import UNREADABLE, refuse_many
from reporter.schedule.tables.sheet import MOST_COLUMNS, RawSheet, Sheet, column_letters

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DOCUMENT = "content.xml"
_MANIFEST, _WHOLE = "META-INF/manifest.xml", "encrypted-package"
_MOST_BYTES, _MOST_ROWS = 64_000_000, 20_000
_MOST_EMPTY = 100
_LENGTH = re.compile(r"P(?:(\d{1,4})D)?T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,7}(?:[.,]\d+)?)S)?")
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


def is_encrypted(archive: zipfile.ZipFile) -> bool:
    """Whether the document is protected by a password: its parts, or since LibreOffice 24.8 the whole of it."""
    names = archive.namelist()
    if _MANIFEST not in names:
        return False
    with archive.open(_MANIFEST) as file:
        return _WHOLE in names or b"encryption-data" in file.read(1_000_000)


def read_document(archive: zipfile.ZipFile) -> list[Sheet]:
    """The sheets in order. Raises ParseError for invalid XML, and BadInput for a file that is too big."""
    from defusedxml.ElementTree import fromstring

    with archive.open(DOCUMENT) as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput(UNREADABLE)
    return document_sheets(fromstring(data))


def is_flat_document(root: Element) -> bool:
    """Whether it is a spreadsheet as one XML file (.fods)."""
    return root.tag == f"{_OFFICE}document" and root.find(f".//{_OFFICE}spreadsheet") is not None


def document_sheets(root: Element) -> list[Sheet]:
    """The sheets of a document's content in order. Raises BadInput for too many."""
    hidden = _hidden_styles(root)
    tables = [e for e in root.iter() if _name(e) == "table"]
    refuse_many(len(tables))
    return [_sheet(table, hidden=_of(table, "style-name") in hidden) for table in tables]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _of(element: Element, name: str) -> str:
    return next((v for key, v in element.items() if key.rpartition("}")[2] == name), "")


def _hidden_styles(root: Element) -> set[str]:
    return {
        _of(style, "name")
        for style in root.iter()
        if _name(style) == "style"
        and any(
            _name(part) == "table-properties" and _of(part, "display") == "false" for part in style
        )
    }


def _sheet(table: Element, *, hidden: bool) -> Sheet:
    sheet = RawSheet(_of(table, "name"), hidden, hidden_columns={*_hidden_columns(table)})
    for row in (e for e in table.iter() if _name(e) == "table-row"):
        _add_row(sheet, row)
    return sheet.finished()


def _hidden_columns(table: Element) -> Iterator[int]:
    at = 0
    for column in (e for e in table.iter() if _name(e) == "table-column"):
        times = min(_count(column, "number-columns-repeated"), MOST_COLUMNS)
        if _is_hidden(column):
            yield from range(at, at + times)
        at += times


def _is_hidden(element: Element) -> bool:
    return _of(element, "visibility") in ("collapse", "filter")


def _add_row(sheet: RawSheet, row: Element) -> None:
    at = len(sheet.rows)
    cells = [*_cells(row)]
    texts: list[str] = []
    for column, cell in cells:
        place = f"{column_letters(column)}{at + 1}"
        text = _text(cell, sheet, place)
        if column < MOST_COLUMNS:
            texts.append(text)
        elif text.strip():
            sheet.beyond.append(place)
    while texts and not texts[-1]:
        texts.pop()
    for column, cell in cells:
        tall, wide = _count(cell, "number-rows-spanned"), _count(cell, "number-columns-spanned")
        if tall > 1 or wide > 1:
            columns = range(column, min(column + wide, MOST_COLUMNS))
            sheet.merged.append((range(at, at + tall), columns))
    # A sheet ends with a million empty rows, written as one.
    times = min(_count(row, "number-rows-repeated"), _MOST_ROWS - at if texts else _MOST_EMPTY)
    if _is_hidden(row):
        sheet.hidden_rows.update(range(at, at + times))
    sheet.rows += [[*texts] for _ in range(times)]


def _cells(row: Element) -> Iterator[tuple[int, Element]]:
    """(position, element) of each cell; a repeated one several times, but only once too far to the right."""
    at = 0
    for cell in row:
        if _name(cell) not in ("table-cell", "covered-table-cell"):
            continue
        first, at = at, at + _count(cell, "number-columns-repeated")
        for column in range(first, min(at, MOST_COLUMNS)):
            yield column, cell
        if at > MOST_COLUMNS:
            yield max(first, MOST_COLUMNS), cell


def _count(element: Element, name: str) -> int:
    text = _of(element, name)
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _text(cell: Element, sheet: RawSheet, place: str) -> str:
    """The cell's text. What a merged cell covers is not seen; an error is none."""
    if _name(cell) == "covered-table-cell":
        return ""
    text = _value(cell)
    formula = _of(cell, "formula")
    if formula and not text and not _of(cell, "value-type"):
        sheet.unsaved.append(place)
    if formula and re.fullmatch(r"#[A-Z/0!?]{3,8}|(?:Err|Fehler|Erreur|Errore):\d{3}", text):
        sheet.errors.append(f"{place} ({text})")
        return ""
    return text


def _value(cell: Element) -> str:
    kind = _of(cell, "value-type")
    if kind == "date" and (date := _of(cell, "date-value")):
        return iso_text(date.replace(",", "."))
    if kind == "time" and (found := _LENGTH.fullmatch(_of(cell, "time-value"))):
        days, hours, minutes, seconds = (
            float((n or "0").replace(",", ".")) for n in found.groups()
        )
        whole = round(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
    if kind in ("float", "percentage") and (value := _of(cell, "value")):
        return _shown_number(cell, value)
    if kind == "boolean":
        return _of(cell, "boolean-value").upper()
    return "\n".join(_words(part) for part in cell if _name(part) == "p")


def _shown_number(cell: Element, value: str) -> str:
    """12.3 is 12.30 if it is shown so: it may be a time."""
    shown = "".join(_words(part) for part in cell if _name(part) == "p").strip()
    same = re.fullmatch(r"(\d{1,2})[.,](\d\d)", shown)
    return (
        f"{same[1]}.{same[2]}" if same and float(f"{same[1]}.{same[2]}") == float(value) else value
    )


def _words(element: Element) -> str:
    """The text of a paragraph, without comments; runs of spaces, tabs and breaks are elements there."""
    if _name(element) == "annotation":
        return ""
    own = {"s": " " * min(_count(element, "c"), 100), "tab": " ", "line-break": "\n"}
    text = own.get(_name(element), element.text or "")
    return text + "".join(_words(part) + (part.tail or "") for part in element)
