"""The wall: a big screen with approved takeaways and the QR code to add to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select

from kiosk.i18n.clock_text import shown_clock
from kiosk.runtime.addresses import is_for_phones
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.summaries.theme_views import shown_themes, themes_stamp
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.middleware.etag import polled, wall_stamp
from kiosk.web.openapi.describe import describe
from kiosk.web.screens.start_page import typed_address
from kiosk.web.shared.media import media_url
from kiosk.web.shared.template_context import agenda, base_url
from kiosk.web.shared.trial import shows_wifi_code
from reporter.enums import Intent, Kind, MediaState
from reporter.gathering.sessions import all_sessions, end_of, is_running, takeaway_counts
from reporter.gathering.wall_settings import (
    CHARTS,
    LATEST,
    MAP,
    MODES,
    NOW,
    QUESTIONS,
    THEMES,
    board_of,
)
from reporter.models import Attachment, EventSession, Media, Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import with_everything

bp = Blueprint("wall", __name__)

# Only the newest; limits a wall that runs for days.
CARDS = 60
CARD_CHARS = 240
# Most sessions on one map; more would be illegible from the back row.
SESSIONS = 24
# The rendition that represents a file on the wall; sound has none.
PICTURES = ("view", "poster")
# The longer side of a photo's small copy (capture.renditions.photo).
SMALL = 640


@bp.get("/wall")
@describe(query="mode")
def wall() -> str:
    """Show the page; its script polls ``/wall/cards`` every two seconds. ``?mode=`` is for a second screen."""
    mode = request.args.get("mode", "")
    return render_template(
        "wall.html",
        now=_now(),
        board=board_of(db.session()),
        mode=mode if mode in MODES else "",
        # At the laptop itself, whose desk is open, keys change what the desk's page changes.
        own=at_laptop(),
        wifi_code=shows_wifi_code(),
        reachable=is_for_phones(base_url()),
        ssid=current_kiosk().settings.wifi.ssid,
    )


@bp.get("/wall/cards")
@describe(query="mode", answers="WallCards")
def cards() -> ResponseReturnValue:
    """Return cards (newest first), the current session and the desk's settings as JSON with an ETag."""
    now, (board, *depends) = _now(), wall_stamp()
    asked = request.args.get("mode", "")
    mode = asked if asked in MODES else board.mode
    # The map depends on the time too, as sessions begin.
    chart = _map() if mode == MAP else []
    themes = themes_stamp() if mode == THEMES else ()
    stamp = (board, *depends, now, str(get_locale()), mode, chart, themes)

    def contents() -> dict[str, Any]:
        rows = _themes() if mode == THEMES else chart
        # Without themes, as when people have said too little yet, the wall does not claim to be empty.
        shown = LATEST if mode == THEMES and not rows else mode
        return {
            "cards": [] if shown in CHARTS else _cards(shown, now["code"]),
            "map": rows,
            "now": now,
            "mode": shown,
            "paused": board.paused,
            "light": board.light,
            "line": board.line,
        }

    return polled(stamp, contents)


def _map() -> list[dict[str, Any]]:
    """Return today's sessions with their counts, which shows where a reporter is missing; of many those around now."""
    counts, kiosk = takeaway_counts(db.session()), current_kiosk()
    zone, now = kiosk.settings.zone, kiosk.now()
    today = now.astimezone(zone).date()
    rows = [
        row
        for row in all_sessions(db.session())
        if row.starts_at is None or row.starts_at.astimezone(zone).date() == today
    ]
    return [
        {
            "title": row.title,
            "room": row.room,
            "time": shown_clock(row.starts_at) if row.starts_at else "",
            **_counted(counts.get(row.code, 0)),
            "running": is_running(row, now),
            "begun": row.starts_at is None or row.starts_at <= now,
        }
        for row in _around_now(rows, now)
    ]


