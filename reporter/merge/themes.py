"""Merge the themes that organizers decided on: of each theme and each takeaway's place, the last decision.

Automatic themes are found again here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import or_, select

from reporter.merge.context import MergeContext, row_values
from reporter.models import Theme, ThemeMember
from reporter.moderation.deletions import Deleted, deletion_of
from reporter.themes.decisions import drop_theme_rows

_NEVER = datetime.min.replace(tzinfo=UTC)


def merge_themes(merge: MergeContext) -> None:
    """Merge what persons decided about themes and their members; takeaways have to be merged before. Commits."""
    for number in merge.session.scalars(select(Theme.id)).all():
        if deletion_of(merge.session, Deleted.THEME, number) is not None:
            drop_theme_rows(merge.session, number)
    merge.session.expire_all()
    decided = or_(Theme.pinned, Theme.changed_at.is_not(None))
    theirs = list(merge.other.scalars(select(Theme).where(decided)))
    for theme in theirs:
        if deletion_of(merge.session, Deleted.THEME, theme.id) is None:
            _merge_theme(merge, theme)
    merge.session.flush()
    kept = [theme.id for theme in theirs if theme.pinned]
    placed = or_(
        ThemeMember.theme_id.in_(kept), ThemeMember.by_hand, ThemeMember.changed_at.is_not(None)
    )
    for member in merge.other.scalars(select(ThemeMember).where(placed)):
        _merge_member(merge, member)
    merge.session.commit()


def _merge_theme(merge: MergeContext, theirs: Theme) -> None:
    ours = merge.session.get(Theme, theirs.id)
    if ours is None:
        merge.session.add(Theme(**row_values(theirs)))
    elif _decision(theirs) > _decision(ours):
        ours.name, ours.pinned, ours.hidden = theirs.name, theirs.pinned, theirs.hidden
        ours.changed_at = theirs.changed_at


def _decision(theme: Theme) -> tuple[Any, ...]:
    """Sort key: the last decision is greatest, and any is greater than none; the name breaks ties."""
    if theme.changed_at is None:
        # Decided by an earlier version, nobody knows when: each side keeps its own.
        return _NEVER, theme.pinned
    return theme.changed_at, theme.pinned, theme.name, theme.hidden


def _merge_member(merge: MergeContext, theirs: ThemeMember) -> None:
    takeaway = merge.takeaways.get(theirs.takeaway_id)
    if takeaway is None or (theirs.theme_id and merge.session.get(Theme, theirs.theme_id) is None):
        return
    ours = merge.session.get(ThemeMember, takeaway)
    if ours is not None and not _is_later(merge, theirs, ours):
        return
    row = ours or ThemeMember(takeaway_id=takeaway)
    row.theme_id, row.by_hand, row.similarity = theirs.theme_id, theirs.by_hand, theirs.similarity
    row.analysed_revision, row.changed_at = 0, theirs.changed_at
    merge.session.add(row)


def _is_later(merge: MergeContext, theirs: ThemeMember, ours: ThemeMember) -> bool:
    """Whether their decision on a takeaway's theme counts."""
    if theirs.changed_at is None and ours.changed_at is None:
        theme = merge.session.get(Theme, ours.theme_id) if ours.theme_id else None
        return not (ours.by_hand or (theme is not None and theme.pinned))
    there, here = (one.changed_at or _NEVER for one in (theirs, ours))
    # At the same moment: any order that both sides agree on.
    return (there, str(theirs.theme_id)) > (here, str(ours.theme_id))
