"""Fonts made for tests."""

from __future__ import annotations

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


def colour_font(path: Path) -> None:
    """A font whose flag and joined family are one red glyph each, as emoji fonts draw them (COLR)."""
    names = ["a", "d", "e", "man", "zwj", "girl", "flag", "family", "fill"]
    letters_of = dict(zip("a🇩🇪👨\u200d👧", names, strict=False))
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(c): name for c, name in letters_of.items()})
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (800, 700), (800, 0)):
        pen.lineTo(point)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyf(dict.fromkeys((".notdef", *names), square))
    builder.setupHorizontalMetrics(
        {n: (0 if n == "zwj" else 900, 100) for n in (".notdef", *names)}
    )
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Test Emoji", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.addOpenTypeFeatures(
        "feature ccmp { sub d e by flag; sub man zwj girl by family; } ccmp;"
    )
    builder.setupCOLR({name: [("fill", 0)] for name in ("flag", "family")})
    builder.setupCPAL([[(1, 0, 0, 1)]])
    builder.save(path)
