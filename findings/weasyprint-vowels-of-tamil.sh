#!/usr/bin/env bash
# WeasyPrint 70.0 writes Tamil PDFs that look right and hold other words. For searching, copying and reading aloud a PDF says
# for each glyph which letters it stands for. The vowel of கொ is drawn as two glyphs around its consonant, and the second
# one is that of கா; WeasyPrint notes of a glyph what it stood for when it was first used. After மாடு, "cow", the word கொடு,
# "give", is காடு, "forest", for whoever copies it, and a search doesn't find it; the other way around the cow is lost. pypdf
# and PDFium read alike. Each word alone in a document is right, so that a sample shows nothing. Bengali, with such vowels,
# has the same. Needs Pango, as WeasyPrint does; seen with Pango 1.50 and HarfBuzz 6.0 of Debian 12.
#
# Output seen:
#   WeasyPrint 70.0, pypdf 7.1.1, pypdfium2 5.15.2
#   மாடு: pypdf மாடு; PDFium finds மாடு
#   கொடு: pypdf கொடு; PDFium finds கொடு
#   மாடு கொடு: pypdf மாடு காடு; PDFium finds மாடு
#   கொடு மாடு: pypdf கொடு மொடு; PDFium finds கொடு
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check weasyprint==70.0 pypdf==7.1.1 pypdfium2==5.15.2 \
  fontpkg-noto-sans-tamil==2.4
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { cat "$folder/log" >&2; echo "no longer as described above" >&2; exit 1; }
import io
from importlib.metadata import version
from pathlib import Path

import fontpkg_noto_sans_tamil
import pypdf
import pypdfium2
import weasyprint

(font,) = Path(fontpkg_noto_sans_tamil.__file__).parent.glob("files/*.ttf")
STYLE = f"<style>@font-face {{ font-family: T; src: url('{font.as_uri()}') }} p {{ font-family: T }}</style>"
EXPECTED = {
    "மாடு": ("மாடு", ["மாடு"]),
    "கொடு": ("கொடு", ["கொடு"]),
    "மாடு கொடு": ("மாடு காடு", ["மாடு"]),
    "கொடு மாடு": ("கொடு மொடு", ["கொடு"]),
}
versions = (f"{name} {version(name)}" for name in ("pypdf", "pypdfium2"))
print(f"WeasyPrint {version('weasyprint')},", ", ".join(versions))
seen = {}
for words in EXPECTED:
    document = weasyprint.HTML(string=f"{STYLE}<p lang=ta>{words}</p>").write_pdf()
    text = pypdf.PdfReader(io.BytesIO(document)).pages[0].extract_text().strip()
    page = pypdfium2.PdfDocument(document)[0].get_textpage()
    found = [word for word in words.split() if page.search(word).get_next()]
    print(f"{words}: pypdf {text}; PDFium finds {' '.join(found)}")
    seen[words] = text, found
assert seen == EXPECTED, seen
PYTHON
