"""Sets paragraphs: a font and script for each run, lines that fit a width, positioned glyphs.

All widths and positions are in ems: shaping is done once, for any font size.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from capture.printing.font_files import FontFace, FontFile, ShapedGlyph, core_widths, open_font
from capture.printing.fonts import FontShelf
from capture.printing.line_breaks import break_points, hyphen_points, letter_points
from capture.printing.text_runs import Run, in_visual_order, runs_of

# Scripts whose marks stack; in fonts without rules for that they collide.
_STACKED = ("Thai", "Laoo")
_GAP = 0.03
_ISOLATES = "\u2066\u2067\u2068\u2069"
# Between two parts, with spaces around it ("col·lecció" has none): at a line's end it separates nothing.
_SEPARATOR = re.compile(r"\s+·\s*$")
# The gain in font size that justifies dividing a word.
_WORTH_A_HYPHEN = 1.25


@dataclass(frozen=True)
class Placed:
    """A positioned glyph and the letters it represents; ``picture`` marks one with its own
    colours."""

    face: FontFace
    gid: int
    text: str
    x: float
    y: float
    picture: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a paragraph from one index to another, possibly with an inserted hyphen."""

    start: int
    end: int
    hyphen: bool = False


@dataclass(frozen=True)
class Setting:
    """How a text is laid out: its language, and its overall direction."""

    language: str
    bold: bool = False
    from_right: bool = False


class Paragraph:
    """A text with fonts that have all its letters."""

    def __init__(
        self, text: str, runs: list[tuple[Run, FontFace]], setting: Setting, missing: str
    ) -> None:
        self.text = text
        self.missing = missing
        self.setting = setting
        self._runs = runs
        self._widths: dict[tuple[int, int, bool], float] = {}

    @cached_property
    def _points(self) -> list[int]:
        return [*break_points(self.text, self.setting.language), len(self.text)]

    @cached_property
    def hyphens(self) -> list[int]:
        """Indices at which a word may be hyphenated."""
        return hyphen_points(self.text, self.setting.language)

    @cached_property
    def letters(self) -> list[int]:
        """Boundaries between letters."""
        return list(letter_points(self.text))

    def lines(
        self, width: float, *, hyphenate: bool = False, anywhere: bool = False
    ) -> list[Line] | None:
        """Break the text into lines of a width, each filled as far as possible; None where a word
        is wider than that.

        Words that don't fit a line are hyphenated, or with ``anywhere`` divided between two
        letters.
        """
        inner = self.letters if anywhere else self.hyphens if hyphenate else []
        made: list[Line] = []
        start = end = 0
        for stop in self._points:
            if self.width(Line(start, stop)) <= width:
                end = stop
                continue
            if self.width(Line(end, stop)) <= width:
                made.append(Line(start, end))
                start, end = end, stop
                continue
            divided = self._divided(start, end, stop, width, inner=inner, hyphen=not anywhere)
            if divided is None:
                return None
            made += divided[:-1]
            start, end = divided[-1].start, stop
        return [*made, Line(start, end)] if end > start else made

    def _divided(
        self, start: int, end: int, stop: int, width: float, *, inner: list[int], hyphen: bool
    ) -> list[Line] | None:
        """Lines for the text from ``start``, dividing the word from ``end`` to ``stop``;
        the last line is unfinished."""
        made: list[Line] = []
        places = inner[bisect_right(inner, end) : bisect_right(inner, stop - 1)]
        while self.width(Line(start, stop)) > width:
            fitting = [
                p for p in places if p > start and self.width(Line(start, p, hyphen)) <= width
            ]
            if fitting:
                made.append(Line(start, fitting[-1], hyphen))
                start = end = fitting[-1]
            elif end > start:
                made.append(Line(start, end))
                start = end
            else:
                return None
            places = [p for p in places if p > start]
        return [*made, Line(start, stop)]

    def _words(self, line: Line) -> str:
        """What is shown of a line: without trailing spaces, nor a separator of what the next line says."""
        words = self.text[line.start : line.end].rstrip()
        return _SEPARATOR.sub("", words) if line.end < len(self.text) else words

    def width(self, line: Line) -> float:
        """The width of a line, without what is not shown at its end."""
        key = (line.start, line.end, line.hyphen)
        if key not in self._widths:
            self._widths[key] = sum(
                shape.advance for *_, shapes in self._shaped(line) for shape in shapes
            )
        return self._widths[key]

    def placed(self, line: Line) -> Iterator[tuple[str, list[Placed]]]:
        """Yield the runs of a line from left to right: each one's text, and its glyphs relative
        to the line's left edge."""
        pen = 0.0
        for face, text, shapes in self._shaped(line):
            glyphs = []
            for shape, letters in zip(shapes, _meanings(shapes, text), strict=True):
                picture = _is_picture(face, shape.gid)
                x = pen + shape.dx
                glyphs.append(Placed(face, shape.gid, letters, x, shape.dy, picture))
                pen += shape.advance
            yield "".join(c for c in text if c not in _ISOLATES), glyphs

    def _shaped(self, line: Line) -> Iterator[tuple[FontFace, str, list[ShapedGlyph]]]:
        words = self._words(line)
        end = line.start + len(words)
        shown = words + ("-" if line.hyphen else "")
        parts = {run: face for run, face in self._runs if run.start < end and run.end > line.start}
        for run in in_visual_order(list(parts)):
            low = max(run.start, line.start) - line.start
            high = min(run.end, end) - line.start
            high += line.hyphen and high == len(words)
            shapes = _shapes(parts[run], shown, (low, high), run, language=self.setting.language)
            # Counted from the run's own first letter.
            moved = [replace(shape, cluster=shape.cluster - low) for shape in shapes]
            yield parts[run], shown[low:high], moved


