"""Edits of a picture or film as plain numbers: validated, in canonical order, so that equal results have equal edits.

Coordinates are fractions (0 to 1) of the upright original, x and width of its width, y and height
of its height. Order of application: blur, then a document sheet rectified or else crop, turn and
tilt; cut in time.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from reporter.enums import Kind
from reporter.errors import BadInput

# Count of numbers per kind of step. Regions to blur: x, y, width, height. Sheets: x and y of four
# corners, clockwise from the sheet's top left. Turn and tilt: degrees clockwise. Cut: start and end
# in seconds.
KINDS = {
    "oval": 4,
    "box": 4,
    "sheet": 8,
    "clean-sheet": 8,
    "crop": 4,
    "turn": 1,
    "tilt": 1,
    "cut": 2,
}
BLURS = ("oval", "box")
SHEETS = ("sheet", "clean-sheet")
_FOR = {
    Kind.PHOTO.value: {*BLURS, *SHEETS, "crop", "turn", "tilt"},
    Kind.VIDEO.value: {*BLURS, "crop", "turn", "tilt", "cut"},
    Kind.AUDIO.value: {"cut"},
}
MOST_REGIONS = 60
LEAST_REGION = 0.005
LEAST_CROP = 0.05
MOST_TILT = 20.0
LEAST_SECONDS = 0.5
# The corners of a sheet truncated by the picture's edge are outside it (as capture.imaging.document_scan allows).
OUTSIDE = 0.25
# Tolerance: browsers and durations are rounded.
_SLACK_SECONDS = 0.1
_DIGITS = 4

Step = dict[str, Any]
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class Region:
    """A region to blur: an oval or a box."""

    kind: str
    place: Four


@dataclass(frozen=True)
class Edits:
    """All edits of one media file. ``Edits()`` is the unedited file."""

    blur: tuple[Region, ...] = ()
    # Four corners, and whether to enhance it (white paper, dark ink).
    sheet: tuple[float, ...] = ()
    clean: bool = False
    crop: Four | None = None
    turn: int = 0
    tilt: float = 0.0
    cut: tuple[float, float] | None = None

    def __bool__(self) -> bool:
        return self != Edits()

    @property
    def changes_picture(self) -> bool:
        """Whether the edits change the picture itself."""
        return bool(self.blur or self.sheet or self.crop is not None or self.turn or self.tilt)

    def steps(self) -> list[Step]:
        """The edits as JSON, in the form that ``read_edits`` takes."""
        pairs: list[tuple[str, Iterable[float]]] = [(r.kind, r.place) for r in self.blur]
        pairs += [(SHEETS[self.clean], self.sheet)] if self.sheet else []
        pairs += [("crop", self.crop)] if self.crop is not None else []
        pairs += [("turn", [self.turn])] if self.turn else []
        pairs += [("tilt", [self.tilt])] if self.tilt else []
        pairs += [("cut", self.cut)] if self.cut is not None else []
        return [{"kind": kind, "numbers": list(numbers)} for kind, numbers in pairs]

    def fingerprint(self) -> str:
        """Twelve hex digits; empty without edits."""
        steps_json = json.dumps(self.steps()).encode()
        return hashlib.sha256(steps_json).hexdigest()[:12] if self else ""


def read_edits(steps: object, kind: str, *, duration: float | None = None) -> Edits:
    """Validate and order the edits from a form or a row.

    ``steps`` is a list of ``{"kind", "numbers"}``, ``kind`` the kind of file, ``duration`` its
    seconds. Raises BadInput with a message for invalid edits: unknown kinds, values that are not
    numbers, regions outside the picture, cuts beyond the end.
    """
    pairs = _pairs(steps)
    names = [name for name, _numbers in pairs]
    _check_kinds(names, kind)
    one = {name: numbers for name, numbers in pairs if name not in BLURS}
    regions = {Region(n, _region(v, LEAST_REGION)) for n, v in pairs if n in BLURS}
    sheet = next((name for name in SHEETS if name in one), "")
    crop = _region(one["crop"], LEAST_CROP) if "crop" in one else None
    return Edits(
        blur=tuple(sorted(regions, key=lambda r: (r.place, r.kind))),
        sheet=_corners(one[sheet]) if sheet else (),
        clean=sheet == SHEETS[True],
        crop=None if crop == (0, 0, 1, 1) else crop,
        turn=_turn(one["turn"][0]) if "turn" in one else 0,
        tilt=_tilt(one["tilt"][0]) if "tilt" in one else 0.0,
        cut=_cut(one["cut"], duration) if "cut" in one else None,
    )


def _pairs(steps: object) -> list[tuple[str, list[float]]]:
    if not isinstance(steps, list):
        raise BadInput("The edits must be a list.")
    if len(steps) > MOST_REGIONS + len(KINDS):
        raise BadInput(
            "At most %(count)s regions can be blurred in one picture.", count=MOST_REGIONS
        )
    return [_pair(step) for step in steps]


def _pair(step: object) -> tuple[str, list[float]]:
    fields = cast(dict[str, Any], step) if isinstance(step, dict) else {}
    name, numbers = fields.get("kind"), fields.get("numbers")
    if not isinstance(name, str) or name not in KINDS or not isinstance(numbers, list):
        raise BadInput("One of the edits is of no kind that is known here.")
    if len(numbers) != KINDS[name] or not all(_is_number(value) for value in numbers):
        raise BadInput("“%(kind)s” needs %(count)s numbers.", kind=name, count=KINDS[name])
    return name, [float(value) for value in numbers]


def _is_number(value: object) -> bool:
    """A finite number small enough for arithmetic to stay finite; excludes NaN, which compares false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _check_kinds(names: Sequence[str], kind: str) -> None:
    if wrong := [name for name in names if name not in _FOR.get(kind, set())]:
        raise BadInput("“%(kind)s” can't be done to this kind of file.", kind=wrong[0])
    single = [name for name in names if name not in BLURS]
    if len(set(single)) < len(single) or {*SHEETS} <= {*single}:
        raise BadInput("Each edit but blurring can be there only once.")
    if len(names) - len(single) > MOST_REGIONS:
        raise BadInput(
            "At most %(count)s regions can be blurred in one picture.", count=MOST_REGIONS
        )
    if {*SHEETS} & {*single} and {"crop", "tilt"} & {*single}:
        raise BadInput("A sheet is cut out by its corners; it can't be cropped or tilted as well.")


