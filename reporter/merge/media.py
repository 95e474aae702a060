"""Merge another kiosk's files: originals whose hash is verified, and their intact renditions."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from sqlalchemy import select

from reporter.annotations import face_review
from reporter.annotations.edit_history import edits_of
from reporter.clock import new_id
from reporter.enums import Faces, MediaState
from reporter.errors import ReporterError
from reporter.media.edits import BLURS
from reporter.media.store import PIECE, Store, hash_file
from reporter.merge.context import MergeContext, row_values
from reporter.merge.edits import copy_edits, saves_of
from reporter.models import Attachment, Decision, Media, Rendition, Takeaway

_RENDITION = re.compile(r"(thumb|view|play|poster)(\.[a-z0-9]{2,5})")


def attach(merge: MergeContext, ours: Takeaway, theirs: Attachment) -> bool:
    """Attach their file to our takeaway; returns False if it can't be taken, which is reported."""
    media = _media(merge, theirs.media)
    if media is None:
        return False
    merge.session.add(
        Attachment(
            takeaway_id=ours.id,
            media_id=media.id,
            position=theirs.position,
            filename=theirs.filename,
            alt=theirs.alt,
        )
    )
    merge.session.flush()
    return True


def _media(merge: MergeContext, theirs: Media) -> Media | None:
    """Our row of the same bytes; new files are copied, verified by hash, and inspected like any upload."""
    ours = merge.session.scalar(select(Media).where(Media.sha256 == theirs.sha256))
    if ours is not None:
        return ours
    try:
        kind, mime, ext = _take_original(merge, theirs)
    except (OSError, ReporterError) as error:
        reason = error.message if isinstance(error, ReporterError) else error.strerror or str(error)
        merge.done.left.append(f"{theirs.sha256[:12]}: {reason}")
        return None
    ours = Media(**row_values(theirs, "kind", "type", "ext", "lease", "attempts", "due_at"))
    ours.kind, ours.type, ours.ext = kind, mime, ext
    ours.lease, ours.attempts, ours.due_at = "", 0, merge.now
    if merge.session.get(Media, ours.id) is not None:
        ours.id = new_id(merge.now, merge.rng)
    merge.session.add(ours)
    merge.session.flush()
    copy_edits(merge.session, merge.other, ours, theirs)
    copied = [_copy_rendition(merge, ours, rendition) for rendition in theirs.renditions]
    ready = theirs.state == MediaState.READY and bool(copied) and all(copied)
    if theirs.state != MediaState.FAILED and not ready:
        ours.state = MediaState.RECEIVED.value
    merge.done.files += 1
    return ours


def _take_original(merge: MergeContext, theirs: Media) -> tuple[str, str, str]:
    """Copy the original to our store; returns (kind, MIME type, extension)."""
    kept = merge.store.find_original(theirs.sha256)
    if kept is not None and kept.stat().st_size == theirs.bytes:
        # It arrived before its row, as with a push: the file under that name was verified by hash.
        kind, mime, ext = merge.look(kept)
        if kept.name == f"{theirs.sha256}{ext}":
            return kind, mime, ext
    path = _copy_in(merge, theirs)
    kind, mime, ext = merge.look(path)
    merge.store.keep(path, theirs.sha256, ext)
    return kind, mime, ext


def _copy_in(merge: MergeContext, theirs: Media) -> Path:
    found = Store(merge.folder).find_original(theirs.sha256)
    found = found or merge.store.find_original(theirs.sha256)
    if found is None:
        raise ReporterError("Its original is missing in the other folder.")
    with merge.store.arriving(f"merge-{merge.rng.getrandbits(64):016x}") as incoming:
        with found.open("rb") as file:
            shutil.copyfileobj(file, incoming, PIECE)
        if incoming.sha256 != theirs.sha256:
            raise ReporterError("Its original is damaged in the other folder.")
        incoming.finish()
    return incoming.path


def lacking_renditions(merge: MergeContext) -> set[str]:
    """Their renditions of originals that could not be taken, as the ids of their files."""
    query = select(Rendition.sha256, Media.sha256).join(Media, Media.id == Rendition.media_id)
    have = set(merge.session.scalars(select(Media.sha256)))
    return {
        rendition[:32] for rendition, original in merge.other.execute(query) if original not in have
    }


def _copy_rendition(merge: MergeContext, ours: Media, theirs: Rendition) -> bool:
    """Copy an intact rendition; missing ones are rendered again from the original."""
    if not _RENDITION.fullmatch(theirs.name + theirs.ext):
        return False
    source = Store(merge.folder).rendition(ours.sha256, theirs.name, theirs.ext)
    if not source.is_file() or hash_file(source) != theirs.sha256:
        return False
    part = merge.store.renditions / ours.sha256[:2] / f".{source.name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, part)
    merge.store.keep_rendition(part, ours.sha256, theirs.name, theirs.ext)
    merge.session.add(Rendition(**row_values(theirs, "media_id"), media_id=ours.id))
    return True


def merge_face_review(merge: MergeContext, theirs: Decision, *, new: bool) -> None:
    """Let a person's review of the faces in a picture count here too, once its decision has come along.

    ``new``: the decision was not known here; else it still stood here. A review that was undone on either side is
    undone, except where the picture was blurred instead: that counts as a review, too.
    """
    sha256 = str(theirs.after["sha256"])
    ours, there = (
        side.scalar(select(Media).where(Media.sha256 == sha256))
        for side in (merge.session, merge.other)
    )
    if ours is None or there is None:
        return
    if new and not theirs.undone and there.faces == Faces.SEEN:
        face_review.hold(merge.session, ours, seen=True)
    elif new or not theirs.undone or there.faces == Faces.SEEN:
        return
    elif not face_review.is_decided(merge.session, ours) and not _is_blurred_here(merge, ours):
        face_review.hold(merge.session, ours, seen=False)


def _is_blurred_here(merge: MergeContext, ours: Media) -> bool:
    """Whether the picture is blurred, by an edit that the other side doesn't know: it undid nothing of that."""
    if not edits_of(merge.session, ours).blur:
        return False
    saved = [one for one in saves_of(merge.session, ours.sha256) if _blurs(one)]
    return any(merge.other.get(Decision, one.id) is None for one in saved)


def _blurs(save: Decision) -> bool:
    before, after = (
        [step for step in values["edits"] if step["kind"] in BLURS]
        for values in (save.before, save.after)
    )
    return bool(after) and after != before
