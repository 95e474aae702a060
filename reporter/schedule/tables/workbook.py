"""Read spreadsheets: .xlsx of Excel, LibreOffice and Google (ECMA-376, part 1, 18), and .ods: their sheets as CSV text.

Dates, times and durations, which are formatted numbers there, are converted to ISO 8601.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.tables.headers import read_column
from reporter.schedule.tables.open_document import DOCUMENT, read_document
from reporter.schedule.tables.sheet import Sheet, fill_down

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# A gathering's table is far smaller; a small archive can expand to a very large file.
_MOST_PART, _MOST_COLUMNS, _MOST_SHEETS = 64_000_000, 500, 20
_UNREADABLE = Message("This spreadsheet can't be read. Save it as CSV (UTF-8) and import that.")
# Errors raised for archives that are corrupt, encrypted or compressed differently, and for invalid cell references.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    LookupError,
    ValueError,
    OverflowError,
)
# 18.8.30: the built-in number formats.
_DATES, _CLOCKS, _BOTH, _LENGTHS = (14, 15, 16, 17), (18, 19, 20, 21), (22,), (45, 46, 47)
_QUOTED = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)


def is_workbook(data: bytes) -> bool:
    """Whether a file is a spreadsheet, .xlsx or .ods."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _BOOK in (names := archive.namelist()) or DOCUMENT in names
    except _DAMAGED:
        return False


