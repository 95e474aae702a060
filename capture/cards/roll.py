"""A camera's roll, cut into sessions by its markers. Pure: rows in, cuts out; nothing is guessed silently.

A marker means: what follows belongs to its session, until the next. What has no marker before it is proposed the
session that took place at its corrected time. Where a marker can't be read, where it is too small to be sure, or where
the times and the numbers of the files contradict each other, the cut is only proposed, and a person settles it.
"""

from __future__ import annotations

import re
import uuid
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reporter.enums import CutOrigin, Mark

# A camera's own file name (DCF 2.0: four letters, four digits): only there does the number say what came first.
_NUMBERED = re.compile(r"[A-Za-z0-9_]{4}(\d{4})")
_FOLDER = re.compile(r"DCIM/(\d{3})[^/]*/", re.IGNORECASE)
# So long after its session's end a shot is no longer believed to belong to it without a word.
OVERRUN = timedelta(minutes=45)

Session = uuid.UUID


@dataclass(frozen=True)
class Frame:
    """A shot, as far as cutting needs it. ``taken`` is the camera's time, already corrected where that is known."""

    key: uuid.UUID
    taken: datetime
    path: str
    # Numbers of files are compared only within one reading of one card.
    card: uuid.UUID | None = None
    mark: str = Mark.NONE
    session: Session | None = None
    # The marker's time contradicts the schedule or the other markers.
    doubted: bool = False


@dataclass(frozen=True)
class HandCut:
    """What a person said of a shot: a session begins here (None: none does), or ``skip``: no cut here."""

    session: Session | None
    skip: bool = False


@dataclass(frozen=True)
class Part:
    """What a shot belongs to. ``settled`` is False where ``session`` is only proposed; ``holds`` then is what it
    belongs to until somebody has decided (None: to none)."""

    session: Session | None
    settled: bool
    origin: CutOrigin
    holds: Session | None = None

    @property
    def home(self) -> Session | None:
        """Where the takeaway is put."""
        return self.session if self.settled else self.holds


# A corrected time -> the only session that took place then, or None.
AtTime = Callable[[datetime], Session | None]
# A session -> when it ends by the schedule, None for one without a time.
EndOf = Callable[[Session], datetime | None]


def in_order(frames: Sequence[Frame]) -> list[Frame]:
    """In the camera's own time order; what was taken in the same second by file name."""
    return sorted(frames, key=lambda frame: (frame.taken, frame.path))


def cut(
    frames: Sequence[Frame], *, hand: Mapping[uuid.UUID, HandCut], at_time: AtTime, end_of: EndOf
) -> list[Part]:
    """What each frame belongs to, for frames in order. Cuts are where that changes: see ``cuts``."""
    parts = _follow(frames, hand, at_time, end_of)
    return _doubt_contradictions(frames, parts)


def cuts(parts: Sequence[Part]) -> list[int]:
    """The places where something begins."""
    return [n for n, part in enumerate(parts) if not n or not same_run(part, parts[n - 1])]


def same_run(part: Part, before: Part) -> bool:
    """Whether two neighbours are in one piece; how it was found out is told only where it begins."""
    return (part.session, part.settled, part.home) == (before.session, before.settled, before.home)


def _follow(
    frames: Sequence[Frame], hand: Mapping[uuid.UUID, HandCut], at_time: AtTime, end_of: EndOf
) -> list[Part]:
    parts: list[Part] = []
    current: Part | None = None
    for place, frame in enumerate(frames):
        word = hand.get(frame.key)
        if word is not None:
            current = _said(word, parts, current)
        elif frame.mark:
            current = _marked(frames, place, current, at_time)
        parts.append(_timed(frame, current, at_time, end_of))
    return parts


def _said(word: HandCut, parts: Sequence[Part], current: Part | None) -> Part | None:
    """A person's word. "No cut here" makes what went before go on, proposals by time notwithstanding."""
    if not word.skip:
        return Part(word.session, True, CutOrigin.HAND)
    if not parts:
        return current
    return Part(parts[-1].home, True, CutOrigin.HAND) if parts[-1].home else parts[-1]


def _marked(
    frames: Sequence[Frame], place: int, current: Part | None, at_time: AtTime
) -> Part | None:
    frame = frames[place]
    if frame.mark == Mark.END:
        return None
    if frame.mark == Mark.SESSION:
        return Part(frame.session, not frame.doubted, CutOrigin.MARKER)
    if frame.mark == Mark.SMALL:
        # A poster on the wall of the session that runs anyway says nothing new.
        same = current is not None and current.session == frame.session
        return current if same else Part(frame.session, False, CutOrigin.SMALL)
    following = frames[place + 1].taken if place + 1 < len(frames) else frame.taken
    return Part(at_time(following), False, CutOrigin.UNREAD)


def _timed(frame: Frame, current: Part | None, at_time: AtTime, end_of: EndOf) -> Part:
    """The running part; a proposal by time where there is none, or where its session ended long ago."""
    if current is None:
        return Part(at_time(frame.taken), False, CutOrigin.TIME)
    if not current.settled or current.session is None or current.origin == CutOrigin.HAND:
        return current
    ends, other = end_of(current.session), at_time(frame.taken)
    if ends is None or other in (None, current.session) or frame.taken <= ends + OVERRUN:
        return current
    return Part(other, False, CutOrigin.TIME, holds=current.session)


def _doubt_contradictions(frames: Sequence[Frame], parts: list[Part]) -> list[Part]:
    """Where the order of the files' numbers gives another session than the order of the times, only propose."""
    doubted = list(parts)
    for numbered in _by_card(frames).values():
        heads = [(number, frames[n]) for number, n in numbered if _is_head(frames[n])]
        for number, n in numbered:
            before = bisect_right(heads, number, key=lambda head: head[0])
            if before and _is_open(parts[n]):
                doubted[n] = _compared(parts[n], heads[before - 1][1])
    return doubted


def _by_card(frames: Sequence[Frame]) -> dict[uuid.UUID | None, list[tuple[int, int]]]:
    """{card: (number, place) in the order of the numbers}."""
    cards: dict[uuid.UUID | None, list[tuple[int, int]]] = {}
    for place, frame in enumerate(frames):
        number = _number(frame.path)
        if number is not None:
            cards.setdefault(frame.card, []).append((number, place))
    return {card: sorted(places) for card, places in cards.items()}


def _is_head(frame: Frame) -> bool:
    return frame.mark in (Mark.SESSION, Mark.END) and not frame.doubted


def _is_open(part: Part) -> bool:
    """Whether the numbers may still be heard: nobody has decided, and it isn't doubted for a better reason."""
    if part.settled:
        return part.origin != CutOrigin.HAND
    return part.origin == CutOrigin.TIME and part.holds is None


def _compared(part: Part, by_number: Frame) -> Part:
    session = None if by_number.mark == Mark.END else by_number.session
    if session == part.session or (session is None and not part.settled):
        return part
    return Part(session, False, CutOrigin.ORDER)


def _number(path: str) -> int | None:
    """Folder and file number of a camera's own name; None for a name that a person or a copy gave."""
    folder = _FOLDER.search(path)
    found = _NUMBERED.fullmatch(path.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if found is None or folder is None:
        return None
    return int(folder[1]) * 10_000 + int(found[1])
