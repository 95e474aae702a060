"""What is asked of an index and what it answers; the rest of the program knows no more of it."""

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
# Not in the index: who asks brings the members along.
THEME = "theme"
# A query is typed by a person; more than this is somebody else.
QUERY_CHARS = 300


class Sort(StrEnum):
    """The order of an answer. RELEVANCE without words to weigh is NEWEST."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Relaxation(StrEnum):
    """What was done to a query that finds nothing as it stands. Empty (stored as NOT): nothing."""

    NOT = ""
    BEGINNINGS = "beginnings"
    SPELLING = "spelling"
    SOME_WORDS = "some words"


@dataclass(frozen=True)
class SearchRequest:
    """A question to the index.

    ``filters`` are exact values by facet. ``place`` None: the desk, which sees all but what was withdrawn.
    ``unfinished``: the last word is still being typed, so its beginning counts. ``like``: the id of a takeaway that
    the answer should resemble (``query`` is left aside then). ``today``: at the gathering, for ``day:today``.
    ``themes``: ids of takeaways by theme, for the facet and the filter "theme".
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
    """An answer: ids of this page in order, how many in all, counts by facet, what to mark.

    ``suggestion``: the query in the spelling that finds something, '' if it needs none or there is none; the answer is
    then that of the suggestion, as ``loosened`` says.
    """

    query: str
    total: int
    took_ms: float
    ids: list[str]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    suggestion: str = ""
    loosened: Relaxation = Relaxation.NOT
    marks: Highlights = field(default_factory=Highlights)


# Takes how many are done, and of how many.
Progress = Callable[[int, int], None]


class SearchIndex(Protocol):
    """What the rest of the program knows of an index."""

    # What documents are made for; another one than the index was made for makes it outdated.
    recipe: Recipe

    def sync(self, session: Session, progress: Progress | None = None) -> int:
        """Take in what has changed since last time; how many documents were written."""

    def search(self, ask: SearchRequest) -> SearchResult:
        """Answer."""

    def behind(self, session: Session) -> int:
        """How many revisions the index lags."""

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Build it again from the database, beside the one that goes on answering; how many documents it has."""

    def outdated(self) -> bool:
        """Whether it was made for other settings."""

    def unclean(self) -> bool:
        """Whether words that were taken back may still stand in its files."""

    def ids(self) -> set[uuid.UUID]:
        """The takeaways that are in it."""

    def misses(self, session: Session) -> int:
        """How many takeaways it lacks though it has seen all changes."""
