"""Merge the themes that the other side's organizers decided on.

Automatic themes are found again here.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from reporter.merge.context import MergeContext, row_values
from reporter.models import Theme, ThemeMember


def merge_themes(merge: MergeContext) -> None:
    """Merge the themes kept by a person, with their members; decisions made here stay. Commits."""
    theirs = list(merge.other.scalars(select(Theme).where(Theme.kept)))
    for theme in theirs:
        if merge.session.get(Theme, theme.id) is None:
            merge.session.add(Theme(**row_values(theme)))
    merge.session.flush()
    kept = [theme.id for theme in theirs]
    placed = or_(ThemeMember.theme_id.in_(kept), ThemeMember.by_hand)
    for member in merge.other.scalars(select(ThemeMember).where(placed)):
        _merge_member(merge, member)
    merge.session.commit()


def _merge_member(merge: MergeContext, theirs: ThemeMember) -> None:
    takeaway = merge.takeaways.get(theirs.takeaway_id)
    if takeaway is None or (theirs.theme_id and merge.session.get(Theme, theirs.theme_id) is None):
        return
    ours = merge.session.get(ThemeMember, takeaway)
    theme = merge.session.get(Theme, ours.theme_id) if ours and ours.theme_id else None
    if ours is not None and (ours.by_hand or (theme and theme.kept)):
        return
    row = ours or ThemeMember(takeaway_id=takeaway)
    row.theme_id, row.by_hand, row.closeness = theirs.theme_id, theirs.by_hand, theirs.closeness
    row.looked_at_revision = 0
    merge.session.add(row)
