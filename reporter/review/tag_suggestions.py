"""Tags that the review page suggests."""

from __future__ import annotations

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from reporter.models import Tag, Takeaway

TAGS = 10
# They come from the newest takeaways: so many of its session, and so many of all.
NEAR, LATELY = 200, 500


def suggested_tags(session: Session, takeaway: Takeaway) -> list[str]:
    """Tags used in its session, then in all sessions, the most frequent first, without its own."""
    newest = select(Takeaway.id).order_by(Takeaway.id.desc())
    beside = newest.where(Takeaway.session_id == takeaway.session_id).limit(NEAR)
    uses = union_all(
        *(
            # As a list and not a join: SQLite without statistics would read all tags.
            select(Tag.name, literal(is_near).label("near")).where(Tag.takeaway_id.in_(ids))
            for is_near, ids in ((1, beside), (0, newest.limit(LATELY)))
        )
    ).subquery()
    query = (
        select(uses.c.name)
        .group_by(uses.c.name)
        .order_by(func.sum(uses.c.near).desc(), func.count().desc(), uses.c.name)
        .limit(TAGS + len(takeaway.tags))
    )
    own = {tag.name for tag in takeaway.tags}
    return [name for name in session.scalars(query) if name not in own][:TAGS]