def _shapes(
    face: FontFace, text: str, span: tuple[int, int], run: Run, *, language: str
) -> list[ShapedGlyph]:
    if face.path is None:
        widths = core_widths(face.bold)
        return [
            ShapedGlyph(text[at].encode("cp1252")[0], at, widths[text[at]] / 1000, 0, 0)
            for at in range(*span)
            if text[at] in widths
        ]
    font = open_font(face)
    direction = "rtl" if run.level % 2 else "ltr"
    shapes = font.shape(text, *span, properties=(direction, run.script, language))
    shapes = [s for s in shapes if s.advance or not _is_format(text[s.cluster])]
    return list(_lifted(font, shapes)) if run.script in _STACKED else shapes


def _is_format(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cf", "Cc")


def _lifted(font: FontFile, shapes: Iterable[ShapedGlyph]) -> Iterator[ShapedGlyph]:
    """Raise marks that would overlap the mark below them, so that both are legible."""
    pen = top = 0.0
    reach = (0.0, 0.0)
    for shape in shapes:
        ink = font.ink(shape.gid)
        if shape.advance or ink is None:
            top = 0.0
        elif ink[1] + shape.dy > 0.2:
            left, right = pen + shape.dx + ink[0], pen + shape.dx + ink[2]
            bottom = ink[1] + shape.dy
            beside = left >= reach[1] or right <= reach[0]
            if top and not beside and bottom < top + _GAP:
                shape = ShapedGlyph(
                    shape.gid, shape.cluster, 0, shape.dx, shape.dy + top + _GAP - bottom
                )
            top, reach = ink[3] + shape.dy, (left, right)
        pen += shape.advance
        yield shape


def _meanings(shapes: list[ShapedGlyph], text: str) -> list[str]:
    """The letters each glyph represents; of several glyphs for the same letters the first gets
    them."""
    starts = sorted({shape.cluster for shape in shapes})
    ends = dict(pairwise([*starts, len(text)]))
    taken: set[int] = set()
    found = []
    for shape in shapes:
        fresh = shape.cluster not in taken
        taken.add(shape.cluster)
        found.append(text[shape.cluster : ends[shape.cluster]] if fresh else "")
    # Readers reverse right-to-left text letter by letter, even the letters of one glyph.
    from_right = len(shapes) > 1 and shapes[0].cluster > shapes[-1].cluster
    return [letters[::-1] for letters in found] if from_right else found


def _is_picture(face: FontFace, gid: int) -> bool:
    return face.path is not None and open_font(face).is_picture(gid)


class Typesetter:
    """Makes paragraphs of texts; caches each text."""

    def __init__(self, shelf: FontShelf) -> None:
        self._shelf = shelf
        self._made: dict[tuple[str, Setting], Paragraph] = {}

    def paragraph(self, text: str, setting: Setting) -> Paragraph:
        """The text with a font for each of its runs; letters that no font has are dropped and
        reported."""
        key = (text, setting)
        if key not in self._made:
            self._made[key] = self._paragraph(text, setting)
        return self._made[key]

    def _paragraph(self, text: str, setting: Setting) -> Paragraph:
        choice = self._shelf.readable(text, bold=setting.bold, language=setting.language)
        runs: list[tuple[Run, FontFace]] = []
        for run in runs_of(choice.text, from_right=setting.from_right):
            part = choice.text[run.start : run.end]
            at = run.start
            for piece, face in self._shelf.faces_for(
                part, choice.text, bold=setting.bold, language=setting.language, emoji=run.emoji
            ):
                runs.append((Run(at, at + len(piece), run.script, run.level, run.emoji), face))
                at += len(piece)
        return Paragraph(choice.text, runs, setting, choice.missing)


@dataclass(frozen=True)
class TextBox:
    """A box, and the font sizes and the line spacing (in font sizes) for its text; one unit of
    length for all of them."""

    width: float
    height: float
    size: float
    least: float
    leading: float

    def lines(
        self, paragraph: Paragraph, size: float, *, hyphenate: bool = False, anywhere: bool = False
    ) -> list[Line]:
        """The lines at a font size; none where they don't fit."""
        lines = paragraph.lines(self.width / size, hyphenate=hyphenate, anywhere=anywhere)
        fits = lines is not None and len(lines) * size * self.leading <= self.height + 0.03
        return lines if lines and fits else []


@dataclass(frozen=True)
class Fit:
    """A paragraph, its lines and the font size with which they fit a box."""

    paragraph: Paragraph
    lines: list[Line]
    size: float


def fitted(make: Callable[[str], Paragraph], text: str, room: TextBox) -> Fit:
    """Set a text at the largest size that fits; a word is divided where that gains much, or where
    nothing else fits. Text that doesn't fit at the smallest size is cut with an ellipsis."""
    whole = make(text)
    found = _largest(whole, room)
    divided = _largest(whole, room, hyphenate=True) if whole.hyphens else None
    if divided and (found is None or divided.size > found.size * _WORTH_A_HYPHEN):
        found = divided
    return found or _largest(whole, room, anywhere=True) or _cut_to(make, whole, room)


def _largest(
    paragraph: Paragraph, room: TextBox, *, hyphenate: bool = False, anywhere: bool = False
) -> Fit | None:
    size = room.size
    while True:
        lines = room.lines(paragraph, size, hyphenate=hyphenate, anywhere=anywhere)
        if lines:
            return Fit(paragraph, lines, size)
        if size <= room.least:
            return None
        size = max(room.least, size - max(1.0, size * 0.04))


def _cut_to(make: Callable[[str], Paragraph], whole: Paragraph, room: TextBox) -> Fit:
    """As much of the text as fits when words may be divided anywhere, then an ellipsis."""
    places = [0, *whole.letters]
    low, high, best = 0, len(places), Fit(whole, [], room.least)
    while high - low > 1:
        middle = (low + high) // 2
        shorter = make(whole.text[: places[middle]].rstrip(" ,;:-–—") + "…")
        lines = room.lines(shorter, room.least, anywhere=True)
        best = Fit(shorter, lines, room.least) if lines else best
        low, high = (middle, high) if lines else (low, middle)
    return best
