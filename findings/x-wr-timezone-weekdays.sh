#!/usr/bin/env bash
# x-wr-timezone 2.0.1, and recurring-ical-events 3.8.2, which calls it unasked: one line that names a calendar's zone moves
# meetings by a day. The times are in UTC, which says all; X-WR-TIMEZONE only tells in which zone to show them. The library
# brings DTSTART into that zone and leaves the rule's BYDAY and BYMONTHDAY as they were, so "Tuesdays at midnight UTC", Monday
# evening in New York, becomes Tuesday evening there, a day later; the first meeting stays where it was, in addition, and
# COUNT=3 gives four. EXDATE is brought over as well, and then strikes no meeting. Without the line the same file is right,
# and dateutil agrees.
#
# Output seen (in UTC):
#   x-wr-timezone 2.0.1, recurring-ical-events 3.8.2, icalendar 7.3.0
#   dateutil:     Tue 13 00:00, Tue 20 00:00, Tue 27 00:00
#   without line: Tue 13 00:00, Tue 20 00:00, Tue 27 00:00
#   with line:    Tue 13 00:00, Wed 14 00:00, Wed 21 00:00, Wed 28 00:00
#   to_standard writes DTSTART;TZID=America/New_York:20260112T190000 RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check x-wr-timezone==2.0.1 recurring-ical-events==3.8.2 icalendar==7.3.0 python-dateutil==2.9.0.post0 tzdata==2026.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from datetime import timezone
from importlib.metadata import version

import recurring_ical_events
from dateutil.rrule import rrulestr
from icalendar import Calendar
from x_wr_timezone import to_standard

RULE = "FREQ=WEEKLY;BYDAY=TU;COUNT=3"
LINE = "X-WR-TIMEZONE:America/New_York"


def calendar(*lines: str) -> Calendar:
    return Calendar.from_ical("\r\n".join((
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example.org//EN", *lines,
        "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "DTSTART:20260113T000000Z", "DTEND:20260113T010000Z",
        f"RRULE:{RULE}", "SUMMARY:Meeting", "END:VEVENT", "END:VCALENDAR", "",
    )))


def days(*lines: str) -> list[str]:
    found = recurring_ical_events.of(calendar(*lines)).between((2026, 1, 1), (2026, 3, 1))
    return [f"{event.start.astimezone(timezone.utc):%a %d %H:%M}" for event in found]


names = ("x-wr-timezone", "recurring-ical-events", "icalendar")
print(", ".join(f"{name} {version(name)}" for name in names))
rule = rrulestr(f"DTSTART:20260113T000000Z\nRRULE:{RULE}")
by_dateutil = [f"{moment:%a %d %H:%M}" for moment in rule]
without, with_line = days(), days(LINE)
for name, seen in (("dateutil:", by_dateutil), ("without line:", without), ("with line:", with_line)):
    print(f"{name:13} {', '.join(seen)}")
written = to_standard(calendar(LINE)).to_ical().decode().split("\r\n")
lines = [line for line in written if line.startswith(("DTSTART", "RRULE"))]
print("to_standard writes", *lines)
assert by_dateutil == without == ["Tue 13 00:00", "Tue 20 00:00", "Tue 27 00:00"]
assert with_line == ["Tue 13 00:00", "Wed 14 00:00", "Wed 21 00:00", "Wed 28 00:00"], with_line
assert lines == ["DTSTART;TZID=America/New_York:20260112T190000", "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU"], lines
PYTHON
