"""Themes for display: names, members, sessions, representative takeaways, open questions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from reporter.enums import Intent
from reporter.models import EventSession, Takeaway, Theme, ThemeMember
from reporter.stories.queries import with_everything
from reporter.themes.names import name_themes
from reporter.themes.refresh import COUNTED, words_of

TELLING = 3
# So many of a theme's most representative takeaways are loaded, and name it: more would change little, and they and
# their words are found anew for each page.
NAMED_FROM = 500
_SLICE = 500
_QUESTION_MARKS = ("?", "？", "؟")


@dataclass(frozen=True)
class TakeawayGroup:
    """``count`` takeaways, of which the ``NAMED_FROM`` most representative are loaded, those first."""

    count: int
    takeaways: list[Takeaway]

    @property
    def questions(self) -> list[Takeaway]:
        """Questions asked in those that are loaded."""
        return [row for row in self.takeaways if is_question(row)]


@dataclass(frozen=True)
class ThemeView(TakeawayGroup):
    """``named``: a person gave the name. ``telling``: the starred takeaways first, then those nearest to the theme's
    centre. ``sessions``: most takeaways first."""

    id: uuid.UUID
    name: str
    named: bool
    telling: list[Takeaway]
    sessions: list[EventSession]


# How many of a theme's sessions are named; of the others their number is told.
SESSIONS_NAMED = 5


@dataclass(frozen=True)
class ThemeBoard:
    """``loose``: in no theme."""

    themes: list[ThemeView]
    loose: TakeawayGroup
    dropped: list[ThemeView]

    @property
    def rest(self) -> int:
        """The number of takeaways in no theme, or in one that was dropped."""
        return self.loose.count + sum(theme.count for theme in self.dropped)


def is_question(row: Takeaway) -> bool:
    """Whether a takeaway asks a question."""
    words = (row.caption or row.text).rstrip()
    return row.intent == Intent.QUESTION or words.endswith(_QUESTION_MARKS)


def theme_board(session: Session, language: str, *rules: ColumnElement[bool]) -> ThemeBoard:
    """All themes, largest first, with the takeaways that the rules allow: names are computed from those only.

    Takeaways in no theme are loaded where there are themes to move them to.
    """
    rules = rules or (Takeaway.state.in_(COUNTED),)
    counts = _counts(session, rules)
    themes = [theme for theme in session.scalars(select(Theme)) if theme.id in counts]
    loose = counts[None].total() if None in counts else 0
    if not themes:
        return ThemeBoard([], TakeawayGroup(loose, []), [])
    loaded = _load(session, rules)
    views = _views(themes, counts, loaded, language)
    views.sort(key=lambda view: (-view.count, view.name, view.id))
    dropped = {theme.id for theme in themes if theme.hidden}
    gone = [view for view in views if view.id in dropped]
    kept = [view for view in views if view.id not in dropped]
    return ThemeBoard(kept, TakeawayGroup(loose, loaded.first(None)), gone)


def themes_alone(session: Session, language: str, *rules: ColumnElement[bool]) -> list[ThemeView]:
    """The ``themes`` of the board, without loading takeaways that are in none: as long as nobody has asked for themes,
    that is all of them."""
    rules = rules or (Takeaway.state.in_(COUNTED),)
    return theme_board(session, language, *rules, ThemeMember.theme_id.is_not(None)).themes


class MemberReference(NamedTuple):
    """What a list of all members tells of each."""

    id: uuid.UUID
    receipt: str


def theme_members(
    session: Session, *rules: ColumnElement[bool]
) -> dict[uuid.UUID | None, list[MemberReference]]:
    """The members of each theme that the rules allow, the most representative first; under None those in no theme."""
    query = _of_themes(select(ThemeMember.theme_id, Takeaway.id, Takeaway.receipt))
    rules = rules or (Takeaway.state.in_(COUNTED),)
    found: dict[uuid.UUID | None, list[MemberReference]] = {}
    for theme, id_, receipt in session.execute(query.where(*rules).order_by(*_NEAREST)):
        found.setdefault(theme, []).append(MemberReference(id_, receipt))
    return found


_NEAREST = (ThemeMember.by_hand.desc(), ThemeMember.similarity.desc(), Takeaway.id)
_Columns = TypeVarTuple("_Columns")
# The takeaways of each session in each theme.
_Counts = dict[uuid.UUID | None, Counter[uuid.UUID]]


def _of_themes(query: Select[*_Columns]) -> Select[*_Columns]:
    return query.select_from(Takeaway).outerjoin(
        ThemeMember, ThemeMember.takeaway_id == Takeaway.id
    )


def _counts(session: Session, rules: Sequence[ColumnElement[bool]]) -> _Counts:
    query = _of_themes(select(ThemeMember.theme_id, Takeaway.session_id, func.count()))
    counts: _Counts = {}
    cells = query.where(*rules).group_by(ThemeMember.theme_id, Takeaway.session_id)
    for theme, event, count in session.execute(cells):
        counts.setdefault(theme, Counter())[event] = count
    return counts


@dataclass(frozen=True)
class _Loaded:
    """What is shown of the themes: takeaways and sessions by id; ids of the nearest and of the most telling takeaways
    by theme."""

    takeaways: dict[uuid.UUID, Takeaway]
    sessions: dict[uuid.UUID, EventSession]
    nearest: dict[uuid.UUID | None, list[uuid.UUID]]
    telling: dict[uuid.UUID | None, list[uuid.UUID]]

    def first(self, theme: uuid.UUID | None) -> list[Takeaway]:
        return [self.takeaways[one] for one in self.nearest.get(theme, ())]

    def sessions_of(self, counts: Counter[uuid.UUID]) -> list[EventSession]:
        events = (self.sessions[one] for one in counts)
        return sorted(events, key=lambda e: (-counts[e.id], e.title, e.code))


def _load(session: Session, rules: Sequence[ColumnElement[bool]]) -> _Loaded:
    """Load the first takeaways of each theme, those that tell most of it, and all sessions."""
    nearest = _ranked(session, rules, _NEAREST, NAMED_FROM)
    telling = _ranked(session, rules, (Takeaway.starred.desc(), *_NEAREST), TELLING)
    shown = (*chain(*nearest.values()), *chain(*telling.values()))
    ids, takeaways = sorted(set(shown)), {}
    for at in range(0, len(ids), _SLICE):
        query = select(Takeaway).where(Takeaway.id.in_(ids[at : at + _SLICE]))
        for row in session.scalars(query.options(*with_everything())):
            takeaways[row.id] = row
    events = session.scalars(select(EventSession)) if ids else ()
    return _Loaded(takeaways, {event.id: event for event in events}, nearest, telling)


def _ranked(
    session: Session,
    rules: Sequence[ColumnElement[bool]],
    order: Sequence[Any],
    most: int,
) -> dict[uuid.UUID | None, list[uuid.UUID]]:
    """The ids of the first takeaways of each theme in an order."""
    rank = func.row_number().over(partition_by=ThemeMember.theme_id, order_by=order)
    query = _of_themes(select(ThemeMember.theme_id, Takeaway.id, rank.label("rank")))
    ranked = query.where(*rules).subquery()
    found: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    first = select(ranked.c.theme_id, ranked.c.id).where(ranked.c.rank <= most)
    for theme, takeaway in session.execute(first.order_by(ranked.c.rank)):
        found.setdefault(theme, []).append(takeaway)
    return found


def _views(
    themes: Sequence[Theme], counts: _Counts, loaded: _Loaded, language: str
) -> list[ThemeView]:
    groups = [loaded.first(theme.id) for theme in themes]
    texts = [[words_of(row, language) for row in group] for group in groups]
    found = name_themes(texts, language.lower().split("-")[0])
    return [
        ThemeView(
            counts[theme.id].total(),
            group,
            theme.id,
            theme.name or name,
            bool(theme.name),
            [loaded.takeaways[one] for one in loaded.telling[theme.id]],
            loaded.sessions_of(counts[theme.id]),
        )
        for theme, group, name in zip(themes, groups, found, strict=True)
    ]
