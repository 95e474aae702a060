"""The intake: turns what a phone, the station or a card sends into a takeaway, safely on disk."""

from __future__ import annotations

import dataclasses
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from capture.decoding.mime_sniff import MediaType
from capture.intake.fresh import (
    BeforeCommit,
    IntakeContext,
    RecordedTakeaway,
    keep,
    media_values,
    record_new,
    takeaway_values,
    with_seen,
)
from capture.intake.repetition import (
    adds_nothing,
    attached_hashes,
    audience_of,
    find_repetition,
    own_client_id,
    withdrawn_hashes,
)
from capture.intake.submission import (
    ReceivedFile,
    Submission,
    check_lengths,
    check_recordable,
    check_words,
    file_name,
    media_type_of,
    normalized,
)
from capture.intake.sweep import drop_unused
from reporter.actor import CONTRIBUTOR, Actor
from reporter.config import LimitSettings
from reporter.enums import Audience, Consent, Kind, MediaState
from reporter.errors import BadInput, Conflict, ReporterError, TooLarge
from reporter.files import try_remove
from reporter.media.store import Store, hash_file
from reporter.models import (
    Attachment,
    EventSession,
    Media,
    Tag,
    Takeaway,
)
from reporter.moderation.blocked_words import screen
from reporter.moderation.decisions import (
    bump_revision,
    hashtags,
    lock_gathering,
    main_kind,
    note_addition,
)
from reporter.moderation.same_again import (
    former_values,
    holds_text,
)

log = logging.getLogger(__name__)

# Checks a file before it is accepted; raises TooLong or MediaFailed for what must not be confirmed.
Check = Callable[[Path, MediaType], None]


def receive(
    session: Session,
    store: Store,
    offer: Submission,
    *,
    now: datetime,
    rng: random.Random,
    limits: LimitSettings,
    check: Check | None = None,
    seal: BeforeCommit | None = None,
) -> Takeaway:
    """As ``take_in``, for callers that need the row."""
    taken = take_in(session, store, offer, now=now, rng=rng, limits=limits, check=check, seal=seal)
    return session.get_one(Takeaway, taken.id)


def take_in(
    session: Session,
    store: Store,
    offer: Submission,
    *,
    now: datetime,
    rng: random.Random,
    limits: LimitSettings,
    check: Check | None = None,
    seal: BeforeCommit | None = None,
) -> RecordedTakeaway:
    """Take an offer in; on return its files and its row are on disk. Commits.

    A repeated offer of the same contributor gives the first takeaway, and anything new in it
    (files, words) is added; see docs/same-again.md. Files that were not needed are removed. On an
    error nothing is kept and the files remain the caller's.

    Raises TakenBack (a withdrawn client id), BadInput, TooLarge, Forbidden (a session that must not
    be recorded), UnsupportedMedia, Conflict, DiskFull and what ``check`` raises.
    """
    offer = normalized(offer)
    check_words(offer, limits)
    if not offer.text and not offer.files:
        raise BadInput("This is empty. Write a line, or add a photo, a video or a voice note.")
    context = IntakeContext(session, store, now, rng)
    types = {file.sha256: media_type_of(file) for file in offer.files}
    context = with_seen(context, offer)
    known = _find(context, offer)
    wanted = _new_files(context, offer, known)
    _check_limits(context, offer, wanted, known, limits=limits)
    if known is not None:
        _allow_words(context, offer, known, limits)
    if check is not None:
        for file in wanted:
            check(file.path, types[file.sha256])
    context = _link_all(context, wanted, types)
    try:
        taken = _record_or_take_theirs(context, offer, types, seal)
    except (ReporterError, SQLAlchemyError):
        # Refused in the end: what it repeats was changed or withdrawn at this moment. Or not written: a full disk, say.
        _unlink(context, wanted, types)
        raise
    for file in offer.files:
        # Files that Windows could not remove go with the next sweep.
        try_remove(file.path)
        store.protect(file.sha256, types[file.sha256].ext)
    return taken


