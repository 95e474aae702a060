"""Desk page for camera cards: which are connected, import progress, and the camera rolls with their cuts."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from sqlalchemy import Row, func, select
from sqlalchemy.orm import undefer

from capture.cards import manual_cuts
from capture.cards.session_assignment import Roll, read_roll
from capture.decoding.format_names import KINDS_BY_NAME
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.mounted_cards import inserted_cards
from kiosk.services.tools.watched_folder import choose_folder, proposed_folders
from kiosk.web.middleware.auth import at_laptop
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from reporter.enums import ClockBasis, CutOrigin, ImportState, MediaState
from reporter.errors import BadInput, Forbidden, NotFound
from reporter.gathering.sessions import all_sessions, by_code
from reporter.models import EventSession, Takeaway
from reporter.models.camera import Camera, CardImport, Cut, Shot
from reporter.stories.queries import with_everything

bp = Blueprint("cards", __name__, url_prefix="/cards")

PAGE = 60
LATEST = 4
ALIVE = timedelta(seconds=60)
UNDER_WAY = (ImportState.ASKED, ImportState.RUNNING, ImportState.STOPPING)
ORIGINS = {
    CutOrigin.MARKER: later("marker"),
    CutOrigin.END: later("end of session"),
    CutOrigin.SMALL: later("a poster in the picture"),
    CutOrigin.UNREAD: later("looks like a marker, can't be read"),
    CutOrigin.TIME: later("by time"),
    CutOrigin.ORDER: later("numbers and times disagree"),
    CutOrigin.HAND: later("you"),
}
BASES = {
    ClockBasis.NONE: later("nothing is known of its clock yet"),
    ClockBasis.RIGHT: later("its clock fits the schedule"),
    ClockBasis.SCHEDULE: later("learnt from the schedule"),
    ClockBasis.KIOSK: later("learnt from this laptop's clock"),
    ClockBasis.HAND: later("set by hand"),
}
BEING_MADE = (MediaState.RECEIVED, MediaState.PROCESSING)


@dataclass(frozen=True)
class Tile:
    """A shot in the strip."""

    id: uuid.UUID
    name: str
    picture: str
    # The thumbnail is still being rendered.
    awaited: bool
    marker: bool
    # A cut before this shot, if any.
    cut: Opening | None
    # The cut that a tap on it moves here: (its shot, the words of it).
    moves: tuple[uuid.UUID, str] | None
    receipt: str


@dataclass(frozen=True)
class Opening:
    """The start of a session's part in a roll, or a proposal for one."""

    session: EventSession | None
    origin: str
    settled: bool
    earlier: uuid.UUID | None
    later: uuid.UUID | None


@bp.get("")
@describe(query="camera from:integer")
def overview() -> str:
    """Show cards, imports, and one camera's roll."""
    cameras = list(db.session.scalars(select(Camera).order_by(Camera.created_at.desc())))
    waiting = _waiting()
    shown = _chosen(cameras, waiting)
    roll = read_roll(db.session(), shown) if shown else None
    start = _start(roll) if roll else 0
    return render_template(
        "desk/cards.html",
        camera_name=camera_name,
        cards=inserted_cards(),
        imports=[_import_json(row) for row in _imports()],
        cameras=cameras,
        waiting=waiting,
        shown=shown,
        basis=BASES[ClockBasis(shown.basis)] if shown else "",
        tiles=_tiles(roll, start) if roll else [],
        start=start,
        total=len(roll.rows) if roll else 0,
        page=PAGE,
        sessions=[row for row in all_sessions(db.session()) if not row.do_not_record],
        at_laptop=at_laptop(),
        watched=current_kiosk().settings.kiosk.watch_folder,
        watch_there=Path(current_kiosk().settings.kiosk.watch_folder or "/").is_dir(),
        folders=proposed_folders() if at_laptop() else [],
        kinds=KINDS_BY_NAME,
        most_files=current_kiosk().settings.limits.files,
    )


def _imports() -> list[CardImport]:
    query = select(CardImport).order_by(CardImport.created_at.desc()).limit(LATEST)
    return list(db.session.scalars(query))


