"""Cuts a camera's roll into sessions at its markers. Pure: rows in, cuts out; nothing is guessed
silently.

A marker means that what follows belongs to its session, until the next marker. Shots without a
marker before them are proposed the session that took place at their corrected time. Where a marker
is unreadable or too small to be sure, or where times and file numbers contradict each other, the
cut is only proposed and a person confirms it.
"""

from __future__ import annotations

import re
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reporter.enums import CutOrigin, Mark

# A camera's own file name (DCF 2.0: four letters, four digits): only there does the number give the
# order of the shots.
_NUMBERED = re.compile(r"[A-Za-z0-9_]{4}(\d{4})")
_FOLDER = re.compile(r"DCIM/(\d{3})[^/]*/", re.IGNORECASE)
# A shot taken this long after its session's end is no longer assigned to it without confirmation.
OVERRUN = timedelta(minutes=45)

Session = uuid.UUID


@dataclass(frozen=True)
class Frame:
    """The data of a shot that cutting needs. ``taken`` is the camera's time, corrected where the
    offset is known."""

    key: uuid.UUID
    taken: datetime
    path: str
    # File numbers are compared only within one import of one card.
    card: uuid.UUID | None = None
    mark: str = Mark.NONE
    session: Session | None = None
    # The marker's time contradicts the schedule or the other markers.
    doubted: bool = False


@dataclass(frozen=True)
class ManualCut:
    """A person's decision at a shot: a session begins here (None: none does), or ``skip``: no cut
    here."""

    session: Session | None
    skip: bool = False


@dataclass(frozen=True)
class ShotAssignment:
    """The session of a shot. ``settled`` is False where ``session`` is only proposed; until that is
    decided the shot belongs to ``holds`` (None: to no session)."""

    session: Session | None
    settled: bool
    origin: CutOrigin
    holds: Session | None = None

    @property
    def home(self) -> Session | None:
        """The session that the takeaway is put into."""
        return self.session if self.settled else self.holds


# Maps a corrected time to the only session that took place then, or None.
AtTime = Callable[[datetime], Session | None]
# Maps a session to its scheduled end, None for one without a time.
EndOf = Callable[[Session], datetime | None]


def in_order(frames: Sequence[Frame]) -> list[Frame]:
    """Sort by the camera's time; shots of the same second by file name."""
    return sorted(frames, key=lambda frame: (frame.taken, frame.path))


def cut(
    frames: Sequence[Frame],
    *,
    manual: Mapping[uuid.UUID, ManualCut],
    at_time: AtTime,
    end_of: EndOf,
) -> list[ShotAssignment]:
    """Assign a session to each frame, for sorted frames. A cut is where that changes: see
    ``cuts``."""
    parts = _follow(frames, manual, at_time, end_of)
    return _doubt_contradictions(frames, parts)


def cuts(parts: Sequence[ShotAssignment]) -> list[int]:
    """The indexes at which a new part begins."""
    return [n for n, part in enumerate(parts) if not n or not same_run(part, parts[n - 1])]


def same_run(part: ShotAssignment, before: ShotAssignment) -> bool:
    """Whether two neighbours are in one part; the origin counts only where a part begins."""
    return (part.session, part.settled, part.home) == (before.session, before.settled, before.home)


def _follow(
    frames: Sequence[Frame], manual: Mapping[uuid.UUID, ManualCut], at_time: AtTime, end_of: EndOf
) -> list[ShotAssignment]:
    parts: list[ShotAssignment] = []
    current: ShotAssignment | None = None
    for place, frame in enumerate(frames):
        word = manual.get(frame.key)
        if word is not None:
            current = _by_hand(word, parts, current)
        elif frame.mark:
            current = _by_marker(frames, place, current, at_time)
        parts.append(_by_time(frame, current, at_time, end_of))
    return parts


