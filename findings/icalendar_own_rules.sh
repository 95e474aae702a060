#!/bin/sh
# icalendar 7.3.0 (PyPI), Python 3.11 to 3.13.
#
# A calendar may define a time zone under any name, and its own VTIMEZONE says what the name means in it (RFC 5545,
# 3.2.19). Calendar.from_ical looks the name up among known zones first, and keeps what it built for other names for
# the whole process:
# 1. An event at 10:20 in a zone that the file calls "GMT" and that has British Summer Time in it (as several
#    systems export London) is read as 10:20 UTC instead of 09:20 UTC.
# 2. "Customized Time Zone", which Outlook gives to every zone without a name, keeps the rules of the first file:
#    the second file's 10:00 at -0500 is read as 10:00 at +0100.
#
# Output seen:
#   icalendar 7.3.0
#   own GMT with summer time: read 10:20 UTC, the file's rules give 09:20 UTC
#   second file's own zone: read 09:00 UTC, the file's rules give 15:00 UTC
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import timezone
from importlib.metadata import version

from icalendar import Calendar


def calendar(name: str, rules: str, start: str) -> str:
    return (
        f"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:{name}\r\n{rules}END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"DTSTART;TZID={name}:{start}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def part(kind: str, start: str, before: str, after: str, rule: str = "") -> str:
    return f"BEGIN:{kind}\r\nDTSTART:{start}\r\n{rule}TZOFFSETFROM:{before}\r\nTZOFFSETTO:{after}\r\nEND:{kind}\r\n"


def utc(text: str) -> str:
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return f"{event['DTSTART'].dt.astimezone(timezone.utc):%H:%M}"


london = part("STANDARD", "20001029T020000", "+0100", "+0000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n") + part(
    "DAYLIGHT", "20000326T010000", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
)
own = utc(calendar("GMT", london, "20260723T102000"))
fixed = "Customized Time Zone"
utc(calendar(fixed, part("STANDARD", "16010101T000000", "+0100", "+0100"), "20260723T100000"))
second = utc(calendar(fixed, part("STANDARD", "16010101T000000", "-0500", "-0500"), "20260723T100000"))
print("icalendar", version("icalendar"))
print(f"own GMT with summer time: read {own} UTC, the file's rules give 09:20 UTC")
print(f"second file's own zone: read {second} UTC, the file's rules give 15:00 UTC")
sys.exit(0 if (own, second) == ("10:20", "09:00") else 1)
PYTHON