def _waiting() -> dict[uuid.UUID, int]:
    query = (
        select(Cut.camera_id, func.count()).where(Cut.settled.is_(False)).group_by(Cut.camera_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _chosen(cameras: list[Camera], waiting: dict[uuid.UUID, int]) -> Camera | None:
    wanted = next((c for c in cameras if c.id.hex == request.args.get("camera")), None)
    return wanted or next((c for c in cameras if c.id in waiting), cameras[0] if cameras else None)


def _start(roll: Roll) -> int:
    """Return the strip's first shot: the requested one, or shortly before the first open proposal."""
    asked = request.args.get("from", type=int)
    if asked is not None:
        return max(0, min(asked, len(roll.rows) - 1))
    open_ones = [place for place in roll.cuts if not roll.parts[place].settled]
    return max(0, open_ones[0] - 6) if open_ones else max(0, len(roll.rows) - PAGE)


def _tiles(roll: Roll, start: int) -> list[Tile]:
    events = {row.id: row for row in db.session.scalars(select(EventSession))}
    takeaways = _takeaways(roll, start)
    return [
        _tile(roll, place, events, takeaways)
        for place in range(start, min(start + PAGE, len(roll.rows)))
    ]


def _takeaways(roll: Roll, start: int) -> dict[uuid.UUID, Takeaway]:
    ids = [row.takeaway_id for row in roll.rows[start : start + PAGE] if row.takeaway_id]
    query = select(Takeaway).where(Takeaway.id.in_(ids)).options(*with_everything())
    return {row.id: row for row in db.session.scalars(query)}


def _tile(
    roll: Roll,
    place: int,
    events: dict[uuid.UUID, EventSession],
    takeaways: dict[uuid.UUID, Takeaway],
) -> Tile:
    row = roll.rows[place]
    takeaway = takeaways.get(row.takeaway_id)
    opening = _opening(roll, place, events) if place in roll.cuts else None
    picture = _picture(row, takeaway)
    media = [a.media for a in takeaway.attachments] if takeaway else []
    return Tile(
        id=row.id,
        name=row.path.rsplit("/", 1)[-1],
        picture=picture,
        awaited=not picture and any(m.state in BEING_MADE for m in media),
        marker=row.takeaway_id is None,
        cut=opening,
        moves=None if opening else _nearest(roll, place, events),
        receipt=takeaway.receipt if takeaway else "",
    )


def _picture(row: Row[Any], takeaway: Takeaway | None) -> str:
    if takeaway is None:
        return url_for("desk.cards.picture", shot=row.id.hex)
    pictures = [
        a.media for a in takeaway.attachments if any(r.name == "thumb" for r in a.media.renditions)
    ]
    return media_url(pictures[0], "thumb") if pictures else ""


def _opening(roll: Roll, place: int, events: dict[uuid.UUID, EventSession]) -> Opening:
    part = roll.parts[place]
    return Opening(
        session=events.get(part.session) if part.session else None,
        origin=str(ORIGINS[part.origin]),
        settled=part.settled,
        earlier=roll.rows[place - 1].id if place else None,
        later=roll.rows[place + 1].id if place + 1 < len(roll.rows) else None,
    )


def camera_name(camera: Camera) -> str:
    """Return a camera's name without repeating its maker: many models contain it ("Canon", "Canon EOS 90D")."""
    first = camera.make.split(" ")[0].lower()
    make = "" if first and camera.model.lower().startswith(first) else camera.make
    return f"{make} {camera.model}".strip() or camera.key.removeprefix("card:")


def _nearest(
    roll: Roll, place: int, events: dict[uuid.UUID, EventSession]
) -> tuple[uuid.UUID, str] | None:
    """Return the cut nearest to a shot, which a tap on the shot moves."""
    cut = min(roll.cuts, key=lambda n: (abs(n - place), n))
    session = roll.parts[cut].session
    if not cut:
        # The beginning of the roll can't be moved.
        return None
    return roll.rows[cut].id, events[session].title if session else _("no session")


def _import_json(row: CardImport) -> dict[str, Any]:
    """Return an import's state for the page and its script."""
    running = row.state in UNDER_WAY
    return {
        "id": row.id.hex,
        "path": row.path,
        "state": row.state,
        "running": running,
        "stuck": running and current_kiosk().now() - row.heartbeat_at > ALIVE,
        "files": row.files,
        "files_done": row.files_done,
        "bytes": row.bytes,
        "bytes_done": row.bytes_done,
        "seconds_left": _seconds_left(row),
        "imported": row.imported,
        "known": row.duplicates,
        "markers": row.markers,
        "message": row.message,
        "missing": row.missing,
        "failures": row.failed,
        "skipped": row.skipped,
        "notes": row.notes,
    }


def _seconds_left(row: CardImport) -> int | None:
    spent = (row.heartbeat_at - row.created_at).total_seconds()
    if not row.bytes_done or row.bytes_done < 0.02 * row.bytes:
        return None
    return max(0, round(spent * (row.bytes - row.bytes_done) / row.bytes_done))


@bp.get("/state")
@describe(answers="Progress")
def state() -> Response:
    """Return the imports' state as JSON; the page's script polls it every two seconds."""
    cards = [{"path": str(card.path), "label": card.label} for card in inserted_cards()]
    # Long file lists are sent with the page only, not with every poll.
    lists = ("failures", "missing", "skipped", "notes")
    imports = [{k: v for k, v in _import_json(row).items() if k not in lists} for row in _imports()]
    return jsonify({"cards": cards, "imports": imports})


@bp.post("/import")
@describe(form="path* session")
def start() -> ResponseReturnValue:
    """Queue the import of a card for the worker."""
    kiosk, path = current_kiosk(), request.form.get("path", "").strip()
    if path not in {str(card.path) for card in inserted_cards()}:
        # Only at the laptop itself: others must not read arbitrary folders.
        if not at_laptop():
            raise Forbidden(_("Only a card that is in the laptop can be read from here."))
        if not path or not Path(path).exists():
            raise NotFound(_("There is nothing at %(path)s. Is the card in?", path=path))
    code = request.form.get("session", "")
    event = by_code(db.session(), code) if code else None
    from capture.cards.importer import begin_import

    begin_import(db.session(), path, now=kiosk.now(), rng=kiosk.rng, event=event)
    return _back()


@bp.post("/watch")
@describe(form="folder typed")
def watch() -> ResponseReturnValue:
    """Watch a folder of this laptop from now on; an empty value stops watching."""
    if not at_laptop():
        raise Forbidden("This can be done only at the laptop itself.")
    wanted = request.form.get("typed", "").strip() or request.form.get("folder", "")
    choose_folder(current_kiosk(), wanted)
    if wanted:
        flash(_("What appears in that folder comes in by itself and waits in review."))
    else:
        flash(_("No folder is watched any more."))
    return _back()


@bp.post("/imports/<number>/stop")
@describe()
def stop(number: str) -> ResponseReturnValue:
    """Stop the import after the current file."""
    row = db.session.get(CardImport, _uuid(number))
    if row is not None and row.state in UNDER_WAY:
        waiting = row.state == ImportState.ASKED
        stuck = current_kiosk().now() - row.heartbeat_at > ALIVE
        row.state = (ImportState.STOPPED if waiting or stuck else ImportState.STOPPING).value
        db.session.commit()
    return _back()


@bp.post("/shots/<shot>")
@describe(form="do session to from")
def decide(shot: str) -> ResponseReturnValue:
    """Accept, move, change or remove a cut, or mark a marker as an ordinary picture."""
    row, actor, form = (
        manual_cuts.find_shot(db.session(), shot),
        current_kiosk().actor("desk"),
        request.form,
    )
    wanted = form.get("do", "")
    if wanted == "begin":
        event = by_code(db.session(), form["session"]) if form.get("session") else None
        manual_cuts.begin_at(db.session(), row, event, actor)
    elif wanted == "move":
        goal = manual_cuts.find_shot(db.session(), form.get("to", ""))
        manual_cuts.move_cut(db.session(), row, goal, actor)
        row = goal
    elif wanted == "none":
        manual_cuts.no_cut(db.session(), row, actor)
    elif wanted == "photo":
        manual_cuts.is_photo(db.session(), row, actor)
        flash(_("It comes in when its card is read again."))
    else:
        raise BadInput(_("The strip did not understand that. Load the page again."))
    return _back(row.camera_id, at=form.get("from", ""), anchor=f"shot-{row.id.hex}")


@bp.post("/cameras/<number>/clock")
@describe(form="offset")
def clock(number: str) -> ResponseReturnValue:
    """Set a camera's clock offset; an empty value derives it from markers again."""
    camera = db.session.get(Camera, _uuid(number))
    if camera is None:
        raise NotFound(_("There is no such camera."))
    text = request.form.get("offset", "").strip()
    manual_cuts.set_clock(
        db.session(), camera, read_offset(text) if text else None, current_kiosk().actor("desk")
    )
    return _back(camera.id, anchor="roll")


def read_offset(text: str) -> int:
    """Parse ``+1:30``, ``-0:02:10`` or ``+400 0:00`` (days, then h:mm:ss) to seconds; raises BadInput."""
    found = re.fullmatch(r"([+−-]?)\s*(?:(\d{1,5})\s+)?(\d{1,6}):(\d\d)(?::(\d\d))?", text)
    if found is None:
        raise BadInput(_("Write the correction as +1:30 or -0:02:10 (hours, minutes, seconds)."))
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    total = days * 86_400 + hours * 3600 + minutes * 60 + seconds
    return -total if found[1] in ("-", "−") else total


def offset_words(seconds: int | None) -> str:
    """Format an offset as ``read_offset`` parses it."""
    if seconds is None:
        return ""
    days, rest = divmod(abs(seconds), 86_400)
    words = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{'-' if seconds < 0 else '+'}{f'{days} ' if days else ''}{words}"


bp.app_template_filter("offset")(offset_words)


@bp.get("/shots/<shot>.jpg")
@describe(produces="image/jpeg")
def picture(shot: str) -> Response:
    """Send a marker's thumbnail."""
    found = db.session.get(Shot, _uuid(shot), options=[undefer(Shot.picture)])
    if found is None or not found.picture:
        raise NotFound(_("There is no such picture."))
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(found.picture, mimetype="image/jpeg", headers=headers)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound(_("There is no such thing on this page. Load it again.")) from error


def _back(
    camera: uuid.UUID | None = None, *, at: str = "", anchor: str | None = None
) -> ResponseReturnValue:
    place = {"camera": camera.hex if camera else None, "from": at or None, "_anchor": anchor}
    return redirect(url_for("desk.cards.overview", **place), code=303)  # type: ignore[arg-type]
