"""All gatherings of an organization as one: where each was published, what is still open, and a search over all.

One statement reads all gatherings (``hub_series`` in the database, which stays within row security); a search asks each
in a transaction of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from sqlalchemy import select, text

from kiosk.hub.paths import gathering_path
from kiosk.hub.published import LONGEST_QUERY, recipe_of
from kiosk.runtime.database import db
from kiosk.web.hub.organization import enter_organization
from kiosk.web.openapi.describe import describe
from reporter.database.row_security import TenantScope, current_scope, working_for
from reporter.hub.models import Organization
from reporter.hub.roles import may_use
from reporter.models import Takeaway
from reporter.search import SearchRequest
from reporter.search.postgres.index import PostgresIndex

bp = Blueprint("hub_series", __name__, url_prefix="/hub/o/<uuid:number>/series")

# Of each gathering; the rest is on its own pages.
SHOWN = 5
# Gatherings that one page asks, the newest first.
MOST = 200


@dataclass(frozen=True)
class OpenItem:
    """An action item that is open."""

    what: str
    who: str
    due_on: date | None


@dataclass
class ListedGathering:
    """One gathering on the page; paths are below the hub's address."""

    title: str
    path: str
    takeaways: int
    # Where its front pages are.
    sites: list[str]
    items: list[OpenItem]
    # What the search found: how much in all, and (path, words) of the best.
    total: int
    found: list[tuple[str, str]]


@bp.get("")
@describe(query="q")
def overview(number: uuid.UUID) -> str:
    """Every gathering of an organization with what is open, and what a search finds in it."""
    role = enter_organization(number)
    name = db.session.get_one(Organization, number).name
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    parts = list(_parts(number, query, role))
    return render_template(
        "hub/series.html", number=number, name=name, query=query, parts=parts, most=MOST
    )


def _parts(number: uuid.UUID, query: str, role: str) -> Iterator[ListedGathering]:
    statement = text("SELECT number, name, told, approved, sites, items FROM hub_series(:most)")
    rows = db.session.execute(statement, {"most": MOST}).all()
    account = current_scope().account
    db.session.rollback()
    for gathering, title, settings, approved, sites, items in rows:
        part = ListedGathering(
            title=title,
            path=gathering_path(gathering, ""),
            takeaways=approved,
            sites=sites,
            items=[_item(item) for item in items] if may_use(role, "actions") else [],
            total=0,
            found=[],
        )
        if query:
            with working_for(TenantScope(number, gathering, account)):
                _search(part, gathering, query, settings)
                db.session.expunge_all()
                db.session.rollback()
        yield part


def _item(item: Mapping[str, str | None]) -> OpenItem:
    due = item["due_on"]
    return OpenItem(item["what"] or "", item["who"] or "", date.fromisoformat(due) if due else None)


def _search(part: ListedGathering, gathering: uuid.UUID, query: str, settings: str) -> None:
    index = PostgresIndex(db.engine, recipe_of(settings))
    found = index.search(SearchRequest(query, place=None, limit=SHOWN))
    rows = {
        row.id.hex: row
        for row in db.session.scalars(
            select(Takeaway).where(Takeaway.id.in_([uuid.UUID(one) for one in found.ids]))
        )
    }
    hits = [rows[uuid.UUID(one).hex] for one in found.ids if uuid.UUID(one).hex in rows]
    part.total = found.total
    part.found = [
        (
            gathering_path(gathering, f"/desk/review?state=all&show={row.receipt}"),
            row.caption or row.text or row.receipt,
        )
        for row in hits
    ]
