"""Records an offer of which nothing was seen before, as almost all are: with prepared statements instead of the ORM.

A hundred phones send at once, and everything here is work of the one interpreter, under the lock that all of them
wait for. The ORM took two thirds of an upload's processor time. What repeats something goes through
``capture.intake.receive``, which knows how to continue a takeaway.
"""

from __future__ import annotations

import dataclasses
import functools
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Row,
    Select,
    bindparam,
    insert,
    inspect,
    or_,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Session

from capture.decoding.mime_sniff import MediaType
from capture.intake.repetition import audience_of
from capture.intake.submission import ReceivedFile, Submission, check_recordable, file_name
from reporter.clock import new_id
from reporter.codes import make_receipt
from reporter.enums import MediaState, TakeawayState
from reporter.media.store import Store
from reporter.models import Attachment, EventSession, Media, Tag, Takeaway, Tombstone
from reporter.moderation.blocked_words import holds
from reporter.moderation.decisions import hashtags, next_revision, richest
from reporter.moderation.same_again import client_digest, forgotten


@dataclass(frozen=True)
class WrittenRows:
    """The rows of a new takeaway with the values that were written."""

    takeaway: Mapping[str, Any]
    event: Row[Any]
    tags: Sequence[str]
    # Of each file: its row, and its name.
    files: Sequence[tuple[Mapping[str, Any], str]]

    def as_object(self) -> Takeaway:
        """The takeaway with its tags and files, as reading it would give it, but in no session.

        Reading it costs six statements of the ORM, a third of the processor time of a form with a photo.
        """
        return Takeaway(
            **{**_defaults(Takeaway), **self.takeaway},
            session=EventSession(id=self.event.id, code=self.event.code, title=self.event.title),
            tags=[Tag(name=name) for name in sorted(self.tags)],
            attachments=[
                Attachment(
                    **{**_defaults(Attachment), "position": position, "filename": name},
                    media=Media(**{**_defaults(Media), **values}),
                )
                for position, (values, name) in enumerate(self.files)
            ],
        )


@dataclass(frozen=True)
class RecordedTakeaway:
    """A takeaway that is recorded, or about to be committed."""

    id: uuid.UUID
    receipt: str
    session_id: uuid.UUID
    # Where nothing of it was here before, so that nothing can refer to it yet.
    rows: WrittenRows | None = None


# Called just before the commit: what it writes is saved in the same transaction.
BeforeCommit = Callable[[RecordedTakeaway], None]


@dataclass(frozen=True)
class IntakeContext:
    """What every step of one intake needs."""

    session: Session
    store: Store
    now: datetime
    rng: random.Random
    # No client id or bytes were seen before, as in most offers: there is nothing to look up.
    all_new: bool = False
    # What was read of the session together with that; None if it is gone.
    event: Row[Any] | None = None
    # Files already among the originals on disk, by SHA-256.
    linked: frozenset[str] = frozenset()


def with_seen(context: IntakeContext, offer: Submission) -> IntakeContext:
    """The context, with what is known about whether anything of the offer was seen before, and about its session."""
    event = _look(context.session.connection(), offer)
    return dataclasses.replace(context, all_new=event is not None and not event.seen, event=event)


def record_new(
    context: IntakeContext,
    offer: Submission,
    types: Mapping[str, MediaType],
    seal: BeforeCommit | None,
) -> RecordedTakeaway | None:
    """Write a takeaway and its files in one transaction, for a normalized offer. Commits.

    None, with nothing written, if something of it was recorded meanwhile, or its session is gone.
    Raises Forbidden for files of a session that must not be recorded, IntegrityError where another
    process was first.
    """
    session = context.session
    try:
        session.flush()
        connection = session.connection()
        # Takes the write lock (see ``reporter.moderation.decisions.lock_gathering``).
        revision = next_revision(session)
        event = _look(connection, offer)
        if event is None or event.seen:
            session.rollback()
            return None
        if offer.files:
            # Set while the file was on its way or was looked at.
            check_recordable(event)
        taken = _write(context, connection, offer, types, event=event, revision=revision)
        if seal is not None:
            seal(taken)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return taken


def keep(context: IntakeContext, file: ReceivedFile, ext: str) -> None:
    """Have a file among the originals, for ``lock_gathering``: most are linked before the lock is taken."""
    store = context.store
    if file.sha256 in context.linked and store.is_linked(file.path, file.sha256, ext):
        return
    # After a rolled-back first attempt the file is already in place.
    if file.path.exists() or not store.original(file.sha256, ext).exists():
        store.link(file.path, file.sha256, ext)


