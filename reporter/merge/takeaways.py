"""Take in another kiosk's gathering folder: a union by id and content, in which tombstones win on both sides.

The other folder is only read, from a copy of its database. Running it again changes nothing.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, inspect, or_, select
from sqlalchemy.orm import Session

from reporter import migrations
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.codes import make_code, make_receipt
from reporter.database.engine import prepare_sqlite, sqlite_url
from reporter.devices import ELSEWHERE
from reporter.enums import MediaState, Source, TakeawayState
from reporter.errors import NotFound, ReporterError
from reporter.media.store import PIECE, Store, hash_file
from reporter.merge.edits import copy_mending, merge_mendings
from reporter.models import (
    Attachment,
    Decision,
    EventSession,
    Gathering,
    Media,
    ReceiptAlias,
    Rendition,
    Tag,
    Takeaway,
    Tombstone,
)
from reporter.moderation import decisions
from reporter.moderation.same_again import client_digest, former_values, holds_text

DATABASE = "reporter.db"
# What a decision can change; the rest of a takeaway is as its contributor's phone sent it.
_VALUES = (
    "text",
    "caption",
    "author",
    "prompt",
    "intent",
    "audience",
    "consent",
    "licence",
    "state",
    "held",
    "starred",
    "approved_at",
)
_RENDITION = re.compile(r"(thumb|view|play|poster)(\.[a-z0-9]{2,5})")
# Looks at a file's content: (kind, MIME type, extension); raises ReporterError for what is not kept.
Look = Callable[[Path], tuple[str, str, str]]


@dataclass
class MergeReport:
    """What came."""

    sessions: int = 0
    takeaways: int = 0
    changed: int = 0
    withdrawn: int = 0
    files: int = 0
    known: int = 0
    stories: int = 0
    deliveries: int = 0
    targets: int = 0
    captions: int = 0
    # Questions and action items.
    items: int = 0
    # Sentences on what could not be taken.
    left: list[str] = field(default_factory=list)


@dataclass
class MergeContext:
    """One merge under way: both sides, and what is what here."""

    session: Session
    other: Session
    store: Store
    folder: Path
    hand: Actor
    look: Look
    done: MergeReport = field(default_factory=MergeReport)
    # Their ids -> our rows' ids.
    events: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    takeaways: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    stories: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)

    @property
    def rng(self) -> random.Random:
        """Where new ids come from."""
        return self.hand.rng

    @property
    def now(self) -> datetime:
        """The moment of the merge."""
        return self.hand.now


@contextmanager
def open_other(folder: Path) -> Iterator[Session]:
    """The rows of another gathering, from a copy that is brought to our schema; its folder stays as it is."""
    source = folder / DATABASE
    if not source.is_file():
        raise NotFound("There is no gathering in %(folder)s.", folder=folder)
    with tempfile.TemporaryDirectory(prefix="reporter-merge-") as work:
        copy = Path(work) / DATABASE
        _copy_database(source, copy)
        engine = create_engine(sqlite_url(copy))
        prepare_sqlite(engine)
        try:
            migrations.upgrade(engine)
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()


def _copy_database(source: Path, goal: Path) -> None:
    """With what still stands in the write-ahead log, and without making files beside the source where it may not."""
    with tempfile.TemporaryDirectory(prefix="reporter-merge-") as work:
        for name in (DATABASE, f"{DATABASE}-wal"):
            if (source.parent / name).is_file():
                shutil.copyfile(source.parent / name, Path(work) / name)
        try:
            with (
                closing(sqlite3.connect(Path(work) / DATABASE)) as old,
                closing(sqlite3.connect(goal)) as new,
            ):
                old.backup(new)
        except sqlite3.DatabaseError as error:
            raise ReporterError(
                "%(source)s can't be read: %(error)s. Copy it once more.",
                source=source,
                error=error,
            ) from error


def merge_takeaways(merge: MergeContext) -> None:
    """Sessions, tombstones, takeaways with their files and history. Commits as it goes."""
    _merge_sessions(merge)
    _merge_tombstones(merge)
    for theirs in merge.other.scalars(select(Takeaway).order_by(Takeaway.received_at, Takeaway.id)):
        decisions.lock_gathering(merge.session)
        _merge_takeaway(merge, theirs)
        merge.session.commit()
    merge.done.left += merge_mendings(merge.session, merge.other, merge.store, merge.hand)


def row_values(row: Any, *without: str) -> dict[str, Any]:
    """The columns of a row, as keyword arguments."""
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names if name not in without}


def _merge_sessions(merge: MergeContext) -> None:
    for theirs in merge.other.scalars(select(EventSession)):
        ours = _session_of(merge.session, theirs)
        if ours is None:
            ours = EventSession(**row_values(theirs))
            if merge.session.get(EventSession, ours.id) is not None:
                ours.id = new_id(merge.now, merge.rng)
            if _by_code(merge.session, ours.code) is not None:
                ours.code = make_code(merge.rng)
            merge.session.add(ours)
            merge.done.sessions += 1
        merge.events[theirs.id] = ours.id
    merge.session.commit()


def _session_of(session: Session, theirs: EventSession) -> EventSession | None:
    """The same session here: by what the schedule calls it, else by the code on its poster."""
    if theirs.guid:
        found = session.scalar(select(EventSession).where(EventSession.guid == theirs.guid))
        if found is not None:
            return found
    found = _by_code(session, theirs.code)
    same = found is not None and (not found.guid or not theirs.guid or found.guid == theirs.guid)
    return found if same else None


def _by_code(session: Session, code: str) -> EventSession | None:
    return session.scalar(select(EventSession).where(EventSession.code == code))


def _merge_tombstones(merge: MergeContext) -> None:
    """What was taken back there is taken back here, files and words: the takeaway itself, or a phone's other try."""
    session = merge.session
    digests = _digests(session)
    for theirs in merge.other.scalars(select(Tombstone)):
        by_client = digests.get(theirs.client) if theirs.client else None
        for ours in {session.get(Takeaway, one) for one in (theirs.takeaway_id, by_client) if one}:
            if ours is not None and ours.state != TakeawayState.WITHDRAWN:
                decisions.withdraw(session, ours, merge.hand, merge.store)
                merge.done.withdrawn += 1
        if session.get(Tombstone, (theirs.takeaway_id, theirs.sha256)) is None:
            session.add(Tombstone(**row_values(theirs)))
    session.commit()


