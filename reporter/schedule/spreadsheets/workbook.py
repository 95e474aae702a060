"""Read spreadsheets: .xlsx, and .ods: their sheets as CSV text.

Dates, times and durations, which are formatted numbers there, are converted to ISO 8601.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.spreadsheets.office_open import read_workbook
from reporter.schedule.spreadsheets.open_document import DOCUMENT, is_encrypted, read_document
from reporter.schedule.spreadsheets.package import UNREADABLE, Package
from reporter.schedule.tables.headers import read_column
from reporter.schedule.tables.sheet import Sheet, header_position

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
_LOCKED = Message("This spreadsheet is protected by a password. Save it without one and import it.")
# Excel puts a workbook with a password into a file of its older form, in a stream of this name.
_LOCKED_MARK = "EncryptedPackage".encode("utf-16-le")


def is_workbook(data: bytes) -> bool:
    """Whether a file is a spreadsheet, .xlsx or .ods. Raises BadInput if it is protected by a password."""
    if data.startswith(b"\xd0\xcf\x11\xe0") and _LOCKED_MARK in data:
        raise BadInput(_LOCKED)
    if not data.startswith(b"PK\x03\x04"):
        return False
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if is_encrypted(archive):
                raise BadInput(_LOCKED)
            return DOCUMENT in archive.namelist() or bool(Package(archive).book)
    except (*_DAMAGED, ParseError, DefusedXmlException):
        return False


def workbook_sheets(data: bytes) -> tuple[list[Sheet], list[str]]:
    """The sheets of the schedule as CSV, and the names of the others.

    The first is the one that most looks like a schedule; those with the same columns follow, as in a spreadsheet with
    a sheet for each day. Hidden sheets count as others. Raises BadInput for a corrupt or empty spreadsheet.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            package = Package(archive)
            sheets = read_workbook(package) if package.book else read_document(archive)
    except (*_DAMAGED, ParseError, DefusedXmlException) as error:
        raise BadInput(UNREADABLE) from error
    return chosen_sheets(sheets)


def chosen_sheets(sheets: list[Sheet]) -> tuple[list[Sheet], list[str]]:
    """The sheets of the schedule, and the names of the others; see ``workbook_sheets``."""
    filled = [sheet for sheet in sheets if any(map(any, sheet.rows))]
    shown = [sheet for sheet in filled if not sheet.hidden] or filled
    if not shown:
        raise BadInput("This file is empty. Export the schedule again.")
    best = max(shown, key=lambda sheet: _likeness(sheet.rows))
    alike = [sheet for sheet in shown if sheet is best or _are_alike(sheet, best)]
    return alike, [sheet.name for sheet in filled if sheet not in alike]


def _likeness(rows: list[list[str]]) -> tuple[int, int]:
    """How much a sheet looks like a schedule: recognized columns, then rows."""
    best = max((sum(bool(read_column(c).role) for c in row) for row in rows[:20]), default=0)
    return best, len(rows)


def _are_alike(one: Sheet, best: Sheet) -> bool:
    """Whether the sheets have the same columns, or one of them some more than a title and a start."""
    names, most = _header(one.rows), _header(best.rows)
    if names == most:
        return True
    roles = {read_column(name).role for name in names & most}
    return (names < most or names > most) and {"title", "start"} <= roles


def _header(rows: list[list[str]]) -> frozenset[str]:
    """The names in the row that most looks like a header; of a sheet without one, its first row."""
    return frozenset(
        cell.strip().casefold() for cell in rows[header_position(rows)] if cell.strip()
    )
