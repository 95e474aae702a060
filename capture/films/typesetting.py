"""Renders text in any script to pixels: shaping by HarfBuzz, bidirectional order by Unicode's
rules, filling by OpenCV.

Pillow can do this only where the system provides FriBiDi, which Windows and macOS don't.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from capture.printing.canvas import is_tall
from capture.printing.font_files import Face
from capture.printing.fonts import FontShelf
from capture.printing.text_runs import reads_from_right

# Supersampling factor, for smooth edges.
OVERSAMPLED = 4
# Number of line segments per curve.
CURVE_STEPS = 6
# Line spacing, in font sizes; scripts with tall letters need more.
LEADING, TALL_LEADING = 1.22, 1.6


@dataclass(frozen=True)
class Glyph:
    """A shaped glyph: its id in its font, and its position in the line, in font sizes."""

    face: Face
    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """A line of shaped text, ``width`` in font sizes."""

    glyphs: tuple[Glyph, ...]
    width: float


@dataclass(frozen=True)
class Block:
    """Rendered text: ``ink`` is the coverage of each pixel, H × W uint8."""

    ink: Any
    size: float
    from_right: bool


class Typesetter:
    """Sets text into boxes of pixels."""

    def __init__(self, shelf: FontShelf | None = None) -> None:
        self._shelf = shelf or FontShelf()

    def set_text(
        self,
        text: str,
        box: tuple[int, int],
        *,
        size: float,
        least: float = 16.0,
        bold: bool = False,
        is_centred: bool = False,
    ) -> Block:
        """Set a text in a box of width and height, at the largest size that fits between ``least``
        and ``size`` pixels.

        Text that doesn't fit at the smallest size is cut with an ellipsis. The block is as wide as
        the box and as high as its lines.
        """
        choice = self._shelf.choose(" ".join(text.split()), bold=bold)
        faces = tuple(face for face in choice.faces if face.path is not None)
        words = choice.text if faces else ""
        from_right = reads_from_right(words)
        apart = TALL_LEADING if is_tall(words) else LEADING
        lines, points = self._fitted(words, faces, box, (size, least, apart))
        ink = _drawn(lines, points, box[0], _Setting(apart, from_right, is_centred))
        return Block(ink, points, from_right)

    def _fitted(
        self,
        words: str,
        faces: tuple[Face, ...],
        box: tuple[int, int],
        sizes: tuple[float, float, float],
    ) -> tuple[list[Line], float]:
        size, least, apart = sizes
        while True:
            room = max(int(box[1] / (size * apart)), 1)
            lines = broken(words, faces, box[0] / size)
            if len(lines) <= room and all(line.width * size <= box[0] for line in lines):
                return lines, size
            if size <= least:
                break
            size = max(least, size * 0.94)
        return _cut_to(words, faces, box[0] / size, room), size


@dataclass(frozen=True)
class _Setting:
    apart: float
    from_right: bool
    is_centred: bool

    def left(self, width: float, line: float) -> float:
        """The x position at which a line begins."""
        if self.is_centred:
            return (width - line) / 2
        return width - line if self.from_right else 0.0


def broken(text: str, faces: tuple[Face, ...], width: float) -> list[Line]:
    """Break a text into lines for a column of ``width``, in font sizes."""
    lines: list[str] = []
    for word in _words(text):
        joined = lines[-1] + word if lines else word.lstrip()
        if lines and shaped(joined.rstrip(), faces).width <= width:
            lines[-1] = joined
        else:
            lines.append(word.lstrip())
    return [shaped(line.rstrip(), faces) for line in lines]


def _words(text: str) -> Iterator[str]:
    """Split at possible line breaks; scripts without spaces may break anywhere except before
    combining marks."""
    word = ""
    for letter in text:
        is_free = unicodedata.east_asian_width(letter) in "WF" or "\u0e00" <= letter <= "\u0eff"
        may_break = letter == " " or (is_free and unicodedata.category(letter)[0] == "L")
        if may_break and word:
            yield word
            word = ""
        word += letter
    if word:
        yield word


def _cut_to(text: str, faces: tuple[Face, ...], width: float, room: int) -> list[Line]:
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        fits = len(broken(_cut(text, middle), faces, width)) <= room
        low, high = (middle, high) if fits else (low, middle)
    return broken(_cut(text, low), faces, width)[:room]


def _cut(text: str, length: int) -> str:
    return text[:length].rstrip(" ,;:-–—") + "…"


@lru_cache(maxsize=4096)
def shaped(text: str, faces: tuple[Face, ...]) -> Line:
    """Shape one line, in visual order."""
    glyphs: list[Glyph] = []
    at = 0.0
    for run, face, is_rtl in _runs(text, faces):
        made, at = _shape(run, face, is_rtl, at)
        glyphs += made
    return Line(tuple(glyphs), at)


def _runs(text: str, faces: tuple[Face, ...]) -> Iterator[tuple[str, Face, bool]]:
    """Split into runs of one direction, font and script, from left to right."""
    from fpdf.bidi import BidiParagraph
    from fpdf.enums import TextDirection

    if not text:
        return
    base = TextDirection.RTL if reads_from_right(text) else TextDirection.LTR
    seen = BidiParagraph(text, base).get_reordered_characters()
    for is_rtl, letters in groupby(seen, key=lambda one: one.embedding_level % 2 == 1):
        places = [letter.character_index for letter in letters]
        # HarfBuzz takes characters in logical order, and mirrors brackets itself.
        fragment = "".join(text[place] for place in (reversed(places) if is_rtl else places))
        parts = list(_itemized(fragment, faces))
        for part, face in reversed(parts) if is_rtl else parts:
            yield part, face, is_rtl


def _itemized(text: str, faces: tuple[Face, ...]) -> Iterator[tuple[str, Face]]:
    from fontTools.unicodedata import script

    keys: list[tuple[Face, str]] = []
    for letter in text:
        face = next((one for one in faces if one.covers(letter)), faces[0])
        kind = str(script(letter))
        if kind in ("Zyyy", "Zinh"):
            kind = keys[-1][1] if keys else ""
        if not letter.strip() and keys:
            face = keys[-1][0]
        keys.append((face, kind))
    # Characters before the first one with a script join its run.
    first = next((kind for _face, kind in keys if kind), "")
    named = [(face, kind or first) for face, kind in keys]
    for (face, _kind), group in groupby(zip(named, text, strict=True), key=lambda pair: pair[0]):
        yield "".join(letter for _key, letter in group), face


def _shape(text: str, face: Face, is_rtl: bool, at: float) -> tuple[list[Glyph], float]:
    import uharfbuzz as hb

    font, unit = _font(face)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    hb.shape(font, buffer)
    glyphs = []
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x, y = at + place.x_offset / unit, place.y_offset / unit
        glyphs.append(Glyph(face, info.codepoint, x, y))
        at += place.x_advance / unit
    return glyphs, at


@lru_cache(maxsize=64)
def _font(face: Face) -> tuple[Any, int]:
    import uharfbuzz as hb

    opened = hb.Face(hb.Blob.from_file_path(str(face.path or Path())), face.number)
    return hb.Font(opened), opened.upem


@lru_cache(maxsize=4096)
def _outline(face: Face, number: int) -> tuple[Any, ...]:
    """The closed curves of a glyph as polygons, N × 2 in font sizes, y upwards."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    font, unit = _font(face)
    pen = DecomposingRecordingPen({})
    font.draw_glyph_with_pen(number, pen)
    return tuple(_polygons(pen.value, unit))