def _digests(session: Session) -> dict[str, uuid.UUID]:
    """What the tombstones of our takeaways' client ids would hold."""
    rows = session.execute(
        select(Takeaway.client_id, Takeaway.id).where(Takeaway.client_id.is_not(None))
    )
    return {client_digest(client_id): own for client_id, own in rows}


def _merge_takeaway(merge: MergeContext, theirs: Takeaway) -> None:
    session = merge.session
    ours = _same(merge, theirs)
    if ours is not None:
        merge.takeaways[theirs.id] = ours.id
        _merge_known(merge, ours, theirs)
        return
    if theirs.state != TakeawayState.WITHDRAWN and (buried := _buried(session, theirs)):
        gone = session.get(Takeaway, buried.takeaway_id)
        if gone is not None:
            # Its holder there is told here that it was taken back.
            _keep_receipts(merge, gone, theirs)
        return
    files = _files_to_take(merge, theirs)
    if theirs.attachments and not files and theirs.state != TakeawayState.WITHDRAWN:
        return
    row = Takeaway(**row_values(theirs, "session_id", "revision", "device"))
    row.session_id = merge.events[theirs.session_id]
    if theirs.device:
        row.device = ELSEWHERE + theirs.device.removeprefix(ELSEWHERE)
    if row.client_id and _by_client_id(session, row.client_id) is not None:
        # Its id is another one's here, which has other words.
        row.client_id = None
    if session.scalar(select(Takeaway.id).where(Takeaway.receipt == row.receipt)) is not None:
        row.receipt = make_receipt(merge.rng)
    row.tags = [Tag(name=tag.name) for tag in theirs.tags]
    with session.no_autoflush:
        decisions.bump_revision(session, row)
    session.add(row)
    session.flush()
    for attachment in files:
        _attach(merge, row, attachment)
    _merge_history(merge, row, theirs)
    _keep_receipts(merge, row, theirs)
    merge.takeaways[theirs.id] = row.id
    merge.done.takeaways += theirs.state != TakeawayState.WITHDRAWN


