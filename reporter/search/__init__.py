"""Search. Whoosh or PostgreSQL stores the index; the interface is in ``protocol.py``, evaluation in ``executor.py``."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.models import Takeaway
from reporter.moderation.visibility import may_show
from reporter.search.documents import texts_of
from reporter.search.protocol import (
    FACETS,
    Relaxation,
    SearchIndex,
    SearchRequest,
    SearchResult,
    Sort,
)
from reporter.search.recipe import Recipe
from reporter.search.text.highlight import highlight
from reporter.search.text.languages import stemmable
from reporter.search.whoosh_index import WhooshIndex

__all__ = [
    "FACETS",
    "Recipe",
    "Relaxation",
    "SearchIndex",
    "SearchRequest",
    "SearchResult",
    "Sort",
    "WhooshIndex",
    "load_hits",
    "may_find",
    "text_of",
]


def load_hits(
    session: Session, found: SearchResult, ask: SearchRequest, language: str = "en"
) -> list[tuple[Takeaway, str]]:
    """Load the takeaways of a result with highlighted excerpts of their texts (HTML, matches in <mark>), in order.

    The consent gate is applied again: the index may lag a second behind a withdrawal.
    """
    from reporter.stories.queries import with_everything

    ids = [uuid.UUID(one) for one in found.ids]
    rows = session.scalars(select(Takeaway).where(Takeaway.id.in_(ids)).options(*with_everything()))
    by_id = {row.id: row for row in rows}
    hits = (by_id[one] for one in ids if one in by_id)
    languages = stemmable(language)
    return [
        (row, highlight(texts_of(row), found.marks, languages))
        for row in hits
        if may_find(row, ask)
    ]


def may_find(row: Takeaway, ask: SearchRequest) -> bool:
    """Whether the searcher may see this takeaway: the desk all but withdrawn ones, others what the
    consent gate allows."""
    if ask.place is None:
        return row.state != TakeawayState.WITHDRAWN
    return may_show(row, ask.place, new_too=ask.new_too)


def text_of(row: Takeaway) -> str:
    """The full text of a takeaway, for "more like this"."""
    return "\n".join([*texts_of(row), *(tag.name for tag in row.tags)])
