#!/usr/bin/env bash
# icalendar 7.3.0: reading a calendar and writing it again changes what it says. A DURATION or TRIGGER of PT24H comes out as
# P1D, PT36H as P1DT12H. RFC 5545, 3.3.6 keeps them apart: hours are exact, a day ends at the same time of day, and on the
# day of a change of clocks it has 23 or 25 hours, so that a reader that follows it rings an hour off. The cause is that
# a timedelta has no hours of its own; event.end, which adds one to the time on the clock, takes all hours for nominal:
# a night from 22:00 of eight hours ends at 06:00 with it, where it is 07:00 in spring. An event's `duration` still
# says eight.
#
# Output seen:
#   icalendar 7.3.0
#   written again: DURATION:PT24H -> P1D, PT36H -> P1DT12H, PT8H -> PT8H, TRIGGER:-PT24H -> -P1D
#   2026-03-28 22:00 in Berlin and PT8H: event.end 06:00, eight hours later it is 07:00; duration 8:00:00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check icalendar==7.3.0 tzdata==2026.6
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from datetime import timedelta, timezone
from importlib.metadata import version

from icalendar import Calendar, Event


def event(duration: str) -> Event:
    return Calendar.from_ical(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART;TZID=Europe/Berlin:20260328T220000\r\nDURATION:{duration}\r\n"
        f"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-{duration}\r\nEND:VALARM\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ).events[0]


def again(duration: str) -> tuple[str, str]:
    lines = event(duration).to_ical().decode().splitlines()
    return tuple(line.partition(":")[2] for line in lines if line.startswith(("DURATION:", "TRIGGER:")))


print("icalendar", version("icalendar"))
written = {duration: again(duration) for duration in ("PT24H", "PT36H", "PT8H")}
durations = ", ".join(f"{duration} -> {one}" for duration, (one, _) in written.items())
print(f"written again: DURATION:{durations}, TRIGGER:-PT24H -> {written['PT24H'][1]}")
night = event("PT8H")
exact = (night.start.astimezone(timezone.utc) + timedelta(hours=8)).astimezone(night.start.tzinfo)
print(
    f"{night.start:%Y-%m-%d %H:%M} in Berlin and PT8H: event.end {night.end:%H:%M}, "
    f"eight hours later it is {exact:%H:%M}; duration {night.duration}"
)
assert written == {"PT24H": ("P1D", "-P1D"), "PT36H": ("P1DT12H", "-P1DT12H"), "PT8H": ("PT8H", "-PT8H")}, written
assert (f"{night.end:%H:%M}", f"{exact:%H:%M}", night.duration) == ("06:00", "07:00", timedelta(hours=8))
PYTHON
