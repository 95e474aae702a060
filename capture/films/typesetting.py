"""Renders text in any script to pixels: set as for print, filled by OpenCV.

Pillow can do this only where the system provides FriBiDi, which Windows and macOS don't.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from capture.printing.canvas import is_tall
from capture.printing.font_files import FontFace, open_font
from capture.printing.fonts import FontShelf
from capture.printing.text_runs import reads_from_right
from capture.printing.typesetting import Fit, Paragraph, Placed, Setting, TextBox, fitted
from capture.printing.typesetting import Typesetter as Paragraphs
from reporter.search.text.languages import FUNCTION_WORDS, guess
from reporter.search.text.tokenizer import normalize

# Supersampling factor, for smooth edges.
OVERSAMPLED = 4
# Number of line segments per curve.
CURVE_STEPS = 6
# Line spacing, in font sizes; scripts with tall letters need more.
LEADING, TALL_LEADING = 1.22, 1.6
# How much strokes are thickened where a font's bold is too thin, in font sizes.
STROKE = 0.03
# Languages whose words tell them apart.
_SPOKEN = ("en", "de", "es", "fr", "pt")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class ColourGlyph:
    """A glyph with colours of its own: H × W × 4 uint8 (RGB and alpha), its left top corner."""

    pixels: Any
    x: int
    y: int


@dataclass(frozen=True)
class RenderedText:
    """Rendered text: ``ink`` is the coverage of each pixel, H × W uint8; ``pictures`` stand in it."""

    ink: Any
    size: float
    from_right: bool
    pictures: tuple[ColourGlyph, ...] = ()

    def layer(self, colour: tuple[int, int, int]) -> tuple[Any, Any]:
        """The text in a colour: its pixels (H × W × 3 uint8), and their opacity (H × W, 0 to 1)."""
        import numpy as np

        pixels = np.full((*self.ink.shape, 3), colour, np.uint8)
        opacity = self.ink.astype(np.float32) / 255
        for picture in self.pictures:
            high = min(picture.pixels.shape[0], pixels.shape[0] - picture.y)
            wide = min(picture.pixels.shape[1], pixels.shape[1] - picture.x)
            place = np.s_[picture.y : picture.y + high, picture.x : picture.x + wide]
            pixels[place] = picture.pixels[:high, :wide, :3]
            opacity[place] = picture.pixels[:high, :wide, 3] / 255
        return pixels, opacity


class PixelTypesetter:
    """Sets text into boxes of pixels. ``language``: of texts that don't show their own."""

    def __init__(self, shelf: FontShelf | None = None, language: str = "en") -> None:
        self._paragraphs = Paragraphs(shelf or FontShelf())
        self._language = language

    def set_text(
        self,
        text: str,
        box: tuple[int, int],
        *,
        size: float,
        least: float = 16.0,
        bold: bool = False,
        is_centred: bool = False,
    ) -> RenderedText:
        """Set a text in a box of width and height, at the largest size that fits between ``least``
        and ``size`` pixels.

        Text that doesn't fit at the smallest size is cut with an ellipsis. The block is as wide as
        the box and as high as its lines.
        """
        text = " ".join(text.split())
        setting = Setting(spoken_in(text, self._language), bold, reads_from_right(text))
        leading = TALL_LEADING if is_tall(text) else LEADING
        fit = fitted(
            lambda words: self._paragraphs.paragraph(words, setting),
            text,
            TextBox(box[0], box[1], size, least, leading),
        )
        return _Drawing(fit, box[0], leading, is_centred=is_centred).block()


def spoken_in(text: str, otherwise: str) -> str:
    """The language of a text by its words, for its hyphens; ``otherwise`` where they don't tell."""
    own = otherwise.split("-")[0].lower()
    known = own if own in FUNCTION_WORDS else "en"
    words = [normalize(word) for word in _WORD.findall(text)]
    found = guess(words, tuple(dict.fromkeys((known, *_SPOKEN))))
    return found[0] if len(found) == 1 else otherwise


