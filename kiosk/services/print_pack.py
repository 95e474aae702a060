"""Makes a gathering's print pack from its sessions and settings."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from capture.codes.qr_writer import end_url, wifi_text
from capture.printing.fonts import FontShelf, packaged_folder
from capture.printing.print_pack import (
    Part,
    PosterSheet,
    PrintedFacts,
    Wifi,
    make_posters,
    session_url,
)
from kiosk.i18n.clock_text import day_text, span_text
from kiosk.i18n.locale_selector import catalogue
from kiosk.runtime.addresses import phone_url
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.privacy_notice import HOW_LONG, notice_of
from reporter.config import Settings
from reporter.errors import BadInput
from reporter.gathering.sessions import all_sessions
from reporter.messages import Message
from reporter.models import EventSession, Gathering

# A schedule in a script without a font would list its whole alphabet.
_LETTERS_SHOWN = 12
_NOTICE_ALONE: tuple[Part, ...] = ("privacy",)


@dataclass(frozen=True)
class Pack:
    """A print pack: the PDF, the base URL of its codes, and warnings for people."""

    pdf: bytes
    base_url: str
    warnings: list[str]


def make_pack(
    kiosk: KioskContext,
    *,
    base_url: str | None,
    port: int,
    paper: str,
    progress: Callable[[int, int], None] | None = None,
) -> Pack:
    """Make the print pack of all sessions. Stores the printed address, so that the desk can warn
    if it changes. Commits."""
    base = (base_url or phone_url(kiosk.settings, port, ip=kiosk.only_for_phones)).rstrip("/")
    warnings: list[str] = []
    strings = catalogue(kiosk.settings.gathering.language).gettext
    pdf = make_posters(
        sheets(kiosk.settings, all_sessions(db.session()), base),
        gathering=_with_notice(kiosk, kiosk.settings.gathering.language),
        now=kiosk.now(),
        paper=paper,
        strings=strings,
        warn=warnings.append,
        progress=progress,
        ending=end_url(base),
        language=kiosk.settings.gathering.language,
    )
    db.session.scalars(select(Gathering)).one().printed_url = base
    db.session.commit()
    return Pack(pdf, base, warnings)


def lacking_fonts(settings: Settings, rows: Iterable[EventSession]) -> Message:
    """What posters, reports and films would leave out of the titles, speakers and rooms, with what helps; or ''.

    Emoji and signs are not counted: they may go without harm.
    """
    titles = [part for row in rows for part in (row.title, row.speakers, row.room) if part]
    missing = FontShelf().readable(" ".join((settings.gathering.title, *titles)), bold=True).missing
    letters = [one for one in missing if unicodedata.category(one)[0] in "LMN"]
    if not letters:
        return Message("")
    message = Message(
        "No font on this computer has these letters of the schedule: %(letters)s. Printed pages and films leave "
        "them out; install a font for them (Noto Sans has most).",
        letters=" ".join(letters[:_LETTERS_SHOWN]),
    )
    return message if packaged_folder() else Message.join((message, fonts_extra()))


def fonts_extra() -> Message:
    """How fonts for nearly every script are installed."""
    return Message(
        "Fonts for nearly every script come with: %(command)s",
        command="pip install 'social-reporter[fonts]'",
    )


def make_notice(kiosk: KioskContext, *, paper: str, language: str) -> bytes:
    """Make the privacy notice alone, one page to hang up, as PDF in this language."""
    return make_posters(
        [],
        gathering=_with_notice(kiosk, language),
        now=kiosk.now(),
        paper=paper,
        strings=catalogue(language).gettext,
        parts=_NOTICE_ALONE,
        language=language,
    )


def _with_notice(kiosk: KioskContext, language: str) -> PrintedFacts:
    """The facts that all pages share, with the notice in this language."""
    notice = notice_of(kiosk, catalogue(language).gettext)
    return dataclasses.replace(
        facts(kiosk.settings),
        contact=kiosk.settings.privacy.contact,
        keeps=" ".join(notice[HOW_LONG].sentences),
        notice=tuple((section.title, tuple(section.sentences)) for section in notice),
    )


def facts(settings: Settings) -> PrintedFacts:
    """The facts that all pages share. Raises BadInput for a Wi-Fi that can't be (the file is written by hand, too)."""
    wifi = settings.wifi
    network = Wifi(wifi.ssid, wifi.password, wifi.security, wifi.hidden) if wifi.ssid else None
    try:
        if network:
            wifi_text(network)
    except BadInput as error:
        where = Message("Correct it at the desk, under Settings; then print again.")
        raise BadInput(Message.join((error.message, where))) from error
    return PrintedFacts(name=settings.gathering.title, wifi=network)


def sheets(settings: Settings, rows: list[EventSession], base_url: str) -> list[PosterSheet]:
    """One poster sheet per session."""
    typed = urlsplit(base_url)
    return [
        PosterSheet(
            title=row.title,
            code=row.code,
            page_url=session_url(base_url, row.code),
            typed_address=f"{typed.netloc}{typed.path.rstrip('/')}",
            room=row.room,
            day=day_text(row.starts_at, settings) if row.starts_at else "",
            time=span_text(row.starts_at, row.ends_at, settings) if row.starts_at else "",
            speakers=row.speakers,
            do_not_record=row.do_not_record,
        )
        for row in rows
    ]


def write_posters(
    kiosk: KioskContext,
    output: Path,
    *,
    base_url: str | None,
    port: int,
    paper: str,
    progress: Callable[[int, int], None] | None = None,
) -> Pack:
    """Make the pack and write it atomically."""
    pack = make_pack(kiosk, base_url=base_url, port=port, paper=paper, progress=progress)
    output.parent.mkdir(parents=True, exist_ok=True)
    temporary = output.with_name(f".{output.name}.new")
    temporary.write_bytes(pack.pdf)
    temporary.replace(output)
    return pack
