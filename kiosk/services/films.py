"""Makes films of the evening: from the shell, and in the background for the desk."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel.dates import format_date
from sqlalchemy import func, select, update

from capture.decoding.process_pool import DecoderDied, PoolBusy
from capture.intake.film import take_film_in
from capture.intake.fresh import IntakeContext
from capture.intake.submission import ReceivedFile, Submission, file_name, media_type_of
from kiosk.desktop.port_file import DEFAULT_PORT
from kiosk.i18n.clock_text import when_text
from kiosk.i18n.locale_selector import catalogue
from kiosk.runtime.addresses import is_for_phones, phone_url
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from publish.composition.cross_links import online_home
from publish.i18n import count_phrase
from reporter.enums import Kind, Source
from reporter.errors import Busy, Conflict, MediaFailed, NotFound, ReporterError
from reporter.films import arrangement
from reporter.films.arrangement import (
    are_captions_fresh,
    film_of,
    film_takeaway,
    is_fresh,
    parts_of,
    take_away_stale,
    wish_of,
)
from reporter.films.finished import caption_film, captions_digest, film_session
from reporter.films.plan import FilmWords, Plan, Wish, plan_film
from reporter.films.script import PieceKind, Script, SoundExcerpt
from reporter.gathering.copies import FILM, note_copy
from reporter.gathering.sessions import all_sessions
from reporter.languages import spoken_locale
from reporter.models import EventSession, Film, Gathering, Media, Takeaway
from reporter.moderation.visibility import Scope, may_show

if TYPE_CHECKING:
    from capture.films.film_maker import MadeFilm

# A slow, busy laptop takes twenty times the length of a film.
LONGEST_SECONDS = 3600.0
# Interval for reporting the progress of a film.
TICK = 1.0
# Timeout for checking a sound file.
CHECK_SECONDS = 30.0
# Length of the preview of one piece.
PREVIEW_SECONDS = 4.0
# How often the recordings are listened to for changed captions where the decoder dies of it.
MOST_TRIES = 3
_TRIES = "film_caption_tries"
_KINDS = {PieceKind.PHOTO: Kind.PHOTO, PieceKind.VIDEO: Kind.VIDEO, PieceKind.QUOTE: Kind.NOTE}
# (frames made, frames in all)
OnProgress = Callable[[int, int], None]


def film_words(kiosk: KioskContext, place: Scope, address: str = "") -> FilmWords:
    """The texts of the film's cards. ``address``: where people find more, else where it is
    published, if other machines can open that, else the gathering's page of outcomes on this laptop."""
    settings = kiosk.settings
    _ = catalogue(settings.gathering.language).gettext
    url = (
        address or online_home(db.session(), place, is_for_phones) or f"{_base_url(kiosk)}/outcomes"
    )
    parts = urlsplit(url)
    return FilmWords(
        title=settings.gathering.title,
        subtitle=_days(kiosk),
        credits=_("Recorded by"),
        closing=_("Thank you!"),
        address=f"{parts.netloc}{parts.path.rstrip('/')}",
        url=url,
        sessions={row.code: _session_line(kiosk, row) for row in all_sessions(db.session())},
        language=settings.gathering.language,
    )


def _base_url(kiosk: KioskContext) -> str:
    printed = db.session.scalars(select(Gathering.printed_url)).first()
    return (
        kiosk.settings.kiosk.base_url.rstrip("/")
        or printed
        or phone_url(kiosk.settings, kiosk.port or DEFAULT_PORT, ip=kiosk.only_for_phones)
    )


def _session_line(kiosk: KioskContext, row: EventSession) -> str:
    return " · ".join(part for part in (when_text(kiosk.settings, row), row.room) if part)


def _days(kiosk: KioskContext) -> str:
    """The dates of the gathering's start and end, from the recordings."""
    ends = select(func.min(Takeaway.recorded_at), func.max(Takeaway.recorded_at))
    known = [one for one in db.session.execute(ends).one() if one is not None]
    zone, language = kiosk.settings.zone, kiosk.settings.gathering.language
    days = [
        format_date(one.astimezone(zone), "long", locale=spoken_locale(language)) for one in known
    ]
    return " – ".join(dict.fromkeys(days))


def plan(kiosk: KioskContext, wish: Wish, address: str = "") -> Plan:
    """Plan the film. Raises Conflict where there is nothing for it."""
    return plan_film(db.session(), kiosk.store, wish, film_words(kiosk, wish.place, address))


