"""Read .xlsx of Excel, LibreOffice, Google and others (ECMA-376, part 1, 18, transitional and strict)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from reporter.schedule.spreadsheets.number_formats import (
    EPOCH,
    EPOCH_OF_1904,
    format_kinds,
    iso_text,
    number_text,
)
from reporter.schedule.spreadsheets.package import Package, refuse_many
from reporter.schedule.tables.headers import read_column
from reporter.schedule.tables.sheet import (
    MOST_COLUMNS,
    RawSheet,
    Sheet,
    column_letters,
    header_position,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_ROWS = 20_000
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WHOLE_NUMBER = re.compile(r"\d{5}(?:\.\d+)?")
_TRUE = ("1", "true")


def read_workbook(package: Package) -> list[Sheet]:
    """The sheets in order. Raises ParseError, ValueError and LookupError for a damaged file, BadInput for too many."""
    book = _Book.of(package)
    listed = _sheets(package)
    refuse_many(len(listed))
    return [_sheet(name, package.part(part), book, hidden=hidden) for name, part, hidden in listed]


@dataclass(frozen=True)
class _Book:
    """Data that cells refer to: shared strings, the kind of each format, day 0; and whether formulas are
    calculated when the file is opened, so that their results are none."""

    texts: list[str]
    formats: list[str]
    epoch: datetime
    uncalculated: bool

    @classmethod
    def of(cls, package: Package) -> _Book:
        texts, styles = package.related("sharedStrings"), package.related("styles")
        settings = {_tag(e): e for e in package.part(package.book)}
        properties, calculation = settings.get("workbookPr"), settings.get("calcPr")
        from_1904 = properties is not None and properties.get("date1904") in _TRUE
        return cls(
            [_words(item) for item in texts] if texts is not None else [],
            [*format_kinds(styles)] if styles is not None else [],
            # Before March 1900 the older date system is a day off; irrelevant for gatherings.
            EPOCH_OF_1904 if from_1904 else EPOCH,
            calculation is not None and calculation.get("fullCalcOnLoad") in _TRUE,
        )


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _words(element: Element) -> str:
    """The text of a cell or shared string, without phonetic hints for East Asian words."""
    return _unescaped(_raw_words(element))


def _raw_words(element: Element) -> str:
    if _tag(element) == "rPh":
        return ""
    own = element.text or "" if _tag(element) == "t" else ""
    return own + "".join(_raw_words(part) for part in element)


def _unescaped(text: str) -> str:
    """The text with control characters that are written as "_x000D_" (22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n")


def _sheets(package: Package) -> list[tuple[str, str, bool]]:
    """(name, part, whether it is hidden) of each sheet, in order."""
    parts = {
        key: name
        for key, kind, name in package.relations(package.book)
        if kind in ("worksheet", "")
    }
    listed = [e for e in package.part(package.book).iter() if _tag(e) == "sheet"]
    named = [(e.get("name", ""), parts.get(_relation(e), ""), e.get("state", "")) for e in listed]
    found = [(name, part, state in ("hidden", "veryHidden")) for name, part, state in named]
    known = [one for one in found if one[1] in package]
    return known or [("", part, False) for part in package.sheets()]


def _relation(element: Element) -> str:
    return next((v for key, v in element.items() if key.endswith("}id")), "")


def _sheet(name: str, root: Element, book: _Book, *, hidden: bool) -> Sheet:
    sheet = RawSheet(name, hidden)
    for element in root.iter():
        tag = _tag(element)
        if tag == "row":
            _add_row(sheet, element, book)
        elif tag == "col" and element.get("hidden") in _TRUE:
            first, last = int(element.get("min", "1")), int(element.get("max", "1"))
            sheet.hidden_columns.update(range(first - 1, min(last, MOST_COLUMNS)))
        elif tag == "mergeCell":
            sheet.merged += _span(element.get("ref", ""))
    if book.epoch == EPOCH_OF_1904:
        _count_from_1900(sheet.rows)
    return sheet.finished()


def _span(reference: str) -> Iterator[tuple[range, range]]:
    found = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,5}):\$?([A-Z]{1,3})\$?(\d{1,5})", reference)
    if found is not None:
        columns = range(_column(found[1], 0), min(_column(found[3], 0) + 1, MOST_COLUMNS))
        yield range(int(found[2]) - 1, int(found[4])), columns


def _add_row(sheet: RawSheet, row: Element, book: _Book) -> None:
    # Rows without cells are missing in the file, but count.
    number = min(int(row.get("r", len(sheet.rows) + 1)), _MOST_ROWS)
    sheet.rows += [[] for _ in range(number - 1 - len(sheet.rows))]
    if row.get("hidden") in _TRUE:
        sheet.hidden_rows.add(len(sheet.rows))
    cells: list[str] = []
    for cell in (e for e in row if _tag(e) == "c"):
        column = _column(cell.get("r", ""), len(cells))
        place = f"{column_letters(column)}{len(sheet.rows) + 1}"
        text = _value(cell, book, sheet, place)
        if column < MOST_COLUMNS:
            cells += [""] * (column - len(cells))
            cells.append(text)
        elif text.strip():
            sheet.beyond.append(place)
    sheet.rows.append(cells)


def _column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return max(number - 1, following)


def _value(cell: Element, book: _Book, sheet: RawSheet, place: str) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _words(cell)
    text = next((e.text or "" for e in cell if _tag(e) == "v"), "")
    calculated = any(_tag(e) == "f" for e in cell) and kind != "str"
    if calculated and (not text or (text == "0" and book.uncalculated)):
        sheet.unsaved.append(place)
        return ""
    if kind == "e":
        sheet.errors.append(f"{place} ({text[:12]})")
        return ""
    return _typed(kind, text, cell.get("s", "0"), book)


def _typed(kind: str, text: str, style: str, book: _Book) -> str:
    if kind == "s":
        return book.texts[int(text)]
    if kind == "b":
        return "TRUE" if text in _TRUE else "FALSE"
    if kind == "d":
        return iso_text(text)
    if kind != "n" or not text:
        return _unescaped(text)
    number = int(style)
    form = book.formats[number] if number < len(book.formats) else ""
    return number_text(float(text), form, book.epoch)


def _count_from_1900(rows: list[list[str]]) -> None:
    """Count days that are not formatted as dates as they are read later: from 1900."""
    at = header_position(rows)
    timed = [i for i, cell in enumerate(rows[at]) if _is_timed(cell)] if rows else []
    for row in rows[at + 1 :]:
        for index in (i for i in timed if i < len(row)):
            if _WHOLE_NUMBER.fullmatch(row[index]):
                day = float(row[index]) + (EPOCH_OF_1904 - EPOCH).days
                row[index] = str(int(day)) if day.is_integer() else repr(day)


def _is_timed(name: str) -> bool:
    return read_column(name).role in ("start", "end")
