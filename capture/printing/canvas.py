"""Drawing on printed pages: text fitted into a box in any script, QR codes, simple shapes.

All measures are millimetres from the top left corner of the page; font sizes are points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from capture.codes.qr_writer import QUIET_ZONE, qr_matrix, qr_runs
from capture.printing.fonts import FontShelf
from capture.printing.pdf_document import PdfDocument, PlacedGlyph, rectangle
from capture.printing.text_runs import reads_from_right
from capture.printing.typesetting import (
    Fit,
    Paragraph,
    Placed,
    Setting,
    TextBox,
    Typesetter,
    fitted,
)
from reporter.errors import BadInput

Colour = tuple[int, int, int]
Align = Literal["start", "centre", "left", "right"]

# The colours of the web pages (static/css/tokens.css), adapted to white paper.
INK: Colour = (43, 35, 32)
SOFT: Colour = (102, 89, 79)
LINE: Colour = (221, 209, 191)
ACCENT: Colour = (166, 58, 27)
WASH: Colour = (251, 233, 223)
WHITE: Colour = (255, 255, 255)

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
POINT = 25.4 / 72


@dataclass(frozen=True)
class Box:
    """A rectangle on the page."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Style:
    """The options of ``Canvas.write``."""

    size: float
    least: float
    bold: bool
    colour: Colour
    align: Align
    leading: float
    from_right: bool | None


