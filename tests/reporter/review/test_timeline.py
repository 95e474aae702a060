"""The strip of times: its spans hold everything once, are few, and lie at round times of the gathering's clock."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.gathering.sessions import add_session
from reporter.models import EventSession, Takeaway
from reporter.review.queries import ALL, Filter, page
from reporter.review.timeline import MOST, TimelineBin, timeline
from tests.support.kiosk_process import START, add_takeaway

KATHMANDU = ZoneInfo("Asia/Kathmandu")


def recorded(
    session: Session, event: EventSession, rng: random.Random, minutes: list[float]
) -> None:
    for later in minutes:
        add_takeaway(session, event, rng).recorded_at = START + timedelta(minutes=later)
    session.commit()


def leads_to(session: Session, span: TimelineBin) -> int:
    """How many takeaways its link shows."""
    asked = Filter(state=ALL, span=(span.begin, span.end))
    return len(page(session, asked, size=500).rows)


def test_nothing_has_no_times(session: Session) -> None:
    assert timeline(session, Filter(state=ALL), KATHMANDU) == []


@pytest.mark.parametrize("width", [1, 40, 119, 24 * 60, 3 * 24 * 60, 90 * 24 * 60, 9000 * 24 * 60])
def test_every_takeaway_is_in_one_span_and_its_link_shows_it(
    session: Session, event: EventSession, rng: random.Random, width: int
) -> None:
    recorded(session, event, rng, [0, *(rng.random() * width for _ in range(30)), width])
    spans = timeline(session, Filter(state=ALL), KATHMANDU)
    assert sum(span.count for span in spans) == session.scalar(select(func.count(Takeaway.id)))
    assert len(spans) <= MOST
    assert [span.count for span in spans] == [leads_to(session, span) for span in spans]
    assert all(one.end <= other.begin for one, other in pairwise(spans))


def test_spans_begin_at_round_times_of_the_place(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    recorded(session, event, rng, [0, 9 * 60])
    begun = [span.begin.astimezone(KATHMANDU) for span in timeline(session, Filter(), KATHMANDU)]
    assert {moment.minute for moment in begun} <= {0, 30}
    recorded(session, event, rng, [9 * 24 * 60])
    begun = [span.begin.astimezone(KATHMANDU) for span in timeline(session, Filter(), KATHMANDU)]
    assert {(moment.hour % 12, moment.minute) for moment in begun} == {(0, 0)}


def test_a_span_names_the_sessions_with_the_most_and_a_filter_narrows_it(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    other = add_session(session, "Mending bicycles", now=START, rng=rng)
    recorded(session, event, rng, [0, 1])
    recorded(session, other, rng, [0, 1, 2])
    (span,) = timeline(session, Filter(), KATHMANDU)
    assert (span.count, span.sessions) == (5, ("Mending bicycles", event.title))
    (span,) = timeline(session, Filter(session=event.code), KATHMANDU)
    assert (span.count, span.sessions) == (2, (event.title,))


def test_inside_a_span_the_strip_is_finer(
    session: Session, event: EventSession, rng: random.Random
) -> None:
    recorded(session, event, rng, [0, 7, 24 * 60])
    first = timeline(session, Filter(), KATHMANDU)[0]
    assert first.count == 2
    inner = timeline(session, Filter(span=(first.begin, first.end)), KATHMANDU)
    assert [span.count for span in inner] == [1, 1]
