"""Themes for display: names, members, sessions, representative takeaways, open questions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from reporter.enums import Intent
from reporter.models import EventSession, Takeaway, Theme, ThemeMember
from reporter.stories.queries import with_everything
from reporter.themes.names import name_themes
from reporter.themes.refresh import COUNTED, words_of

TELLING = 3
# A theme is named from so many of its most representative takeaways: more would change little, and their words are
# found anew for each page.
NAMED_FROM = 500
_QUESTION_MARKS = ("?", "？", "؟")


@dataclass(frozen=True)
class ThemeView:
    """``takeaways``: the most representative first. ``named``: a person gave the name."""

    id: uuid.UUID
    name: str
    named: bool
    takeaways: list[Takeaway]

    @property
    def telling(self) -> list[Takeaway]:
        """Starred takeaways first, then those nearest to the theme's centre."""
        return sorted(self.takeaways, key=lambda row: not row.starred)[:TELLING]

    @property
    def questions(self) -> list[Takeaway]:
        """Questions asked in it."""
        return [row for row in self.takeaways if is_question(row)]

    @property
    def sessions(self) -> list[EventSession]:
        """Its sessions, most takeaways first."""
        counts: dict[uuid.UUID, int] = {}
        for row in self.takeaways:
            counts[row.session_id] = counts.get(row.session_id, 0) + 1
        events = {row.session_id: row.session for row in self.takeaways}
        return sorted(events.values(), key=lambda e: (-counts[e.id], e.title, e.code))


@dataclass(frozen=True)
class ThemeBoard:
    """``loose``: in no theme."""

    themes: list[ThemeView]
    loose: list[Takeaway]
    dropped: list[ThemeView]

    @property
    def rest(self) -> list[Takeaway]:
        """Takeaways in no theme, or in one that was dropped."""
        return [*self.loose, *(row for theme in self.dropped for row in theme.takeaways)]


def is_question(row: Takeaway) -> bool:
    """Whether a takeaway asks a question."""
    words = (row.caption or row.text).rstrip()
    return row.intent == Intent.QUESTION or words.endswith(_QUESTION_MARKS)


def theme_board(session: Session, language: str, *rules: ColumnElement[bool]) -> ThemeBoard:
    """All themes, largest first, with the takeaways that the rules allow: names are computed from those only."""
    members: dict[uuid.UUID | None, list[Takeaway]] = {}
    for row, theme in session.execute(_members(*rules)):
        members.setdefault(theme, []).append(row)
    themes = [theme for theme in session.scalars(select(Theme)) if theme.id in members]
    views = _views(themes, members, language)
    views.sort(key=lambda view: (-len(view.takeaways), view.name, view.id))
    dropped = {theme.id for theme in themes if theme.hidden}
    gone = [view for view in views if view.id in dropped]
    kept = [view for view in views if view.id not in dropped]
    return ThemeBoard(kept, members.get(None, []), gone)


def themes_alone(session: Session, language: str, *rules: ColumnElement[bool]) -> list[ThemeView]:
    """The ``themes`` of the board, without loading takeaways that are in none: as long as nobody has asked for themes,
    that is all of them."""
    rules = rules or (Takeaway.state.in_(COUNTED),)
    return theme_board(session, language, *rules, ThemeMember.theme_id.is_not(None)).themes


def _members(*rules: ColumnElement[bool]) -> Select[Takeaway, uuid.UUID | None]:
    query = select(Takeaway, ThemeMember.theme_id).outerjoin(
        ThemeMember, ThemeMember.takeaway_id == Takeaway.id
    )
    order = (ThemeMember.by_hand.desc(), ThemeMember.similarity.desc(), Takeaway.id)
    rules = rules or (Takeaway.state.in_(COUNTED),)
    return query.where(*rules).options(*with_everything()).order_by(*order)


def _views(
    themes: Sequence[Theme],
    members: dict[uuid.UUID | None, list[Takeaway]],
    language: str,
) -> list[ThemeView]:
    texts = [
        [words_of(row, language) for row in members[theme.id][:NAMED_FROM]] for theme in themes
    ]
    own = language.lower().split("-")[0]
    found = name_themes(texts, own)
    return [
        ThemeView(theme.id, theme.name or name, bool(theme.name), members[theme.id])
        for theme, name in zip(themes, found, strict=True)
    ]
