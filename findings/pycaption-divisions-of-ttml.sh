#!/usr/bin/env bash
# pycaption 2.3.14 loses captions of a TTML (DFXP) file without a word. They stand in divisions (<div>), of which a file may
# have many, one for each scene or talk: of those in one language only the last is read, and a file of two hours has the
# captions of the closing words. A division may have a time that all in it counts from; it is left out. A fraction of a
# second of more than three digits, which TTML allows and writers of floating-point numbers have, is taken for
# milliseconds: 2.1234 s is 3.234 s. Frames and ticks, which are rarer, are right.
#
# Output seen (as SubRip):
#   pycaption 2.3.14
#   one division:      00:00:01,000 one, 00:00:03,000 two
#   two divisions:     00:00:03,000 two
#   from 10 s on:      00:00:01,000 one
#   2.123 s:           00:00:02,123 one
#   2.1234 s:          00:00:03,234 one
#   2 s and 12 frames: 00:00:02,480 one
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pycaption==2.3.14
"$folder/venv/bin/python" -W ignore - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import re
from importlib.metadata import version

from pycaption import DFXPReader, SRTWriter

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"
 xml:lang="en"><body>{}</body></tt>"""


def caption(begin, words="one"):
    return f'<p begin="{begin}" end="00:00:09.000">{words}</p>'


def division(*captions, begin=""):
    return f"<div{begin}>{''.join(captions)}</div>"


ONE, TWO = caption("00:00:01.000"), caption("00:00:03.000", "two")
CASES = {
    "one division": (division(ONE, TWO), "00:00:01,000 one, 00:00:03,000 two"),
    "two divisions": (division(ONE) + division(TWO), "00:00:03,000 two"),
    "from 10 s on": (division(ONE, begin=' begin="00:00:10.000"'), "00:00:01,000 one"),
    "2.123 s": (division(caption("00:00:02.123")), "00:00:02,123 one"),
    "2.1234 s": (division(caption("00:00:02.1234")), "00:00:03,234 one"),
    "2 s and 12 frames": (division(caption("00:00:02:12")), "00:00:02,480 one"),
}
print("pycaption", version("pycaption"))
seen = {}
for name, (body, _) in CASES.items():
    subrip = SRTWriter().write(DFXPReader().read(FILE.format(body)))
    seen[name] = ", ".join(" ".join(cue) for cue in re.findall(r"(\S+) --> \S+\n(\w+)", subrip))
    print(f"{name + ':':18} {seen[name]}")
assert seen == {name: expected for name, (_, expected) in CASES.items()}, seen
PYTHON
