"""Desk page of the film of the evening: its pieces in order with previews, and the rendered film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from capture.intake.submission import ReceivedFile
from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.services.films import bring_music, finished_film, is_current, plan, preview_piece
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url, send_film
from kiosk.web.shared.streaming_forms import FilePart
from reporter.errors import BadInput, Conflict, NotFound
from reporter.films import arrangement
from reporter.films.script import Piece, PieceKind
from reporter.models import Takeaway
from reporter.moderation.decisions import approve, hide
from reporter.stories.queries import with_everything

bp = Blueprint("film", __name__, url_prefix="/film")


@dataclass(frozen=True)
class ListedPiece:
    """A piece as the page lists it; ``is_set``: a person set its length."""

    receipt: str
    kind: str
    words: str
    session: str
    picture: str
    seconds: float
    is_set: bool


@bp.get("")
def overview() -> str:
    """Show the pieces in order, the excluded takeaways, and the film if it exists."""
    film = arrangement.film_of(db.session())
    pieces, left, trouble = _planned()
    rows = _takeaways([*(piece.receipt for piece in pieces), *left])
    finished = finished_film(current_kiosk())
    return render_template(
        "desk/film.html",
        film=film,
        trouble=trouble,
        pieces=[_listed_piece(piece, rows[piece.receipt], film.lengths) for piece in pieces],
        left=[rows[receipt] for receipt in left if receipt in rows],
        total=sum(piece.seconds for piece in pieces),
        finished=finished,
        poster=_poster(finished),
        current=is_current(current_kiosk()),
    )


def _poster(finished: Takeaway | None) -> str:
    """Return its poster's URL; '' until it is rendered."""
    media = finished.attachments[0].media if finished is not None else None
    has_one = media is not None and any(one.name == "poster" for one in media.renditions)
    return media_url(media, "poster") if media is not None and has_one else ""


def _planned() -> tuple[list[Piece], tuple[str, ...], str]:
    """Return the pieces from takeaways, the receipts of excluded ones, or why there is no film."""
    wish = arrangement.wish_of(arrangement.film_of(db.session()), current_kiosk().store)
    try:
        planned = plan(current_kiosk(), wish)
    except Conflict as error:
        return [], tuple(wish.dropped), translated(error.message)
    return [piece for piece in planned.script.pieces if piece.receipt], planned.left_out, ""


def _takeaways(receipts: list[str]) -> dict[str, Takeaway]:
    query = select(Takeaway).where(Takeaway.receipt.in_(receipts)).options(*with_everything())
    return {row.receipt: row for row in db.session.scalars(query)}


def _listed_piece(piece: Piece, row: Takeaway, lengths: dict[str, float]) -> ListedPiece:
    thumbs = [
        a.media for a in row.attachments if any(r.name == "thumb" for r in a.media.renditions)
    ]
    has_picture = thumbs and piece.kind != PieceKind.QUOTE
    return ListedPiece(
        piece.receipt,
        piece.kind.value,
        piece.words,
        row.session.title,
        media_url(thumbs[0], "thumb") if has_picture else "",
        piece.seconds,
        piece.receipt in lengths,
    )


@bp.post("")
@describe(form="audience=public|community|room shape=landscape|square|upright seconds:number")
def change() -> ResponseReturnValue:
    """Set the audience, the shape and the length."""
    _set_options()
    flash(_("Saved."))
    return _back()


def _set_options() -> None:
    form = request.form
    seconds = _number(form.get("seconds", ""))
    arrangement.set_options(
        db.session(),
        audience=form.get("audience", ""),
        shape=form.get("shape", ""),
        seconds=seconds if seconds is not None else 0.0,
    )


@bp.post("/pieces/<receipt>")
@describe(form="do*=up|down|drop|keep|length seconds:number")
def piece(receipt: str) -> ResponseReturnValue:
    """Move, remove, add or resize a piece."""
    wanted, session = request.form.get("do", ""), db.session()
    if wanted in ("up", "down"):
        shown = [one.receipt for one in _planned()[0]]
        arrangement.move(session, shown, receipt, -1 if wanted == "up" else 1)
    elif wanted in ("drop", "keep"):
        arrangement.drop(session, receipt, dropped=wanted == "drop")
    elif wanted == "length":
        arrangement.set_length(session, receipt, _number(request.form.get("seconds", "")))
    else:
        raise BadInput(_("The desk did not understand that. Load the page again."))
    return _back(f"p-{receipt}")


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError as error:
        raise BadInput(_("Write the seconds as a number.")) from error


@bp.post("/music")
@describe(form="file:file")
def music() -> ResponseReturnValue:
    """Set a sound file as the film's music."""
    part = request.files.get("file")
    incoming = cast(FilePart, part.stream).incoming if part is not None else None
    if part is None or incoming is None:
        raise BadInput(_("Choose a sound file first."))
    bring_music(current_kiosk(), ReceivedFile.of(incoming, part.filename or ""))
    flash(_("The music will be heard in the film from the next time it is made."))
    return _back("music")


@bp.post("/music/remove")
@describe()
def remove_music() -> ResponseReturnValue:
    """Remove the music, and the film made with it."""
    arrangement.remove_music(db.session(), current_kiosk().store)
    return _back("music")


@bp.post("/make")
@describe(form="audience=public|community|room shape=landscape|square|upright seconds:number")
def make() -> ResponseReturnValue:
    """Queue the film for the worker, with the options that are chosen on the page."""
    if "audience" in request.form:
        _set_options()
    arrangement.ask_for(db.session())
    flash(_("The film is being made. You can go on working meanwhile."))
    return _back()


@bp.post("/publish")
@describe(form="do*=yes|no")
def publish() -> ResponseReturnValue:
    """Show and publish the finished film like a takeaway, or keep it private."""
    row = arrangement.film_takeaway(db.session())
    if row is None:
        raise Conflict("There is no film yet. Make it first.")
    decide = approve if request.form.get("do") == "yes" else hide
    decide(db.session(), row, current_kiosk().actor("desk"))
    return _back("made")


@bp.get("/state")
@describe(answers="FilmState")
def state() -> Response:
    """Return the film's progress as JSON, for polling."""
    film = arrangement.film_of(db.session())
    return jsonify(
        {
            "asked": film.requested,
            "done": film.frames_done,
            "whole": film.frames_total,
            "made": film.fingerprint,
        }
    )


@bp.get("/film.mp4")
@describe(query="save", produces="video/mp4")
def finished() -> Response:
    """Send the film while everything in it may be shown; ``?save`` downloads it."""
    row = finished_film(current_kiosk())
    if row is None:
        raise NotFound(_("There is no film, or something in it was taken back. Make it once more."))
    response = send_film(row.attachments[0].media)
    if "save" in request.args:
        response.headers.set("Content-Disposition", "attachment", filename="film.mp4")
    return response


@bp.get("/preview/<receipt>.mp4")
@describe(produces="video/mp4")
def preview(receipt: str) -> Response:
    """Send a preview of a few seconds of one piece."""
    film = preview_piece(current_kiosk(), receipt)
    return Response(film, mimetype="video/mp4", headers={"Cache-Control": "no-store"})


def _back(place: str = "") -> ResponseReturnValue:
    return redirect(url_for("desk.film.overview", _anchor=place or None), code=303)
