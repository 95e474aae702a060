"""Themes of the gathering, limited to what is public."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.i18n import others_phrase
from publish.posts.model import ThemeDigest
from reporter.models import ThemeMember
from reporter.moderation.visibility import Scope, showable
from reporter.themes.board import SESSIONS_NAMED, ThemeView, themes_alone


def public_themes(session: Session, language: str) -> tuple[ThemeDigest, ...]:
    """Themes that an organizer reviewed, named and described by public takeaways only; the largest first."""
    if session.scalar(select(ThemeMember.takeaway_id).limit(1)) is None:
        return ()
    themes = themes_alone(session, language, showable(Scope.PUBLIC))
    return tuple(theme_digest(theme, language) for theme in themes)


def theme_digest(theme: ThemeView, language: str) -> ThemeDigest:
    """A theme's summary for a post. It names the first sessions: at a conference a theme may be in hundreds."""
    texts = ((str(row.id), (row.caption or row.text).strip()) for row in theme.telling)
    sessions = tuple(event.title for event in theme.sessions[:SESSIONS_NAMED])
    if others := len(theme.sessions) - len(sessions):
        sessions = (*sessions, others_phrase(language, others))
    quotes = tuple(quote for quote in texts if quote[1])
    return ThemeDigest(theme.name, theme.count, sessions, quotes)
