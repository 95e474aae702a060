"""The parts of an Office Open XML file, found by its relations (ECMA-376, part 2): programs call them as they like."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporter.errors import BadInput
from reporter.messages import Message

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

UNREADABLE = Message("This spreadsheet can't be read. Save it as CSV (UTF-8) and import that.")
# A gathering's table is far smaller; a small archive can expand to a very large file.
_MOST_BYTES = 200_000_000
_MOST_PART = 64_000_000
_MOST_SHEETS = 100
_BOOK = re.compile(r"(?:.*/)?workbook[^/]*\.xml")


class Package:
    """Reads parts by name, in any case and with either slash, as the standard has it and programs write it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {_plain(name): name for name in archive.namelist()}
        self._left = _MOST_BYTES
        self.book = self._book()

    def _book(self) -> str:
        """The name of the part with the list of sheets; "" if there is none."""
        if "xl/workbook.xml" in self._names:
            return "xl/workbook.xml"
        related = [part for _, kind, part in self.relations("") if kind == "officedocument"]
        return next((p for p in related if p in self._names and _BOOK.fullmatch(p)), "")

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._names

    def part(self, name: str) -> Element:
        """The part's root. Raises ParseError, LookupError if there is none, BadInput for a part that is too big."""
        from defusedxml.ElementTree import fromstring

        with self._archive.open(self._names[_plain(name)]) as file:
            data = file.read(min(_MOST_PART, self._left) + 1)
        self._left -= len(data)
        if len(data) > _MOST_PART or self._left < 0:
            raise BadInput(UNREADABLE)
        root: Element = fromstring(data)
        return root

    def relations(self, name: str) -> Iterator[tuple[str, str, str]]:
        """(id, kind, part) of what a part refers to; that of the whole package for ""."""
        folder, _, base = name.rpartition("/")
        source = posixpath.join(folder, "_rels", f"{base}.rels")
        for one in self.part(source) if source in self else ():
            target = one.get("Target", "").replace("\\", "/")
            whole = posixpath.normpath(posixpath.join("/", folder, target))
            kind = one.get("Type", "").rpartition("/")[2].lower()
            yield one.get("Id", ""), kind, _plain(whole)

    def related(self, kind: str) -> Element | None:
        """The part of a kind that the workbook refers to, such as "styles"; else the one that is called so."""
        names = [part for _, known, part in self.relations(self.book) if known == kind.lower()]
        name = next((n for n in (*names, f"xl/{kind}.xml") if n in self), "")
        return self.part(name) if name else None

    def sheets(self) -> list[str]:
        """The names of all parts that are sheets where sheets usually are."""
        found = [n for n in self._names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", n)]
        return sorted(found, key=lambda name: (len(name), name))


def refuse_many(sheets: int) -> None:
    """Raise BadInput if a spreadsheet has more sheets than are read: a session in one of the others would be missed."""
    if sheets > _MOST_SHEETS:
        raise BadInput(
            "This spreadsheet has %(count)s sheets; at most %(most)s are read. Keep those with the "
            "schedule, and import it again.",
            count=sheets,
            most=_MOST_SHEETS,
        )


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
