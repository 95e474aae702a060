"""Database queries of the contact sheet: filters, cursor pagination, counts, look-alikes. A
constant number of queries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from reporter.database import kept_counts
from reporter.database.kept_counts import CELLS
from reporter.enums import Audience, TakeawayState
from reporter.media.alt_text import lacks_alt
from reporter.media.near_duplicates import BLURRED, DARK
from reporter.models import Attachment, EventSession, Takeaway
from reporter.models.image_quality import ImageQuality
from reporter.moderation.visibility import Scope, rule
from reporter.stories.queries import with_everything

LIVING = (TakeawayState.NEW.value, TakeawayState.APPROVED.value)
ALL = "all"


def _pictured(*rules: ColumnElement[bool]) -> ColumnElement[bool]:
    """Takeaways with a picture that was analysed."""
    of = (
        select(Attachment.takeaway_id)
        .join(ImageQuality, ImageQuality.media_id == Attachment.media_id)
        .where(*rules)
    )
    return Takeaway.id.in_(of)


def in_question(takeaway: type[Takeaway]) -> ColumnElement[bool]:
    """Whether a takeaway is undecided, or shown.

    The empty text keeps SQLite from using the index of states, which matches half of all rows: it
    uses the group's index instead, where a page needs only a few rows.
    """
    return (takeaway.state + literal("")).in_(LIVING)


def _has_double(look: type[ImageQuality], of: Any) -> ColumnElement[bool]:
    """Whether a picture's group contains another undecided or shown takeaway besides ``of``."""
    other, held, double = aliased(ImageQuality), aliased(Attachment), aliased(Takeaway)
    return (
        select(other.media_id)
        .join(held, held.media_id == other.media_id)
        .join(double, double.id == held.takeaway_id)
        .where(other.group_id == look.group_id, double.id != of, in_question(double))
        .correlate(look, Takeaway)
        .exists()
    )


@cache
def _alike() -> ColumnElement[bool]:
    """Takeaways with a picture like that of another undecided or shown takeaway."""
    held, look = aliased(Attachment), aliased(ImageQuality)
    return (
        select(held.media_id)
        .join(look, look.media_id == held.media_id)
        .where(
            held.takeaway_id == Takeaway.id,
            look.group_id.is_not(None),
            _has_double(look, Takeaway.id),
        )
        .correlate(Takeaway)
        .exists()
    )


@cache
def flag_rules() -> Mapping[str, ColumnElement[bool]]:
    """Filters besides plain columns: name -> condition. Built once: a page that asks seven times built for a third of
    its time."""
    return {
        "starred": Takeaway.starred.is_(True),
        "alt": and_(lacks_alt(), Takeaway.audience == Audience.PUBLIC),
        "alike": _alike(),
        "blurred": _pictured(or_(ImageQuality.sharpness < BLURRED, ImageQuality.brightness < DARK)),
        "held": Takeaway.held.is_(True),
        "no_consent": Takeaway.consent.not_in(rule(Scope.COMMUNITY).consents),
    }