def _link_all(
    context: IntakeContext, files: Sequence[ReceivedFile], types: Mapping[str, MediaType]
) -> IntakeContext:
    """Link new files into the originals before taking the lock: nobody waits for our disk."""
    for file in files:
        context.store.link(file.path, file.sha256, types[file.sha256].ext)
    return dataclasses.replace(context, linked=frozenset(file.sha256 for file in files))


def _unlink(
    context: IntakeContext, files: Sequence[ReceivedFile], types: Mapping[str, MediaType]
) -> None:
    """Remove originals that got no row. Where the database can't be asked, they stay."""
    session, store = context.session, context.store
    try:
        for file in files:
            drop_unused(session, store, store.original(file.sha256, types[file.sha256].ext))
    except SQLAlchemyError as error:
        log.warning("originals without a row may be left: %s", type(error).__name__)
        session.rollback()


def _record_or_take_theirs(
    context: IntakeContext,
    offer: Submission,
    types: Mapping[str, MediaType],
    seal: BeforeCommit | None,
) -> RecordedTakeaway:
    try:
        new = record_new(context, offer, types, seal) if context.all_new else None
        return new or _record(context, offer, types, seal)
    except IntegrityError:
        # Another writer's row with our client id or bytes was first (say, a merge): use that.
        context.session.rollback()
        return _record(context, offer, types, seal)


def _find(context: IntakeContext, offer: Submission) -> Takeaway | None:
    """Find the takeaway that this offer repeats."""
    if context.all_new:
        return None
    hashes = {file.sha256 for file in offer.files}
    known = find_repetition(context.session, offer, hashes)
    if known is None and hashes and hashes <= withdrawn_hashes(context.session, offer, hashes):
        raise Conflict("This was taken back by its contributor; it can't be brought in again.")
    return known


def _new_files(
    context: IntakeContext, offer: Submission, known: Takeaway | None
) -> list[ReceivedFile]:
    """The files that have to be attached, each once."""
    hashes = {file.sha256 for file in offer.files}
    passed = attached_hashes(known) if known else set()
    if not context.all_new:
        passed |= withdrawn_hashes(context.session, offer, hashes)
    return list({f.sha256: f for f in offer.files if f.sha256 not in passed}.values())


def _check_limits(
    context: IntakeContext,
    offer: Submission,
    wanted: Sequence[ReceivedFile],
    known: Takeaway | None,
    *,
    limits: LimitSettings,
) -> None:
    if wanted:
        check_recordable(context.event or offer.event)
    if len(wanted) + (len(known.attachments) if known else 0) > limits.files:
        raise TooLarge(
            "One takeaway holds up to %(count)s files. Send the others as a second one.",
            count=limits.files,
        )
    most = limits.file_mb << 20
    if any(file.size > most for file in wanted):
        raise TooLarge(
            "Files up to %(mb)s MB fit here. Please send a smaller one.", mb=limits.file_mb
        )


def _allow_words(
    context: IntakeContext, offer: Submission, known: Takeaway, limits: LimitSettings
) -> None:
    if not holds_text(former_values(context.session, known, "text"), offer.text):
        check_lengths(limits, text=f"{known.text}\n\n{offer.text}")


def _record(
    context: IntakeContext,
    offer: Submission,
    types: Mapping[str, MediaType],
    seal: BeforeCommit | None,
) -> RecordedTakeaway:
    """Write everything in one transaction, under the gathering's lock.

    Originals are removed only under that lock, so files linked and present before will stay.
    """
    try:
        lock_gathering(context.session)
        context = with_seen(context, offer)
        known = _find(context, offer)
        takeaway = known or new_takeaway(context, offer)
        more_words = _add_words(context, takeaway, offer)
        more_files = _add_files(context, takeaway, offer, types)
        if known is not None and (more_words or more_files):
            what = offer.text if more_words else str(len(offer.files))
            note_addition(
                context.session, takeaway, Actor(context.now, context.rng, CONTRIBUTOR), what
            )
        taken = RecordedTakeaway(takeaway.id, takeaway.receipt, takeaway.session_id)
        if seal is not None:
            seal(taken)
        context.session.commit()
    except BaseException:
        context.session.rollback()
        raise
    return taken


