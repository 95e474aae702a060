"""The search interface: requests, results and the index protocol, independent of the engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.orm import Session

from reporter.moderation.visibility import Scope
from reporter.search.text.highlight import Highlights

if TYPE_CHECKING:
    from reporter.search.recipe import Recipe

FACETS = ("session", "kind", "intent", "author", "tag", "state", "day")
# Not in the index: the caller passes the members.
THEME = "theme"
# Longer than any query typed by a person.
QUERY_CHARS = 300


class Sort(StrEnum):
    """Sort order. RELEVANCE without words to rank by means NEWEST."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Relaxation(StrEnum):
    """How a query that found nothing was relaxed. Empty (stored as NOT): not relaxed."""

    NOT = ""
    BEGINNINGS = "beginnings"
    SPELLING = "spelling"
    SOME_WORDS = "some words"


@dataclass(frozen=True)
class SearchRequest:
    """A search query.

    ``filters`` are exact values by facet. ``place`` None: the desk, which sees all but withdrawn
    takeaways. ``unfinished``: the last word is still being typed, so it matches as a prefix.
    ``like``: the id of a takeaway that results should resemble (``query`` is ignored then).
    ``today``: at the gathering, for ``day:today``. ``themes``: ids of takeaways by theme, for the
    facet and the filter "theme".
    """

    query: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    place: Scope | None = Scope.ROOM
    new_too: bool = False
    limit: int = 50
    offset: int = 0
    sort: Sort = Sort.RELEVANCE
    unfinished: bool = False
    like: str = ""
    today: date | None = None
    themes: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class SearchResult:
    """A search result: ids of this page in order, the total, counts by facet, and terms to highlight.

    ``suggestion``: the query with corrected spelling, '' if not needed or not found; the results
    are then those of the suggestion, as ``loosened`` says.
    """

    query: str
    total: int
    took_ms: float
    ids: list[str]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    suggestion: str = ""
    loosened: Relaxation = Relaxation.NOT
    marks: Highlights = field(default_factory=Highlights)


# Progress callback: number done, and the total.
Progress = Callable[[int, int], None]


class SearchIndex(Protocol):
    """An index, independent of the engine."""

    # What documents were built for; a different recipe makes the index outdated.
    recipe: Recipe

    def sync(self, session: Session, progress: Progress | None = None) -> int:
        """Index the changes since last time; returns how many documents were written."""

    def search(self, ask: SearchRequest) -> SearchResult:
        """Search."""

    def behind(self, session: Session) -> int:
        """Number of revisions not indexed yet."""

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Rebuild from the database beside the live index; returns the number of documents."""

    def outdated(self) -> bool:
        """Whether it was built for other settings."""

    def scattered(self) -> bool:
        """Whether its files should be written anew because searches take longer than they need."""

    def unclean(self) -> bool:
        """Whether withdrawn words may remain in its files."""

    def ids(self) -> set[uuid.UUID]:
        """The indexed takeaways."""

    def misses(self, session: Session) -> int:
        """Number of takeaways missing although all changes are indexed."""
