#!/usr/bin/env bash
# pypdfium2 5.15.2: a hyphen at the end of a line, with a letter before and behind, is no hyphen in the text that PDFium
# gives. get_text_range() has U+FFFE in its place, a noncharacter, which XML refuses, and get_text_bounded(), of the same
# page, U+0002. The line's end is gone, and search() finds the word neither with the hyphen nor without. It guesses no
# better about what a person typed ("E-" / "Mail"). Between figures, or behind a space, the hyphen and the end stay.
#
# Output seen:
#   pypdfium2 5.15.2
#   'Nachbar\ufffeschaft\r\nE\ufffeMail\r\npages 12-\r\n14 today\r\nopen -\r\ndaily'
#   'Nachbar\x02schaft\r\nE\x02Mail\r\npages 12-\r\n14 today\r\nopen -\r\ndaily'
#   found: Nachbarschaft None, Nachbar-schaft None, Nachbar (0, 7)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check fpdf2==2.8.9 pypdfium2==5.15.2
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from fpdf import FPDF
from pypdfium2 import PdfDocument

LINES = "Nachbar-", "schaft", "E-", "Mail", "pages 12-", "14 today", "open -", "daily"
pdf = FPDF()
pdf.add_page()
pdf.set_font("helvetica", size=12)
for line in LINES:
    pdf.cell(h=8, text=line, new_x="LMARGIN", new_y="NEXT")
page = PdfDocument(bytes(pdf.output()))[0].get_textpage()
text, bounded = page.get_text_range(), page.get_text_bounded()
found = {word: page.search(word).get_next() for word in ("Nachbarschaft", "Nachbar-schaft", "Nachbar")}
print("pypdfium2", version("pypdfium2"))
print(ascii(text))
print(ascii(bounded))
print("found:", ", ".join(f"{word} {place}" for word, place in found.items()))
assert text.count("\ufffe") == bounded.count("\x02") == 2, (text, bounded)
assert text.startswith("Nachbar\ufffeschaft\r\nE\ufffeMail\r\n") and "12-\r\n14" in text and "open -\r\n" in text, text
assert list(found.values()) == [None, None, (0, 7)], found
PYTHON
