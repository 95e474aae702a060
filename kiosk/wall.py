"""The wall: a big screen that shows what was approved, and the way to add to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.db import db
from kiosk.here import here
from kiosk.laptop import typed_address
from kiosk.media import media_url
from kiosk.pages import agenda
from kiosk.polled import polled, wall_stamp
from reporter.gate import Place, showable
from reporter.models import Media, Takeaway
from reporter.states import MediaState
from reporter.stories import with_everything

bp = Blueprint("wall", __name__)

# The newest ones; a wall that runs for days holds no more than these.
CARDS = 60
CARD_CHARS = 240
# Which rendition stands for a media on the wall: sound is no picture.
PICTURES = ("view", "poster")


@bp.get("/wall")
def wall() -> str:
    """The page; its script asks ``/wall/cards`` every two seconds."""
    return render_template("wall.html", now=_now())


@bp.get("/wall/cards")
def cards() -> ResponseReturnValue:
    """The cards, newest first, and the session that runs now, as JSON with an ETag."""
    now = _now()
    stamp = (*wall_stamp(), now, str(get_locale()))
    return polled(stamp, lambda: {"cards": _cards(), "now": now})


def _cards() -> list[dict[str, Any]]:
    """Without those of which there is nothing to see yet: a picture without words that is being made (again)."""
    cards = (_card(row) for row in _shown())
    return [card for card in cards if card["text"] or card["image"]]


def _shown() -> list[Takeaway]:
    new_too = here().settings.wall.shows == "new"
    query = (
        select(Takeaway)
        .where(showable(Place.ROOM, new_too=new_too))
        .order_by(Takeaway.approved_at.desc().nulls_last(), Takeaway.received_at.desc())
        .limit(CARDS)
        .options(*with_everything())
    )
    return list(db.session.scalars(query))


def _card(row: Takeaway) -> dict[str, Any]:
    pictures = [a for a in row.attachments if _picture_name(a.media)]
    first = pictures[0] if pictures else None
    return {
        # The revision: a mended caption is another card.
        "id": f"{row.id}-{row.revision}",
        "kind": row.kind,
        "text": shorten(row.caption or row.text),
        "author": (row.author.split() or [""])[0],
        "session": row.session.title,
        "image": media_url(first.media, _picture_name(first.media)) if first else "",
        "alt": (first.alt if first else "") or _("A photo from the session"),
    }


def _picture_name(media: Media) -> str:
    if media.state != MediaState.READY:
        return ""
    made = {r.name for r in media.renditions}
    return next((name for name in PICTURES if name in made), "")


def shorten(text: str, most: int = CARD_CHARS) -> str:
    """At most ``most`` characters, cut between words where there are any."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    whole = cut.rsplit(" ", 1)[0]
    return (whole if len(whole) > most // 2 else cut).rstrip(" ,.;:") + "…"


def _now() -> dict[str, str] | None:
    running = agenda().running
    if not running:
        return None
    event = running[0]
    return {
        "title": event.title,
        "room": event.room,
        "code": event.code,
        "address": typed_address(event),
        "qr": url_for("phone.session_qr", code=event.code),
    }
