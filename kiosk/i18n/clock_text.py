"""Times of day: on paper and in films as people at the gathering write them, on a page as its language does."""

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
    """A time of day on a page, in the gathering's zone and as the page's language writes it, like the dates beside it.

    In the gathering's own language it is that of its region (``en-GB``).
    """
    settings = current_kiosk().settings
    own, page = spoken_locale(settings.gathering.language), get_locale()
    locale = own if own.language == page.language else page
    return format_time(moment.astimezone(settings.zone), "short", locale=locale)


def day_text(moment: datetime, settings: Settings) -> str:
    """A day, short enough for a line of a poster, as ``Sat, May 9``."""
    local = moment.astimezone(settings.zone)
    return format_skeleton("MMMEd", local, locale=spoken_locale(settings.gathering.language))


def shown_day(moment: datetime, settings: Settings) -> str:
    """The same on a page, in the page's language."""
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
