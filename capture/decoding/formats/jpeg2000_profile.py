"""The colour profile in a JPEG 2000 file, which Pillow does not read."""

from __future__ import annotations

from pathlib import Path

from capture.imaging.iso_boxes import box_bodies

# Real headers are far smaller, profiles of scanners and presses included.
_MOST_HEADER = 8 << 20
_RESTRICTED, _ANY = 2, 3


def jp2_profile(path: Path) -> bytes | None:
    """The ICC profile of the first colour specification that has one (ISO/IEC 15444-1, I.5.3.3; method
    3 is that of JPX, 15444-2, M.11.7.3); None without."""
    with path.open("rb") as file:
        head = file.read(_MOST_HEADER)
    header = next((body for name, body in box_bodies(head) if name == b"jp2h"), b"")
    for name, body in box_bodies(header):
        if name == b"colr" and body[:1] and body[0] in (_RESTRICTED, _ANY):
            return body[3:]
    return None
