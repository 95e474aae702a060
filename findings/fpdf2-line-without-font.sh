#!/usr/bin/env bash
# fpdf2 2.8.9: when the first text of a page begins and ends in the fallback font, what follows in the main font can't be
# seen. The first line is written inside q … Q, and the operator that chooses the main font stands in there too; Q takes
# it back, fpdf2 thinks that it still holds, and the next lines show glyphs with no font chosen. Nothing is raised or
# logged, and the PDF opens everywhere. A line in the main font in front (or a first line that ends in it) mends all.
#
# Output seen:
#   fpdf2 2.8.9, pypdfium2 5.15.2
#   ['日本', 'ab', 'ab'] fonts chosen outside q/Q: 0, read back '日本'
#   ['日a日', 'ab'] fonts chosen outside q/Q: 0, read back '日a日'
#   ['ab', '日本', 'ab'] fonts chosen outside q/Q: 1, read back 'ab 日本 ab'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check fpdf2==2.8.9 fonttools==4.68.0 pypdfium2==5.15.2
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import re
from importlib.metadata import version

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fpdf import FPDF
from pypdfium2 import PdfDocument


def font(name: str, letters: str) -> str:
    """A TrueType font whose letters are all the same box."""
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in ((50, 700), (550, 700), (550, 0)):
        pen.lineTo(corner)
    pen.closePath()
    box = pen.glyph()
    named = {ord(letter): f"uni{ord(letter):04X}" for letter in letters}
    glyphs = [".notdef", *named.values()]
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(glyphs)
    made.setupCharacterMap(named)
    made.setupGlyf(dict.fromkeys(glyphs, box))
    made.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 50)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": name, "styleName": "Regular"})
    made.setupOS2(sTypoAscender=800)
    made.setupPost()
    made.save(f"{name}.ttf")
    return f"{name}.ttf"


def tried(*lines: str) -> tuple[int, str]:
    pdf = FPDF()
    pdf.set_compression(False)
    pdf.add_font("main", "", "main.ttf")
    pdf.add_font("other", "", "other.ttf")
    pdf.set_fallback_fonts(["other"])
    pdf.add_page()
    pdf.set_font("main", size=20)
    for line in lines:
        pdf.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    data = bytes(pdf.output())
    drawn = re.findall(rb"stream\n(2 J.*?)endstream", data, re.S)[0]
    outside = re.sub(rb"(?m)^q .* Q$", b"", drawn)
    text = PdfDocument(data)[0].get_textpage().get_text_range()
    return outside.count(b" Tf"), " ".join(text.split())


font("main", "ab ")
font("other", "日本 ")
print(f"fpdf2 {version('fpdf2')}, pypdfium2 {version('pypdfium2')}")
seen = []
for lines in (["日本", "ab", "ab"], ["日a日", "ab"], ["ab", "日本", "ab"]):
    chosen, text = tried(*lines)
    print(f"{lines} fonts chosen outside q/Q: {chosen}, read back {text!r}")
    seen.append((chosen, text))
assert seen == [(0, "日本"), (0, "日a日"), (1, "ab 日本 ab")], seen
PYTHON
