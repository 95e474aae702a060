"""Font files, read with HarfBuzz: coverage, shaping, subsetting, colour glyphs.

https://harfbuzz.github.io/ by uharfbuzz. Measures are in ems, unless stated otherwise.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uharfbuzz as hb

_OUTLINES = {"glyf", "CFF "}
_COLOURS = {"COLR", "CBDT", "sbix"}
# Pixels per em of a colour glyph: enough for one of 25 mm at 250 dpi.
_PICTURE = 256


@dataclass(frozen=True)
class FontFace:
    """A font file (one of several in a collection); without a path the PDF's built-in Helvetica.

    ``embolden`` marks a font whose strokes are too thin for a poster.
    """

    path: Path | None
    number: int = 0
    bold: bool = False
    embolden: bool = False

    def covers(self, text: str) -> bool:
        """Whether the font has a glyph for every letter of the text."""
        return not self.missing(text)

    def missing(self, text: str) -> set[str]:
        """The letters of the text for which the font has no glyph."""
        return {c for c in text if not self._has(c)}

    def _has(self, letter: str) -> bool:
        # Joiners, directional marks and variation selectors need no glyph of their own.
        if letter.isspace() or unicodedata.category(letter) in ("Cf", "Cc"):
            return True
        if "\ufe00" <= letter <= "\ufe0f":
            return True
        if self.path is None:
            return letter in _HELVETICA
        return ord(letter) in letters_of(self.path, self.number)


# PDF's built-in fonts are limited to Latin-1 here (fpdf2's encoding of core fonts).
_HELVETICA = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)]))
BUILT_IN = FontFace(None)


@dataclass(frozen=True)
class ShapedGlyph:
    """HarfBuzz's result for one or several letters: advance, and offset from the pen."""

    gid: int
    cluster: int
    advance: float
    dx: float
    dy: float


@dataclass(frozen=True)
class FontSubset:
    """A font subset with only the glyphs in use; heights in thousandths of an em."""

    data: bytes
    truetype: bool
    numbers: dict[int, int]
    ascent: float
    descent: float