class _Drawing:
    """Draws the lines of a fitted text."""

    def __init__(self, fit: Fit, width: int, leading: float, *, is_centred: bool) -> None:
        import numpy as np

        self._fit, self._width, self._leading = fit, width, leading
        self._is_centred = is_centred
        self._high = max(1, round(len(fit.lines) * fit.size * leading))
        self._large = np.zeros((self._high * OVERSAMPLED, width * OVERSAMPLED), np.uint8)

    def block(self) -> RenderedText:
        """The finished block."""
        import cv2

        pictures = tuple(self._pictures_beside_outlines())
        ink = cv2.resize(self._large, (self._width, self._high), interpolation=cv2.INTER_AREA)
        from_right = self._fit.paragraph.setting.from_right
        return RenderedText(ink, self._fit.size, from_right, pictures)

    def _pictures_beside_outlines(self) -> Iterator[ColourGlyph]:
        """Fill all outlines; yield the glyphs that are pictures."""
        paragraph, size = self._fit.paragraph, self._fit.size
        for row, line in enumerate(self._fit.lines):
            left = self._left(paragraph, paragraph.width(line) * size)
            # The baseline: letters reach about three quarters of the font size up and a quarter down.
            base = size * self._leading * row + size * (self._leading / 2 + 0.3)
            for _text, glyphs in paragraph.placed(line):
                for glyph in glyphs:
                    at = (left + glyph.x * size, base - glyph.y * size)
                    if glyph.picture:
                        yield _picture(glyph, at, size)
                    elif glyph.face.path is not None:
                        _fill(self._large, glyph, at, size)

    def _left(self, paragraph: Paragraph, line: float) -> float:
        """The x position at which a line begins."""
        if self._is_centred:
            return (self._width - line) / 2
        return self._width - line if paragraph.setting.from_right else 0.0


def _picture(glyph: Placed, at: tuple[float, float], size: float) -> ColourGlyph:
    import cv2
    import numpy as np

    font = open_font(glyph.face)
    wide, high, colours, alpha = font.picture(glyph.gid)
    pixels = np.dstack(
        [
            np.frombuffer(colours, np.uint8).reshape(high, wide, 3),
            np.frombuffer(alpha, np.uint8).reshape(high, wide),
        ]
    )
    left, bottom, right, top = font.ink(glyph.gid) or (0.0, 0.0, 1.0, 1.0)
    shown = (max(1, round((right - left) * size)), max(1, round((top - bottom) * size)))
    small = cv2.resize(pixels, shown, interpolation=cv2.INTER_AREA)
    return ColourGlyph(small, max(0, round(at[0] + left * size)), max(0, round(at[1] - top * size)))


@lru_cache(maxsize=4096)
def _outline(face: FontFace, number: int) -> tuple[Any, ...]:
    """The closed curves of a glyph as polygons, N × 2 in font sizes, y upwards."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    pen = DecomposingRecordingPen({})
    unit = open_font(face).draw(number, pen)
    return tuple(_polygons(pen.value, unit))


def _polygons(strokes: list[tuple[str, Any]], unit: float) -> Iterator[Any]:
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


def _fill(large: Any, glyph: Placed, at: tuple[float, float], size: float) -> None:
    """Fill a glyph by the non-zero rule: outlines of one letter may overlap, holes have the
    opposite direction."""
    import cv2
    import numpy as np

    outline = _outline(glyph.face, glyph.gid)
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
    if glyph.face.embolden:
        stroke = max(1, round(STROKE * size * OVERSAMPLED))
        cv2.polylines(large, curves, True, 255, stroke)


def _area(curve: Any) -> float:
    x, y = curve[:, 0].astype(float), curve[:, 1].astype(float)
    return float((x * (_next(y)) - y * _next(x)).sum())


def _next(values: Any) -> Any:
    import numpy as np

    return np.roll(values, -1)
