#!/usr/bin/env bash
# fontTools 4.68.0 with uharfbuzz 0.57.0: a font that was subset to a text may not show that text. Subsetter.populate(text=)
# and pyftsubset --text keep the glyphs of the text's own characters; a shaper shows other ones. HarfBuzz puts a letter and
# its accent together, as file names from macOS and Korean typed jamo by jamo come apart, makes a no-break space out of the
# space, a no-break hyphen out of the hyphen. None of these is in the text, all leave the font, and the reader gets a box
# where the whole font had everything. Nothing is said of it; --no-ignore-missing-unicodes raises instead, and would for the
# whole font, which never had these characters. Subsetting to the glyphs that shaping gave (populate(glyphs=)) keeps the
# text.
#
# Output seen:
#   fontTools 4.68.0, uharfbuzz 0.57.0
#   'e\u0301' (e and acute): whole eacute; subset to the text e .notdef; to the shaped glyphs eacute
#   'e\xa0e' (no-break space): whole e space e; subset to the text e .notdef e; to the shaped glyphs e space e
#   'e\u2011e' (no-break hyphen): whole e hyphen e; subset to the text e .notdef e; to the shaped glyphs e hyphen e
#   '\u1112\u1161' (jamo): whole ha; subset to the text .notdef .notdef; to the shaped glyphs ha
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check fonttools==4.68.0 uharfbuzz==0.57.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version
from io import BytesIO

import uharfbuzz as hb
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

# As many fonts of texts have it: precomposed letters, one space, one hyphen.
CHARACTERS = {"e": "e", "\u00e9": "eacute", " ": "space", "\u2010": "hyphen", "\ud558": "ha"}
TEXTS = {
    "e\u0301": ("e and acute", "eacute", "e .notdef"),
    "e\u00a0e": ("no-break space", "e space e", "e .notdef e"),
    "e\u2011e": ("no-break hyphen", "e hyphen e", "e .notdef e"),
    "\u1112\u1161": ("jamo", "ha", ".notdef .notdef"),
}


def font() -> bytes:
    """A TrueType font in which each character is the same triangle."""
    names = [".notdef", *CHARACTERS.values()]
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 700))
    pen.lineTo((500, 0))
    pen.closePath()
    shape = pen.glyph()
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap({ord(character): name for character, name in CHARACTERS.items()})
    made.setupGlyf(dict.fromkeys(names, shape))
    made.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": "Triangles"})
    made.setupOS2()
    made.setupPost()
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def subset(data: bytes, **wanted: object) -> bytes:
    tool = Subsetter(Options(glyph_names=True))
    tool.populate(**wanted)
    whole, written = TTFont(BytesIO(data)), BytesIO()
    tool.subset(whole)
    whole.save(written)
    return written.getvalue()


def shaped(data: bytes, text: str) -> list[str]:
    opened, buffer = hb.Font(hb.Face(data)), hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(opened, buffer)
    return [opened.glyph_to_string(info.codepoint) for info in buffer.glyph_infos]


print(f"fontTools {version('fonttools')}, uharfbuzz {version('uharfbuzz')}")
whole = font()
for text, (what, right, lost) in TEXTS.items():
    before = shaped(whole, text)
    by_text = shaped(subset(whole, text=text), text)
    by_glyphs = shaped(subset(whole, glyphs=before), text)
    print(
        f"{ascii(text)} ({what}): whole {' '.join(before)}; subset to the text {' '.join(by_text)}; "
        f"to the shaped glyphs {' '.join(by_glyphs)}"
    )
    assert (" ".join(before), " ".join(by_text)) == (right, lost)
PYTHON
