"""The report "what happened" as a single printed page: numbers, pictures, themes, quotes,
questions, next steps."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from capture.printing.canvas import ACCENT, INK, LINE, POINT, SOFT, WASH, Align, Box, Canvas
from capture.printing.fonts import FontShelf

MARGIN, GAP = 16.0, 6.0
# Pixels of a picture per millimetre: 200 per inch.
PIXELS_A_MM = 8
# Least font size in points; the most height of the small print below an entry.
LEAST, BELOW = 7.0, 7.2


@dataclass(frozen=True)
class ReportEntry:
    """Words with small print below: their author or other details."""

    words: str
    below: str = ""
    bold: bool = False


@dataclass(frozen=True)
class ReportSection:
    """A heading and its entries."""

    heading: str
    entries: tuple[ReportEntry, ...]


@dataclass(frozen=True)
class ReportSheet:
    """All words of the page, prepared by the caller. ``pictures``: files with their words;
    ``left`` and ``right``: columns."""

    title: str
    above: str
    numbers: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[Path, str], ...]
    left: tuple[ReportSection, ...]
    right: tuple[ReportSection, ...]


def make_report(
    sheet: ReportSheet,
    *,
    language: str,
    now: datetime,
    paper: str = "A4",
    warn: Callable[[str], None],
) -> bytes:
    """Render the page as PDF. ``warn`` gets a message for each text with letters that no font
    has."""
    canvas = Canvas(paper, shelf=FontShelf(), warn=warn, language=language)
    canvas.page()
    _Page(canvas).draw(sheet)
    return canvas.output(title=sheet.title, now=now)


class _Page:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._inner = canvas.width - 2 * MARGIN
        self._side: Align = "right" if canvas.from_right else "left"

    def draw(self, sheet: ReportSheet) -> None:
        y = self._head(sheet)
        y = self._numbers(sheet.numbers, y)
        y = self._pictures(sheet.pictures, y)
        width = (self._inner - 10) / 2
        room = self._canvas.height - MARGIN - y
        for number, sections in enumerate((sheet.left, sheet.right)):
            self._column(sections, self._at(Box(MARGIN + number * (width + 10), y, width, room)))

    def _at(self, box: Box) -> Box:
        """Mirror the position on right-to-left pages."""
        if not self._canvas.from_right:
            return box
        return Box(self._canvas.width - box.x - box.width, box.y, box.width, box.height)

    def _head(self, sheet: ReportSheet) -> float:
        write, side = self._canvas.write, self._side
        self._canvas.fill(self._at(Box(MARGIN, 13, 20, 2)), ACCENT)
        write(
            sheet.above, Box(MARGIN, 17, self._inner, 7), size=12, least=8, colour=SOFT, align=side
        )
        used = write(sheet.title, Box(MARGIN, 23, self._inner, 22), size=30, least=14, bold=True)
        return 23 + used + GAP / 2

    def _numbers(self, numbers: Sequence[tuple[str, str]], y: float) -> float:
        if not numbers:
            return y
        width = self._inner / len(numbers)
        self._canvas.fill(Box(MARGIN, y, self._inner, 17), WASH, radius=2)
        for at, (count, label) in enumerate(numbers):
            box = self._at(Box(MARGIN + at * width + 2, y + 0.5, width - 4, 10))
            self._canvas.write(
                count, box, size=22, least=10, bold=True, colour=ACCENT, align="centre"
            )
            below = Box(box.x, y + 10, box.width, 6)
            self._canvas.write(label, below, size=9.5, least=6, align="centre")
        return y + 17 + GAP

    def _pictures(self, pictures: Sequence[tuple[Path, str]], y: float) -> float:
        if not pictures:
            return y
        width = (self._inner - 4 * (len(pictures) - 1)) / max(len(pictures), 2)
        height = min(width * 3 / 4, 48.0)
        for at, (path, words) in enumerate(pictures):
            box = self._at(Box(MARGIN + at * (width + 4), y, width, height))
            self._canvas.photo(*_cropped(path, box), box)
            below = Box(box.x, y + height + 1, width, 7)
            self._canvas.write(words, below, size=8.5, least=LEAST, colour=SOFT)
        return y + height + 8 + GAP

    def _column(self, sections: Sequence[ReportSection], box: Box) -> None:
        """Stack the sections; one without room is left out completely."""
        y, bottom = box.y, box.y + box.height
        for section in sections:
            if bottom - y < 16 or not section.entries:
                continue
            y += self._heading(section.heading, Box(box.x, y, box.width, 8))
            for entry in section.entries:
                if bottom - y < 9:
                    break
                y += self._entry(entry, Box(box.x, y, box.width, min(bottom - y, 30)))
            y += GAP / 2

    def _heading(self, words: str, box: Box) -> float:
        self._canvas.line((box.x, box.y), (box.x + box.width, box.y), width=0.3, colour=LINE)
        low = Box(box.x, box.y + 1.5, box.width, 6.5)
        return 2.5 + self._canvas.write(
            words, low, size=13, least=9, bold=True, colour=ACCENT, align=self._side
        )

    def _entry(self, entry: ReportEntry, box: Box) -> float:
        room = box.height - (5 if entry.below else 1)
        used = self._canvas.write(
            entry.words,
            Box(box.x, box.y, box.width, room),
            size=10.5,
            least=LEAST,
            bold=entry.bold,
            colour=INK,
            leading=1.25,
        )
        if entry.below:
            # Long lists of sessions take two lines: smaller letters could not be read.
            below = Box(box.x, box.y + used, box.width, min(BELOW, box.height - used))
            # Names are followed by counts and titles in all languages: use the page's direction,
            # whatever comes first.
            side = self._canvas.from_right if entry.bold else None
            used += self._canvas.write(
                entry.below, below, size=8.5, least=LEAST, colour=SOFT, from_right=side
            )
        return used + 7 * POINT


def _cropped(path: Path, box: Box) -> tuple[bytes, tuple[int, int]]:
    """A picture as JPEG, cropped to a box's aspect ratio, and its size."""
    from PIL import Image, ImageOps

    size = (round(box.width * PIXELS_A_MM), round(box.height * PIXELS_A_MM))
    with Image.open(path) as image:
        fitted = ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    fitted.save(out, "JPEG", quality=85)
    return out.getvalue(), size
