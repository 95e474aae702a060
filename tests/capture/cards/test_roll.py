"""Clocks are learnt and rolls are cut: the rules alone, without files."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest

from capture.cards.clock_offset import Witness, learn, moment
from capture.cards.roll import Frame, ManualCut, ShotAssignment, cut, cuts, in_order
from capture.cards.shot_inspection import judge, read_marker
from capture.codes.qr_writer import end_url, screen_url
from capture.decoding.probe import Probe
from reporter.codes import make_code
from reporter.enums import ClockBasis, CutOrigin, Mark
from tests.support.media.camera_rolls import BASE, SIZE, code_of, with_code
from tests.support.media.scene import scene

NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
A, B = uuid.UUID(int=1), uuid.UUID(int=2)
HOURS = {A: (0, 1), B: (1, 2)}


def at_time(when: datetime) -> uuid.UUID | None:
    hour = (when - NINE) / timedelta(hours=1)
    return next((session for session, (start, end) in HOURS.items() if start <= hour < end), None)


def end_of(session: uuid.UUID) -> datetime:
    return NINE + timedelta(hours=HOURS[session][1])


def frame(number: int, minute: float, mark: str = "", session: uuid.UUID | None = None) -> Frame:
    taken = NINE + timedelta(minutes=minute)
    path = f"DCIM/100FIELD/IMG_{number:04}.JPG"
    return Frame(uuid.UUID(int=100 + number), taken, path, None, mark, session)


def parts(*frames: Frame, manual: dict[uuid.UUID, ManualCut] | None = None) -> list[ShotAssignment]:
    return cut(in_order(frames), manual=manual or {}, at_time=at_time, end_of=end_of)


def homes(*frames: Frame) -> list[uuid.UUID | None]:
    return [part.home for part in parts(*frames)]


def test_what_follows_a_marker_belongs_to_it_until_the_next_or_the_end() -> None:
    result = homes(
        frame(1, 0, Mark.SESSION, A),
        frame(2, 5),
        frame(3, 60, Mark.SESSION, B),
        frame(4, 62),
        frame(5, 90, Mark.END),
        frame(6, 500),
    )
    assert result == [A, A, B, B, None, None]


def test_without_a_marker_time_only_proposes() -> None:
    result = parts(frame(1, 10), frame(2, 70), frame(3, 400))
    assert [(p.session, p.settled, p.home) for p in result] == [
        (A, False, None),
        (B, False, None),
        (None, False, None),
    ]
    assert cuts(result) == [0, 1, 2]


def test_an_unreadable_marker_stops_the_old_session_and_proposes() -> None:
    result = parts(
        frame(1, 0, Mark.SESSION, A), frame(2, 5), frame(3, 61, Mark.UNREAD), frame(4, 64)
    )
    assert [p.home for p in result] == [A, A, None, None]
    assert (result[3].session, result[3].origin, result[3].settled) == (B, CutOrigin.UNREAD, False)


def test_a_forgotten_marker_is_pointed_out_and_changes_nothing() -> None:
    result = parts(frame(1, 0, Mark.SESSION, A), frame(2, 5), frame(3, 110))
    assert [p.home for p in result] == [A, A, A]
    assert (result[2].session, result[2].settled, result[2].origin) == (B, False, CutOrigin.TIME)


def test_a_poster_of_the_running_session_in_the_picture_says_nothing() -> None:
    result = parts(
        frame(1, 0, Mark.SESSION, A), frame(2, 5, Mark.SMALL, A), frame(3, 6, Mark.SMALL, B)
    )
    assert [p.origin for p in result] == [CutOrigin.MARKER, CutOrigin.MARKER, CutOrigin.SMALL]
    assert [p.home for p in result] == [A, A, None]


def test_a_clock_that_jumped_back_between_two_pictures_is_noticed_by_the_numbers() -> None:
    # The battery was out: number 4 and 5 say 2015, so that in time they come before the marker.
    result = parts(
        frame(1, 0, Mark.SESSION, A), frame(2, 5), frame(4, -5_000_000), frame(5, -4_999_999)
    )
    assert [(p.session, p.settled, p.origin) for p in result[:2]] == [
        (A, False, CutOrigin.ORDER),
        (A, False, CutOrigin.ORDER),
    ]
    assert [p.home for p in result] == [None, None, A, A]


def test_a_person_decides_over_everything() -> None:
    shots = [frame(1, 0, Mark.SESSION, A), frame(2, 5), frame(3, 61, Mark.UNREAD), frame(4, 110)]
    moved = parts(
        *shots, manual={shots[0].key: ManualCut(None, skip=True), shots[1].key: ManualCut(B)}
    )
    assert [p.home for p in moved] == [None, B, None, None]
    kept = parts(*shots, manual={shots[2].key: ManualCut(None, skip=True)})
    assert [p.home for p in kept] == [A, A, A, A]
    assert cuts(kept) == [0]


# Clocks ---------------------------------------------------------------------------------------------


def witness(start: float, wrong: timedelta, *, after: float = 3, exact: bool = False) -> Witness:
    """A marker photographed some minutes after the start of an hour's session, by a camera that is wrong."""
    starts = NINE + timedelta(hours=start)
    true = starts + timedelta(minutes=after)
    ends = starts + timedelta(hours=1)
    return Witness(true + wrong, true, true, True) if exact else Witness(true + wrong, starts, ends)


