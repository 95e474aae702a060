"""Follow-up content for our own pages: open items, their outcomes, and the next gathering."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from reporter.enums import ItemState
from reporter.follow_up.action_items import all_items, for_place, publishable_name
from reporter.follow_up.icalendar import calendar
from reporter.follow_up.next_gathering import next_gathering
from reporter.models.follow_up import ActionItem, NextGathering
from reporter.moderation.visibility import Scope

CALENDAR = "calendar.ics"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class AgendaItem:
    """An open or settled action item. ``who`` is set only with that person's consent."""

    kind: str
    what: str
    who: str
    due_on: date | None
    state: str
    outcome: str
    # Id of the takeaway it comes from, or ''.
    takeaway: str


@dataclass(frozen=True)
class Following:
    """The next gathering."""

    title: str
    starts_at: datetime
    ends_at: datetime | None
    place: str
    url: str
    words: str


@dataclass(frozen=True)
class Agenda:
    """Action items and the next gathering."""

    items: tuple[AgendaItem, ...] = ()
    following: Following | None = None
    # An iCalendar file with the same content; empty if there is nothing to include.
    calendar: bytes = b""

    @property
    def waiting(self) -> tuple[AgendaItem, ...]:
        """Open items."""
        return tuple(item for item in self.items if item.state == ItemState.OPEN)

    @property
    def done(self) -> tuple[AgendaItem, ...]:
        """Items done or answered."""
        return tuple(item for item in self.items if item.state == ItemState.DONE)

    @property
    def settled(self) -> frozenset[str]:
        """Ids of takeaways covered by an action item, open or not."""
        return frozenset(item.takeaway for item in self.items if item.takeaway)

    def fingerprint(self) -> str:
        """Hash of the content, '' if empty."""
        content = repr((self.items, self.following)) if self.calendar else ""
        return hashlib.sha256(content.encode()).hexdigest()[:16] if content else ""


NOTHING_YET = Agenda()


def agenda_of(session: Session, title: str) -> Agenda:
    """The publicly visible agenda at this moment."""
    rows = for_place(all_items(session), Scope.PUBLIC)
    following = next_gathering(session)
    if not rows and following is None:
        return NOTHING_YET
    # Equal content gives equal bytes.
    stamp = max(
        [*(row.changed_at for row in rows), following.changed_at if following else _LONG_AGO]
    )
    return Agenda(
        tuple(_item(row) for row in rows),
        _following(following) if following else None,
        calendar(title, rows, following, now=stamp),
    )


def _item(row: ActionItem) -> AgendaItem:
    takeaway = str(row.takeaway_id) if row.takeaway_id else ""
    return AgendaItem(
        row.kind, row.what, publishable_name(row), row.due_on, row.state, row.outcome, takeaway
    )


def _following(row: NextGathering) -> Following:
    return Following(row.title, row.starts_at, row.ends_at, row.place, row.url, row.description)