class Canvas:
    """A PDF document with the few drawing operations that our pages need."""

    def __init__(
        self, paper: str, *, shelf: FontShelf, warn: Callable[[str], None], language: str = "en"
    ) -> None:
        """Raise BadInput for a paper other than ``A4`` and ``Letter``."""
        if paper not in PAPERS:
            raise BadInput("There is no paper “%(paper)s” here. Choose A4 or Letter.", paper=paper)
        self.width, self.height = PAPERS[paper]
        self.language = language
        self.from_right = is_read_from_right(language)
        self._pdf = PdfDocument(self.width / POINT, self.height / POINT)
        self._typesetter = Typesetter(shelf)
        self._warn = warn
        self._warned: set[str] = set()
        # Cached, because most lines are the same on every poster.
        self._fitted: dict[tuple[object, ...], Fit] = {}

    def page(self) -> None:
        """Begin a new page."""
        self._pdf.page()

    def output(self, *, title: str, now: datetime) -> bytes:
        """Return the document; the same bytes for the same pages and the same ``now`` (aware)."""
        return self._pdf.output(title=title, language=self.language, now=now)

    def shown(self, text: str, *, bold: bool = False) -> str:
        """The printable part of a text; reports once which of its letters no font has."""
        found = self._paragraph(text, bold=bold, from_right=None)
        if found.missing and text not in self._warned:
            self._warned.add(text)
            self._warn(
                f"“{text}”: no font on this computer has the letters {' '.join(found.missing)}. "
                "They were left out; install a font for them (Noto Sans has most) and print again."
            )
        return found.text

    def write(
        self,
        text: str,
        box: Box,
        *,
        size: float,
        least: float = 0,
        bold: bool = False,
        colour: Colour = INK,
        align: Align = "start",
        leading: float = 1.18,
        from_right: bool | None = None,
    ) -> float:
        """Set a text into the box, at the largest size that fits between ``least`` and ``size``
        points.

        Text that doesn't fit at the smallest size is cut with an ellipsis. The direction is that of
        the first letter, unless ``from_right`` gives it, and the text is aligned to that side.
        Returns the height used, in millimetres.
        """
        style = Style(size, least or size, bold, colour, align, leading, from_right)
        return self._write(text, box, style)

    def _write(self, text: str, box: Box, style: Style) -> float:
        if not self.shown(text, bold=style.bold).strip():
            return 0.0
        key = (text, box.width, box.height, style)
        if key not in self._fitted:
            self._fitted[key] = self._fit(text, box, style)
        fit = self._fitted[key]
        paragraph, lines, points = fit.paragraph, fit.lines, fit.size
        step = points * POINT * style.leading
        self._colour(style.colour)
        for number, line in enumerate(lines):
            room = box.width - paragraph.width(line) * points * POINT
            share = {
                "left": 0.0,
                "right": 1.0,
                "centre": 0.5,
                "start": paragraph.setting.from_right,
            }
            baseline = box.y + (number + 0.5) * step + 0.3 * points * POINT
            self._show(paragraph.placed(line), box.x + room * share[style.align], baseline, points)
        self._pdf.draw("Q")
        return len(lines) * step

    def _paragraph(self, text: str, *, bold: bool, from_right: bool | None) -> Paragraph:
        if from_right is None:
            from_right = reads_from_right(text, self.from_right)
        return self._typesetter.paragraph(text, Setting(self.language, bold, from_right))

    def _show(
        self, runs: Iterator[tuple[str, list[Placed]]], x: float, baseline: float, points: float
    ) -> None:
        left, bottom = x / POINT, (self.height - baseline) / POINT
        for text, glyphs in runs:
            shown = [
                PlacedGlyph(g.gid, g.text, left + g.x * points, bottom + g.y * points)
                for g in glyphs
            ]
            with self._pdf.meaning(text, shown):
                if glyphs and glyphs[0].picture:
                    self._pdf.images(glyphs[0].face, points, shown)
                elif glyphs:
                    # Thin fonts get an outline of their own colour.
                    embolden = glyphs[0].face.embolden
                    self._pdf.draw(f"2 Tr {points * 0.03:.3f} w" if embolden else "0 Tr")
                    self._pdf.text(glyphs[0].face, points, shown)

    def _colour(self, colour: Colour) -> None:
        """Begin a graphics state in which everything has one colour."""
        values = " ".join(f"{part / 255:.4f}" for part in colour)
        self._pdf.draw(f"q {values} rg {values} RG")

    def _fit(self, text: str, box: Box, style: Style) -> Fit:
        def make(words: str) -> Paragraph:
            return self._paragraph(words, bold=style.bold, from_right=direction)

        direction = style.from_right
        direction = make(text).setting.from_right
        room = TextBox(
            box.width / POINT, box.height / POINT, style.size, style.least, style.leading
        )
        return fitted(make, text, room)

    def qr(self, text: str, box: Box) -> None:
        """Draw a QR code, black on white, that fills the box including its white border."""
        matrix = qr_matrix(text)
        side = len(matrix) + 2 * QUIET_ZONE
        # Slightly taller than a module, so that no hairline shows between two rows.
        bars = "".join(
            f"{column + QUIET_ZONE} {side - row - QUIET_ZONE - 1.02:.2f} {length} 1.02 re\n"
            for row, column, length in qr_runs(matrix)
        )
        path = f"1 g 0 0 {side} {side} re f\n0 g\n{bars}f"
        place = (box.x / POINT, (self.height - box.y - box.height) / POINT, box.width / POINT)
        self._pdf.form(text, path, side, place)

    def photo(self, jpeg: bytes, size: tuple[int, int], box: Box) -> None:
        """Place an RGB JPEG of the given pixel size, filling the box."""
        bottom = self.height - box.y - box.height
        x, y, width, height = (v / POINT for v in (box.x, bottom, box.width, box.height))
        self._pdf.photo(jpeg, size, (x, y, width, height))

    def fill(self, box: Box, colour: Colour, *, radius: float = 0) -> None:
        """Fill a rectangle, with rounded corners if ``radius`` is given."""
        self._colour(colour)
        self._pdf.draw(f"{self._path(box, radius)} f Q")

    def frame(self, box: Box, colour: Colour, *, width: float, radius: float = 0) -> None:
        """Draw the outline of a rectangle."""
        self._colour(colour)
        self._pdf.draw(f"{width / POINT:.3f} w {self._path(box, radius)} S Q")

    def _path(self, box: Box, radius: float) -> str:
        bottom = self.height - box.y - box.height
        x, y, width, height = (value / POINT for value in (box.x, bottom, box.width, box.height))
        return rectangle(x, y, width, height, radius=radius / POINT)

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        width: float,
        colour: Colour,
        dash: str = "",
    ) -> None:
        """Draw a straight line; ``dash`` is the dash pattern."""
        (x1, y1), (x2, y2) = ((x / POINT, (self.height - y) / POINT) for x, y in (start, end))
        self._colour(colour)
        self._pdf.draw(f"{dash} {width / POINT:.3f} w {x1:.3f} {y1:.3f} m {x2:.3f} {y2:.3f} l S Q")

    def cut(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a dashed cutting line."""
        dash = 1.5 / POINT
        self.line(start, end, width=0.2, colour=SOFT, dash=f"[{dash:.2f} {dash:.2f}] 0 d")

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle around (x, y)."""
        box = Box(x - radius, y - radius, 2 * radius, 2 * radius)
        self.fill(box, colour, radius=radius)

    def ring(self, x: float, y: float, radius: float, *, width: float, colour: Colour) -> None:
        """Draw the outline of a circle around (x, y)."""
        box = Box(x - radius, y - radius, 2 * radius, 2 * radius)
        self.frame(box, colour, width=width, radius=radius)


def is_tall(text: str) -> bool:
    """Whether the letters are so tall (Arabic to Khmer, Ethiopic, Vietnamese) that lines need
    more room."""
    return any("\u0590" <= c <= "\u1fff" or "\ufb1d" <= c <= "\ufefc" for c in text)


def is_read_from_right(language: str) -> bool:
    """Whether pages in a language are laid out from right to left."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(language.replace("-", "_")).text_direction == "rtl"
    except (UnknownLocaleError, ValueError):
        return False