@pytest.mark.parametrize(
    ("wrong", "learnt", "basis"),
    [
        (timedelta(minutes=4), timedelta(0), ClockBasis.RIGHT),
        (timedelta(hours=-7), timedelta(hours=7), ClockBasis.SCHEDULE),
        (timedelta(hours=1, minutes=-2), None, ClockBasis.SCHEDULE),
    ],
)
def test_an_offset_is_learnt_from_the_schedule(
    wrong: timedelta, learnt: timedelta | None, basis: ClockBasis
) -> None:
    clock = learn([witness(0, wrong), witness(1, wrong, after=-10), witness(2, wrong, after=20)])
    assert clock.basis == basis
    assert clock.offset is not None
    assert clock.agrees == (True, True, True)
    if learnt is not None:
        assert clock.offset == learnt
    assert abs(clock.offset + wrong) < timedelta(minutes=30)


def test_a_camera_that_is_wrong_by_years_is_right_to_minutes() -> None:
    wrong = timedelta(days=-4 * 365, hours=3, minutes=17)
    clock = learn(
        [witness(0, wrong, after=2), witness(1, wrong, after=3), witness(2, wrong, after=4)]
    )
    assert clock.offset is not None
    assert abs(clock.offset + wrong) <= timedelta(minutes=4)


def test_the_kiosks_own_screen_decides_to_the_second() -> None:
    wrong = timedelta(days=900, seconds=11)
    clock = learn([witness(0, wrong, after=30), witness(1, wrong, exact=True)])
    assert (clock.offset, clock.basis) == (-wrong, ClockBasis.KIOSK)


def test_a_marker_that_contradicts_the_others_is_named() -> None:
    wrong = timedelta(hours=-2)
    odd = witness(5, timedelta(hours=-9))
    assert learn([witness(0, wrong), witness(1, wrong), odd]).agrees == (True, True, False)


def probe_at(taken: datetime | None, **more: object) -> Probe:
    return Probe("video" if "duration" in more else "photo", "x", captured_at=taken, **more)  # type: ignore[arg-type]


def test_a_moment_is_read_in_the_gatherings_zone_unless_the_file_says_otherwise() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    wall = datetime(2026, 7, 1, 15, 0)  # noqa: DTZ001
    mtime = datetime(2026, 7, 1, 15, 0, 30, tzinfo=berlin).timestamp()

    def moment_of(found: Probe | None, at: float = mtime) -> datetime:
        return moment(found, mtime=at, zone=berlin, now=NINE, laptop=berlin)

    assert moment_of(probe_at(wall)) == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    stated = probe_at(wall, utc_offset=timedelta(hours=9))
    assert moment_of(stated) == datetime(2026, 7, 1, 15, 0, tzinfo=timezone(timedelta(hours=9)))
    # A camcorder that writes its wall clock where UTC belongs: the file's time gives it away.
    clip = probe_at(wall, utc_offset=timedelta(0), duration=20.0)
    assert moment_of(clip) == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    assert moment_of(clip, mtime + 7200) == datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
    assert moment_of(None) == datetime(2026, 7, 1, 13, 0, 30, tzinfo=UTC)
    # A camcorder's stream says no time: its file is closed when the recording ends.
    stream = probe_at(None, duration=1800.0)
    assert moment_of(stream) == datetime(2026, 7, 1, 12, 30, 30, tzinfo=UTC)


# Markers ---------------------------------------------------------------------------------------------


def grey(picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.mark.parametrize("size", [(1600, 1200), (1200, 1600)])
@pytest.mark.parametrize(
    ("share", "at", "mark"),
    [
        (0.02, (0.5, 0.5), Mark.NONE),
        (0.04, (0.5, 0.5), Mark.NONE),
        (0.05, (0.6, 0.4), Mark.NONE),
        (0.08, (0.5, 0.5), Mark.SMALL),
        (0.12, (0.5, 0.5), Mark.SESSION),
        (0.12, (0.12, 0.3), Mark.SMALL),
        (0.18, (0.6, 0.62), Mark.SESSION),
        (0.45, (0.5, 0.5), Mark.SESSION),
    ],
)
def test_size_and_place_tell_a_marker_from_a_poster_in_the_background(
    share: float, at: tuple[float, float], mark: Mark, size: tuple[int, int]
) -> None:
    code = make_code(random.Random(round(share * 1000)))
    seen = judge(grey(with_code(f"{BASE.upper()}/S/{code}", share, at=at, size=size, blur=0.3)))
    assert (seen.mark, seen.code) == (mark, code if mark else "")
    assert (seen.picture is None) == (mark == Mark.NONE)


def test_a_blurred_marker_is_noticed_and_a_landscape_is_none() -> None:
    code = make_code(random.Random(1))
    assert judge(grey(with_code(f"{BASE.upper()}/S/{code}", 0.45, blur=0.9))).mark == Mark.UNREAD
    assert judge(grey(scene(*SIZE))).mark == Mark.NONE


def test_the_codes_text_says_session_end_and_time() -> None:
    code, now = make_code(random.Random(3)), datetime(2026, 3, 14, 14, 7, 9, tzinfo=UTC)
    marker = read_marker(screen_url(BASE, code, now))
    assert marker is not None
    assert (marker.code, marker.kiosk_at) == (code, now)
    assert screen_url(BASE, code, now).upper() == screen_url(BASE, code, now)
    end = read_marker(end_url("https://reporter.example/spring"))
    assert end is not None
    assert end.code == "END"
    assert read_marker(code) is not None
    # More symbols than the laptop's clock has.
    odd = read_marker(f"HTTP://A/S/{code}/AT/ZZZZZZZZ")
    assert odd is not None
    assert (odd.code, odd.kiosk_at) == (code, None)
    for other in ("https://example.org/", "WIFI:T:WPA;S:x;P:y;;", "ABCDEF1", "", "HTTP://A/S/"):
        assert read_marker(other) is None
    assert judge(grey(with_code(code_of("END"), 0.4, size=SIZE))).mark == Mark.END
