"""Search, as a page and as JSON. Shows only what the client may see."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.summaries.theme_views import ThemeMembers, theme_members
from kiosk.web.middleware.auth import at_desk
from kiosk.web.middleware.error_pages import wants_json
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.search_facets import FILTERS, address, facets
from kiosk.web.shared.media import media_url
from kiosk.web.shared.serializers import search_record
from reporter.codes import normalize
from reporter.errors import NotFound
from reporter.models import Takeaway
from reporter.moderation.visibility import Scope
from reporter.search import SearchRequest, Sort, load_hits, may_find, text_of

bp = Blueprint("search", __name__)

PAGE = 20
MOST = 100
UNDER_WAY = 20


@bp.get("/search")
@describe(
    query="q session theme kind intent author tag day state sort=relevance|newest|oldest "
    "limit:integer offset:integer live like",
    answers="SearchAnswer",
    produces="text/html",
)
def search() -> ResponseReturnValue:
    """``?q=&session=&kind=&tag=…&sort=&like=ID``; HTML or JSON."""
    themes = _themes()
    ask = _ask(themes)
    liked = _liked(ask)
    if liked is not None:
        ask = replace(ask, query=text_of(liked))
    found = current_kiosk().index.search(ask)
    hits = load_hits(db.session(), found, ask, current_kiosk().settings.gathering.language)
    record = search_record(found, hits, media_url, published=wants_json())
    record["query"] = request.args.get("q", "")
    if not at_desk():
        _keep_receipts(record)
    names = {one.id: one.name for one in themes}
    if wants_json():
        return jsonify({**record, "themes": names})
    return render_template(
        "search.html",
        found=record,
        chosen={name: value for name, value in ask.filters.items() if value},
        facets=facets(found.facets, ask.filters, names),
        sort=request.args.get("sort", ""),
        sorts=_sorts(),
        liked=liked,
        address=address,
        more=str(ask.offset + PAGE) if found.total > ask.offset + PAGE else "",
        at_desk=at_desk(),
        behind=_behind(),
    )


def _behind() -> int:
    """Return the number of changes the index lags by, if noticeable; a few are normal."""
    behind = current_kiosk().index.behind(db.session())
    return behind if behind > UNDER_WAY else 0


def _sorts() -> tuple[tuple[str, str], ...]:
    return (
        (Sort.RELEVANCE.value, _("Best first")),
        (Sort.NEWEST.value, _("Newest first")),
        (Sort.OLDEST.value, _("Oldest first")),
    )


def _keep_receipts(record: dict[str, Any]) -> None:
    """Remove receipts, because their holders may change and withdraw."""
    for result in record["results"]:
        result["receipt"] = ""


def _liked(ask: SearchRequest) -> Takeaway | None:
    """Return the takeaway that results should resemble. Raises NotFound if the client may see none."""
    if not ask.like:
        return None
    try:
        row = db.session.get(Takeaway, uuid.UUID(ask.like))
    except ValueError:
        row = None
    if row is None or not may_find(row, ask):
        raise NotFound(_("There is no such takeaway, or it isn't shown."))
    return row


def _themes() -> list[ThemeMembers]:
    """Return themes of takeaways that the client may see."""
    kiosk = current_kiosk()
    new_too = kiosk.settings.wall.shows == "new"
    return theme_members(kiosk, None if at_desk() else Scope.ROOM, new_too=new_too)


def _ask(themes: list[ThemeMembers]) -> SearchRequest:
    args, kiosk = request.args, current_kiosk()
    filters = {name: args.get(name, "").strip() for name in FILTERS}
    filters["session"] = normalize(filters["session"])
    sort = args.get("sort", "")
    return SearchRequest(
        query=args.get("q", ""),
        filters=filters,
        place=None if at_desk() else Scope.ROOM,
        new_too=kiosk.settings.wall.shows == "new",
        limit=min(max(args.get("limit", PAGE, type=int), 1), MOST),
        offset=min(max(args.get("offset", 0, type=int), 0), 10_000),
        sort=Sort(sort) if sort in list(Sort) else Sort.RELEVANCE,
        unfinished=bool(args.get("live")),
        like=args.get("like", "").strip(),
        themes={one.id: one.takeaways for one in themes},
        today=kiosk.now().astimezone(kiosk.settings.zone).date(),
    )
