"""Slideshow of the closing round: theme after theme, then the film; only what may be shown in the room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from capture.codes.qr_writer import qr_svg
from capture.printing.text_runs import isolate
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.films import film_for_room
from kiosk.services.summaries.theme_views import shown_themes, themes_stamp
from kiosk.web.middleware.auth import at_desk
from kiosk.web.middleware.etag import polled, wall_stamp
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.wall import card
from kiosk.web.shared.media import send_film
from kiosk.web.shared.template_context import base_url
from reporter.errors import NotFound
from reporter.models import Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import with_everything
from reporter.themes.board import ThemeView

bp = Blueprint("slides", __name__, url_prefix="/slides")

# Further takeaways per theme, after its most typical ones.
QUESTIONS = 2
# Most starred takeaways shown if there are too few for themes.
STARRED = 24


@bp.get("")
def slideshow() -> str:
    """Show the page; its script polls the slides."""
    return render_template("slides.html", own=at_desk())


@bp.get("/list")
@describe(answers="Slides")
def listed() -> ResponseReturnValue:
    """Return the slides in order as JSON with an ETag; withdrawn takeaways are gone from the next response."""
    stamp = (wall_stamp(), themes_stamp(), str(get_locale()), base_url(), _film())
    return polled(stamp, lambda: {"slides": list(_slides())})


@bp.get("/qr.svg")
@describe(produces="image/svg+xml")
def code() -> Response:
    """Send the QR code of the outcomes page."""
    return Response(qr_svg(f"{base_url()}/outcomes"), mimetype="image/svg+xml")


@bp.get("/film.mp4")
@describe(query="v", produces="video/mp4")
def film() -> Response:
    """Send the film of the evening while everything in it may be shown."""
    media = film_for_room(current_kiosk())
    if media is None:
        raise NotFound(_("There is no film, or something in it was taken back. Make it once more."))
    return send_film(media)


def _film() -> str:
    """Return the fingerprint of the film that may be shown; '' if there is none."""
    media = film_for_room(current_kiosk())
    return media.sha256 if media is not None else ""


def _slides() -> Iterator[dict[str, Any]]:
    kiosk = current_kiosk()
    themes = shown_themes(kiosk, Scope.ROOM)
    about = ngettext("%(num)d theme", "%(num)d themes", len(themes)) if themes else ""
    yield _words("title", kiosk.settings.gathering.title, about)
    shown: set[str] = set()
    for theme in themes:
        yield from _of_theme(theme, shown)
    if not themes:
        yield from _drawn(_starred(), shown)
    film_version = _film()
    if film_version:
        address = url_for("slides.film", v=film_version[:12])
        yield {**_words("film", "", ""), "id": f"film:{film_version}", "film": address}
    address = f"{base_url()}/outcomes"
    end = _words("end", _("Thank you!"), address.removeprefix("http://"))
    yield {**end, "image": url_for("slides.code")}


def _words(kind: str, heading: str, about: str) -> dict[str, Any]:
    return {"id": f"{kind}:{heading}", "kind": kind, "heading": heading, "about": about}


def _of_theme(theme: ThemeView, shown: set[str]) -> Iterator[dict[str, Any]]:
    sessions = _(", ").join(isolate(event.title) for event in theme.sessions)
    count = theme.count
    about = ngettext("%(num)d takeaway", "%(num)d takeaways", count)
    yield {**_words("theme", theme.name, f"{about} · {sessions}"), "id": theme.id.hex}
    yield from _drawn([*theme.telling, *theme.questions[:QUESTIONS]], shown)


def _drawn(rows: list[Takeaway], shown: set[str]) -> Iterator[dict[str, Any]]:
    """Return each takeaway once, if it has something to show."""
    for row in rows:
        drawn = card(row)
        if drawn["id"] not in shown and (drawn["text"] or drawn["image"]):
            shown.add(drawn["id"])
            yield {**drawn, "kind": "picture" if drawn["image"] else "quote"}


def _starred() -> list[Takeaway]:
    query = (
        select(Takeaway)
        .where(showable(Scope.ROOM), Takeaway.starred.is_(True))
        .order_by(Takeaway.recorded_at, Takeaway.id)
        .limit(STARRED)
        .options(*with_everything())
    )
    return list(db.session.scalars(query))