@dataclass(frozen=True)
class Filter:
    """Search filters; '' and () match everything."""

    state: str = ""
    session: str = ""
    kind: str = ""
    intent: str = ""
    source: str = ""
    flags: tuple[str, ...] = ()
    # Only the pictures of one group, whatever was decided on them.
    group: uuid.UUID | None = None
    # Recorded from a start time up to an end time (exclusive).
    span: tuple[datetime, datetime] | None = None

    def rules(self, *, with_flags: bool = True) -> list[ColumnElement[bool]]:
        """The filters as SQL conditions on takeaways."""
        rules: list[ColumnElement[bool]] = []
        if self.state == ALL:
            rules.append(Takeaway.state != TakeawayState.WITHDRAWN)
        elif self.state:
            rules.append(Takeaway.state == self.state)
        if self.session:
            of = select(EventSession.id).where(EventSession.code == self.session)
            rules.append(Takeaway.session_id == of.scalar_subquery())
        for name in ("kind", "intent", "source"):
            if getattr(self, name):
                rules.append(getattr(Takeaway, name) == getattr(self, name))
        if self.group is not None:
            rules.append(_pictured(ImageQuality.group_id == self.group))
        if self.span is not None:
            begin, end = self.span
            rules += [Takeaway.recorded_at >= begin, Takeaway.recorded_at < end]
        known = flag_rules()
        return rules + [known[name] for name in self.flags if with_flags]

    def cells(self) -> list[ColumnElement[bool]] | None:
        """The filters without flags as SQL conditions on the cells of kept counts; None if they divide cells."""
        if self.kind or self.intent or self.source or self.group is not None:
            return None
        rules: list[ColumnElement[bool]] = []
        if self.state == ALL:
            rules.append(kept_counts.NOT_WITHDRAWN)
        elif self.state:
            rules.append(CELLS.c.state == self.state)
        if self.session:
            of = select(EventSession.id).where(EventSession.code == self.session)
            rules.append(CELLS.c.session_id == of.scalar_subquery())
        if self.span is not None:
            if not all(map(kept_counts.is_edge, self.span)):
                return None
            begin, end = map(kept_counts.slot_of, self.span)
            rules += [CELLS.c.slot >= begin, CELLS.c.slot < end]
        return rules


@dataclass(frozen=True)
class ReviewPage:
    """One page of takeaways, with cursors of the previous and next page, '' at the ends."""

    rows: list[Takeaway]
    before: str
    after: str


def page(
    session: Session, criteria: Filter, *, size: int, after: str = "", before: str = ""
) -> ReviewPage:
    """The takeaways after (or before) a cursor in order of arrival; look-alikes side by side.

    Raises ValueError for an invalid cursor.
    """
    keys = _keys(criteria)
    query = select(Takeaway, *keys).where(*_page_rules(criteria))
    if "alike" in criteria.flags:
        query = _side_by_side(query)
    if before:
        query = query.where(_beyond(keys, _cursor(before, keys), backwards=True))
        query = query.order_by(*(key.desc() for key in keys))
    else:
        query = query.order_by(*keys)
        if after:
            query = query.where(_beyond(keys, _cursor(after, keys)))
    found = session.execute(query.limit(size + 1).options(*with_everything())).all()
    more, found = len(found) > size, found[:size]
    if before:
        found = found[::-1]
    ends = (
        [".".join(key.hex for key in row[1:]) for row in (found[0], found[-1])]
        if found
        else ["", ""]
    )
    is_first = not more if before else not after
    is_last = False if before else not more
    return ReviewPage(
        [row[0] for row in found], "" if is_first else ends[0], "" if is_last else ends[1]
    )


def _page_rules(criteria: Filter) -> list[ColumnElement[bool]]:
    """The filter's conditions; with look-alikes, in a form that lets ``_side_by_side`` scan the groups in order."""
    if "alike" not in criteria.flags:
        return criteria.rules()
    flags = tuple(name for name in criteria.flags if name != "alike")
    rules = replace(criteria, state="", flags=flags).rules()
    if criteria.state == ALL:
        return [*rules, Takeaway.state != TakeawayState.WITHDRAWN]
    return [*rules, (Takeaway.state + literal("")) == criteria.state] if criteria.state else rules


def _side_by_side(query: Select[Any]) -> Select[Any]:
    """Takeaways by group: each with its first group that contains another undecided or shown one.

    The scan of the groups' index stops after one page, so it takes equally long in a gathering of
    any size. SQLite would read all attachments first as long as it has no statistics (see
    ``reporter.database.planner_statistics``): an expression instead of the column leaves it no such way.
    """
    earlier, held, media_id = aliased(ImageQuality), aliased(Attachment), ImageQuality.media_id
    is_first = ~(
        select(held.media_id)
        .join(earlier, earlier.media_id == held.media_id)
        .where(
            held.takeaway_id == Takeaway.id,
            earlier.group_id.is_not(None),
            or_(
                earlier.group_id < ImageQuality.group_id,
                and_(
                    earlier.group_id == ImageQuality.group_id,
                    earlier.media_id < ImageQuality.media_id,
                ),
            ),
        )
        .correlate(Takeaway, ImageQuality)
        .exists()
    )
    return (
        query.join(Attachment, Attachment.takeaway_id == Takeaway.id)
        .join(ImageQuality, func.coalesce(media_id, media_id) == Attachment.media_id)
        .where(ImageQuality.group_id.is_not(None), is_first, _alike())
    )


