#!/usr/bin/env bash
# icalendar 7.3.2, given the bytes of a file, decodes them before it joins folded lines. A line may be folded after any octet,
# also within a letter of several, and whoever reads it has to restore the sequence (RFC 5545, 3.1). Here each half becomes
# U+FFFD. Nothing is raised and nothing stands in `errors`, so the letter is lost for good where a calendar is read and
# written again. Joined as bytes before it is decoded, the same file is whole.
#
# Output seen:
#   folded before Ä: 'Überblick über Gemüse und Nüsse, Äpfel', errors []
#   folded within Ä: 'Überblick über Gemüse und Nüsse, ��pfel', errors []
#   joined as bytes: 'Überblick über Gemüse und Nüsse, Äpfel', errors []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check icalendar==7.3.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from icalendar import Calendar

TITLE = "Überblick über Gemüse und Nüsse, Äpfel"
LINE = "SUMMARY:" + TITLE.replace(",", r"\,")
FOLD = b"\r\n "


def calendar(octets: int) -> bytes:
    line = LINE.encode()
    lines = [
        b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:-//example//EN", b"BEGIN:VEVENT", b"UID:1@example.org",
        b"DTSTAMP:20261201T100000Z", b"DTSTART:20261205T100000Z", line[:octets] + FOLD + line[octets:],
        b"END:VEVENT", b"END:VCALENDAR", b"",
    ]
    return b"\r\n".join(lines)


def read(name: str, data: bytes) -> str:
    [event] = Calendar.from_ical(data).walk("VEVENT")
    print(f"{name}: {str(event['SUMMARY'])!r}, errors {event.errors}")
    assert not event.errors
    return str(event["SUMMARY"])


before = LINE.encode().index("Ä".encode())
assert read("folded before Ä", calendar(before)) == TITLE
assert read("folded within Ä", calendar(before + 1)) == TITLE.replace("Ä", "\ufffd\ufffd")
assert read("joined as bytes", calendar(before + 1).replace(FOLD, b"")) == TITLE
PYTHON
