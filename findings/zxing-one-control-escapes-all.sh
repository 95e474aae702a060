#!/usr/bin/env bash
# zxing-cpp 3.1.1 (Python): `text` of a QR code is what the code holds, line ends and tabs with it, until there is one other
# control character in it; then all of them come as words in angle brackets. A vCard whose note was pasted from a word
# processor, which parts lines with U+000B, has "<CR><LF>" for every end of line, and no parser takes it; so with the
# group separator of GS1. content_type changes from Text to Binary with it, though all of it is valid UTF-8. Invisible
# characters beyond ASCII change nothing. `text` is made by the default mode HRI; with TextMode.Plain it is right.
#
# Output seen:
#   zxing-cpp 3.1.1
#   Text   'BEGIN:VCARD\r\nNOTE:one\u2028two\r\nEND:VCARD\r\n'
#   Binary 'BEGIN:VCARD<CR><LF>NOTE:one<VT>two<CR><LF>END:VCARD<CR><LF>'
#   Binary 'tab<HT>one<LF>two<GS>'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check zxing-cpp==3.1.1 qrcode==8.2 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import qrcode
import zxingcpp

CARD = "BEGIN:VCARD\r\nNOTE:one{}two\r\nEND:VCARD\r\n"
print("zxing-cpp", version("zxing-cpp"))
seen = []
for held in (CARD.format("\u2028"), CARD.format("\x0b"), "tab\tone\ntwo\x1d"):
    code = qrcode.QRCode(border=4, box_size=4)
    code.add_data(held.encode())
    picture = code.make_image().get_image().convert("L")
    (read,) = zxingcpp.read_barcodes(picture)
    (plain,) = zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)
    assert plain.text == held and read.bytes == held.encode()
    print(f"{read.content_type.name:6} {ascii(read.text)}")
    seen.append((read.content_type.name, read.text))
assert seen == [
    ("Text", CARD.format("\u2028")),
    ("Binary", "BEGIN:VCARD<CR><LF>NOTE:one<VT>two<CR><LF>END:VCARD<CR><LF>"),
    ("Binary", "tab<HT>one<LF>two<GS>"),
], seen
PYTHON
