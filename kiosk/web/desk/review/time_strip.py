"""Timeline beside the contact sheet: takeaways per time span and their sessions; each span is a filter link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from kiosk.i18n.clock_text import shown_clock, shown_day
from kiosk.web.desk.review.filters import View, span_text
from reporter.config import Settings
from reporter.review.timeline import DAY, TimelineBin, timeline


@dataclass(frozen=True)
class TimelineMark:
    """A line of the timeline. ``day``, ``sessions``: '' if same as the previous; ``share``: bar length in percent."""

    day: str
    clock: str
    count: int
    share: int
    sessions: str
    args: dict[str, str]


def time_strip(session: Session, view: View, settings: Settings) -> list[TimelineMark]:
    """Return the timeline; empty if one span holds everything and none is selected."""
    spans = timeline(session, view.criteria, settings.zone)
    if len(spans) < 2 and view.criteria.span is None:
        return []
    most = max((span.count for span in spans), default=1)
    days = _changes([shown_day(span.begin, settings) for span in spans])
    titles = _changes([" · ".join(span.sessions) for span in spans])
    return [
        TimelineMark(
            day=day,
            clock=_clock(span),
            count=span.count,
            share=max(4, round(100 * span.count / most)),
            sessions=title,
            args=view.but(time=span_text(span.begin, span.end)),
        )
        for span, day, title in zip(spans, days, titles, strict=True)
    ]


def _changes(words: list[str]) -> list[str]:
    """Return each value that differs from the previous one, else ''."""
    return [
        word if word != before else "" for word, before in zip(words, ["", *words], strict=False)
    ]


def _clock(span: TimelineBin) -> str:
    whole_days = span.end - span.begin >= timedelta(minutes=DAY)
    return "" if whole_days else shown_clock(span.begin)