def _region(numbers: Sequence[float], least: float) -> Four:
    x, y, width, height = numbers
    right, bottom = x + width, y + height
    near = 10**-_DIGITS
    if min(x, y) < -near or max(right, bottom) > 1 + near:
        raise BadInput("A region must lie inside the picture.")
    if min(width, height) < least:
        raise BadInput("A region is too small to be seen.")
    left, top = max(x, 0.0), max(y, 0.0)
    return (
        round(left, _DIGITS),
        round(top, _DIGITS),
        round(min(right, 1.0) - left, _DIGITS),
        round(min(bottom, 1.0) - top, _DIGITS),
    )


def _corners(numbers: Sequence[float]) -> tuple[float, ...]:
    if not all(-OUTSIDE <= value <= 1 + OUTSIDE for value in numbers):
        raise BadInput("The corners of the sheet must lie in the picture.")
    rounded = tuple(round(value, _DIGITS) for value in numbers)
    points = list(zip(rounded[::2], rounded[1::2], strict=True))
    if not all(_turns_right(points[i - 2], points[i - 1], points[i]) for i in range(4)):
        raise BadInput(
            "The corners of the sheet must go around it: top left, top right, bottom right, bottom left."
        )
    return rounded


def _turns_right(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    """By at least five degrees, as seen on the screen."""
    turn = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    reach = math.dist(a, b) * math.dist(b, c)
    return reach > 0 and turn > 0.09 * reach


def _turn(degrees: float) -> int:
    if degrees % 90:
        raise BadInput("A picture can be turned by a quarter, a half or three quarters.")
    return int(degrees) % 360


def _tilt(degrees: float) -> float:
    if abs(degrees) > MOST_TILT:
        raise BadInput(
            "A picture can be straightened by up to %(degrees)s degrees.",
            degrees=f"{MOST_TILT:.0f}",
        )
    return round(degrees, 2)


def _cut(numbers: Sequence[float], duration: float | None) -> tuple[float, float] | None:
    begin, end = numbers
    if duration is None:
        raise BadInput("How long this recording is isn't known yet. Try again when it is ready.")
    if begin < 0 or end > duration + _SLACK_SECONDS:
        raise BadInput(
            "The cut must lie within the recording (%(seconds)s s).",
            seconds=f"{duration:.1f}",
        )
    if end - begin < LEAST_SECONDS:
        raise BadInput("Begin and end lie too near to one another; nothing would be left.")
    cut = round(begin, 2), round(min(end, duration), 2)
    whole = cut[0] == 0 and cut[1] >= duration - _SLACK_SECONDS
    return None if whole else cut
