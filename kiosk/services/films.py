"""Films of the evening as the kiosk makes them: from the shell, and in the background for the desk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from sqlalchemy import func, select

from capture.films.film_maker import MadeFilm, make_film
from kiosk.i18n.clock_text import when_text
from kiosk.i18n.locale_selector import catalogue
from kiosk.runtime.addresses import phone_url
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.films.plan import FilmWords, Plan, Wish, plan_film
from reporter.films.script import Script
from reporter.gathering.copies import FILM, note_copy
from reporter.gathering.sessions import all_sessions
from reporter.languages import spoken_locale
from reporter.models import EventSession, Gathering, Takeaway

# A slow laptop that has much else to do takes twenty times the length of a film.
LONGEST_SECONDS = 3600.0
# How often the state of a film under way is told.
TICK = 1.0
# (frames made, frames in all)
OnProgress = Callable[[int, int], None]


def film_words(kiosk: KioskContext, address: str = "") -> FilmWords:
    """The type of the film's cards. ``address``: where people find more, else the gathering's page of outcomes."""
    settings = kiosk.settings
    _ = catalogue(settings.gathering.language).gettext
    url = address or f"{_base_url(kiosk)}/outcomes"
    parts = urlsplit(url)
    return FilmWords(
        title=settings.gathering.title,
        subtitle=_days(kiosk),
        credits=_("Recorded by"),
        closing=_("Thank you!"),
        address=f"{parts.netloc}{parts.path.rstrip('/')}",
        url=url,
        sessions={row.code: _session_line(kiosk, row) for row in all_sessions(db.session())},
    )


def _base_url(kiosk: KioskContext) -> str:
    printed = db.session.scalars(select(Gathering.printed_url)).first()
    return (
        kiosk.settings.kiosk.base_url.rstrip("/")
        or printed
        or phone_url(kiosk.settings, kiosk.port)
    )


def _session_line(kiosk: KioskContext, row: EventSession) -> str:
    return " · ".join(part for part in (when_text(kiosk.settings, row), row.room) if part)


def _days(kiosk: KioskContext) -> str:
    """From when to when the gathering was, by what was recorded."""
    ends = select(func.min(Takeaway.recorded_at), func.max(Takeaway.recorded_at))
    known = [one for one in db.session.execute(ends).one() if one is not None]
    zone, language = kiosk.settings.zone, kiosk.settings.gathering.language
    days = [
        format_date(one.astimezone(zone), "long", locale=spoken_locale(language)) for one in known
    ]
    return " – ".join(dict.fromkeys(days))


def plan(kiosk: KioskContext, wish: Wish, address: str = "") -> Plan:
    """What the film would be. Raises Conflict where there is nothing for it."""
    return plan_film(db.session(), kiosk.store, wish, film_words(kiosk, address))


def write_film(
    kiosk: KioskContext, script: Script, path: Path, progress: OnProgress | None = None
) -> MadeFilm:
    """Make a film at ``path`` in a worker process. Raises MediaFailed, DiskFull, PoolBusy."""
    # Nothing is held of the database while it is made.
    db.session.commit()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Workers may write nowhere else (capture.isolation.sandbox); and one that was stopped could not clean up.
    with tempfile.TemporaryDirectory(dir=kiosk.store.renditions, prefix=".film-") as folder:
        told, work = Path(folder) / "progress", Path(folder) / path.name
        made: MadeFilm = kiosk.slow_pool.run(
            make_film,
            script,
            work,
            told,
            timeout=LONGEST_SECONDS,
            tick=partial(_tell, told, progress),
            every=TICK,
        )
        # Beside its place first: that may be on another disk.
        part = path.with_name(f".{path.name}.part")
        shutil.move(work, part)
        part.replace(path)
    # Whoever takes something back later is told which film it is in.
    shown = select(Takeaway.id).where(Takeaway.receipt.in_(script.receipts))
    holds = db.session.scalars(shown).all()
    note_copy(db.session(), FILM, path, now=kiosk.now(), holds=holds)
    return replace(made, path=path.absolute())


def _tell(told: Path, progress: OnProgress | None) -> None:
    if progress is None:
        return
    with suppress(OSError, ValueError):
        done, whole = told.read_text(encoding="ascii").split()
        progress(int(done), int(whole))


def film_record(script: Script, made: MadeFilm, left_out: tuple[str, ...]) -> dict[str, Any]:
    """A film as JSON."""
    return {
        "path": str(made.path),
        "seconds": round(made.seconds, 2),
        "bytes": made.bytes,
        "shape": script.shape.value,
        "pieces": [
            {"kind": piece.kind.value, "seconds": piece.seconds, "receipt": piece.receipt or None}
            for piece in script.pieces
        ],
        "left_out": list(left_out),
    }