def new_takeaway(context: IntakeContext, offer: Submission) -> Takeaway:
    """Create a row for an offer, without its files. Does not commit."""
    takeaway = Takeaway(
        **takeaway_values(context, offer, offer.event),
        client_id=_client_id(context, offer),
        kind=Kind.NOTE.value,
        tags=[Tag(name=name) for name in hashtags(offer.text)],
    )
    bump_revision(context.session, takeaway)
    context.session.add(takeaway)
    return takeaway


def _client_id(context: IntakeContext, offer: Submission) -> str | None:
    if context.all_new:
        return offer.client_id
    return own_client_id(context.session, offer, {file.sha256 for file in offer.files})


def _add_words(context: IntakeContext, takeaway: Takeaway, offer: Submission) -> bool:
    """Append the new words of a continuation to the existing ones. Returns whether any were new.

    A field that somebody changed or emptied by hand stays so: a retry doesn't undo that.
    """
    if adds_nothing(context.session, takeaway, offer):
        return False
    if not holds_text(former_values(context.session, takeaway, "text"), offer.text):
        takeaway.text = "\n\n".join(text for text in (takeaway.text, offer.text) if text)
        kept = {tag.name for tag in takeaway.tags}
        takeaway.tags += [Tag(name=name) for name in hashtags(offer.text) if name not in kept]
    for name in ("author", "prompt", "intent"):
        setattr(takeaway, name, getattr(takeaway, name) or getattr(offer, name))
    _add_care(context, takeaway, offer)
    screen(takeaway, context.store.folder)
    return True


def _add_care(context: IntakeContext, takeaway: Takeaway, offer: Submission) -> None:
    """Keep the narrower audience and the more careful answer about the people shown."""
    for name, offered, order in (
        ("audience", audience_of(offer) if offer.audience else "", [str(one) for one in Audience]),
        ("consent", offer.consent, [str(one) for one in Consent]),
    ):
        if offered and offered not in former_values(context.session, takeaway, name):
            careful = max(order.index(offered), order.index(getattr(takeaway, name)))
            setattr(takeaway, name, order[careful])


def _add_files(
    context: IntakeContext, takeaway: Takeaway, offer: Submission, types: Mapping[str, MediaType]
) -> bool:
    """Attach new files and repair known ones. Returns whether any was attached."""
    wanted = _new_files(context, offer, takeaway)
    if wanted:
        # Set while they were on their way or were looked at. An organizer may have moved the takeaway.
        check_recordable(offer.event)
        if takeaway.session_id != offer.event.id:
            check_recordable(context.session.get_one(EventSession, takeaway.session_id))
    for attachment in takeaway.attachments:
        _restore_from(context, attachment.media, offer)
    for file in wanted:
        media = kept_media(context, file, types[file.sha256], offer)
        name = file_name(file.filename)
        position = len(takeaway.attachments)
        takeaway.attachments.append(Attachment(media=media, position=position, filename=name))
    if wanted:
        takeaway.kind = main_kind(takeaway).value
    return bool(wanted)


def kept_media(
    context: IntakeContext, file: ReceivedFile, kind: MediaType, offer: Submission
) -> Media:
    """Get or create the row of a file and store the file; for ``lock_gathering``. Does not
    commit."""
    query = select(Media).where(Media.sha256 == file.sha256)
    media = None if context.all_new else context.session.scalar(query)
    if media is not None:
        _restore_from(context, media, offer)
        return media
    keep(context, file, kind.ext)
    media = Media(**media_values(context, file, kind))
    context.session.add(media)
    return media


def _restore_from(context: IntakeContext, media: Media, offer: Submission) -> None:
    """Known bytes were sent again: restore a missing or broken original, retry a failed one."""
    file = next((f for f in offer.files if f.sha256 == media.sha256), None)
    if file is None:
        return
    goal = context.store.original(media.sha256, media.ext)
    failed = media.state == MediaState.FAILED
    if failed and goal.exists() and hash_file(goal) != media.sha256:
        try_remove(goal)
    if not goal.exists() or goal.stat().st_size != media.bytes:
        keep(context, file, media.ext)
    if failed:
        media.state, media.error = MediaState.RECEIVED.value, ""
        media.attempts, media.lease, media.due_at = 0, "", context.now