def _polygons(strokes: list[tuple[str, Any]], unit: int) -> Iterator[Any]:
    import numpy as np

    points: list[Any] = []
    for name, given in strokes:
        ends = [np.array(point, float) / unit for point in given]
        if name == "moveTo":
            points = ends
        elif name in ("closePath", "endPath"):
            if len(points) > 2:
                yield np.array(points)
            points = []
        else:
            points += _curve([points[-1], *ends])
    if len(points) > 2:
        yield np.array(points)


def _curve(ends: list[Any]) -> list[Any]:
    """Points on a straight line or a Bézier curve of any degree, except the first (de
    Casteljau)."""
    if len(ends) == 2:
        return [ends[1]]
    found = []
    for step in range(1, CURVE_STEPS + 1):
        share, left = step / CURVE_STEPS, list(ends)
        while len(left) > 1:
            left = [a + (b - a) * share for a, b in pairwise(left)]
        found.append(left[0])
    return found


def _drawn(lines: list[Line], size: float, width: int, setting: _Setting) -> Any:
    import cv2
    import numpy as np

    high = max(1, round(len(lines) * size * setting.apart))
    large = np.zeros((high * OVERSAMPLED, width * OVERSAMPLED), np.uint8)
    for row, line in enumerate(lines):
        left = setting.left(width, line.width * size)
        # The baseline: letters reach about three quarters of the font size up and a quarter down.
        base = size * setting.apart * row + size * (setting.apart / 2 + 0.3)
        for glyph in line.glyphs:
            _fill(large, glyph, (left + glyph.x * size, base - glyph.y * size), size)
    return cv2.resize(large, (width, high), interpolation=cv2.INTER_AREA)


def _fill(large: Any, glyph: Glyph, at: tuple[float, float], size: float) -> None:
    """Fill a glyph by the non-zero rule: outlines of one letter may overlap, holes have the
    opposite direction."""
    import cv2
    import numpy as np

    outline = _outline(glyph.face, glyph.number)
    if not outline:
        return
    flip = np.array([1.0, -1.0])
    curves = [
        np.round((np.array(at) + curve * size * flip) * OVERSAMPLED).astype(np.int32)
        for curve in outline
    ]
    low = np.maximum(np.min([c.min(axis=0) for c in curves], axis=0) - 1, 0)
    top = np.minimum(np.max([c.max(axis=0) for c in curves], axis=0) + 2, large.shape[::-1])
    if (top <= low).any():
        return
    winding = np.zeros((top[1] - low[1], top[0] - low[0]), np.int16)
    for curve in curves:
        one = np.zeros(winding.shape, np.uint8)
        cv2.fillPoly(one, [curve - low], 1)
        winding += one.astype(np.int16) * (1 if _area(curve) > 0 else -1)
    part = large[low[1] : top[1], low[0] : top[0]]
    part[winding != 0] = 255


def _area(curve: Any) -> float:
    x, y = curve[:, 0].astype(float), curve[:, 1].astype(float)
    return float((x * (_next(y)) - y * _next(x)).sum())


def _next(values: Any) -> Any:
    import numpy as np

    return np.roll(values, -1)
