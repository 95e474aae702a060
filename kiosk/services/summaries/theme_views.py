"""Themes for display: named only from what may be shown there, and cached until something
changes."""

from __future__ import annotations

import random
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, cast, func, select

from capture.decoding.process_limits import limit_process
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.actor import Actor
from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.models import Gathering, Theme, ThemeMember, ThemeStep
from reporter.moderation.visibility import Scope, showable
from reporter.themes import board
from reporter.themes.board import ThemeView, themes_alone
from reporter.themes.refresh import Grouping, grouping, refresh

# Up to so many new takeaways are grouped while the page is made: a fraction of a second.
AT_ONCE = 500
PRIORITY = 10
_GROUPING = "themes being grouped"


@dataclass(frozen=True)
class ThemeMembers:
    """A theme for search: ids as text."""

    id: str
    name: str
    takeaways: frozenset[str]


def refresh_themes(kiosk: KioskContext) -> Grouping | None:
    """Update the themes with new takeaways, when a page with themes is opened. Commits.

    Very many are grouped by another process, which commits each part; then this returns how far it is. At a hub each
    call does a part.
    """
    session = db.session()
    now = grouping(session)
    session.rollback()
    if now.done == now.all:
        return None
    if now.all - now.done <= AT_ONCE or kiosk.is_at_hub:
        refresh(session, kiosk.settings.gathering.language, kiosk.actor("desk"))
        now = grouping(session)
    if now.done == now.all:
        return None
    if not kiosk.is_at_hub:
        _group_aside(kiosk)
    return now


def group_all(kiosk: KioskContext) -> None:
    """Group all new takeaways here, for a command whose result needs them. Commits."""
    while refresh(db.session(), kiosk.settings.gathering.language, kiosk.actor("shell")):
        pass


def _group_aside(kiosk: KioskContext) -> None:
    """Have a process group all that is new, unless one is at it."""
    from capture.isolation.quiet_process import run_aside

    running = kiosk.parts.get(_GROUPING)
    if running is None or not running.is_alive():
        thread = threading.Thread(
            target=run_aside, args=("themes", _group, kiosk.settings, kiosk.now()), daemon=True
        )
        kiosk.parts[_GROUPING] = thread
        thread.start()


def _group(settings: Settings, now: datetime) -> None:
    """What that process does."""
    with suppress(OSError):
        limit_process(settings.kiosk.memory_mb, PRIORITY)
    actor = Actor(now=now, rng=random.SystemRandom(), who="desk")
    with open_session(settings) as session:
        while refresh(session, settings.gathering.language, actor):
            pass


def shown_themes(
    kiosk: KioskContext, place: Scope | None, *, new_too: bool = False
) -> list[ThemeView]:
    """The themes, the largest first, limited to takeaways that may be shown. ``place`` None: the
    desk."""
    rules = _rules(place, new_too=new_too)
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
        members = board.theme_members(db.session(), *_rules(place, new_too=new_too))
        known = (
            stamp,
            [
                ThemeMembers(
                    view.id.hex,
                    view.name,
                    frozenset(str(member.id) for member in members.get(view.id, ())),
                )
                for view in views
            ],
        )
        kiosk.themes_read[key] = known
    return list(known[1])


def _rules(place: Scope | None, *, new_too: bool) -> list[ColumnElement[bool]]:
    return [showable(place, new_too=new_too)] if place else []


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
