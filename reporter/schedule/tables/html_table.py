"""Tables within web pages, and files of Excel that are none of its own formats: web pages called .xls, and XML of 2003.

Saved pages of wikis and of schedule programs, exports of older web programs, and what is copied from a browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporter.errors import BadInput
from reporter.schedule.lenient_html import LenientParser
from reporter.schedule.tables.headers import read_column
from reporter.schedule.tables.sheet import MOST_COLUMNS, RawSheet, Sheet, column_letters, fill_down

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# As far as browsers take them (HTML, 4.9.12.1).
_MOST_ROWS_SPANNED, _MOST_COLUMNS_SPANNED = 65_534, 1_000
_MOST_CELLS = 1_000_000
_BREAKS = frozenset({"br", "p", "div", "li"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "caption"})
_HIDDEN = frozenset({"script", "style", "template", "svg", "noscript"})


def html_sheets(text: str) -> list[Sheet]:
    """The tables of a page in which two rows or more have two cells or more, called by the heading above.

    A table within a cell of another is one of its own. A ``<time>`` counts by its attribute if that has a date.
    """
    reader = _Tables()
    reader.feed(text)
    reader.close()
    sheets = [table.sheet(number) for number, table in enumerate(reader.done, start=1)]
    filled = [sheet for sheet in sheets if sum(sum(map(bool, row)) > 1 for row in sheet.rows) > 1]
    # Pages have other tables too, for their layout.
    named = [sheet for sheet in filled if max(map(_columns, sheet.rows[:20])) > 1]
    return named or filled


def _columns(row: list[str]) -> int:
    return sum(bool(read_column(cell).role) for cell in row)


class _Table:
    """A table that is being read. Cells that reach down leave empty ones below, as in a spreadsheet."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None
        self.size = (1, 1)
        # {column: rows that the cell above still covers}
        self.below: dict[int, int] = {}
        self.spans: list[tuple[int, range]] = []
        self.cells = 0

    def start_row(self) -> None:
        self.end_row()
        self.rows.append([])

    def end_cell(self) -> None:
        if self.cell is None:
            return
        text = tidy("".join(self.cell))
        self.cell = None
        if not self.rows:
            self.rows.append([])
        self._pass_covered()
        (rows, columns), row = self.size, self.rows[-1]
        for number in range(columns):
            if rows > 1:
                self.below[len(row)] = rows - 1
                self.spans.append((len(row), range(len(self.rows) - 1, len(self.rows) - 1 + rows)))
            self._append(row, text if number == 0 else "")

    def _append(self, row: list[str], text: str) -> None:
        self.cells += 1
        if self.cells > _MOST_CELLS:
            raise BadInput("The tables of this file are too big. Split it.")
        row.append(text)

    def end_row(self) -> None:
        self.end_cell()
        if self.rows:
            self._pass_covered()

    def _pass_covered(self) -> None:
        row = self.rows[-1]
        while left := self.below.pop(len(row), 0):
            if left > 1:
                self.below[len(row)] = left - 1
            self._append(row, "")

    def sheet(self, number: int) -> Sheet:
        """The finished table; without a heading it is called by its number."""
        rows = self.rows
        for column, span in self.spans:
            if span.start < len(rows):
                fill_down(rows, column, range(span.start, min(span.stop, len(rows))))
        return Sheet(self.name or str(number), rows)


