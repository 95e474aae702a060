"""The pen for printed pages: text that is fitted into a box in any script, QR codes, simple shapes.

All measures are millimetres from the top left corner of the page, type sizes are points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from capture.codes.qr_writer import QUIET_ZONE, qr_matrix, qr_runs
from capture.printing.fonts import Choice, Face, FontShelf
from reporter.errors import BadInput

if TYPE_CHECKING:
    from fpdf import FPDF

Colour = tuple[int, int, int]
Align = Literal["start", "centre", "right"]

# The colours of the web pages (static/css/tokens.css), as they look on white paper.
INK: Colour = (43, 35, 32)
SOFT: Colour = (102, 89, 79)
LINE: Colour = (221, 209, 191)
ACCENT: Colour = (166, 58, 27)
WASH: Colour = (251, 233, 223)
WHITE: Colour = (255, 255, 255)

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
POINT = 25.4 / 72
# Scripts of South and South-East Asia, whose letters change shape and place.
_INDIC = {"Beng", "Deva", "Gujr", "Guru", "Knda", "Mlym", "Orya", "Sinh", "Taml", "Telu"}
_SHAPED = _INDIC | {"Khmr", "Laoo", "Mymr", "Thai", "Tibt"}


@dataclass(frozen=True)
class Box:
    """A rectangle on the page."""

    x: float
    y: float
    width: float
    height: float


class Canvas:
    """A PDF document with the few strokes that our pages need."""

    def __init__(self, paper: str, *, shelf: FontShelf, warn: Callable[[str], None]) -> None:
        """Raises BadInput for a paper other than ``A4`` and ``Letter``."""
        from fpdf import FPDF

        if paper not in PAPERS:
            raise BadInput(f"There is no paper “{paper}” here. Choose A4 or Letter.")
        self.width, self.height = PAPERS[paper]
        self._pdf: FPDF = FPDF(unit="mm", format=PAPERS[paper])
        self._pdf.set_auto_page_break(False)
        self._pdf.c_margin = 0
        self._shelf = shelf
        self._warn = warn
        self._families: dict[Face, str] = {}
        self._told: set[str] = set()
        # Most lines are the same on every poster, and measuring them is most of the work.
        self._measured: dict[tuple[object, ...], tuple[str, float]] = {}

    def page(self) -> None:
        """Begins a new page."""
        self._pdf.add_page()

    def output(self, *, title: str, now: datetime) -> bytes:
        """The document; the same bytes for the same pages and the same ``now`` (aware)."""
        self._pdf.set_title(title)
        self._pdf.set_creator("Social Reporter")
        self._pdf.set_creation_date(now)
        return bytes(self._pdf.output())

    def close(self) -> None:
        """Closes the font files, which fpdf2 keeps open."""
        for font in self._pdf.fonts.values():
            if hasattr(font, "ttfont"):
                font.ttfont.close()

    def choose(self, text: str, *, bold: bool) -> Choice:
        """How the text will be set; tells once which letters of it no font has."""
        choice = self._shelf.choose(text, bold=bold)
        if choice.missing and text not in self._told:
            self._told.add(text)
            self._warn(
                f"“{text}”: no font on this computer has the letters {' '.join(choice.missing)}. "
                "They were left out; install a font for them (Noto Sans has most) and print again."
            )
        return choice

    def write(
        self,
        text: str,
        box: Box,
        *,
        size: float,
        least: float | None = None,
        bold: bool = False,
        colour: Colour = INK,
        align: Align = "start",
        leading: float = 1.18,
    ) -> float:
        """Sets a text into the box, as large as fits between ``least`` and ``size`` points.

        What doesn't fit at the smallest size is cut with an ellipsis. Text that reads from the
        right starts at the right. Returns the height used, in millimetres.
        """
        choice = self.choose(text, bold=bold)
        if not choice.text.strip():
            return 0.0
        key = (choice, box.width, box.height, size, least, leading)
        if key not in self._measured:
            self._measured[key] = self._fitted(choice, box, size, least or size, leading)
        words, points = self._measured[key]
        return self._set(
            choice.faces,
            words,
            box,
            points=points,
            leading=leading,
            colour=colour,
            how=_alignment(choice.text, align),
        )

    def _set(
        self,
        faces: tuple[Face, ...],
        words: str,
        box: Box,
        *,
        points: float,
        leading: float,
        colour: Colour,
        how: str,
    ) -> float:
        self._font(faces, points, words)
        # fpdf2 (2.8.9) writes the font lazily, perhaps inside the q … Q of a line that mixes fonts
        # or changes colour, and then takes it for set: the next line vanishes. So the fill gets the
        # text's colour first, and for several faces a blank brings the font onto the page.
        self._pdf.set_text_color(*colour)
        self._pdf.set_fill_color(*colour)
        self._pdf.set_xy(box.x, box.y)
        strong = faces[0].embolden
        with self._pdf.local_context(
            text_mode="FILL_STROKE" if strong else "FILL",
            line_width=points * POINT * 0.03 if strong else 0.2,
            draw_color=colour,
        ):
            if len(faces) > 1:
                self._pdf.text(box.x, box.y + points * POINT, " ")
            self._pdf.multi_cell(
                box.width, points * POINT * leading, words, align=how, new_x="LMARGIN", new_y="NEXT"
            )
        return float(self._pdf.get_y() - box.y)

    def _fitted(
        self, choice: Choice, box: Box, size: float, least: float, leading: float
    ) -> tuple[str, float]:
        points = size
        while points > least and not self._fits(choice, box, points, leading, whole_words=True):
            points = max(least, points - max(1.0, points * 0.04))
        words = choice.text
        if self._fits(choice, box, points, leading):
            return words, points
        low, high = 0, len(words)
        while high - low > 1:
            middle = (low + high) // 2
            shorter = Choice(_cut(words, middle), choice.faces)
            fits = self._fits(shorter, box, points, leading)
            low, high = (middle, high) if fits else (low, middle)
        return _cut(words, low), points

    def _fits(
        self,
        choice: Choice,
        box: Box,
        points: float,
        leading: float,
        *,
        whole_words: bool = False,
    ) -> bool:
        self._font(choice.faces, points, choice.text)
        if whole_words and not _breaks_anywhere(choice.text):
            widest = max((self._pdf.get_string_width(w) for w in choice.text.split()), default=0)
            if widest > box.width:
                return False
        lines: Any = self._pdf.multi_cell(
            box.width,
            points * POINT * leading,
            choice.text,
            align="L",
            dry_run=True,
            output="LINES",
        )
        return len(lines) * points * POINT * leading <= box.height + 0.01

    def _font(self, faces: tuple[Face, ...], points: float, text: str) -> None:
        family = self._family(faces[0])
        self._pdf.set_font(family, size=points)
        shaped = faces[0].path is not None
        self._pdf.set_text_shaping(shaped, script=_script_of(text) if shaped else None)
        self._pdf.set_fallback_fonts([self._family(face) for face in faces[1:]], exact_match=False)

    def _family(self, face: Face) -> str:
        if face.path is None:
            return "helvetica"
        if face not in self._families:
            family = f"face{len(self._families)}"
            self._pdf.add_font(family, fname=face.path, collection_font_number=face.number)
            self._families[face] = family
        return self._families[face]

    def qr(self, text: str, box: Box) -> None:
        """A QR code, black on white, that fills the box with its white border included."""
        matrix = qr_matrix(text)
        module = box.width / (len(matrix) + 2 * QUIET_ZONE)
        self.fill(box, WHITE)
        self._pdf.set_fill_color(0, 0, 0)
        for row, column, length in qr_runs(matrix):
            # A little taller than a module, so that no hairline shows between two rows.
            self._pdf.rect(
                box.x + (column + QUIET_ZONE) * module,
                box.y + (row + QUIET_ZONE) * module,
                length * module,
                module * 1.02,
                style="F",
            )

    def fill(self, box: Box, colour: Colour, *, radius: float = 0) -> None:
        """A filled rectangle, with round corners if ``radius`` says so."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(
            box.x,
            box.y,
            box.width,
            box.height,
            style="F",
            round_corners=radius > 0,
            corner_radius=radius,
        )

    def frame(self, box: Box, colour: Colour, *, width: float, radius: float = 0) -> None:
        """The outline of a rectangle."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(width)
        self._pdf.rect(
            box.x,
            box.y,
            box.width,
            box.height,
            style="D",
            round_corners=radius > 0,
            corner_radius=radius,
        )

    def line(
        self, start: tuple[float, float], end: tuple[float, float], *, width: float, colour: Colour
    ) -> None:
        """A straight line."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(width)
        self._pdf.line(*start, *end)

    def cut(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A dashed line to cut along."""
        self._pdf.set_dash_pattern(dash=1.5, gap=1.5)
        self.line(start, end, width=0.2, colour=SOFT)
        self._pdf.set_dash_pattern()

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle around (x, y)."""
        self._pdf.set_fill_color(*colour)
        self._pdf.circle(x=x, y=y, radius=radius, style="F")

    def ring(self, x: float, y: float, radius: float, *, width: float, colour: Colour) -> None:
        """A circle line around (x, y)."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(width)
        self._pdf.circle(x=x, y=y, radius=radius, style="D")


def _alignment(text: str, align: Align) -> str:
    if align == "centre":
        return "C"
    return "R" if align == "right" or reads_from_right(text) else "L"


def is_tall(text: str) -> bool:
    """Whether letters reach so far up and down (Arabic to Khmer) that lines need more room."""
    return any("\u0590" <= c <= "\u1fff" or "\ufb1d" <= c <= "\ufefc" for c in text)


def reads_from_right(text: str) -> bool:
    """Whether the first letter with a direction reads from the right (Unicode UAX 9, rule P2)."""
    directions = (unicodedata.bidirectional(c) for c in text)
    return next((d for d in directions if d in ("L", "R", "AL")), "L") != "L"


def _script_of(text: str) -> str | None:
    """The script that the shaper has to be told, as an ISO 15924 tag; None lets it guess.

    It guesses by the first letter of a run, and a run is all that has one font and one direction:
    in “Garden उद्यान” it would take Hindi for Latin and leave the letters apart. Latin shaped as
    Hindi loses nothing that shows. Where Arabic or Hebrew stand too, guessing harms less.
    """
    from fontTools.unicodedata import script

    if any(unicodedata.bidirectional(c) in ("R", "AL") for c in text):
        return None
    return next((tag for c in text if (tag := str(script(c))) in _SHAPED), None)


def _breaks_anywhere(text: str) -> bool:
    """Scripts without spaces between words: a line may end inside what looks like one word."""
    return any(unicodedata.east_asian_width(c) in "WF" or "\u0e00" <= c <= "\u0eff" for c in text)


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip(" ,;:-–—") + "…"
