"""Merge a bundle: what was published publicly elsewhere becomes approved takeaways here.

A bundle holds no receipts, history or decisions, so takeaways that exist here stay as they are.
"""

from __future__ import annotations

import json
import shutil
import uuid
import zipfile
import zlib
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.annotations.ocr_text import MOST_CHARS
from reporter.annotations.recording_captions import captions_row
from reporter.clock import new_id
from reporter.codes import is_valid, make_code, make_receipt
from reporter.enums import (
    Audience,
    Consent,
    Intent,
    ItemState,
    Kind,
    MediaState,
    Source,
    TakeawayState,
)
from reporter.errors import BadInput, ReporterError
from reporter.follow_up.action_items import KINDS, WHAT_CHARS
from reporter.media.store import PIECE, Store
from reporter.media.webvtt import read_cues, spoken_text, webvtt
from reporter.merge.context import Look, MergeReport, Tell, no_progress
from reporter.merge.follow_up import same_item
from reporter.models import Attachment, EventSession, Media, Tag, Takeaway, Tombstone
from reporter.models.follow_up import ActionItem
from reporter.models.recording_captions import Captions
from reporter.moderation import decisions

_RECORDS = Path("data") / "takeaways.json"
_FILES = ("original", "play", "view")
# Besides damage: encrypted files, and ways to pack that are not known here.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


def is_bundle(folder: Path) -> bool:
    """Whether a folder is a bundle."""
    return (folder / "bagit.txt").is_file() and (folder / _RECORDS).is_file()


def is_packed_bundle(path: Path) -> bool:
    """Whether a file is a bundle in one ZIP file, by its table of contents."""
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            names = {tuple(PurePosixPath(name).parts[-2:]) for name in packed.namelist()}
    except (zipfile.BadZipFile, OSError):
        return False
    return _RECORDS.parts in names and any(parts[-1:] == ("bagit.txt",) for parts in names)