def tidy(text: str) -> str:
    """The text of a cell without the spaces of the page's source; its lines stay."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Tables(LenientParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[_Table] = []
        self.done: list[_Table] = []
        self.hidden = 0
        self.in_time = False
        self.heading: list[str] | None = None
        self.name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _HIDDEN:
            self.hidden += 1
        elif tag == "table":
            self.open.append(_Table(self.name))
            self.name = ""
        elif tag in _HEADINGS and not self._in_cell():
            self.heading = []
        elif not self.open:
            return
        elif tag == "tr":
            self.open[-1].start_row()
        elif tag in ("td", "th"):
            self._start_cell(attributes)
        elif tag == "time" and len(attributes.get("datetime", "")) >= len("2026-12-05"):
            self._say(attributes["datetime"])
            self.in_time = True
        elif tag in _BREAKS or tag in _HEADINGS:
            self._say("\n")

    def _in_cell(self) -> bool:
        return bool(self.open) and self.open[-1].cell is not None

    def _start_cell(self, attributes: dict[str, str]) -> None:
        table = self.open[-1]
        table.end_cell()
        table.cell = []
        table.size = (
            _span(attributes.get("rowspan", ""), _MOST_ROWS_SPANNED),
            _span(attributes.get("colspan", ""), _MOST_COLUMNS_SPANNED),
        )

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag == "time":
            self.in_time = False
        elif tag in _HEADINGS and self.heading is not None:
            self.name, self.heading = tidy("".join(self.heading)), None
            if tag == "caption" and self.open:
                self.open[-1].name = self.name
        elif not self.open:
            return
        elif tag in ("td", "th"):
            self.open[-1].end_cell()
        elif tag in _HEADINGS:
            self._say("\n")
        elif tag == "tr":
            self.open[-1].end_row()
        elif tag == "table":
            table = self.open.pop()
            table.end_row()
            self.done.append(table)

    def handle_data(self, data: str) -> None:
        if not self.hidden and not self.in_time:
            # Line breaks of the source are spaces.
            self._say(data.replace("\n", " "))

    def _say(self, text: str) -> None:
        if self.heading is not None:
            self.heading.append(text)
        elif self.open and self.open[-1].cell is not None:
            self.open[-1].cell.append(text)

    def close(self) -> None:
        super().close()
        while self.open:
            self.handle_endtag("table")


def _span(text: str, most: int) -> int:
    return min(int(text), most) if text.isdecimal() and 0 < len(text) < 9 and int(text) > 0 else 1


_SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_ROWS = 20_000


def is_spreadsheet_xml(root: Element) -> bool:
    """Whether it is a workbook in Excel's XML of 2003."""
    return root.tag == f"{_SPREADSHEET}Workbook"


def spreadsheet_xml_sheets(root: Element) -> list[Sheet]:
    """The sheets of such a workbook, dates in ISO 8601 as it writes them."""
    return [_sheet(sheet) for sheet in root.iter(f"{_SPREADSHEET}Worksheet")]


def _sheet(element: Element) -> Sheet:
    sheet = RawSheet(element.get(f"{_SPREADSHEET}Name", ""))
    at = 0
    for column in element.iter(f"{_SPREADSHEET}Column"):
        at = _number(column, "Index", at + 1) - 1
        after = at + 1 + _number(column, "Span", 0)
        if column.get(f"{_SPREADSHEET}Hidden") == "1":
            sheet.hidden_columns.update(range(at, min(after, MOST_COLUMNS)))
        at = after
    for row in element.iter(f"{_SPREADSHEET}Row"):
        above = min(_number(row, "Index", 1) - 1, _MOST_ROWS) - len(sheet.rows)
        sheet.rows += [[] for _ in range(above)]
        if row.get(f"{_SPREADSHEET}Hidden") == "1":
            sheet.hidden_rows.add(len(sheet.rows))
        _add_cells(sheet, row)
    return sheet.finished()


def _add_cells(sheet: RawSheet, row: Element) -> None:
    texts: list[str] = []
    column, number = 0, len(sheet.rows)
    for cell in row.iter(f"{_SPREADSHEET}Cell"):
        column = max(_number(cell, "Index", column + 1) - 1, column)
        text = _cell_text(cell)
        after = column + 1 + _number(cell, "MergeAcross", 0)
        if column < MOST_COLUMNS:
            texts += [""] * (column - len(texts))
            texts.append(text)
        elif text.strip():
            sheet.beyond.append(f"{column_letters(column)}{number + 1}")
        below = number + 1 + _number(cell, "MergeDown", 0)
        if after - column > 1 or below - number > 1:
            sheet.merged.append((range(number, below), range(column, min(after, MOST_COLUMNS))))
        column = after
    sheet.rows.append(texts)


def _number(element: Element, name: str, other: int) -> int:
    text = element.get(f"{_SPREADSHEET}{name}", "")
    return int(text) if text.isdecimal() and len(text) < 9 else other


def _cell_text(cell: Element) -> str:
    data = cell.find(f"{_SPREADSHEET}Data")
    if data is None:
        return ""
    text = "".join(data.itertext())
    if data.get(f"{_SPREADSHEET}Type") == "DateTime":
        return text.removeprefix("1899-12-31T").removeprefix("1899-12-30T").removesuffix(".000")
    return text