def _same(merge: MergeContext, theirs: Takeaway) -> Takeaway | None:
    """The same takeaway here: its id, what a phone called it, or the same shots of a card for the same session."""
    session = merge.session
    found = session.get(Takeaway, theirs.id)
    if found is None and theirs.client_id:
        found = _by_client_id(session, theirs.client_id)
        if found is not None and not _holds_the_words(merge, found, theirs):
            return None
    if found is not None or theirs.source != Source.CARD or not theirs.attachments:
        return found
    hashes = {one.media.sha256 for one in theirs.attachments}
    candidates = session.scalars(
        select(Takeaway)
        .join(Attachment)
        .join(Media)
        .where(
            Takeaway.session_id == merge.events[theirs.session_id], Takeaway.source == Source.CARD
        )
        .where(Media.sha256.in_(hashes))
    )
    return next((r for r in candidates if {a.media.sha256 for a in r.attachments} == hashes), None)


def _by_client_id(session: Session, client_id: str) -> Takeaway | None:
    return session.scalar(select(Takeaway).where(Takeaway.client_id == client_id))


def _holds_the_words(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> bool:
    """Whether one of two takeaways under one client id has, or had, the other's words: then both are one."""
    if TakeawayState.WITHDRAWN in (ours.state, theirs.state):
        return True
    here = former_values(merge.session, ours, "text")
    there = former_values(merge.other, theirs, "text")
    return holds_text(here, theirs.text) or holds_text(there, ours.text) or bool(here & there)


def _buried(session: Session, theirs: Takeaway) -> Tombstone | None:
    """What says that it was taken back here, under its own id or that of the phone's other try."""
    digest = client_digest(theirs.client_id) or "none"
    same = or_(Tombstone.takeaway_id == theirs.id, Tombstone.client == digest)
    return session.scalar(select(Tombstone).where(same).limit(1))


def _keep_receipts(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> None:
    """Every receipt that somebody was given there stays valid here: beside ours, as an alias."""
    aliases = select(ReceiptAlias.receipt).where(ReceiptAlias.takeaway_id == theirs.id)
    for receipt in (theirs.receipt, *merge.other.scalars(aliases)):
        taken = select(Takeaway.id).where(Takeaway.receipt == receipt)
        free = merge.session.scalar(taken) is None
        if free and merge.session.get(ReceiptAlias, receipt) is None:
            merge.session.add(ReceiptAlias(receipt=receipt, takeaway_id=ours.id))
            merge.session.flush()


def _merge_known(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> None:
    """Both have it: what was decided last holds, and the history keeps both."""
    _keep_receipts(merge, ours, theirs)
    if ours.state == TakeawayState.WITHDRAWN:
        return
    if theirs.state == TakeawayState.WITHDRAWN:
        decisions.withdraw(merge.session, ours, merge.hand, merge.store)
        merge.done.withdrawn += 1
        return
    newer = _decided_at(merge.other, theirs) > _decided_at(merge.session, ours)
    have = {one.media.sha256 for one in ours.attachments}
    added = [one for one in _files_to_take(merge, theirs) if one.media.sha256 not in have]
    for attachment in added:
        _attach(merge, ours, attachment)
    changed = newer and _take_values(merge, ours, theirs)
    _merge_history(merge, ours, theirs)
    if changed or added:
        decisions.bump_revision(merge.session, ours)
        merge.done.changed += 1
    else:
        merge.done.known += 1


def _decided_at(session: Session, row: Takeaway) -> datetime:
    last = session.scalar(select(func.max(Decision.at)).where(Decision.takeaway_id == row.id))
    return last or row.received_at


def _take_values(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> bool:
    before, after = _plain(ours), _plain(theirs)
    changed = {name for name in before if before[name] != after[name]}
    alts = {one.media.sha256: one.alt for one in theirs.attachments}
    for attachment in ours.attachments:
        if attachment.media.sha256 in alts and attachment.alt != alts[attachment.media.sha256]:
            attachment.alt = alts[attachment.media.sha256]
            changed.add("alt")
    if not changed:
        return False
    for name in _VALUES:
        setattr(ours, name, getattr(theirs, name))
    names = {tag.name for tag in theirs.tags}
    kept = [tag for tag in ours.tags if tag.name in names]
    ours.tags = kept + [Tag(name=n) for n in sorted(names - {tag.name for tag in kept})]
    merge.session.add(
        Decision(
            id=new_id(merge.now, merge.rng),
            takeaway_id=ours.id,
            at=merge.now,
            who=merge.hand.who,
            action="merge",
            before={name: before[name] for name in before if name in changed},
            after={name: after[name] for name in after if name in changed},
        )
    )
    return True


def _plain(row: Takeaway) -> dict[str, Any]:
    """What decisions change, as JSON. When it was approved is no change of its own."""
    values = {name: getattr(row, name) for name in _VALUES if name != "approved_at"}
    return {**values, "tags": sorted(tag.name for tag in row.tags)}


def _merge_history(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> None:
    for step in merge.other.scalars(select(Decision).where(Decision.takeaway_id == theirs.id)):
        if merge.session.get(Decision, step.id) is None:
            merge.session.add(Decision(**row_values(step, "takeaway_id"), takeaway_id=ours.id))


def _files_to_take(merge: MergeContext, theirs: Takeaway) -> list[Attachment]:
    """Its files; of a card's, without those that were taken back here for this session (see docs/same-again.md)."""
    if theirs.source != Source.CARD:
        return list(theirs.attachments)
    event = merge.session.get_one(EventSession, merge.events[theirs.session_id])
    hashes = [one.media.sha256 for one in theirs.attachments]
    buried = set(
        merge.session.scalars(
            select(Tombstone.sha256).where(
                Tombstone.sha256.in_(hashes), Tombstone.session_code == event.code
            )
        )
    )
    return [one for one in theirs.attachments if one.media.sha256 not in buried]


def _attach(merge: MergeContext, ours: Takeaway, theirs: Attachment) -> None:
    media = _media(merge, theirs.media)
    if media is None:
        return
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


def _media(merge: MergeContext, theirs: Media) -> Media | None:
    """Our row of the same bytes; new ones are copied, their hash compared, and looked at as whatever comes in."""
    ours = merge.session.scalar(select(Media).where(Media.sha256 == theirs.sha256))
    if ours is not None:
        return ours
    try:
        path = _copy_in(merge, theirs)
        kind, mime, ext = merge.look(path)
    except (OSError, ReporterError) as error:
        said = error.message if isinstance(error, ReporterError) else error.strerror or str(error)
        merge.done.left.append(f"{theirs.sha256[:12]}: {said}")
        return None
    merge.store.keep(path, theirs.sha256, ext)
    ours = Media(**row_values(theirs, "kind", "type", "ext", "lease", "attempts", "due_at"))
    ours.kind, ours.type, ours.ext = kind, mime, ext
    ours.lease, ours.attempts, ours.due_at = "", 0, merge.now
    if merge.session.get(Media, ours.id) is not None:
        ours.id = new_id(merge.now, merge.rng)
    merge.session.add(ours)
    merge.session.flush()
    copy_mending(merge.session, merge.other, ours, theirs)
    copied = [_copy_rendition(merge, ours, made) for made in theirs.renditions]
    ready = theirs.state == MediaState.READY and bool(copied) and all(copied)
    if theirs.state != MediaState.FAILED and not ready:
        ours.state = MediaState.RECEIVED.value
    merge.done.files += 1
    return ours


def _copy_in(merge: MergeContext, theirs: Media) -> Path:
    source = Store(merge.folder).media / theirs.sha256[:2]
    found = next((p for p in sorted(source.glob(f"{theirs.sha256}*")) if p.is_file()), None)
    if found is None:
        raise ReporterError("Its original is missing in the other folder.")
    incoming = merge.store.begin(f"merge-{merge.rng.getrandbits(64):016x}")
    try:
        with found.open("rb") as file:
            while piece := file.read(PIECE):
                incoming.write(piece)
        if incoming.sha256 != theirs.sha256:
            raise ReporterError("Its original is damaged in the other folder.")
        incoming.finish()
    except BaseException:
        incoming.discard()
        raise
    return incoming.path


def _copy_rendition(merge: MergeContext, ours: Media, theirs: Rendition) -> bool:
    """Take a rendition that is whole; what is missing is made again from the original."""
    if not _RENDITION.fullmatch(theirs.name + theirs.ext):
        return False
    source = Store(merge.folder).rendition(ours.sha256, theirs.name, theirs.ext)
    if not source.is_file() or hash_file(source) != theirs.sha256:
        return False
    goal = merge.store.rendition(ours.sha256, theirs.name, theirs.ext)
    goal.parent.mkdir(parents=True, exist_ok=True)
    part = goal.with_name(f".{goal.name}.part")
    shutil.copyfile(source, part)
    part.replace(goal)
    merge.session.add(Rendition(**row_values(theirs, "media_id"), media_id=ours.id))
    return True


def gathering_mark(session: Session) -> str:
    """The eight digits in the keys of a gathering (see ``publish.posts.model.Facts.mark``)."""
    return session.scalars(select(Gathering.id)).one().hex[-8:]
