"""Themes for display: names, members, sessions, representative takeaways, open questions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, select
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


class MemberSummary(NamedTuple):
    """What counts and lists of ids need of a takeaway."""

    id: uuid.UUID
    receipt: str
    session_id: uuid.UUID
    starred: bool


@dataclass(frozen=True)
class TakeawayGroup:
    """Takeaways, the most representative first: all as ``members``, the first ``NAMED_FROM`` as ``takeaways``."""

    members: list[MemberSummary]
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


@dataclass(frozen=True)
class ThemeBoard:
    """``loose``: in no theme."""

    themes: list[ThemeView]
    loose: TakeawayGroup
    dropped: list[ThemeView]

    @property
    def rest(self) -> list[MemberSummary]:
        """Takeaways in no theme, or in one that was dropped."""
        return [*self.loose.members, *(row for theme in self.dropped for row in theme.members)]


def is_question(row: Takeaway) -> bool:
    """Whether a takeaway asks a question."""
    words = (row.caption or row.text).rstrip()
    return row.intent == Intent.QUESTION or words.endswith(_QUESTION_MARKS)


def theme_board(session: Session, language: str, *rules: ColumnElement[bool]) -> ThemeBoard:
    """All themes, largest first, with the takeaways that the rules allow: names are computed from those only."""
    members: dict[uuid.UUID | None, list[MemberSummary]] = {None: []}
    for id_, receipt, event, starred, theme in session.execute(_members(*rules)):
        members.setdefault(theme, []).append(MemberSummary(id_, receipt, event, starred))
    loaded = _load(session, members.values())
    themes = [theme for theme in session.scalars(select(Theme)) if theme.id in members]
    views = _views(themes, members, loaded, language)
    views.sort(key=lambda view: (-len(view.members), view.name, view.id))
    dropped = {theme.id for theme in themes if theme.hidden}
    gone = [view for view in views if view.id in dropped]
    kept = [view for view in views if view.id not in dropped]
    return ThemeBoard(kept, loaded.group(members[None]), gone)


def themes_alone(session: Session, language: str, *rules: ColumnElement[bool]) -> list[ThemeView]:
    """The ``themes`` of the board, without loading takeaways that are in none: as long as nobody has asked for themes,
    that is all of them."""
    rules = rules or (Takeaway.state.in_(COUNTED),)
    return theme_board(session, language, *rules, ThemeMember.theme_id.is_not(None)).themes


def _members(
    *rules: ColumnElement[bool],
) -> Select[uuid.UUID, str, uuid.UUID, bool, uuid.UUID | None]:
    query = select(
        Takeaway.id, Takeaway.receipt, Takeaway.session_id, Takeaway.starred, ThemeMember.theme_id
    ).outerjoin(ThemeMember, ThemeMember.takeaway_id == Takeaway.id)
    order = (ThemeMember.by_hand.desc(), ThemeMember.similarity.desc(), Takeaway.id)
    rules = rules or (Takeaway.state.in_(COUNTED),)
    return query.where(*rules).order_by(*order)


@dataclass(frozen=True)
class _Loaded:
    """What is shown of the themes, by id."""

    takeaways: dict[uuid.UUID, Takeaway]
    sessions: dict[uuid.UUID, EventSession]

    def group(self, members: list[MemberSummary]) -> TakeawayGroup:
        return TakeawayGroup(members, self.rows(members[:NAMED_FROM]))

    def rows(self, members: Iterable[MemberSummary]) -> list[Takeaway]:
        return [self.takeaways[row.id] for row in members]

    def sessions_of(self, members: Iterable[MemberSummary]) -> list[EventSession]:
        counts = Counter(row.session_id for row in members)
        events = (self.sessions[one] for one in counts)
        return sorted(events, key=lambda e: (-counts[e.id], e.title, e.code))


def _telling(members: list[MemberSummary]) -> list[MemberSummary]:
    return sorted(members, key=lambda row: not row.starred)[:TELLING]


def _load(session: Session, groups: Collection[list[MemberSummary]]) -> _Loaded:
    """Load the first takeaways of each group, those that tell most of it, and the sessions of all."""
    shown = {row.id for group in groups for row in (*group[:NAMED_FROM], *_telling(group))}
    ids, takeaways = sorted(shown), {}
    for at in range(0, len(ids), _SLICE):
        query = select(Takeaway).where(Takeaway.id.in_(ids[at : at + _SLICE]))
        for row in session.scalars(query.options(*with_everything())):
            takeaways[row.id] = row
    sessions = {row.session_id for group in groups for row in group}
    events = session.scalars(select(EventSession)) if sessions else ()
    return _Loaded(takeaways, {event.id: event for event in events if event.id in sessions})


def _views(
    themes: Sequence[Theme],
    members: Mapping[uuid.UUID | None, list[MemberSummary]],
    loaded: _Loaded,
    language: str,
) -> list[ThemeView]:
    groups = [loaded.group(members[theme.id]) for theme in themes]
    texts = [[words_of(row, language) for row in group.takeaways] for group in groups]
    found = name_themes(texts, language.lower().split("-")[0])
    return [
        ThemeView(
            group.members,
            group.takeaways,
            theme.id,
            theme.name or name,
            bool(theme.name),
            loaded.rows(_telling(group.members)),
            loaded.sessions_of(group.members),
        )
        for theme, group, name in zip(themes, groups, found, strict=True)
    ]
