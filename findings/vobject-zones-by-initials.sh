#!/usr/bin/env bash
# vobject 0.9.9: a calendar with meetings in Chicago and Shanghai puts both at Chicago's time. It names a time zone by the
# initials that the clock has there, and writes the rules of the first that came under each: CST is both cities' standard
# time, IST that of Kolkata, Jerusalem and Dublin. zoneinfo and dateutil know the zones' own names, and the times that were given are
# right; the file holds another zone for one of them, and vobject, icalendar 7.3.2 and whoever else reads it show the
# meeting hours off. The register is the process's: the next calendar, with Shanghai alone, has Chicago's rules, too.
# Nothing is raised. In calendars with one zone, as most tests have, all is right.
#
# Output seen (10:00 in each; the day and hour in UTC that each reader gives, and should):
#   vobject 0.9.9, icalendar 7.3.2
#   America/Chicago: TZID CST, vobject 05 15:00, icalendar 05 15:00, should be 05 15:00
#   Asia/Shanghai: TZID CST, vobject 05 15:00, icalendar 05 15:00, should be 05 02:00
#   Asia/Kolkata: TZID IST, vobject 05 04:30, icalendar 05 04:30, should be 05 04:30
#   Europe/Dublin: TZID IST, vobject 05 04:30, icalendar 05 04:30, should be 05 09:00
#   Asia/Shanghai, in a later calendar: TZID CST, vobject 05 15:00, icalendar 05 15:00, should be 05 02:00
#   Asia/Shanghai, in a new process: TZID CST, vobject 05 02:00, icalendar 05 02:00, should be 05 02:00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check vobject==0.9.9 icalendar==7.3.2 tzdata==2026.6
cat >"$folder/calendar_of.py" <<'PYTHON'
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import icalendar
import vobject


def read_back(zones, note=""):
    """What readers give of a calendar with a meeting at ten in each zone: (TZID, by vobject, by icalendar, right)."""
    calendar = vobject.iCalendar()
    for zone in zones:
        event = calendar.add("vevent")
        event.add("uid").value = zone
        event.add("dtstart").value = datetime(2026, 7, 5, 10, tzinfo=ZoneInfo(zone))
    text = calendar.serialize()
    by_vobject = {event.uid.value: event.dtstart.value for event in vobject.readOne(text).vevent_list}
    by_icalendar = {str(event["UID"]): event["DTSTART"] for event in icalendar.Calendar.from_ical(text).events}
    found = {}
    for zone in zones:
        moments = by_vobject[zone], by_icalendar[zone].dt, datetime(2026, 7, 5, 10, tzinfo=ZoneInfo(zone))
        name = by_icalendar[zone].params["TZID"]
        found[zone] = name, *(moment.astimezone(UTC).strftime("%d %H:%M") for moment in moments)
        print("{}{}: TZID {}, vobject {}, icalendar {}, should be {}".format(zone, note, *found[zone]))
    return found


if __name__ == "__main__":
    ((_, *moments),) = read_back(["Asia/Shanghai"], ", in a new process").values()
    sys.exit(moments != ["05 02:00"] * 3)
PYTHON
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' 2>"$folder/log" || { cat "$folder/log" >&2; echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from calendar_of import read_back

print(f"vobject {version('vobject')}, icalendar {version('icalendar')}")
assert read_back(["America/Chicago", "Asia/Shanghai"]) == {
    "America/Chicago": ("CST", "05 15:00", "05 15:00", "05 15:00"),
    "Asia/Shanghai": ("CST", "05 15:00", "05 15:00", "05 02:00"),
}
assert read_back(["Asia/Kolkata", "Europe/Dublin"]) == {
    "Asia/Kolkata": ("IST", "05 04:30", "05 04:30", "05 04:30"),
    "Europe/Dublin": ("IST", "05 04:30", "05 04:30", "05 09:00"),
}
assert read_back(["Asia/Shanghai"], ", in a later calendar") == {"Asia/Shanghai": ("CST", "05 15:00", "05 15:00", "05 02:00")}
PYTHON
"$folder/venv/bin/python" calendar_of.py || { echo "no longer as described above" >&2; exit 1; }
