#!/bin/sh
# icalendar 7.3.0 (PyPI), Python 3.11 to 3.13.
#
# Timezone.from_tzinfo, and with it Calendar.add_missing_timezones (pretalx 2026.2 exports with it), writes the
# beginning of summer time an hour late. By RFC 5545, 3.6.5 an onset is told by the clock before it (TZOFFSETFROM), so
# London's is 01:00 on 29 March 2026; the library writes 02:00. The return to standard time is right. A reader that
# follows the definition shows 01:30 UTC of that night as 01:30 instead of 02:30.
#
# Output seen:
#   icalendar 7.3.0
#   DAYLIGHT begins 20260329T020000, London's clocks change at 01:00
#   STANDARD begins 20261025T020000, London's clocks change at 02:00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6
"$folder/env/bin/python" - <<'PYTHON'
import sys
from datetime import date
from importlib.metadata import version

from icalendar import Timezone

made = Timezone.from_tzid("Europe/London", first_date=date(2026, 1, 1), last_date=date(2026, 12, 31))
onset = {
    part.name: part["DTSTART"].to_ical().decode()
    for part in made.subcomponents
    if part["TZOFFSETFROM"].to_ical() != part["TZOFFSETTO"].to_ical()
}
print("icalendar", version("icalendar"))
print(f"DAYLIGHT begins {onset['DAYLIGHT']}, London's clocks change at 01:00")
print(f"STANDARD begins {onset['STANDARD']}, London's clocks change at 02:00")
sys.exit(0 if onset == {"DAYLIGHT": "20260329T020000", "STANDARD": "20261025T020000"} else 1)
PYTHON
