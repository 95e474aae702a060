#!/usr/bin/env bash
# A text can be spread over several QR codes (structured append, ISO/IEC 18004, 8), each of which holds which piece of how many it
# is; segno 1.6.6 writes such. zxing-cpp 3.1.1 (Python) gives each piece as a valid code with a text of its own: no field
# tells that there are others, or the order, and the first piece of an address is an address, which leads somewhere
# else. OpenCV 5.0.0 does the same with detectAndDecode. Its detectAndDecodeMulti, which is for several codes in one picture,
# puts them together, which its documentation doesn't say: the whole text stands in the place of one of them, and the others,
# which it has found as well, are "", as codes are that it can't read.
#
# Output seen:
#   segno 1.6.6, zxing-cpp 3.1.1, OpenCV 5.0.0
#   zxing-cpp 'https://example.org/ta' valid Text ]Q1, OpenCV 'https://example.org/ta'
#   zxing-cpp 'keaway/new?gathering=s' valid Text ]Q1, OpenCV 'keaway/new?gathering=s'
#   zxing-cpp 'ummer-2026&language=en' valid Text ]Q1, OpenCV 'ummer-2026&language=en'
#   code in one piece: zxing-cpp 'https://example.org/ta' valid Text ]Q1
#   all in one picture: OpenCV, several: 3 codes, one with the whole text, two with ''
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check segno==1.6.6 zxing-cpp==3.1.1 \
  opencv-python-headless==5.0.0.93 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import io
from importlib.metadata import version

import cv2
import numpy as np
import segno
import zxingcpp
from PIL import Image

TEXT = "https://example.org/takeaway/new?gathering=summer-2026&language=en"
PIECES = [TEXT[:22], TEXT[22:44], TEXT[44:]]


def picture(code):
    file = io.BytesIO()
    code.save(file, kind="png", scale=8, border=4)
    return np.array(Image.open(file).convert("L"))


def read(page):
    (code,) = zxingcpp.read_barcodes(page)
    valid = "valid" if code.valid else "not valid"
    told = {*code.extra} - {"DataMask", "UEC", "Version", "ECLevel"}  # of the print, not of the pieces
    assert not told, told
    return f"{code.text!r} {valid} {code.content_type.name} {code.symbology_identifier}", code.text


print(f"segno {version('segno')}, zxing-cpp {version('zxing-cpp')}, OpenCV {cv2.__version__}")
pages = [picture(code) for code in segno.make_sequence(TEXT, symbol_count=3)]
by_opencv = [cv2.QRCodeDetector().detectAndDecode(page)[0] for page in pages]
by_zxing = [read(page) for page in pages]
for (line, _), text in zip(by_zxing, by_opencv, strict=True):
    print(f"zxing-cpp {line}, OpenCV {text!r}")
whole_code, _ = read(picture(segno.make_qr(PIECES[0])))
print(f"code in one piece: zxing-cpp {whole_code}")
found, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(np.hstack(pages))
counts = texts.count(TEXT), texts.count("")
print(f"all in one picture: OpenCV, several: {len(texts)} codes, "
      + ("one with the whole text, two with ''" if counts == (1, 2) else str(texts)))
assert by_opencv == PIECES and [text for _, text in by_zxing] == PIECES
assert whole_code == by_zxing[0][0]
assert found and len(texts) == 3 and counts == (1, 2), texts
PYTHON
