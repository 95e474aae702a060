"""Photos, videos and sounds over HTTP: visible ones for everybody, others for the desk and receipt holders only."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, request, send_file, url_for
from flask_babel import gettext as _
from itsdangerous import Signer
from sqlalchemy import select
from werkzeug.wsgi import wrap_file

from capture.renditions.worker import requeue_if_damaged
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.web.middleware.auth import at_desk
from kiosk.web.openapi.describe import describe
from reporter.annotations.recording_captions import captions_of
from reporter.enums import MediaState
from reporter.errors import NotFound
from reporter.media.object_file import ObjectFile
from reporter.media.webvtt import webvtt
from reporter.models import Attachment, Media, Rendition, Takeaway
from reporter.moderation.visibility import Scope, showable

bp = Blueprint("media", __name__)

ORIGINAL = "original"
CAPTIONS = "captions"
YEAR = 31_536_000
# How long an address of the object store holds: a film is fetched piece by piece while somebody watches.
PUBLIC_SECONDS, PUBLIC_FILM_SECONDS = 300, 3600


def media_url(media: Media, rendition: str, *, signed: bool = False) -> str:
    """Return a rendition's URL. ``signed``: for a receipt's holder, who may see it before approval."""
    # None is left out of the URL. Different edits give a different URL, as browsers cache files forever.
    key = _signature(media.sha256) if signed else None
    version = (media.edits_fingerprint or None) if rendition != ORIGINAL else None
    return url_for("media.show", sha256=media.sha256, rendition=rendition, k=key, v=version)


def signed_media_url(media: Media, rendition: str) -> str:
    """``media_url`` for receipt holders, in the shape that ``reporter.stories.takeaway_json`` takes."""
    return media_url(media, rendition, signed=True)


def _signer() -> Signer:
    return Signer(current_app.secret_key or "", salt="media")


def _signature(sha256: str) -> str:
    return _signer().get_signature(sha256).decode("ascii")


@bp.get("/m/<sha256>/<rendition>")
@describe(query="k v", produces="*/*", statuses=(200, 206, 304))
def show(sha256: str, rendition: str) -> Response:
    """Send one file. Without access the response is 404, as if it did not exist."""
    media = db.session.scalar(select(Media).where(Media.sha256 == sha256.lower()))
    if media is None or not _may_see(media, rendition):
        raise _nothing()
    if rendition == CAPTIONS:
        return _captions(media)
    return _original(media) if rendition == ORIGINAL else _rendition(media, rendition)


def _may_see(media: Media, rendition: str) -> bool:
    if _has_own_right(media):
        return True
    # An original says where and with whose device it was made; the renditions don't.
    return rendition != ORIGINAL and _is_shown(media)


def _has_own_right(media: Media) -> bool:
    """Whether the client is at the desk or holds a receipt, and so may see it in any state."""
    key = request.args.get("k", "")
    return at_desk() or bool(key and _signer().verify_signature(media.sha256, key))


def _is_shown(media: Media) -> bool:
    new_too = current_kiosk().settings.wall.shows == "new"
    query = (
        select(Attachment.media_id)
        .join(Takeaway)
        .where(Attachment.media_id == media.id, showable(Scope.ROOM, new_too=new_too))
        .limit(1)
    )
    return db.session.scalar(query) is not None


def _original(media: Media) -> Response:
    if media.state == MediaState.FAILED:
        # Whatever brought a decoder down could do so to others: it stays in its folder, and is nobody's to fetch.
        raise _nothing()
    file = current_kiosk().store.served_original(media.sha256, media.ext)
    return _send(file, media.type, media.sha256)


def send_film(media: Media) -> Response:
    """Send the finished film to clients that may see it; uncached, because it may be gone next time."""
    response = _original(media)
    response.headers["Cache-Control"] = "no-store"
    return response


def _rendition(media: Media, name: str) -> Response:
    rendition = next((r for r in media.renditions if r.name == name), None)
    if rendition is None:
        raise _nothing()
    kiosk = current_kiosk()
    if not _has_own_right(media) and (address := _public_address(media, rendition)):
        return _lead_to(address)
    file = kiosk.store.served_rendition(media.sha256, name, rendition.ext)
    if isinstance(file, Path) and not file.exists():
        requeue_if_damaged(db.session(), kiosk.store, media, now=kiosk.now())
    response = _send(file, rendition.type, rendition.sha256)
    if request.args.get("v", "") != media.edits_fingerprint:
        # An address of before the last edit: it gets what holds now, and must not keep it as what it was.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _public_address(media: Media, rendition: Rendition) -> str:
    """Return the object store's public URL of a file that the room may see; '' otherwise."""
    seconds = PUBLIC_FILM_SECONDS if rendition.name == "play" else PUBLIC_SECONDS
    return current_kiosk().store.rendition_address(
        media.sha256, rendition.name, rendition.ext, mime=rendition.type, seconds=seconds
    )


def _lead_to(address: str) -> Response:
    response = redirect(address)
    # The address holds for minutes only, and who may see it is asked each time.
    response.headers["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


def _captions(media: Media) -> Response:
    """Return the saved captions, timed to the edited recording."""
    text = webvtt(captions_of(db.session(), media))
    if not text:
        raise _nothing()
    response = Response(text, mimetype="text/vtt")
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _send(file: Path | ObjectFile, mime: str, etag: str) -> Response:
    if isinstance(file, ObjectFile):
        response = _send_object(file, mime, etag)
    else:
        try:
            response = send_file(file, mimetype=mime, conditional=True, etag=etag, max_age=YEAR)
        except FileNotFoundError as error:
            raise _nothing() from error
    response.cache_control.public = None  # type: ignore[assignment]
    # Private: no proxy between us keeps what may be withdrawn later.
    response.cache_control.private = True
    response.cache_control.immutable = True
    return response


def _send_object(file: ObjectFile, mime: str, etag: str) -> Response:
    """Send an object from the object store, or the requested range; nothing is fetched for a 304."""
    body = wrap_file(request.environ, file, 1 << 16)  # type: ignore[arg-type]
    response = Response(body, mimetype=mime, direct_passthrough=True)
    response.content_length = file.size
    response.set_etag(etag)
    response.cache_control.max_age = YEAR
    response.make_conditional(request, accept_ranges=True, complete_length=file.size)
    return response


def _nothing() -> NotFound:
    return NotFound(_("There is no such file, or it isn't shown."))
