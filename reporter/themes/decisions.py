"""An organizer's decisions about themes: rename, merge, split, drop, move; each can be undone. All of them commit."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import later, new_id
from reporter.errors import BadInput, NotFound
from reporter.models import Takeaway, Theme, ThemeMember, ThemeStep
from reporter.moderation.deletions import Deleted, bury, unbury

NAME_CHARS = 120


def find_theme(session: Session, number: str) -> Theme:
    """The theme with an id in hex; raises NotFound."""
    try:
        found = session.get(Theme, uuid.UUID(number))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("There is no such theme any more. Load the page again.")
    return found


def rename_theme(session: Session, theme: Theme, name: str, actor: Actor) -> None:
    """Rename it; an empty name restores the automatic one."""
    _remember(session, actor, "rename", [theme], rows=[])
    theme.name, theme.pinned = " ".join(name.split())[:NAME_CHARS], True
    theme.changed_at = later(actor.now, theme.changed_at)
    session.commit()


def drop_theme(session: Session, theme: Theme, actor: Actor, *, dropped: bool = True) -> None:
    """Hide it, or show it again. New takeaways that belong to it are hidden with it."""
    _remember(session, actor, "drop", [theme], rows=[])
    theme.hidden, theme.pinned = dropped, True
    theme.changed_at = later(actor.now, theme.changed_at)
    session.commit()


def merge_themes(session: Session, theme: Theme, into: Theme, actor: Actor) -> None:
    """Merge one theme into another, which keeps its name. Raises BadInput if they are the same."""
    if theme.id == into.id:
        raise BadInput("Choose another theme to merge it with.")
    rows = _members(session, theme)
    _remember(session, actor, "merge", [theme, into], rows=rows)
    for row in rows:
        row.theme_id, row.changed_at = into.id, later(actor.now, row.changed_at)
    into.pinned = True
    bury(session, Deleted.THEME, theme.id, now=actor.now)
    session.flush()
    session.delete(theme)
    session.commit()


def move_takeaways(
    session: Session, takeaways: Sequence[Takeaway], into: Theme | None, actor: Actor
) -> None:
    """Move takeaways to a theme, or (None) out of all themes. Raises BadInput without takeaways."""
    rows = _rows_of(session, takeaways)
    _remember(session, actor, "move", [into] if into else [], rows=rows)
    _set(rows, into, actor)
    session.commit()


def split_theme(session: Session, takeaways: Sequence[Takeaway], name: str, actor: Actor) -> Theme:
    """Move takeaways to a new theme of their own. Raises BadInput without takeaways."""
    rows = _rows_of(session, takeaways)
    theme = Theme(
        id=new_id(actor.now, actor.rng),
        name=" ".join(name.split())[:NAME_CHARS],
        pinned=True,
        hidden=False,
        created_at=actor.now,
        changed_at=actor.now,
    )
    _remember(session, actor, "split", [], rows=rows, made=theme)
    session.add(theme)
    session.flush()
    _set(rows, theme, actor)
    session.commit()
    return theme


def _set(rows: Sequence[ThemeMember], into: Theme | None, actor: Actor) -> None:
    for row in rows:
        row.theme_id, row.by_hand = (into.id if into else None), True
        row.changed_at = later(actor.now, row.changed_at)
    if into is not None:
        into.pinned = True


def _members(session: Session, theme: Theme) -> list[ThemeMember]:
    return list(session.scalars(select(ThemeMember).where(ThemeMember.theme_id == theme.id)))


def _rows_of(session: Session, takeaways: Sequence[Takeaway]) -> list[ThemeMember]:
    if not takeaways:
        raise BadInput("Choose the takeaways first.")
    rows = []
    for takeaway in takeaways:
        row = session.get(ThemeMember, takeaway.id)
        if row is None:
            row = ThemeMember(takeaway_id=takeaway.id, theme_id=None, by_hand=False)
            session.add(row)
        rows.append(row)
    session.flush()
    return rows


def _remember(
    session: Session,
    actor: Actor,
    action: str,
    themes: Collection[Theme],
    *,
    rows: Sequence[ThemeMember],
    made: Theme | None = None,
) -> None:
    before: dict[str, Any] = {
        "themes": [_theme_json(theme) for theme in themes],
        "members": {
            row.takeaway_id.hex: [row.theme_id.hex if row.theme_id else "", row.by_hand]
            for row in rows
        },
        "made": made.id.hex if made else "",
    }
    step = ThemeStep(at=actor.now, who=actor.who, action=action, before=before)
    session.add(step)


def _theme_json(theme: Theme) -> dict[str, Any]:
    return {
        "id": theme.id.hex,
        "name": theme.name,
        "kept": theme.pinned,
        "dropped": theme.hidden,
        "created_at": theme.created_at.isoformat(),
    }


def last_step(session: Session) -> ThemeStep | None:
    """The newest decision that was not undone."""
    open_ones = select(ThemeStep).where(ThemeStep.undone.is_(False))
    return session.scalars(open_ones.order_by(ThemeStep.id.desc())).first()


def undo_theme_step(session: Session, now: datetime) -> ThemeStep:
    """Undo the newest decision. Raises BadInput if there is none. Commits."""
    step = last_step(session)
    if step is None:
        raise BadInput("There is nothing to undo.")
    for stored in step.before["themes"]:
        _restore(session, stored, now)
    session.flush()
    for number, (theme, by_hand) in step.before["members"].items():
        _put_back(session, uuid.UUID(number), theme, by_hand=by_hand, now=now)
    session.flush()
    if step.before["made"]:
        _unmake(session, uuid.UUID(step.before["made"]), now)
    step.undone = True
    session.commit()
    return step


def _restore(session: Session, stored: dict[str, Any], now: datetime) -> None:
    number = uuid.UUID(stored["id"])
    unbury(session, Deleted.THEME, number, now=now)
    theme = session.get(Theme, number)
    if theme is None:
        created_at = datetime.fromisoformat(stored["created_at"])
        theme = Theme(
            id=number,
            created_at=created_at if created_at.tzinfo else created_at.replace(tzinfo=UTC),
        )
        session.add(theme)
    theme.name, theme.pinned, theme.hidden = stored["name"], stored["kept"], stored["dropped"]
    theme.changed_at = later(now, theme.changed_at)


def _put_back(
    session: Session, takeaway: uuid.UUID, theme: str, *, by_hand: bool, now: datetime
) -> None:
    row = session.get(ThemeMember, takeaway)
    if row is None:
        return
    there = session.get(Theme, uuid.UUID(theme)) if theme else None
    if theme and there is None:
        # Its theme was recomputed meanwhile: it is analysed again.
        session.delete(row)
        return
    row.theme_id, row.by_hand = (there.id if there else None), by_hand
    row.changed_at = later(now, row.changed_at)


def _unmake(session: Session, number: uuid.UUID, now: datetime) -> None:
    """Takeaways added to a theme since it was made are analysed again."""
    bury(session, Deleted.THEME, number, now=now)
    drop_theme_rows(session, number)


def drop_theme_rows(session: Session, number: uuid.UUID) -> None:
    """Delete a theme; its takeaways are analysed again. Does not commit."""
    session.execute(delete(ThemeMember).where(ThemeMember.theme_id == number))
    session.execute(delete(Theme).where(Theme.id == number))