def bundle_title(path: Path) -> str:
    """The title of the gathering in a bundle, a folder or one ZIP file; '' if it can't be read."""
    try:
        if path.is_dir():
            text = (path / _RECORDS).read_bytes()
        else:
            with zipfile.ZipFile(path) as packed:
                names = (PurePosixPath(name) for name in packed.namelist())
                text = packed.read(str(next(n for n in names if n.parts[-2:] == _RECORDS.parts)))
        return _text(json.loads(text)["gathering"]["title"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError, StopIteration, *DAMAGED):
        return ""


def merge_bundle(
    session: Session,
    store: Store,
    folder: Path,
    actor: Actor,
    *,
    look: Look,
    tell: Tell = no_progress,
) -> MergeReport:
    """Merge a bundle whose checksums were verified. Raises BadInput if it is invalid. Commits."""
    records, items = read_records(folder)
    done = MergeReport()
    codes: dict[str, str] = {}
    for number, record in enumerate(records, 1):
        if not is_valid(record.code):
            record.code = codes.setdefault(record.code, make_code(actor.rng))
        decisions.lock_gathering(session)
        _merge(session, store, record, actor, look=look, done=done)
        session.commit()
        tell(number, len(records))
    taken: set[uuid.UUID] = set()
    for item in items:
        _merge_item(session, item, actor, done, taken=taken)
    session.commit()
    return done


def read_records(folder: Path) -> tuple[list[_Record], list[_Item]]:
    """Parse the bundle's records; raises BadInput."""
    try:
        document = json.loads((folder / _RECORDS).read_text(encoding="utf-8"))
        # Each gathering makes its own film.
        brought = (one for one in document["takeaways"] if not one.get("parts"))
        records = [_Record(folder / "data", one) for one in brought]
        # Missing in bundles of older versions.
        return records, [_Item(one) for one in document.get("actions", [])]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(
            "%(what)s can't be read: %(error)s.", what=folder / _RECORDS, error=error
        ) from error


def _text(value: object) -> str:
    """Require encodable text: a lone surrogate has no UTF-8, and raises ValueError."""
    text = str(value)
    text.encode()
    return text


def _moment(value: str) -> datetime:
    """Parse an instant; raises ValueError if it has no offset."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} lacks its offset from UTC")
    return moment.astimezone(UTC)


class _Record:
    """Validated values of one takeaway of a bundle; raises ValueError, KeyError or TypeError if it is invalid."""

    def __init__(self, data: Path, record: dict[str, Any]) -> None:
        self.id = uuid.UUID(record["id"])
        self.code, self.title = _text(record["session"]["code"]), _text(record["session"]["title"])
        self.values = {
            "kind": Kind(record["kind"]).value,
            "audience": Audience(record["audience"]).value,
            "consent": Consent(record["consent"]).value,
            "intent": Intent(record["intent"]).value if record["intent"] else "",
            "starred": bool(record["starred"]),
            "recorded_at": _moment(record["recorded_at"]),
            "received_at": _moment(record["received_at"]),
            **{
                name: _text(record[name])
                for name in ("text", "caption", "author", "prompt", "licence")
            },
        }
        self.tags = decisions.clean_tags([_text(tag) for tag in record["tags"]])
        self.media = [
            (_text(one["sha256"]), _text(one["alt"]), _file(data, one), _cues(one))
            for one in record["media"]
        ]


def _cues(media: dict[str, Any]) -> str:
    """Normalize WebVTT; empty if it is missing or invalid."""
    try:
        cues = read_cues(_text(media.get("captions") or ""))
    except BadInput:
        return ""
    return webvtt(cues) if cues else ""


class _Item:
    """Validated values of an open or finished item, as ``_Record``."""

    def __init__(self, item: dict[str, Any]) -> None:
        if item["kind"] not in KINDS or not str(item["what"]).strip():
            raise ValueError("an item without words or of an unknown kind")
        self.takeaway = uuid.UUID(item["takeaway"]) if item["takeaway"] else None
        self.values = {
            "kind": str(item["kind"]),
            "what": _text(item["what"])[:WHAT_CHARS],
            "who": _text(item["who"]),
            "due_on": date.fromisoformat(item["due_on"]) if item["due_on"] else None,
            "state": ItemState(item["state"]).value,
            "outcome": _text(item["outcome"]),
        }


def _merge_item(
    session: Session, item: _Item, actor: Actor, done: MergeReport, *, taken: set[uuid.UUID]
) -> None:
    """Add an item unless it exists, or belongs to a takeaway that is missing or withdrawn here.

    ``taken``: those of ours that were found or added for items before it.
    """
    if item.takeaway is not None:
        about = session.get(Takeaway, item.takeaway)
        if about is None or about.state == TakeawayState.WITHDRAWN:
            return
    row = ActionItem(
        id=new_id(actor.now, actor.rng),
        takeaway_id=item.takeaway,
        carried_from="",
        created_at=actor.now,
        changed_at=actor.now,
        who_agreed=bool(item.values["who"]),
        closed_at=None if item.values["state"] == ItemState.OPEN else actor.now,
        **item.values,
    )
    if same_item(session, row, item.takeaway, taken=taken) is None:
        session.add(row)
        taken.add(row.id)
        session.flush()
        decisions.next_revision(session)
        done.items += 1


def _file(data: Path, media: dict[str, Any]) -> Path | None:
    """The best file in the bundle: the original, else the playable rendition, else the picture.
    Never outside the bundle."""
    paths = {**media["renditions"], "original": media["original"]}
    for name in _FILES:
        path = data / str(paths.get(name) or "")
        if paths.get(name) and path.resolve().is_relative_to(data.resolve()) and path.is_file():
            return path
    return None


def _merge(
    session: Session, store: Store, record: _Record, actor: Actor, *, look: Look, done: MergeReport
) -> None:
    buried = select(Tombstone.takeaway_id).where(Tombstone.takeaway_id == record.id)
    if session.get(Takeaway, record.id) is not None or session.scalar(buried) is not None:
        done.known += 1
        return
    event = _event(session, record, actor, done)
    hashes = [sha256 for sha256, *_rest in record.media]
    gone = set(
        session.scalars(
            select(Tombstone.sha256).where(
                Tombstone.sha256.in_(hashes), Tombstone.session_code == event.code
            )
        )
    )
    files = [one for one in record.media if one[0] not in gone and one[2] is not None]
    if record.media and not files:
        done.known += 1
        return
    row = Takeaway(
        id=record.id,
        receipt=make_receipt(actor.rng),
        session_id=event.id,
        source=Source.CARD.value,
        state=TakeawayState.APPROVED.value,
        approved_at=actor.now,
        tags=[Tag(name=n) for n in record.tags],
        **record.values,
    )
    with session.no_autoflush:
        decisions.bump_revision(session, row)
    session.add(row)
    session.flush()
    for position, (_sha256, alt, path, captions) in enumerate(files):
        try:
            media = _media(session, store, path, actor, look=look, done=done)  # type: ignore[arg-type]
        except (OSError, ReporterError) as error:
            done.left.append(f"{path}: {error}")
            continue
        _keep_captions(session, media, captions)
        if media.id not in {one.media_id for one in row.attachments}:
            row.attachments.append(Attachment(media_id=media.id, position=position, alt=alt))
            session.flush()
    done.takeaways += 1


def _keep_captions(session: Session, media: Media, captions: str) -> None:
    """Store the bundle's captions, unless a person has saved others here."""
    known = session.get(Captions, media.id)
    if captions and media.kind != Kind.PHOTO and not (known and known.saved):
        row = captions_row(session, media)
        row.saved, row.version = captions, row.version + 1
        media.recognized_text = spoken_text(read_cues(captions))[:MOST_CHARS]


def _event(session: Session, record: _Record, actor: Actor, done: MergeReport) -> EventSession:
    found = session.scalar(select(EventSession).where(EventSession.code == record.code))
    if found is not None:
        return found
    event = EventSession(
        id=new_id(actor.now, actor.rng),
        code=record.code,
        title=record.title,
        created_at=actor.now,
    )
    session.add(event)
    session.flush()
    done.sessions += 1
    return event


def _media(
    session: Session, store: Store, path: Path, actor: Actor, *, look: Look, done: MergeReport
) -> Media:
    """The media row of a file's bytes; new files are copied."""
    with store.arriving(f"merge-{actor.rng.getrandbits(64):016x}") as incoming:
        with path.open("rb") as file:
            shutil.copyfileobj(file, incoming, PIECE)
        incoming.finish()
        known = session.scalar(select(Media).where(Media.sha256 == incoming.sha256))
        if known is not None:
            incoming.discard()
            return known
        kind, mime, ext = look(incoming.path)
    store.keep(incoming.path, incoming.sha256, ext)
    media = Media(
        id=new_id(actor.now, actor.rng),
        sha256=incoming.sha256,
        kind=kind,
        type=mime,
        ext=ext,
        bytes=incoming.size,
        state=MediaState.RECEIVED.value,
        due_at=actor.now,
        received_at=actor.now,
    )
    session.add(media)
    session.flush()
    done.files += 1
    return media