class FontFile:
    """One face of a font file."""

    def __init__(self, path: Path, number: int) -> None:
        import uharfbuzz as hb

        self._hb: Any = hb
        self._face = hb.Face(hb.Blob.from_file_path(str(path)), number)
        self._font: hb.Font = hb.Font(self._face)
        self._em = float(self._face.upem)
        self.coloured = bool(_COLOURS & set(self._face.table_tags))

    def shape(
        self, text: str, start: int, end: int, *, properties: tuple[str, str, str]
    ) -> list[ShapedGlyph]:
        """Shape ``text[start:end]`` into glyphs in visual order; the surrounding letters decide how
        its edges join.

        ``properties``: direction (``ltr`` or ``rtl``), script (ISO 15924) and language (BCP 47).
        """
        hb = self._hb
        buffer = hb.Buffer()
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.add_codepoints([ord(c) for c in text], start, end - start)
        buffer.direction, buffer.script, buffer.language = properties
        hb.shape(self._font, buffer)
        em = self._em
        return [
            ShapedGlyph(
                info.codepoint,
                info.cluster,
                place.x_advance / em,
                place.x_offset / em,
                place.y_offset / em,
            )
            for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)
        ]

    def draws_one(self, text: str) -> bool:
        """Whether a sequence of code points becomes a single glyph, as it should for a joined
        emoji or a flag."""
        shapes = self.shape(text, 0, len(text), properties=("ltr", "Zyyy", "und"))
        seen = [shape for shape in shapes if shape.advance]
        return len(seen) == 1 and seen[0].gid != 0

    def advance(self, gid: int) -> float:
        """The unmodified advance of a glyph."""
        return float(self._font.get_glyph_h_advance(gid)) / self._em

    def ink(self, gid: int) -> tuple[float, float, float, float] | None:
        """Left, bottom, right and top of a glyph's ink; None for a blank."""
        box = self._font.get_glyph_extents(gid)
        if box is None or not box.width or not box.height:
            return None
        left, top = box.x_bearing / self._em, box.y_bearing / self._em
        return left, top + box.height / self._em, left + box.width / self._em, top

    def draw(self, gid: int, pen: Any) -> float:
        """Draw a glyph's outline with a pen of fontTools; returns its units per em."""
        self._font.draw_glyph_with_pen(gid, pen)
        return self._em

    def is_picture(self, gid: int) -> bool:
        """Whether a glyph has its own colours, as emoji have."""
        if not self.coloured:
            return False
        png = self._font.get_glyph_color_png(gid)
        layers = self._face.get_glyph_color_layers(gid)
        painted = self._face.has_color_paint and self._face.glyph_has_color_paint(gid)
        return bool(layers) or painted or (png is not None and len(png.data) > 0)

    def subset(self, gids: set[int]) -> FontSubset:
        """Build a font with these glyphs only."""
        hb = self._hb
        wanted = hb.SubsetInput()
        for gid in sorted(gids):
            wanted.glyph_set.add(gid)
        for tag in ("GSUB", "GPOS", "GDEF", "name", "post", "OS/2", "COLR", "CPAL", "cmap"):
            wanted.drop_table_tag_set.add(int.from_bytes(tag.encode(), "big"))
        wanted.flags = hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.CFF_IDENTITY_CHARSET
        if self._face.has_var_data:
            wanted.pin_all_axes_to_default(self._face)
        plan = hb.SubsetPlan(self._face, wanted)
        made = plan.execute()
        truetype = "glyf" in made.table_tags
        data = made.blob.data if truetype else made.reference_table("CFF ").data
        extents = self._font.get_font_extents("ltr")
        scale = 1000 / self._em
        numbers = dict(plan.old_to_new_glyph_mapping)
        return FontSubset(
            bytes(data),
            truetype,
            numbers,
            extents.ascender * scale,
            extents.descender * scale,
        )

    def picture(self, gid: int) -> tuple[int, int, bytes, bytes]:
        """A colour glyph as (width, height, RGB, alpha), 8 bits each, alpha not premultiplied."""
        import io

        from PIL import Image

        png = self._font.get_glyph_color_png(gid)
        if png is not None and len(png.data):
            image = Image.open(io.BytesIO(png.data)).convert("RGBA")
        else:
            image = self._painted(gid)
        rgb, alpha = image.convert("RGB"), image.getchannel("A")
        return image.width, image.height, rgb.tobytes(), alpha.tobytes()

    def _painted(self, gid: int) -> Any:
        from PIL import Image

        hb = self._hb
        painter = hb.RasterPaint()
        painter.foreground = hb.Color(0, 0, 0, 255)
        scale = self._em / _PICTURE
        painter.scale_factor = (scale, scale)
        painter.set_glyph_extents(self._font.get_glyph_extents(gid))
        painter.paint_glyph(self._font, gid)
        drawn = painter.render()
        size = (drawn.extents.width, drawn.extents.height)
        image = Image.frombuffer(
            "RGBa", size, bytes(drawn.buffer), "raw", "BGRa", drawn.extents.stride, -1
        )
        return image.convert("RGBA")


@lru_cache(maxsize=64)
def _font_file(path: Path, number: int) -> FontFile:
    return FontFile(path, number)


def open_font(face: FontFace) -> FontFile:
    """Open the file of a font that has one."""
    assert face.path is not None
    return _font_file(face.path, face.number)


@cache
def letters_of(path: Path, number: int) -> frozenset[int]:
    """The code points that a font file covers; none for a file that can't be read as a font."""
    import uharfbuzz as hb

    try:
        blob = hb.Blob.from_file_path(str(path))
        face = hb.Face(blob, number)
        if not (_OUTLINES | _COLOURS) & set(face.table_tags):
            return frozenset()
        return frozenset(face.unicodes)
    except (hb.HarfBuzzError, OSError, ValueError):
        return frozenset()


@cache
def core_widths(bold: bool) -> dict[str, int]:
    """Advances of Helvetica, which every PDF reader provides, in thousandths of an em."""
    from fpdf.fonts import CORE_FONTS_CHARWIDTHS

    return dict(CORE_FONTS_CHARWIDTHS["helveticaB" if bold else "helvetica"])
