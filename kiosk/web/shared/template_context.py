"""Template context: labels for choices, URLs that phones can open, sessions by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from babel.units import format_unit
from flask import request, url_for
from flask_babel import format_decimal, get_locale
from flask_babel import lazy_gettext as later

from kiosk.runtime.addresses import kept_address, open_addresses, own_addresses, phone_url
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from reporter.enums import Audience, Consent, Intent, Kind, TakeawayState
from reporter.gathering.sessions import all_sessions, is_running, running
from reporter.models import EventSession

AUDIENCES = (
    (Audience.PUBLIC.value, later("Everyone")),
    (Audience.COMMUNITY.value, later("Our community")),
    (Audience.ROOM.value, later("Only here today")),
)
INTENTS = (
    (Intent.LEARNED.value, later("I learned this")),
    (Intent.IDEA.value, later("An idea")),
    (Intent.QUESTION.value, later("A question")),
    (Intent.ACTION.value, later("I will do it")),
)
CONSENTS = (
    (Consent.AGREED.value, later("Yes")),
    (Consent.UNSURE.value, later("Not sure")),
    (Consent.CHILD.value, later("There is a child in it")),
)
KINDS = (
    (Kind.NOTE.value, later("Text")),
    (Kind.PHOTO.value, later("Photo")),
    (Kind.VIDEO.value, later("Video")),
    (Kind.AUDIO.value, later("Voice")),
)
STATES = (
    (TakeawayState.NEW.value, later("Waiting")),
    (TakeawayState.APPROVED.value, later("Approved")),
    (TakeawayState.HIDDEN.value, later("Hidden")),
)
PROMPTS = (
    later("What will you take home from this?"),
    later("What will you do differently?"),
    later("What surprised you?"),
    later("What is still open for you?"),
    later("Whom should we talk to next?"),
)


_SIZES = (("digital-gigabyte", 10**9), ("digital-megabyte", 10**6))


def template_words() -> dict[str, Any]:
    """Return what every template may need."""
    settings = current_kiosk().settings
    return {
        "gathering": settings.gathering,
        "limits": settings.limits,
        "in_language": in_language,
    }


def kind_name(kind: str) -> str:
    """What people call a takeaway of this kind, in the page's language."""
    return str(dict(KINDS)[kind])


def megabytes(count: float, digits: int = 1) -> str:
    """Bytes in millions, written as the page's language writes numbers."""
    return str(format_decimal(round(count / 1e6, digits)))


def file_size(count: float) -> str:
    """Bytes as a size, written as the page's language writes it: ``534.3 MB``, ``534,3 Mo``."""
    unit, bytes_each = next((one for one in _SIZES if count >= one[1]), ("digital-kilobyte", 1000))
    return str(format_unit(round(count / bytes_each, 1), unit, "short", locale=get_locale()))


def in_language(code: str) -> str:
    """Return the current page's URL in another language."""
    values = {**request.args.to_dict(), **(request.view_args or {}), "lang": code}
    reachable = request.endpoint is not None and request.method in ("GET", "HEAD")
    return url_for(request.endpoint, **values) if reachable else f"?lang={code}"  # type: ignore[arg-type]


def base_url() -> str:
    """Return the kiosk's URL for phones, without a trailing slash."""
    kiosk = current_kiosk()
    if not kiosk.settings.kiosk.base_url:
        found = open_addresses(own_addresses(), kiosk.only_for_phones)
        kiosk.found_ip = kept_address(kiosk.found_ip, found)
    return phone_url(kiosk.settings, own_port(), scheme=request.scheme, ip=kiosk.found_ip)


def own_port() -> int:
    """Return the port that this kiosk listens on."""
    return current_kiosk().port or urlsplit(f"//{request.host}").port or 0


@dataclass(frozen=True)
class SessionListing:
    """The sessions as people look for them."""

    running: list[EventSession]
    # (day in the gathering's zone, its other sessions); those without a time are always running.
    days: list[tuple[date, list[EventSession]]]


def agenda() -> SessionListing:
    """Return current sessions, and all others by day."""
    rows, now = all_sessions(db.session()), current_kiosk().now()
    return SessionListing(
        running(rows, now), by_day(row for row in rows if not is_running(row, now))
    )


def by_day(rows: Iterable[EventSession]) -> list[tuple[date, list[EventSession]]]:
    """Return sessions with a time, by day at the gathering's place."""
    zone = current_kiosk().settings.zone
    days: dict[date, list[EventSession]] = {}
    for row in rows:
        if row.starts_at:
            days.setdefault(row.starts_at.astimezone(zone).date(), []).append(row)
    return sorted(days.items())
