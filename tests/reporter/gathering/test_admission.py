"""Limits a minute while the laptop's clock is set: a minute stays a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reporter.config import LimitSettings
from reporter.errors import TooMuch
from reporter.gathering import admission
from reporter.gathering.admission import FRESH_SHARES, MOST_KEYS, Sender, Shares, SlidingWindow

NOW = datetime(2026, 3, 14, 14, 0, tzinfo=UTC)
BACK = NOW - timedelta(hours=3)
SECOND = timedelta(seconds=1)


def test_after_the_clock_was_set_back_a_window_counts_what_comes_then() -> None:
    window = SlidingWindow()
    for _ in range(3):
        window.add("phone", 5, now=NOW)
    assert window.total("phone", now=NOW) == (3, 15, 60)
    assert window.total("phone", now=BACK) == (0, 0, 0)
    window.add("phone", 7, now=BACK + SECOND)
    assert window.total("phone", now=BACK + 31 * SECOND) == (1, 7, 30)
    assert window.total("phone", now=BACK + 61 * SECOND) == (0, 0, 0)


def test_events_from_before_and_after_a_step_stand_side_by_side() -> None:
    window = SlidingWindow()
    window.add("phone", 1, now=NOW)
    window.add("phone", 2, now=BACK)
    assert window.total("phone", now=BACK) == (1, 2, 60)


def test_keys_from_the_future_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MOST_KEYS", 3)
    assert MOST_KEYS > 3
    window = SlidingWindow()
    for key in ("a", "b"):
        window.add(key, 0, now=NOW)
    for key in ("c", "d"):
        window.add(key, 0, now=BACK)
    assert window.total("c", now=BACK)[0] == 1


def test_a_step_of_the_clock_shuts_nobody_out_and_widens_no_share() -> None:
    shares, limits = Shares(), LimitSettings(files_per_minute=2)
    for number in range(4):
        sender = Sender(f"phone-{number}", "here", established=True)
        shares.take(sender, 1, now=NOW, limits=limits)
    fresh = Sender("phone-0", "here")
    for _ in range(limits.files_per_minute):
        shares.take(fresh, 1, now=BACK, limits=limits)
    with pytest.raises(TooMuch) as refused:
        shares.take(fresh, 1, now=BACK, limits=limits)
    assert refused.value.retry_after == 60
    # None of the four counts for the address any more: new phones behind it have the shares of new ones.
    for number in range(limits.files_per_minute * (FRESH_SHARES - 1)):
        shares.take(Sender(f"new-{number}", "here"), 1, now=BACK, limits=limits)
    with pytest.raises(TooMuch):
        shares.take(Sender("newest", "here"), 1, now=BACK, limits=limits)