def workbook_sheets(data: bytes) -> tuple[list[Sheet], list[str]]:
    """The sheets of the schedule as CSV, and the names of the others.

    The first is the one that most looks like a schedule; those with the same header follow, as in a spreadsheet with
    a sheet for each day. Hidden sheets count as others. Raises BadInput for a corrupt or empty spreadsheet.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            read = read_document if DOCUMENT in archive.namelist() else _workbook
            sheets = read(archive)
    except (*_DAMAGED, ParseError, DefusedXmlException) as error:
        raise BadInput(_UNREADABLE) from error
    return chosen_sheets(sheets)


def chosen_sheets(sheets: list[Sheet]) -> tuple[list[Sheet], list[str]]:
    """The sheets of the schedule, and the names of the others; see ``workbook_sheets``."""
    filled = [sheet for sheet in sheets if any(map(any, sheet.rows))]
    shown = [sheet for sheet in filled if not sheet.hidden] or filled
    if not shown:
        raise BadInput("This file is empty. Export the schedule again.")
    best = max(shown, key=lambda sheet: _likeness(sheet.rows))
    alike = [sheet for sheet in shown if sheet is best or _header(sheet.rows) == _header(best.rows)]
    return alike, [sheet.name for sheet in filled if sheet not in alike]


def _workbook(archive: zipfile.ZipFile) -> list[Sheet]:
    book = _Book.of(archive)
    return [
        Sheet(name, _filled(_part(archive, part), [*_rows(archive, part, book)]), hidden)
        for name, part, hidden in _sheets(archive)
    ]


def _filled(root: Element, rows: list[list[str]]) -> list[list[str]]:
    """The rows with merged cells filled downwards in columns of times, rooms and tracks.

    Titles are not: a title over two rows is one session.
    """
    spans = [e.get("ref", "") for e in root.iter() if _tag(e) == "mergeCell"]
    for reference in spans[:2_000]:
        found = re.fullmatch(r"([A-Z]{1,3})(\d{1,5}):([A-Z]{1,3})(\d{1,5})", reference)
        if found is not None:
            fill_down(rows, _column(found[1], 0), range(int(found[2]) - 1, int(found[4])))
    return rows


@dataclass(frozen=True)
class _Book:
    """Data that cells refer to: shared strings, the kind of each style ("date", "clock", "both",
    "length", ""), day 0."""

    texts: list[str]
    styles: list[str]
    epoch: datetime

    @classmethod
    def of(cls, archive: zipfile.ZipFile) -> _Book:
        names = archive.namelist()
        has_texts = "xl/sharedStrings.xml" in names
        texts = (
            [_words(item) for item in _part(archive, "xl/sharedStrings.xml")] if has_texts else []
        )
        styles = [*_styles(_part(archive, "xl/styles.xml"))] if "xl/styles.xml" in names else []
        properties = next((e for e in _part(archive, _BOOK) if _tag(e) == "workbookPr"), None)
        from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        # Before March 1900 the older date system is a day off; irrelevant for gatherings.
        epoch = (
            datetime(1904, 1, 1, tzinfo=UTC) if from_1904 else datetime(1899, 12, 30, tzinfo=UTC)
        )
        return cls(texts, styles, epoch)


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    from defusedxml.ElementTree import fromstring

    with archive.open(name) as file:
        data = file.read(_MOST_PART + 1)
    if len(data) > _MOST_PART:
        raise BadInput(_UNREADABLE)
    root: Element = fromstring(data)
    return root


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _words(element: Element) -> str:
    """The text of a cell or shared string, without phonetic hints for East Asian words."""
    if _tag(element) == "rPh":
        return ""
    own = element.text or "" if _tag(element) == "t" else ""
    return own + "".join(_words(part) for part in element)


def _styles(root: Element) -> Iterator[str]:
    """The kind of each cell format, by the index used in cells."""
    codes = {
        int(e.get("numFmtId", "0")): e.get("formatCode", "")
        for e in root.iter()
        if _tag(e) == "numFmt"
    }
    for one in (e for part in root if _tag(part) == "cellXfs" for e in part):
        number = int(one.get("numFmtId", "0"))
        yield _kind_of(codes[number]) if number in codes else _known_kind(number)


def _known_kind(number: int) -> str:
    kinds = {"date": _DATES, "clock": _CLOCKS, "both": _BOTH, "length": _LENGTHS}
    return next((kind for kind, numbers in kinds.items() if number in numbers), "")


def _kind_of(code: str) -> str:
    plain = _QUOTED.sub("", code.partition(";")[0]).casefold()
    if re.search(r"\[[hms]+\]", plain):
        return "length"
    dated, timed = bool(re.search(r"[yd]|mmm", plain)), bool(re.search(r"[hs]", plain))
    return "both" if dated and timed else "date" if dated else "clock" if timed else ""


def _sheets(archive: zipfile.ZipFile) -> list[tuple[str, str, bool]]:
    """(name, part, whether it is hidden) of each sheet, in order."""
    names = [n for n in archive.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", n)]
    parts = sorted(names, key=lambda name: (len(name), name))[:_MOST_SHEETS]
    targets = _targets(archive)
    listed = [
        (e.get("name", ""), targets.get(e.get(_RELATION, ""), ""), e.get("state", "visible"))
        for e in _part(archive, _BOOK).iter()
        if _tag(e) == "sheet"
    ]
    named = [(name, part, state != "visible") for name, part, state in listed if part in parts]
    return named or [("", part, False) for part in parts]


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    """{id of a relation: the part of the archive that it names}."""
    if _RELATIONS not in archive.namelist():
        return {}
    return {
        e.get("Id", ""): posixpath.normpath(posixpath.join("/xl", e.get("Target", ""))).lstrip("/")
        for e in _part(archive, _RELATIONS)
    }


def _rows(archive: zipfile.ZipFile, name: str, book: _Book) -> Iterator[list[str]]:
    number = 0
    for row in (e for e in _part(archive, name).iter() if _tag(e) == "row"):
        # Rows without cells are missing in the file, but count.
        number += 1
        while number < min(int(row.get("r", number)), 20_000):
            yield []
            number += 1
        cells: list[str] = []
        for cell in (e for e in row if _tag(e) == "c"):
            column = _column(cell.get("r", ""), len(cells))
            if column < _MOST_COLUMNS:
                cells += [""] * (column - len(cells))
                cells.append(_value(cell, book))
        yield cells


def _column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return max(number - 1, following)


def _value(cell: Element, book: _Book) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _words(cell)
    text = next((e.text or "" for e in cell if _tag(e) == "v"), "")
    if kind == "s":
        return book.texts[int(text)]
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    if kind != "n" or not text:
        return "" if kind == "e" else text
    style = int(cell.get("s", "0"))
    return _number(float(text), book.styles[style] if style < len(book.styles) else "", book.epoch)


def _number(value: float, kind: str, epoch: datetime) -> str:
    if not kind or not 0 <= value < 300_000:
        return str(int(value)) if value.is_integer() else repr(value)
    seconds = round(value * 86_400)
    if kind == "length" or (kind == "clock" and seconds >= 86_400 and value < 100):
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    moment = epoch + timedelta(seconds=seconds)
    # A format may show only a part of the value; the hidden part still counts.
    if seconds < 86_400:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%Y-%m-%d}" if seconds % 86_400 == 0 else f"{moment:%Y-%m-%d %H:%M:%S}"


def _likeness(rows: list[list[str]]) -> tuple[int, int]:
    """How much a sheet looks like a schedule: recognized columns, then rows."""
    best = max((sum(bool(read_column(c).role) for c in row) for row in rows[:20]), default=0)
    return best, len(rows)


def _header(rows: list[list[str]]) -> frozenset[str]:
    """The names in the row that most looks like a header; of a sheet without one, its first row."""
    best = max(rows[:20], key=lambda row: sum(bool(read_column(cell).role) for cell in row))
    return frozenset(cell.strip().casefold() for cell in best if cell.strip())
