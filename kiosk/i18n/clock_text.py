"""Times of day as people at the gathering write them: one style on paper and on every screen."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from babel.dates import format_interval, format_skeleton, format_time, get_datetime_format
from flask_babel import get_locale

from kiosk.runtime.context import current_kiosk
from reporter.config import Settings
from reporter.languages import spoken_locale
from reporter.models import EventSession


def clock_text(moment: datetime, settings: Settings) -> str:
    """A time of day in the gathering's zone and language, as ``2:00 PM`` or ``14:00``."""
    return format_time(
        moment.astimezone(settings.zone), "short", locale=spoken_locale(settings.gathering.language)
    )


def shown_clock(moment: datetime) -> str:
    """The same for templates; isolated on a page of the other direction, which would tear "8:20 AM" (UAX 9, 2.4)."""
    settings = current_kiosk().settings
    text, own = clock_text(moment, settings), spoken_locale(settings.gathering.language)
    return text if own.text_direction == get_locale().text_direction else f"\u2068{text}\u2069"


def day_text(moment: datetime, settings: Settings) -> str:
    """A day, short enough for a line of a poster, as ``Sat, May 9``."""
    local = moment.astimezone(settings.zone)
    return format_skeleton("MMMEd", local, locale=spoken_locale(settings.gathering.language))


def shown_day(moment: datetime, settings: Settings) -> str:
    """The same on a page, in the page's language: a day is a word, where a clock is a habit of the place."""
    return format_skeleton("MMMEd", moment.astimezone(settings.zone), locale=get_locale())


def span_text(start: datetime, end: datetime | None, settings: Settings) -> str:
    """From when to when, as ``2:00 – 3:30 PM``; of a day or more with the end's day; without an end, the beginning."""
    if end is None:
        return clock_text(start, settings)
    zone: tzinfo = settings.zone
    locale = spoken_locale(settings.gathering.language)
    if end - start >= timedelta(days=1):  # of which format_interval would tell the hours alone
        pattern = str(get_datetime_format("medium", locale=locale)).replace("'", "")
        last = pattern.format(clock_text(end, settings), day_text(end, settings))
        return f"{clock_text(start, settings)} – {last}"
    # A clock of twelve hours names its half of the day.
    skeleton = "hm" if "a" in str(locale.time_formats["short"].pattern) else "Hm"
    return format_interval(start.astimezone(zone), end.astimezone(zone), skeleton, locale=locale)


def when_text(settings: Settings, row: EventSession) -> str:
    """When a session takes place, as ``Sat, May 9 · 2:00 – 3:30 PM``; '' for one without a time."""
    if row.starts_at is None:
        return ""
    span = span_text(row.starts_at, row.ends_at, settings)
    return f"{day_text(row.starts_at, settings)} · {span}"
