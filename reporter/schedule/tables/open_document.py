"""Read .ods spreadsheets of LibreOffice and others (OpenDocument 1.3, part 3, 9): their sheets as texts."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.tables.sheet import Sheet, fill_down

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DOCUMENT = "content.xml"
_MOST_BYTES, _MOST_ROWS, _MOST_COLUMNS, _MOST_SHEETS = 64_000_000, 20_000, 500, 20
_LENGTH = re.compile(r"PT(\d{1,5})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")


def read_document(archive: zipfile.ZipFile) -> list[Sheet]:
    """The sheets in order. Raises ParseError for invalid XML, and BadInput for a file that is too big."""
    from defusedxml.ElementTree import fromstring

    with archive.open(DOCUMENT) as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput(
            Message("This spreadsheet can't be read. Save it as CSV (UTF-8) and import that.")
        )
    root: Element = fromstring(data)
    hidden = _hidden_styles(root)
    tables = [e for e in root.iter() if _name(e) == "table"][:_MOST_SHEETS]
    return [
        Sheet(_of(table, "name"), _rows(table), _of(table, "style-name") in hidden)
        for table in tables
    ]


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


def _rows(table: Element) -> list[list[str]]:
    rows: list[list[str]] = []
    merged: list[tuple[int, range]] = []
    for row in (e for e in table.iter() if _name(e) == "table-row"):
        cells = [*_cells(row)]
        texts = [text for text, _ in cells]
        while texts and not texts[-1]:
            texts.pop()
        merged += [
            (column, range(len(rows), len(rows) + tall))
            for column, (_, tall) in enumerate(cells)
            if tall > 1
        ]
        # A sheet ends with a million empty rows, written as one.
        times = _count(row, "number-rows-repeated") if texts else 1
        rows += [[*texts] for _ in range(min(times, _MOST_ROWS - len(rows)))]
    for column, span in merged:
        fill_down(rows, column, span)
    return rows


def _cells(row: Element) -> Iterator[tuple[str, int]]:
    """(text, number of rows over which it is merged) of each cell."""
    written = 0
    for cell in row:
        if _name(cell) not in ("table-cell", "covered-table-cell"):
            continue
        times = min(_count(cell, "number-columns-repeated"), _MOST_COLUMNS - written)
        written += times
        for _ in range(times):
            yield _value(cell), _count(cell, "number-rows-spanned")


def _count(element: Element, name: str) -> int:
    text = _of(element, name)
    return int(text) if text.isdecimal() and len(text) < 9 else 1


def _value(cell: Element) -> str:
    kind = _of(cell, "value-type")
    if kind == "date":
        date = _of(cell, "date-value").partition(".")[0]
        return date.replace("T", " ").removesuffix(" 00:00:00")
    if kind == "time" and (found := _LENGTH.fullmatch(_of(cell, "time-value"))):
        return f"{int(found[1]):02}:{found[2]:0>2}:{found[3]:0>2}"
    if kind in ("float", "percentage") and (value := _of(cell, "value")):
        return value
    if kind == "boolean":
        return _of(cell, "boolean-value").upper()
    return "\n".join(_words(part) for part in cell if _name(part) == "p")


def _words(element: Element) -> str:
    """The text of a paragraph, without comments; runs of spaces, tabs and breaks are elements there."""
    if _name(element) == "annotation":
        return ""
    own = {"s": " " * min(_count(element, "c"), 100), "tab": " ", "line-break": "\n"}
    text = own.get(_name(element), element.text or "")
    return text + "".join(_words(part) + (part.tail or "") for part in element)
