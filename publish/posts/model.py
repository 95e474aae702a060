"""The neutral form that every target gets: what a story says, in frozen values, without rows or networks."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from publish.posts.follow_up import NOTHING_YET, Agenda, agenda_of
from reporter.config import Settings
from reporter.delivery_memory import DeliveryMemory
from reporter.models import Gathering

# Part of every fingerprint: raised when the way posts are written changes so much that sent ones should follow.
FORM = 1
# The kind of a block that is an organizer's Markdown between takeaways (see publish.markup.markdown).
WORDS = "words"


@dataclass(frozen=True)
class ThemeDigest:
    """A theme as everybody may read of it. ``quotes``: takeaway ids with their words, the most telling first."""

    name: str
    count: int
    sessions: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GatheringFacts:
    """What every post needs to know of the gathering."""

    id: uuid.UUID
    title: str
    language: str
    zone: ZoneInfo
    # For everybody's eyes, whoever the reader is.
    agenda: Agenda = NOTHING_YET
    themes: tuple[ThemeDigest, ...] = ()

    @property
    def mark(self) -> str:
        """Eight hex digits that tell this gathering from others at the same target.

        The last ones: the first ones of a UUIDv7 are the time, which two gatherings may share.
        """
        return self.id.hex[-8:]


def gathering_facts(session: Session, settings: Settings) -> GatheringFacts:
    """The facts of the one gathering in this database."""
    row_id = session.scalars(select(Gathering.id)).one()
    told = settings.gathering
    agenda = agenda_of(session, told.title)
    return GatheringFacts(row_id, told.title, told.language, settings.zone, agenda)


@dataclass(frozen=True)
class Remote:
    """A thing at a target: its id there, its link, and what else is needed to find, use or remove it (JSON)."""

    id: str
    url: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PostMedia:
    """One file to send: a rendition, never an original (those carry where they were taken)."""

    # Our name for it at the target: holds the hash of the bytes, so that other bytes are another file.
    key: str
    sha256: str
    kind: str
    path: Path
    mime: str
    ext: str
    bytes: int
    width: int | None
    height: int | None
    duration: float | None
    alt: str
    caption: str
    credit: str
    poster: PostMedia | None = None
    # What is said in it, as WebVTT; '' for none.
    captions: str = ""

    @property
    def id(self) -> uuid.UUID:
        """The item id in the ledger, from the hash: it outlives the rows that the file was made from."""
        return uuid.UUID(self.sha256[:32])

    @property
    def filename(self) -> str:
        """The key with its extension."""
        return self.key + self.ext

    def fingerprint(self) -> str:
        """A hash of bytes and words."""
        said = [self.captions] if self.captions else []
        return _hash([self.sha256, self.alt, self.caption, self.credit, *said])


@dataclass(frozen=True)
class PublishedReply:
    """A reply that may be shown with a takeaway, wherever it was written."""

    author: str
    # Plain text.
    text: str
    written_at: datetime
    # Where it was written, in words ("here at the gathering", a target's name), and its address there or ''.
    where: str
    url: str


@dataclass(frozen=True)
class CrossLink:
    """Another place where the same story can be read."""

    # The target's kind and name.
    kind: str
    name: str
    url: str


@dataclass(frozen=True)
class Block:
    """One takeaway in a post: words, files, or both. Of the kind 'words': an organizer's Markdown between them."""

    takeaway: str
    kind: str
    # The contributor's own words, and the organizer's.
    text: str
    caption: str
    author: str
    intent: str
    prompt: str
    recorded_at: datetime
    media: tuple[PostMedia, ...]
    # Replies that may be shown with it, oldest first, and how many said "me too".
    said: tuple[PublishedReply, ...] = ()
    seconds: int = 0
    # The kind of a file that this place does not take ('video', 'audio'; its still may be among ``media``), and the
    # address of a copy that has it, or ''.
    instead: str = ""
    whole: str = ""
    # Of a film that was made here: the takeaways that are seen in it.
    parts: tuple[str, ...] = ()

    def files(self) -> Iterator[PostMedia]:
        """Its files, each poster frame before its video."""
        for media in self.media:
            if media.poster is not None:
                yield media.poster
            yield media

    @property
    def paragraphs(self) -> list[str]:
        """The contributor's words, cut at blank lines."""
        return [
            part.strip() for part in self.text.replace("\r\n", "\n").split("\n\n") if part.strip()
        ]


@dataclass(frozen=True)
class SessionInfo:
    """Where and when the session was that a post tells of."""

    code: str
    room: str
    track: str
    speakers: str
    description: str
    starts_at: datetime | None
    ends_at: datetime | None
    title: str = ""


@dataclass(frozen=True)
class Post:
    """A story as it may be shown at one place."""

    key: str
    story: uuid.UUID
    title: str
    lead: str
    gathering: str
    language: str
    zone: str
    slot: SessionInfo | None
    date: datetime | None
    blocks: tuple[Block, ...]
    tags: tuple[str, ...]
    # What an organizer wrote for places that take few characters; empty: made from title and lead.
    short: str = ""
    # Where else it is, the canonical one first. Empty until something else was sent.
    copies: tuple[CrossLink, ...] = ()
    # Replies to the story as a whole (only for places that show what was said elsewhere).
    said: tuple[PublishedReply, ...] = ()

    @property
    def takeaways(self) -> list[str]:
        """Ids of the takeaways in it."""
        return [block.takeaway for block in self.blocks if block.takeaway]

    @property
    def shown(self) -> list[str]:
        """Ids of the takeaways in it, and of those that are seen in its films."""
        return [
            one for block in self.blocks if block.takeaway for one in (block.takeaway, *block.parts)
        ]

    def media(self) -> Iterator[PostMedia]:
        """Every file, posters of videos before their video, each once."""
        seen = set()
        for media in (file for block in self.blocks for file in block.files()):
            if media.key not in seen:
                seen.add(media.key)
                yield media

    def first_photo(self) -> PostMedia | None:
        """The lead picture: the first photo, else the first poster frame."""
        photos = [m for m in self.media() if m.kind == "photo"]
        real = [m for block in self.blocks for m in block.media if m.kind == "photo"]
        return next(iter(real or photos), None)

    def fingerprint(self) -> str:
        """A hash of everything that would be sent. Where files lie on this laptop is not part of it."""
        return _hash([FORM, _plain(asdict(self))])


def _plain(value: Any) -> Any:
    """Without local paths and parts of films (those are in its bytes), with text for moments and ids."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in ("path", "parts")}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


class RemoteRow(Protocol):
    """A ledger row, or its frozen columns."""

    @property
    def remote_id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def memory(self) -> DeliveryMemory: ...


def known_remote(row: RemoteRow) -> Remote | None:
    """What is there, as far as the ledger knows."""
    return Remote(row.remote_id, row.url, row.memory.extra) if row.remote_id else None