def media_values(context: IntakeContext, file: ReceivedFile, kind: MediaType) -> dict[str, Any]:
    """The columns of a new file's row."""
    return {
        "id": new_id(context.now, context.rng),
        "sha256": file.sha256,
        "kind": kind.kind,
        "type": kind.mime,
        "ext": kind.ext,
        "bytes": file.size,
        "state": MediaState.RECEIVED.value,
        "due_at": context.now,
        "received_at": context.now,
    }


def takeaway_values(
    context: IntakeContext, offer: Submission, event: EventSession | Row[Any]
) -> dict[str, Any]:
    """The columns of a new takeaway that its offer and its session give."""
    return {
        "id": new_id(context.now, context.rng),
        "receipt": make_receipt(context.rng),
        "session_id": event.id,
        "text": offer.text,
        "author": offer.author,
        "prompt": offer.prompt,
        "intent": offer.intent,
        "audience": audience_of(offer, event),
        "consent": offer.consent,
        "licence": event.licence,
        "source": str(offer.source),
        "device": offer.device,
        "state": TakeawayState.NEW.value,
        "held": holds(context.store.folder, offer.text, offer.author),
        "recorded_at": offer.recorded_at or context.now,
        "received_at": context.now,
    }


def _write(
    context: IntakeContext,
    connection: Connection,
    offer: Submission,
    types: Mapping[str, MediaType],
    *,
    event: Row[Any],
    revision: int,
) -> RecordedTakeaway:
    files = list({file.sha256: file for file in offer.files}.values())
    kind = richest({types[file.sha256].kind for file in files}).value
    values = {
        **takeaway_values(context, offer, event),
        "kind": kind,
        "client_id": offer.client_id,
        "revision": revision,
    }
    connection.execute(_insert(Takeaway), values)
    tags, written = hashtags(offer.text), []
    if tags:
        connection.execute(
            _insert(Tag), [{"takeaway_id": values["id"], "name": name} for name in tags]
        )
    for position, file in enumerate(files):
        keep(context, file, types[file.sha256].ext)
        media, name = media_values(context, file, types[file.sha256]), file_name(file.filename)
        connection.execute(_insert(Media), media)
        attached = {"takeaway_id": values["id"], "media_id": media["id"], "position": position}
        connection.execute(_insert(Attachment), {**attached, "filename": name})
        written.append((media, name))
    rows = WrittenRows(values, event, tags, written)
    return RecordedTakeaway(values["id"], values["receipt"], event.id, rows)


def _look(connection: Connection, offer: Submission) -> Row[Any] | None:
    """The session's columns, and whether anything of the offer was seen before; None if the session is gone."""
    # The identity is known even where a rollback has expired the object: asking it would load it.
    (event_id,) = inspect(offer.event).identity or (offer.event.id,)
    return connection.execute(_event_query(), {**_asked(offer), "event": event_id}).first()


def _asked(offer: Submission) -> dict[str, Any]:
    return {
        "client_id": offer.client_id,
        "forgotten": forgotten(offer.client_id) if offer.client_id else None,
        # Every tombstone without a digest holds the empty one.
        "client": client_digest(offer.client_id) or "none",
        "hashes": [file.sha256 for file in offer.files],
    }


# Building these statements costs more than executing them.
@functools.cache
def _insert(model: type[Any]) -> Insert:
    return insert(model.__table__)


@functools.cache
def _defaults(model: type[DeclarativeBase]) -> dict[str, Any]:
    """The values of a model's columns that an insert fills in, by attribute."""
    columns = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    scalars: dict[str, Any] = {key: column.default for key, column in columns.items()}
    return {
        key: default.arg
        for key, default in scalars.items()
        if default is not None and default.is_scalar
    }


@functools.cache
def _event_query() -> Select[Any]:
    columns: tuple[Any, ...] = (
        EventSession.id,
        EventSession.code,
        EventSession.title,
        EventSession.licence,
        EventSession.audience,
        EventSession.do_not_record,
        EventSession.words_leave,
    )
    return select(*columns, _seen().label("seen")).where(EventSession.id == bindparam("event"))


def _seen() -> ColumnElement[bool]:
    hashes: BindParameter[Sequence[str]] = bindparam("hashes", expanding=True)
    by_id = select(Takeaway.id).where(
        or_(
            Takeaway.client_id == bindparam("client_id"),
            Takeaway.client_id == bindparam("forgotten"),
        )
    )
    kept = select(Media.id).where(Media.sha256.in_(hashes))
    buried = select(Tombstone.takeaway_id).where(
        or_(Tombstone.sha256.in_(hashes), Tombstone.client == bindparam("client"))
    )
    return or_(by_id.exists(), kept.exists(), buried.exists())