def write_film(
    kiosk: KioskContext,
    script: Script,
    path: Path,
    progress: OnProgress | None = None,
    *,
    is_copy: bool = True,
) -> MadeFilm:
    """Render a film to ``path`` in a worker process. Raises MediaFailed, DiskFull, PoolBusy.

    ``is_copy``: it leaves the kiosk, so its contents are recorded.
    """
    from capture.films.film_maker import make_film

    # Hold no database connection while it is rendered.
    db.session.commit()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Workers may write nowhere else (capture.isolation.sandbox), and a stopped worker could not
    # clean up.
    with tempfile.TemporaryDirectory(dir=kiosk.store.renditions, prefix=".film-") as folder:
        progress_file, work = Path(folder) / "progress", Path(folder) / path.name
        made_film: MadeFilm = kiosk.slow_pool.run(
            make_film,
            _with_music_in_reach(script, Path(folder)),
            work,
            progress_file,
            timeout=LONGEST_SECONDS,
            tick=partial(_tell, progress_file, progress),
            every=TICK,
        )
        # First to a temporary file at the target: that may be on another disk.
        part = path.with_name(f".{path.name}.part")
        shutil.move(work, part)
        part.replace(path)
    if is_copy:
        # Whoever withdraws something later is told which film contains it.
        shown = select(Takeaway.id).where(Takeaway.receipt.in_(script.receipts))
        holds = db.session.scalars(shown).all()
        note_copy(db.session(), FILM, path, now=kiosk.now(), holds=holds)
    return replace(made_film, path=path.absolute())


def _with_music_in_reach(script: Script, folder: Path) -> Script:
    """The script with a copy of its music that the sandboxed workers can read. Raises
    MediaFailed."""
    if not script.music:
        return script
    copy = folder / f"music{Path(script.music).suffix}"
    try:
        shutil.copyfile(script.music, copy)
    except FileNotFoundError as error:
        raise MediaFailed("The music file is not there any more. Choose another one.") from error
    return replace(script, music=str(copy))


def _tell(progress_file: Path, progress: OnProgress | None) -> None:
    if progress is None:
        return
    with suppress(OSError, ValueError):
        done, whole = progress_file.read_text(encoding="ascii").split()
        progress(int(done), int(whole))


def film_record(script: Script, made_film: MadeFilm, left_out: tuple[str, ...]) -> dict[str, Any]:
    """A film as JSON."""
    return {
        "path": str(made_film.path),
        "seconds": round(made_film.seconds, 2),
        "bytes": made_film.bytes,
        "shape": script.shape.value,
        "pieces": [
            {"kind": piece.kind.value, "seconds": piece.seconds, "receipt": piece.receipt or None}
            for piece in script.pieces
        ],
        "left_out": list(left_out),
    }


# --- The desk's film ---------------------------------------------------------------------------------


def finished_film(kiosk: KioskContext) -> Takeaway | None:
    """Get the finished film, if its audience may (still) see all its contents; for the desk,
    hidden or not."""
    film = film_takeaway(db.session())
    if film is None or not film.attachments:
        return None
    return film if is_fresh(db.session(), kiosk.store, film_of(db.session()), film) else None


def film_for_room(kiosk: KioskContext) -> Media | None:
    """Get the file of the finished film, if it may be shown in the room."""
    film = finished_film(kiosk)
    shown = film is not None and may_show(film, Scope.ROOM, new_too=True)
    return film.attachments[0].media if film is not None and shown else None


def make_due(kiosk: KioskContext) -> int:
    """One worker turn: remove a film that may not be shown any more, make a requested one; returns
    1 if it tried.

    A film is remade only if it was requested once.
    """
    take_away_stale(db.session(), kiosk.store)
    film = film_of(db.session())
    try:
        if not film.requested:
            return int(_caption_anew(kiosk, film))
        _make(kiosk, film, plan(kiosk, wish_of(film, kiosk.store)).script)
    except (PoolBusy, Busy):
        # It says nothing about the film, and also comes when the kiosk is switched off: the next turn tries again.
        db.session.rollback()
        return 0
    except ReporterError as error:
        db.session.rollback()
        film = film_of(db.session())
        if not film.requested:
            # A full disk, say. Captions that were removed must leave the film: the next turn tries again.
            return 0
        film.requested, film.error = False, error.message
        db.session.commit()
    return 1


def is_current(kiosk: KioskContext) -> bool:
    """Whether making the film again would show the same; True while there is none."""
    film = film_of(db.session())
    if not film.fingerprint:
        return True
    with suppress(ReporterError):
        return _script_of(kiosk, film) is not None
    return False


def _caption_anew(kiosk: KioskContext, film: Film) -> bool:
    """Give the finished film the captions as they were changed since; returns whether it did.

    What is seen and heard stays. Captions that were changed or removed leave at once, whatever comes then. If the film
    was arranged anew since and not made yet, or a recording can't be read any more, the times of the new ones are not
    known: they come when it is made.
    """
    finished = film_takeaway(db.session()) if film.fingerprint else None
    if finished is None or are_captions_fresh(db.session(), finished):
        return False
    arrangement.take_captions_away(db.session())
    heard, error = None, ""
    try:
        if script := _script_of(kiosk, film):
            heard = _heard_in(kiosk, script)
    except DecoderDied as died:
        db.session.rollback()
        if _may_try_again(kiosk, finished):
            return False
        error = died.message
    except MediaFailed as failed:
        error = failed.message
    arrangement.renew_captions(db.session(), heard, error)
    return True


