"""Times of day on posters and in films, as people at the gathering write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk.i18n.clock_text import span_text
from reporter.config import GatheringSettings, Settings


@pytest.mark.parametrize(
    ("language", "start", "end", "shown"),
    [
        ("en", "2026-05-09T14:00", "2026-05-09T15:30", "2:00 – 3:30 PM"),
        ("en", "2026-05-09T22:00", "2026-05-10T02:00", "10:00 PM – 2:00 AM"),
        ("en", "2026-05-09T10:00", "2026-05-10T18:00", "10:00 AM – Sun, May 10, 6:00 PM"),
        ("de", "2026-05-09T22:00", "2026-05-10T22:00", "22:00 – So., 10. Mai, 22:00"),
        ("fr", "2026-05-09T10:00", "2026-05-11T12:00", "10:00 – lun. 11 mai, 12:00"),
    ],
)
def test_what_lasts_a_day_or_more_ends_on_a_day(
    tmp_path: Path, language: str, start: str, end: str, shown: str
) -> None:
    settings = Settings(folder=tmp_path, gathering=GatheringSettings(language=language))
    begins, ends = (datetime.fromisoformat(time).replace(tzinfo=UTC) for time in (start, end))
    # CLDR has thin and narrow blanks at the dash and before the half of the day.
    assert re.sub(r"\s+", " ", span_text(begins, ends, settings)) == shown
