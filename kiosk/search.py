"""Search, as a page and as JSON. Shows only what the asker may see."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from kiosk.access import at_desk
from kiosk.db import db
from kiosk.here import here
from kiosk.media import media_url
from kiosk.pages import KINDS
from kiosk.problems import wants_json
from kiosk.records import search_record
from reporter.gate import Place
from reporter.search import Ask, load_hits
from reporter.sessioncode import normalize
from reporter.sessions import all_sessions

bp = Blueprint("search", __name__)

PAGE = 30
FILTERS = ("session", "kind", "tag", "intent", "author")


@bp.get("/search")
def search() -> ResponseReturnValue:
    """``?q=&session=&kind=&tag=``; HTML or JSON."""
    ask = _ask()
    found = here().index.search(ask)
    record = search_record(found, load_hits(db.session(), found, ask), media_url)
    if not at_desk():
        _keep_receipts(record)
    if wants_json():
        return jsonify(record)
    return render_template(
        "search.html",
        found=record,
        chosen=ask.filters,
        sessions=all_sessions(db.session()),
        kinds=KINDS,
        more=ask.offset + PAGE if found.total > ask.offset + PAGE else 0,
    )


def _keep_receipts(record: dict[str, Any]) -> None:
    """Leave receipts out: whoever holds one may change and withdraw, so they are not for everybody who searches."""
    for result in record["results"]:
        result["receipt"] = ""


def _ask() -> Ask:
    args = request.args
    filters = {name: args.get(name, "").strip() for name in FILTERS}
    filters["session"] = normalize(filters["session"])
    at = args.get("offset", 0, type=int)
    return Ask(
        query=args.get("q", ""),
        filters=filters,
        place=None if at_desk() else Place.ROOM,
        new_too=here().settings.wall.shows == "new",
        limit=PAGE,
        offset=min(max(at, 0), 10_000),
    )
