"""Start page on the laptop itself: the large QR code of the current session, today's sessions, and the
kiosk's health.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from kiosk.runtime.addresses import is_for_phones, is_ip, own_addresses
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.shared.health import health
from kiosk.web.shared.template_context import agenda, base_url
from kiosk.web.shared.trial import shows_wifi_code
from reporter.gathering.sessions import LOBBY, all_sessions, takeaway_counts
from reporter.models import EventSession, Gathering

# A gathering's title before somebody sets one.
UNNAMED = "Our gathering"


def start_page() -> str:
    """Render the page for the laptop's screen."""
    kiosk, now = current_kiosk(), agenda()
    shown = now.running[0] if now.running else None
    return render_template(
        "laptop.html",
        fresh=is_fresh(),
        reachable=is_for_phones(base_url()),
        shown=shown,
        address=typed_address(shown) if shown else base_url().removeprefix("http://"),
        running=now.running,
        today=todays(),
        counts=takeaway_counts(db.session()),
        ssid=kiosk.settings.wifi.ssid,
        wifi_code=shows_wifi_code(),
        health=health_line(),
        day=date.fromisoformat(kiosk.settings.gathering.date or "2026-01-01"),
    )


def is_fresh() -> bool:
    """Whether the gathering is still empty: no name, no session, no takeaway."""
    settings = current_kiosk().settings
    if settings.gathering.title != UNNAMED or settings.kiosk.base_url:
        return False
    titles = [row.title for row in all_sessions(db.session())]
    return titles in ([], [LOBBY]) and not takeaway_counts(db.session())


def typed_address(event: EventSession) -> str:
    """Return a session's URL as a person would type it."""
    return f"{base_url().removeprefix('http://')}/s/{event.code}"


def todays() -> list[EventSession]:
    """Return today's sessions at the gathering's place, and those without a time."""
    zone, now = current_kiosk().settings.zone, current_kiosk().now()
    today = now.astimezone(zone).date()
    rows = all_sessions(db.session())
    return [r for r in rows if not r.starts_at or r.starts_at.astimezone(zone).date() == today]


@dataclass(frozen=True)
class HealthLine:
    """The kiosk's health in one line; ``alarm``, ``trouble`` and ``posters`` are sentences, or empty."""

    address: str
    room: str
    queue: str
    alarm: str
    trouble: str
    posters: str
    # A problem or a change of the network that phones use.
    network: str


def health_line() -> HealthLine:
    """Return the health line for the facilitator."""
    status = health(current_kiosk().settings)
    waiting: int = sum(status["queues"].values())  # type: ignore[attr-defined]
    gigabytes = int(str(status["free_bytes"])) // 1_000_000_000
    return HealthLine(
        address=_("Phones reach this laptop at %(address)s", address=base_url())
        if is_for_phones(base_url())
        else _("No phone reaches this laptop"),
        room=_("%(count)d GB free", count=gigabytes),
        queue=ngettext("%(num)d in the queue", "%(num)d in the queue", waiting)
        if waiting
        else _("nothing in the queue"),
        trouble=current_kiosk().last_error,
        alarm=disk_alarm(status),
        posters=stale_posters(),
        network=network_news(),
    )


def network_news() -> str:
    """Return a sentence if phones can't reach this laptop or it is in another network too; else ''."""
    kiosk, url = current_kiosk(), base_url()
    ips = frozenset(address.ip for address in own_addresses())
    if kiosk.known_ips is None:
        kiosk.known_ips = ips
    if not is_for_phones(url):
        return _(
            "No phone can reach this laptop: it is in no Wi-Fi. Join one, or switch on a hotspot."
        )
    if is_ip(host := urlsplit(url).hostname or "") and host not in ips:
        return _(
            "Phones are sent to %(url)s, and this laptop is not there now. Choose the network again.",
            url=url,
        )
    if (new := ips - kiosk.known_ips) and not kiosk.only_for_phones:
        return _(
            "This laptop is in one more network now (%(new)s). Phones are still sent to %(url)s.",
            new=_(", ").join(sorted(new)),
            url=url,
        )
    return ""


def disk_alarm(status: dict[str, object]) -> str:
    """Return a sentence on what to do first if nothing can be saved on the disk; else ''."""
    if not status["writable"]:
        return _(
            "Nothing can be saved: this laptop's disk takes no more files (read-only). Phones keep what they have. "
            "Check the disk or its cable; it goes on by itself."
        )
    if int(str(status["free_bytes"])) < current_kiosk().settings.limits.keep_free_mb << 20:
        return _(
            "Nothing can be saved: this laptop's disk is full. Phones keep what they have. Make room; it goes on by "
            "itself."
        )
    return ""


def stale_posters() -> str:
    """Return a sentence on what to do if the posters show another address than phones reach now; else ''."""
    printed = db.session.scalar(select(Gathering.printed_url)) or ""
    if printed in ("", base_url()):
        return ""
    return _(
        "The posters lead to %(printed)s, but phones reach this laptop at %(now)s. "
        "Print them again, or use the code on this screen.",
        printed=printed,
        now=base_url(),
    )