def _by_hand(
    word: ManualCut, parts: Sequence[ShotAssignment], current: ShotAssignment | None
) -> ShotAssignment | None:
    """Apply a person's decision. "No cut here" continues the part before it, even against a
    proposal by time."""
    if not word.skip:
        return ShotAssignment(word.session, True, CutOrigin.HAND)
    if not parts:
        return current
    return ShotAssignment(parts[-1].home, True, CutOrigin.HAND) if parts[-1].home else parts[-1]


def _by_marker(
    frames: Sequence[Frame], place: int, current: ShotAssignment | None, at_time: AtTime
) -> ShotAssignment | None:
    frame = frames[place]
    if frame.mark == Mark.END:
        return None
    if frame.mark == Mark.SESSION:
        return ShotAssignment(frame.session, not frame.doubted, CutOrigin.MARKER)
    if frame.mark == Mark.SMALL:
        # A poster on the wall of the session that is already running adds nothing.
        same = current is not None and current.session == frame.session
        return current if same else ShotAssignment(frame.session, False, CutOrigin.SMALL)
    following = frames[place + 1].taken if place + 1 < len(frames) else frame.taken
    return ShotAssignment(at_time(following), False, CutOrigin.UNREAD)


def _by_time(
    frame: Frame, current: ShotAssignment | None, at_time: AtTime, end_of: EndOf
) -> ShotAssignment:
    """The running part; a proposal by time where there is none or where its session ended long
    ago."""
    if current is None:
        return ShotAssignment(at_time(frame.taken), False, CutOrigin.TIME)
    if not current.settled or current.session is None or current.origin == CutOrigin.HAND:
        return current
    ends, other = end_of(current.session), at_time(frame.taken)
    if ends is None or other in (None, current.session) or frame.taken <= ends + OVERRUN:
        return current
    return ShotAssignment(other, False, CutOrigin.TIME, holds=current.session)


def _doubt_contradictions(
    frames: Sequence[Frame], parts: list[ShotAssignment]
) -> list[ShotAssignment]:
    """Turn a part into a proposal where the order of file numbers and the order of times give
    different sessions."""
    doubted = list(parts)
    for numbered in _by_card(frames).values():
        heads = [(number, frames[n]) for number, n in numbered if _is_head(frames[n])]
        for number, n in numbered:
            before = bisect_right(heads, number, key=lambda head: head[0])
            if before and _is_open(parts[n]):
                doubted[n] = _compared(parts[n], heads[before - 1][1])
    return doubted


def _by_card(frames: Sequence[Frame]) -> dict[uuid.UUID | None, list[tuple[int, int]]]:
    """Group as {card: (number, index) in the order of the numbers}."""
    cards: dict[uuid.UUID | None, list[tuple[int, int]]] = {}
    for place, frame in enumerate(frames):
        number = _number(frame.path)
        if number is not None:
            cards.setdefault(frame.card, []).append((number, place))
    return {card: sorted(places) for card, places in cards.items()}


def _is_head(frame: Frame) -> bool:
    return frame.mark in (Mark.SESSION, Mark.END) and not frame.doubted


def _is_open(part: ShotAssignment) -> bool:
    """Whether the file numbers may cast doubt: no person has decided, and there is no stronger
    doubt already."""
    if part.settled:
        return part.origin != CutOrigin.HAND
    return part.origin == CutOrigin.TIME and part.holds is None


def _compared(part: ShotAssignment, by_number: Frame) -> ShotAssignment:
    session = None if by_number.mark == Mark.END else by_number.session
    if session == part.session or (session is None and not part.settled):
        return part
    return ShotAssignment(session, False, CutOrigin.ORDER)


def _number(path: str) -> int | None:
    """Parse folder and file number from a camera's own name; None for a name given by a person or a
    copy."""
    folder = _FOLDER.search(path)
    found = _NUMBERED.fullmatch(path.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if found is None or folder is None:
        return None
    return int(folder[1]) * 10_000 + int(found[1])
