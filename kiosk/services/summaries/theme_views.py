"""Themes for display: named only from what may be shown there, and cached until something
changes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, cast, func, select

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.models import Gathering, Theme, ThemeMember, ThemeStep
from reporter.moderation.visibility import Scope, showable
from reporter.themes.board import ThemeView, themes_alone
from reporter.themes.refresh import refresh


@dataclass(frozen=True)
class ThemeMembers:
    """A theme for search: ids as text."""

    id: str
    name: str
    takeaways: frozenset[str]


def refresh_themes(kiosk: KioskContext) -> None:
    """Update the themes with new takeaways, when a page with themes is opened. Commits."""
    refresh(db.session(), kiosk.settings.gathering.language, kiosk.actor("desk"))


def shown_themes(
    kiosk: KioskContext, place: Scope | None, *, new_too: bool = False
) -> list[ThemeView]:
    """The themes, the largest first, limited to takeaways that may be shown. ``place`` None: the
    desk."""
    rules: list[ColumnElement[bool]] = [showable(place, new_too=new_too)] if place else []
    return themes_alone(db.session(), kiosk.settings.gathering.language, *rules)


def theme_members(
    kiosk: KioskContext, place: Scope | None, *, new_too: bool = False
) -> list[ThemeMembers]:
    """The same for search, which asks often: cached until something changes."""
    if db.session.scalar(select(ThemeMember.takeaway_id).limit(1)) is None:
        return []
    key, stamp = (place, new_too), themes_stamp()
    known = kiosk.themes_read.get(key)
    if known is None or known[0] != stamp:
        views = shown_themes(kiosk, place, new_too=new_too)
        known = stamp, [_members(view) for view in views]
        kiosk.themes_read[key] = known
    return list(known[1])


def _members(view: ThemeView) -> ThemeMembers:
    return ThemeMembers(view.id.hex, view.name, frozenset(str(row.id) for row in view.members))


def themes_stamp() -> tuple[object, ...]:
    """A cache key for themes, in one query: takeaways, their themes, and decisions of people."""
    queries = (
        select(func.max(Gathering.revision)),
        select(func.count(ThemeMember.takeaway_id)),
        select(func.sum(ThemeMember.similarity)),
        select(func.count(Theme.id)),
        select(func.max(ThemeStep.id)),
        select(func.count(ThemeStep.id)).where(ThemeStep.undone.is_(True)),
        select(func.max(cast(Gathering.check_faces, Integer))),
    )
    return tuple(db.session.execute(select(*(one.scalar_subquery() for one in queries))).one())
