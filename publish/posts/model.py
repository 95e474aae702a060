"""Target-independent representation of a story as frozen values, without database rows or network access."""

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

# Part of every fingerprint: increased when rendering changes so much that sent posts should be updated.
FORM = 1
_NOT_SENT = ("path", "parts", "lost")
# Names of fields in fingerprints of earlier versions: if those changed, every story would be sent once more.
_FIRST_NAMES = {"replies": "said", "votes": "seconds"}
# Block kind for an organizer's Markdown between takeaways (see publish.markup.markdown).
WORDS = "words"


@dataclass(frozen=True)
class ThemeDigest:
    """A theme's public content. ``quotes``: (takeaway id, text), the most representative first."""

    name: str
    count: int
    sessions: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GatheringFacts:
    """Facts about the gathering that every post needs."""

    id: uuid.UUID
    title: str
    language: str
    zone: ZoneInfo
    # Public, for readers of every audience.
    agenda: Agenda = NOTHING_YET
    themes: tuple[ThemeDigest, ...] = ()
    # Where the passwords of its targets are kept, if not under its id.
    kept_under: uuid.UUID | None = None

    @property
    def secrets_id(self) -> str:
        """The key of this gathering's secrets in ``reporter.secret_store``."""
        return str(self.kept_under or self.id)

    @property
    def mark(self) -> str:
        """Eight hex digits that identify this gathering at a shared target.

        The last ones: a UUIDv7 starts with a timestamp, which two gatherings may share.
        """
        return self.id.hex[-8:]


def gathering_facts(session: Session, settings: Settings) -> GatheringFacts:
    """Facts of the single gathering in this database."""
    row_id = session.scalars(select(Gathering.id)).one()
    gathering = settings.gathering
    agenda = agenda_of(session, gathering.title)
    return GatheringFacts(row_id, gathering.title, gathering.language, settings.zone, agenda)


@dataclass(frozen=True)
class Remote:
    """An object at a target: its id, its link, and other data needed to find, use or remove it (JSON)."""

    id: str
    url: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PostMedia:
    """A file to send: always a rendition, never an original (which may contain its location)."""

    # Our name for it at the target. Contains the content hash, so different bytes are a different file.
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
    # Captions as WebVTT; '' for none.
    captions: str = ""

    @property
    def id(self) -> uuid.UUID:
        """The item id in the ledger, derived from the hash: it outlives the rows the file was made from."""
        return uuid.UUID(self.sha256[:32])

    @property
    def filename(self) -> str:
        """The key with its file extension."""
        return self.key + self.ext

    def fingerprint(self) -> str:
        """Hash of content and texts."""
        captions = [self.captions] if self.captions else []
        return _hash([self.sha256, self.alt, self.caption, self.credit, *captions])


@dataclass(frozen=True)
class PublishedReply:
    """A reply that may be shown with a takeaway, wherever it was written."""

    author: str
    # Plain text.
    text: str
    written_at: datetime
    # Name of its origin ("here at the gathering", a target's name), and its URL or ''.
    where: str
    url: str


@dataclass(frozen=True)
class CrossLink:
    """Another target where the same story can be read."""

    # The target's kind and name.
    kind: str
    name: str
    url: str


@dataclass(frozen=True)
class Block:
    """One takeaway in a post: text, files, or both. Kind 'words': an organizer's Markdown between takeaways."""

    takeaway: str
    kind: str
    # The contributor's text, and the organizer's caption.
    text: str
    caption: str
    author: str
    intent: str
    prompt: str
    recorded_at: datetime
    media: tuple[PostMedia, ...]
    # Approved replies, oldest first, and the number of "me too" votes.
    replies: tuple[PublishedReply, ...] = ()
    votes: int = 0
    # Kind of a file this target does not accept ('video', 'audio'; its still may be among
    # ``media``), and the URL of a copy that has it, or ''.
    instead: str = ""
    whole: str = ""
    # For a film made here: the takeaways seen in it.
    parts: tuple[str, ...] = ()

    def files(self) -> Iterator[PostMedia]:
        """Its files, each poster frame before its video."""
        for media in self.media:
            if media.poster is not None:
                yield media.poster
            yield media

    @property
    def paragraphs(self) -> list[str]:
        """The contributor's text, split at blank lines."""
        return [
            part.strip() for part in self.text.replace("\r\n", "\n").split("\n\n") if part.strip()
        ]


@dataclass(frozen=True)
class SessionInfo:
    """Place and time of the session a post is about."""

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
    """A story as it may be shown at one target."""

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
    # The organizer's short text for targets with little room; empty: derived from title and lead.
    short: str = ""
    # Other copies, the canonical one first. Empty until another one was sent.
    copies: tuple[CrossLink, ...] = ()
    # Replies to the story as a whole (only for targets that show replies from elsewhere).
    replies: tuple[PublishedReply, ...] = ()
    # Ids of takeaways that the target may still show although they are not in the story any more.
    # Where readers can see earlier versions, such a post has to be made anew.
    lost: tuple[str, ...] = ()

    @property
    def takeaways(self) -> list[str]:
        """Ids of its takeaways."""
        return [block.takeaway for block in self.blocks if block.takeaway]

    @property
    def shown(self) -> list[str]:
        """Ids of its takeaways and of those seen in its films."""
        return [
            one for block in self.blocks if block.takeaway for one in (block.takeaway, *block.parts)
        ]

    def media(self) -> Iterator[PostMedia]:
        """All files, each once, posters before their videos."""
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
        """Hash of everything that would be sent, independent of local file paths."""
        return _hash([FORM, _plain(asdict(self))])


def _plain(value: Any) -> Any:
    """JSON-ready data without local paths, film parts (already in the film's bytes) and what is lost; times and
    ids as text.
    """
    if isinstance(value, dict):
        sent = {key: one for key, one in value.items() if key not in _NOT_SENT}
        return {_FIRST_NAMES.get(key, key): _plain(one) for key, one in sent.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


class RemoteRow(Protocol):
    """A ledger row or its frozen columns."""

    @property
    def remote_id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def memory(self) -> DeliveryMemory: ...


def known_remote(row: RemoteRow) -> Remote | None:
    """The object at the target, according to the ledger."""
    return Remote(row.remote_id, row.url, row.memory.extra) if row.remote_id else None
