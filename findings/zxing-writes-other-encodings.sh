#!/usr/bin/env bash
# zxing-cpp 3.1.1 (Python): create_barcode doesn't write a QR code's text in UTF-8, as most programs do, but in the shortest
# of the many ways of ISO/IEC 18004: "€" in ISO 8859-7, kana in Shift_JIS. zxing-cpp reads them all; OpenCV raises or gives up.
# Who encodes the text first, to be sure, makes it worse: bytes are marked as binary (ECI 899), so that even zxing-cpp
# reads back two letters for an "é", in TextMode.Plain and HRI. With eci=26 the text is UTF-8, and both read it.
#
# Output seen:
#   zxing-cpp 3.1.1, OpenCV 4.14.0
#   '5 €': holds b'5 \xa4' (ECI 9), zxing-cpp '5 €', OpenCV UnicodeDecodeError
#   'カフェ': holds b'\x83J\x83t\x83F', zxing-cpp 'カフェ', OpenCV UnicodeDecodeError
#   b'Caf\xc3\xa9': holds b'Caf\xc3\xa9' (ECI 899), zxing-cpp 'CafÃ©', OpenCV 'Café'
#   '5 €' with eci=26: holds b'5 \xe2\x82\xac' (ECI 26), zxing-cpp '5 €', OpenCV '5 €'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check zxing-cpp==3.1.1 opencv-python-headless==4.14.0.94 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import cv2
import numpy as np
import zxingcpp


def by_opencv(picture: np.ndarray) -> str:
    try:
        return cv2.QRCodeDetector().detectAndDecode(picture)[0]
    except UnicodeDecodeError as error:
        return type(error).__name__


def read(content: str | bytes, **options: object) -> tuple[bytes, str, str, str]:
    """The bytes in the code, the mark of their encoding, and what two readers make of them."""
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, **options)
    picture = np.array(code.to_image(scale=8, add_quiet_zones=True))
    picture = cv2.copyMakeBorder(picture, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255)
    found = zxingcpp.read_barcode(picture)
    marked = bytes.fromhex(zxingcpp.read_barcode(picture, text_mode=zxingcpp.TextMode.HexECI).text)
    # The symbology's identifier, and, where there is an ECI, "]Q2\" and its six figures.
    mark = f" (ECI {int(marked[4:10])})" if marked[2:4] == b"2\\" else ""
    return found.bytes, mark, found.text, by_opencv(picture)


print(f"zxing-cpp {version('zxing-cpp')}, OpenCV {cv2.__version__}")
seen = []
for content, options in (("5 €", {}), ("カフェ", {}), ("Café".encode(), {}), ("5 €", {"eci": 26})):
    held, mark, text, other = read(content, **options)
    other = other if other == "UnicodeDecodeError" else repr(other)
    way = "".join(f" with {name}={value}" for name, value in options.items())
    print(f"{content!r}{way}: holds {held!r}{mark}, zxing-cpp {text!r}, OpenCV {other}")
    seen.append((held, mark, text, other))
assert seen == [
    (b"5 \xa4", " (ECI 9)", "5 €", "UnicodeDecodeError"),
    (b"\x83J\x83t\x83F", "", "カフェ", "UnicodeDecodeError"),
    (b"Caf\xc3\xa9", " (ECI 899)", "CafÃ©", "'Café'"),
    (b"5 \xe2\x82\xac", " (ECI 26)", "5 €", "'5 €'"),
], seen
PYTHON