def _around_now(rows: Sequence[EventSession], now: datetime) -> Sequence[EventSession]:
    """Return as many as the map shows: those without a time, and of the others a third that has ended."""
    always = [row for row in rows if row.starts_at is None][: SESSIONS // 2]
    timed = [(row, end) for row in rows if (end := end_of(row)) and row.starts_at]
    most = SESSIONS - len(always)
    current = next((at for at, (_row, end) in enumerate(timed) if end >= now), len(timed))
    first = max(0, min(current - most // 3, len(timed) - most))
    return [*always, *(row for row, _end in timed[first : first + most])]


def _counted(count: int) -> dict[str, Any]:
    """Return a number, and the same with its noun in the page's language."""
    words = ngettext("%(num)d takeaway", "%(num)d takeaways", count)
    return {"count": count, "counted": words if count else ""}


def _themes() -> list[dict[str, Any]]:
    """Return each theme with its count and its most typical text."""
    kiosk = current_kiosk()
    new_too = kiosk.settings.wall.shows == "new"
    return [
        {
            "title": theme.name,
            "time": "",
            "room": next((shorten(words_of(row)) for row in theme.telling if words_of(row)), ""),
            **_counted(theme.count),
            "running": False,
            "begun": True,
        }
        for theme in shown_themes(kiosk, Scope.ROOM, new_too=new_too)
    ]


def words_of(row: Takeaway) -> str:
    """Return the organizer's caption, or the contributor's text."""
    return row.caption or row.text


def _cards(mode: str, code: str) -> list[dict[str, Any]]:
    """Return takeaways that have something to show, without pictures that are being rendered."""
    drawn = (card(row) for row in shown_cards(mode, code))
    return [one for one in drawn if one["text"] or one["image"]]


def shown_cards(mode: str = LATEST, code: str = "") -> list[Takeaway]:
    """Return what a wall in this mode shows, newest first. ``code``: the current session."""
    new_too = current_kiosk().settings.wall.shows == "new"
    rules = {
        NOW: [Takeaway.session.has(EventSession.code == code)],
        QUESTIONS: [Takeaway.intent == Intent.QUESTION],
    }
    query = (
        select(Takeaway)
        .where(showable(Scope.ROOM, new_too=new_too), *rules.get(mode, []))
        .order_by(Takeaway.approved_at.desc().nulls_last(), Takeaway.received_at.desc())
        .limit(CARDS)
        .options(*with_everything())
    )
    return list(db.session.scalars(query))


def card(row: Takeaway) -> dict[str, Any]:
    """Return a takeaway as a card."""
    pictures = [a for a in row.attachments if _picture_name(a.media)]
    first = pictures[0] if pictures else None
    return {
        # The revision: a corrected caption makes a different card.
        "id": f"{row.id}-{row.revision}",
        "kind": row.kind,
        "text": shorten(words_of(row)),
        "author": (row.author.split() or [""])[0],
        "session": row.session.title,
        "image": media_url(first.media, _picture_name(first.media)) if first else "",
        "small": _small_picture(first.media) if first else "",
        "alt": _alt(first, words_of(row)) if first else "",
    }


def _alt(attachment: Attachment, shown: str) -> str:
    """Return a picture's alt text; '' if the card's words say the same, which a screen reader would read twice."""
    if " ".join(attachment.alt.split()) == " ".join(shown.split()) != "":
        return ""
    is_photo = attachment.media.kind == Kind.PHOTO
    return attachment.alt or (_("A photo from the session") if is_photo else _("Video note"))


def _small_picture(media: Media) -> str:
    """Return a smaller copy's URL for phones; '' if it would be too narrow or not smaller."""
    names = {r.name for r in media.renditions}
    wide = (media.width or 0) >= (media.height or 0) and (media.width or 0) > SMALL
    return media_url(media, "thumb") if wide and {"thumb", "view"} <= names else ""


def _picture_name(media: Media) -> str:
    if media.state != MediaState.READY:
        return ""
    names = {r.name for r in media.renditions}
    return next((name for name in PICTURES if name in names), "")


def shorten(text: str, most: int = CARD_CHARS) -> str:
    """Shorten to ``most`` characters, between words if possible."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    whole = cut.rsplit(" ", 1)[0]
    return (whole if len(whole) > most // 2 else cut).rstrip(" ,.;:") + "…"


def _now() -> dict[str, str]:
    """Return the current session, or the start page between sessions, so that a code is always shown."""
    running = agenda().running
    if not running:
        address, qr = base_url().removeprefix("http://"), url_for("phone.start_qr")
        return {"title": "", "room": "", "code": "", "address": address, "qr": qr}
    event = running[0]
    return {
        "title": event.title,
        "room": event.room,
        "code": event.code,
        "address": typed_address(event),
        "qr": url_for("phone.session_qr", code=event.code),
    }
