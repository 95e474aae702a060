"""What an organization has published publicly: stories, sites and open items of its gatherings, and a search in them.

Everything here was sent to a public place, which the ledger knows, and may still be shown there: what was withdrawn is
missing at once, even while a place can't be reached. Open items and the next gathering have no rows in the ledger; a
site's front page tells them: only what was begun before a public one was sent last is shown here, and nothing of it
where there is no public site. Each gathering is read in a transaction of its own scope.
"""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, joinedload

from publish.composition.cross_links import is_readable, rank
from reporter.database.row_security import TenantScope, working_for
from reporter.enums import Audience, ItemKind, ItemState
from reporter.follow_up.action_items import all_items, for_place, publishable_name
from reporter.follow_up.next_gathering import next_gathering
from reporter.models import Delivery, Takeaway, Target
from reporter.moderation.visibility import Scope as Place
from reporter.moderation.visibility import showable
from reporter.search import Recipe, SearchRequest
from reporter.search.postgres.index import PostgresIndex

# Takeaways that a search shows of each gathering, and those that it looks at to find that many published ones.
SHOWN, LOOKED_AT = 5, 50
# The most characters that a search over many gatherings looks for.
LONGEST_QUERY = 300
# Pages of our own mark each takeaway.
_MARKED = ("folder", "git")
_RECIPE = {"zone": "timezone", "language": "language"}


@dataclass(frozen=True)
class Link:
    """A story at the place that leads, and (host, address) of its other copies."""

    title: str
    url: str
    others: list[tuple[str, str]]


@dataclass(frozen=True)
class OpenAction:
    """An open item; ``who`` only if that person has agreed."""

    what: str
    who: str
    due_on: date | None


@dataclass
class PublishedGathering:
    """What one gathering has published. A search reads no more than the stories."""

    title: str
    stories: list[Link]
    sites: list[str] = field(default_factory=list)
    items: list[OpenAction] = field(default_factory=list)
    # The next gathering: title, day and place.
    following: tuple[str, date, str] | None = None
    # What a search found: (words, address).
    found: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class GatheringQuery:
    """Which gatherings are read: so many of the newest, after skipping some; and the words to look for, '' for none."""

    most: int
    skip: int = 0
    query: str = ""


def published(
    session: Session,
    engine: Engine,
    organization: uuid.UUID,
    criteria: GatheringQuery,
    *,
    now: datetime,
) -> Iterator[PublishedGathering]:
    """Read the gatherings that have published something, the newest first; with a query, those where it finds any."""
    with working_for(TenantScope(organization)):
        statement = text("SELECT number, name, told FROM hub_published(:most, :skip)")
        rows = session.execute(statement, {"most": criteria.most, "skip": criteria.skip}).all()
        session.rollback()
    for gathering, title, settings in rows:
        with working_for(TenantScope(organization, gathering)):
            stories = _sent(session, ItemKind.STORY)
            part = PublishedGathering(title, _links(stories))
            if criteria.query:
                index = PostgresIndex(engine, recipe_of(settings))
                part.found = _search(session, index, part, criteria.query, stories=stories)
            else:
                _read_front_pages(session, part, now)
            session.expunge_all()
            session.rollback()
        if not criteria.query or part.found:
            yield part


def recipe_of(settings: str) -> Recipe:
    """How a gathering's documents were made, by the text of its settings."""
    gathering = tomllib.loads(settings).get("gathering", {})
    return Recipe(**{name: gathering[key] for name, key in _RECIPE.items() if key in gathering})


def _sent(session: Session, kind: ItemKind) -> list[Delivery]:
    """What stands at public places, the leading place first."""
    query = (
        select(Delivery)
        .join(Target)
        .where(Delivery.item_kind == kind, Target.audience == Audience.PUBLIC)
        .options(joinedload(Delivery.target))
    )
    readable = (row for row in session.scalars(query) if is_readable(row))
    return sorted(readable, key=lambda row: (rank(row.target), row.created_at))


def _links(sent: Iterable[Delivery]) -> list[Link]:
    """Each story once, the newest first."""
    stories: dict[uuid.UUID, list[Delivery]] = {}
    for row in sent:
        stories.setdefault(row.item_id, []).append(row)
    newest = sorted(stories.values(), key=lambda rows: rows[0].created_at, reverse=True)
    return [_link(rows) for rows in newest]


def _read_front_pages(session: Session, part: PublishedGathering, now: datetime) -> None:
    """The gathering's sites, and what their front pages tell besides the stories."""
    fronts = _sent(session, ItemKind.FRONT_PAGE)
    part.sites = [row.url for row in fronts]
    last_sent = max((row.sent_at for row in fronts if row.sent_at), default=None)
    if last_sent is None:
        return
    items = for_place(all_items(session, state=ItemState.OPEN), Place.PUBLIC)
    part.items = [
        OpenAction(item.what, publishable_name(item), item.due_on)
        for item in items
        if item.created_at <= last_sent
    ]
    following = next_gathering(session)
    if following is not None and following.changed_at <= last_sent and following.starts_at >= now:
        part.following = following.title, following.starts_at.date(), following.place


def _link(rows: list[Delivery]) -> Link:
    first, *others = rows
    copies = [(urlsplit(row.url).hostname or row.url, row.url) for row in others]
    return Link(first.memory.title or first.url, first.url, copies)


def _search(
    session: Session,
    index: PostgresIndex,
    part: PublishedGathering,
    query: str,
    *,
    stories: Iterable[Delivery],
) -> list[tuple[str, str]]:
    """Takeaways of the published stories that match, then stories with the words in their title."""
    places: dict[uuid.UUID, str] = {}
    for row in stories:
        for takeaway in row.memory.takeaways:
            marked = f"{row.url}#t-{takeaway}" if row.target.kind in _MARKED else row.url
            places.setdefault(takeaway, marked)
    found = index.search(SearchRequest(query, place=Place.PUBLIC, limit=LOOKED_AT))
    ids = [uuid.UUID(one) for one in found.ids]
    # The index may be a moment behind.
    may = showable(Place.PUBLIC), Takeaway.id.in_([one for one in ids if one in places])
    rows = {row.id: row for row in session.scalars(select(Takeaway).where(*may))}
    shown = [rows[one] for one in ids if one in rows][:SHOWN]
    words = query.casefold()
    return [(row.caption or row.text or part.title, places[row.id]) for row in shown] + [
        (one.title, one.url) for one in part.stories if words in one.title.casefold()
    ]