def _may_try_again(kiosk: KioskContext, finished: Takeaway) -> bool:
    """Whether a decoder that died over these captions gets another try: it says little about the recordings."""
    about = tuple(captions_digest(db.session(), part.sha256) for part in finished.parts)
    known, tries = kiosk.parts.get(_TRIES, (None, 0))
    tries = tries + 1 if known == about else 1
    kiosk.parts[_TRIES] = (about, tries)
    return tries < MOST_TRIES


def _script_of(kiosk: KioskContext, film: Film) -> Script | None:
    """The script of the finished film; None if it was arranged anew since."""
    with suppress(Conflict):
        script = plan(kiosk, wish_of(film, kiosk.store)).script
        return script if script.fingerprint == film.fingerprint else None
    return None


def _heard_in(kiosk: KioskContext, script: Script) -> tuple[SoundExcerpt, ...]:
    from capture.films.film_maker import heard_in

    # Hold no database connection meanwhile.
    db.session.commit()
    found: tuple[SoundExcerpt, ...] = kiosk.slow_pool.run(heard_in, script, timeout=LONGEST_SECONDS)
    return found


def _make(kiosk: KioskContext, film: Film, script: Script) -> None:
    with tempfile.TemporaryDirectory(dir=kiosk.store.incoming) as folder:
        path = Path(folder) / "film.mp4"
        made_film = write_film(kiosk, script, path, _note_progress, is_copy=False)
        film = film_of(db.session())
        if Path(script.music).name != film.music:
            # The music was changed or removed meanwhile: start over.
            arrangement.take_away(db.session(), kiosk.store, film, asked=True)
            return
        _keep(kiosk, film, script, made_film)


def _keep(kiosk: KioskContext, film: Film, script: Script, made_film: MadeFilm) -> None:
    """Store the film as a takeaway, with its parts and its captions."""

    def seal(row: Takeaway, media: Media) -> None:
        db.session.flush()
        row.parts = parts_of(db.session(), script.pieces)
        caption_film(db.session(), media, made_film.heard)
        film.fingerprint, film.duration = script.fingerprint, made_film.seconds
        film.requested, film.frames_done, film.frames_total, film.error = False, 0, 0, ""

    now, rng = kiosk.now(), kiosk.rng
    event = film_session(db.session(), _title(kiosk), now=now, rng=rng)
    # Rendering takes a minute: withdrawals during it are found by the gate and by the next turn.
    offer = Submission(
        event, files=[_received(kiosk, made_film.path)], audience=film.audience, source=Source.FILM
    )
    context = IntakeContext(db.session(), kiosk.store, now, rng)
    take_film_in(context, offer, alt=_alt(kiosk, script), seal=seal)


def _received(kiosk: KioskContext, path: Path) -> ReceivedFile:
    incoming = kiosk.store.begin(f"film-{secrets.token_hex(8)}.part")
    with path.open("rb") as file:
        shutil.copyfileobj(file, incoming, 1 << 20)
    return ReceivedFile.of(incoming, path.name)


def _title(kiosk: KioskContext) -> str:
    return str(catalogue(kiosk.settings.gathering.language).gettext("Film of the evening"))


def _alt(kiosk: KioskContext, script: Script) -> str:
    """As 'Film of the evening: 12 photos, 3 videos, 4 notes'."""
    kinds = Counter(_KINDS.get(piece.kind) for piece in script.pieces)
    counts = (
        count_phrase(kiosk.settings.gathering.language, kind, kinds[kind])
        for kind in _KINDS.values()
        if kinds[kind]
    )
    comma = catalogue(kiosk.settings.gathering.language).gettext(", ")
    return f"{_title(kiosk)}: {comma.join(counts)}"


def _note_progress(done: int, whole: int) -> None:
    db.session.execute(update(Film).values(frames_done=done, frames_total=whole))
    db.session.commit()


def bring_music(kiosk: KioskContext, file: ReceivedFile) -> None:
    """Set a sound file from an organizer as the film's music; an existing film is made again.

    Raises BadInput, UnsupportedMedia, MediaFailed (no sound in it), PoolBusy.
    """
    from capture.films.sound_mix import check_music

    kind = media_type_of(file)
    kiosk.quick_pool.run(check_music, file.path, timeout=CHECK_SECONDS, patience=CHECK_SECONDS)
    stored = f"music-{file.sha256[:16]}{kind.ext}"
    name = file_name(file.filename)
    arrangement.set_music(db.session(), kiosk.store, file.path, file=stored, name=name)


def preview_piece(kiosk: KioskContext, receipt: str) -> bytes:
    """Render a few seconds of one piece as in the film. Raises NotFound, MediaFailed, PoolBusy."""
    film = film_of(db.session())
    script = plan(kiosk, wish_of(film, kiosk.store)).script
    piece = next((one for one in script.pieces if one.receipt == receipt), None)
    if piece is None:
        raise NotFound("This piece is not in the film any more.")
    short = replace(piece, seconds=min(piece.seconds, PREVIEW_SECONDS))
    with tempfile.TemporaryDirectory(dir=kiosk.settings.folder / "incoming") as folder:
        path = Path(folder) / "preview.mp4"
        write_film(kiosk, replace(script, pieces=(short,), music=""), path, is_copy=False)
        return path.read_bytes()