def _keys(criteria: Filter) -> list[Any]:
    return [ImageQuality.group_id, Takeaway.id] if "alike" in criteria.flags else [Takeaway.id]


def _cursor(text: str, keys: Sequence[Any]) -> list[uuid.UUID]:
    parts = [uuid.UUID(part) for part in text.split(".")]
    if len(parts) != len(keys):
        raise ValueError(f"a cursor of {len(parts)} for {len(keys)} keys")
    return parts


def _beyond(
    keys: Sequence[Any], values: Sequence[uuid.UUID], *, backwards: bool = False
) -> ColumnElement[bool]:
    """Keyset condition for rows after a cursor: greater first key, or equal and greater in the rest."""
    further = keys[0] < values[0] if backwards else keys[0] > values[0]
    if len(keys) == 1:
        return further
    rest = _beyond(keys[1:], values[1:], backwards=backwards)
    return or_(further, and_(keys[0] == values[0], rest))


def anything(session: Session) -> bool:
    """Whether anybody has recorded anything that was not taken back."""
    query = select(Takeaway.id).where(Takeaway.state != TakeawayState.WITHDRAWN).limit(1)
    return session.scalar(query) is not None


def kept_cells(session: Session, criteria: Filter) -> list[ColumnElement[bool]] | None:
    """The filter's conditions on the cells of kept counts, without its flags; None: count rows."""
    return criteria.cells() if kept_counts.are_kept(session) else None


def state_counts(session: Session, criteria: Filter) -> dict[str, int]:
    """Number of takeaways per state, within the filtered session and time."""
    only = Filter(session=criteria.session, span=criteria.span)
    cells = kept_cells(session, only)
    if cells is not None:
        return kept_counts.by_state(session, *cells)
    query = select(Takeaway.state, func.count()).where(*only.rules()).group_by(Takeaway.state)
    return {row[0]: int(row[1]) for row in session.execute(query)}


def count_state(session: Session, state: TakeawayState) -> int:
    """Number of takeaways in one state."""
    if kept_counts.are_kept(session):
        return kept_counts.count(session, state)
    return session.scalar(select(func.count(Takeaway.id)).where(Takeaway.state == state)) or 0


def flag_counts(session: Session, criteria: Filter) -> dict[str, int]:
    """How many takeaways would remain with each flag added to the filter."""
    cells = kept_cells(session, criteria)
    if cells is not None:
        kept = kept_counts.by_flag(session, *cells)
        return {name: kept[name] for name in flag_rules()}
    columns = [
        func.coalesce(func.sum(case((rule, 1), else_=0)), 0).label(name)
        for name, rule in flag_rules().items()
    ]
    row = session.execute(select(*columns).where(*criteria.rules(with_flags=False))).one()
    return {name: int(count) for name, count in row._mapping.items()}


def undescribed_rows() -> Select[Takeaway]:
    """Approved for the public, but not shown because a photo has no alt text."""
    return select(Takeaway).where(*_undescribed())


def count_undescribed(session: Session) -> int:
    """Number of ``undescribed_rows``."""
    if kept_counts.are_kept(session):
        return kept_counts.count(session, TakeawayState.APPROVED, "alt")
    return session.scalar(select(func.count(Takeaway.id)).where(*_undescribed())) or 0


def _undescribed() -> tuple[ColumnElement[bool], ...]:
    return Takeaway.state == TakeawayState.APPROVED, flag_rules()["alt"]


def count_without_consent(session: Session) -> int:
    """Number of approved takeaways that stay in the room because not everyone in them has agreed to be shown."""
    if kept_counts.are_kept(session):
        return kept_counts.count(session, TakeawayState.APPROVED, "stays")
    leaving = select(func.count(Takeaway.id)).where(
        Takeaway.state == TakeawayState.APPROVED,
        Takeaway.audience != Audience.ROOM,
        flag_rules()["no_consent"],
    )
    return session.scalar(leaving) or 0
