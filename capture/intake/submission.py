"""An offer to the intake, and the rules that can be checked on it alone."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from capture.decoding.format_names import unreadable_format
from capture.decoding.mime_sniff import MediaType, sniff
from reporter.config import LimitSettings
from reporter.enums import Audience, Consent, Intent, Source
from reporter.errors import BadInput, Forbidden, TooLarge, UnsupportedMedia
from reporter.media.store import Incoming
from reporter.messages import N_
from reporter.models import EventSession

AUTHOR_CHARS = 200
PROMPT_CHARS = 500
_LONG_TEXT = N_("The text has %(count)s characters; %(most)s fit. Please make it shorter.")
_LONG_NAME = N_("The name has %(count)s characters; %(most)s fit. Please make it shorter.")
_LONG_PROMPT = N_("The prompt has %(count)s characters; %(most)s fit. Please make it shorter.")
FILENAME_CHARS = 200
OFFER_FIELDS = ("text", "author", "prompt", "intent", "audience", "consent", "client_id", "source")


@dataclass(frozen=True)
class ReceivedFile:
    """A complete file in ``incoming/``: every byte of it is on disk. ``head``: its first 8 KB."""

    path: Path
    size: int
    sha256: str
    head: bytes
    filename: str = ""

    @classmethod
    def of(cls, incoming: Incoming, filename: str = "") -> ReceivedFile:
        """Create from an incoming file, which is finished here (fsync)."""
        incoming.finish()
        return cls(incoming.path, incoming.size, incoming.sha256, incoming.head, filename)


@dataclass(frozen=True)
class Submission:
    """An offer to a session. Empty ``audience``: the session's own; no ``recorded_at``: now."""

    event: EventSession
    text: str = ""
    files: Sequence[ReceivedFile] = ()
    author: str = ""
    prompt: str = ""
    intent: str = ""
    audience: str = ""
    consent: str = ""
    client_id: str | None = None
    source: str = Source.PHONE
    # The device it comes from (kiosk.web.middleware.device_cookie); empty if unknown.
    device: str = ""
    recorded_at: datetime | None = None


def normalized(offer: Submission) -> Submission:
    """The offer with trimmed words and canonical ``client_id``; raises BadInput."""
    return dataclasses.replace(
        offer,
        text=plain_text(offer.text),
        author=" ".join(plain_text(offer.author).split()),
        prompt=plain_text(offer.prompt),
        intent=offer.intent.strip(),
        audience=offer.audience.strip(),
        consent=offer.consent.strip(),
        client_id=_client_id(offer.client_id),
    )


def check_words(offer: Submission, limits: LimitSettings) -> None:
    """Refuse unknown choices (BadInput) and words that are too long (TooLarge). For a normalized
    offer."""
    choices = (
        ("intent", offer.intent, {"", *Intent}),
        ("audience", offer.audience, {"", *Audience}),
        ("consent", offer.consent, set(Consent)),
        ("source", offer.source, set(Source)),
    )
    for name, value, allowed in choices:
        if value not in allowed:
            raise BadInput(
                "%(name)s is %(value)s; it can be %(choices)s.",
                name=name,
                value=f"{value!r}",
                choices=", ".join(sorted(map(str, allowed - {""}))),
            )
    check_lengths(limits, text=offer.text, author=offer.author, prompt=offer.prompt)


def check_lengths(
    limits: LimitSettings, *, text: str = "", author: str = "", prompt: str = ""
) -> None:
    """Refuse words that are too long (TooLarge)."""
    lengths = (
        (_LONG_TEXT, text, limits.text_chars),
        (_LONG_NAME, author, AUTHOR_CHARS),
        (_LONG_PROMPT, prompt, PROMPT_CHARS),
    )
    for template, value, most in lengths:
        if len(value) > most:
            raise TooLarge(template, count=len(value), most=most)


def check_recordable(event: EventSession | Row[Any]) -> None:
    """Raise Forbidden for a session of which only words may be kept."""
    if event.do_not_record:
        raise Forbidden(
            "The people of this session asked not to be recorded. Write a line of text instead: that is welcome."
        )


def media_type_of(file: ReceivedFile) -> MediaType:
    """Detect a file's type from its content; raises BadInput for an empty file, UnsupportedMedia
    for a type that is not kept."""
    name = file.filename or "This file"
    if not file.size:
        raise BadInput("%(name)s is empty. Choose it once more.", name=name)
    found = sniff(file.head)
    if found is None:
        other = unreadable_format(file.filename)
        if other is not None:
            raise UnsupportedMedia(
                "%(name)s can't be kept: %(format)s can't be opened here. Save it as %(instead)s "
                "and send that.",
                name=name,
                format=other[0],
                instead=other[1],
            )
        raise UnsupportedMedia(
            "%(name)s is not a photo, a video or a sound that can be kept. Send a JPEG, PNG, "
            "MP4 or similar.",
            name=name,
        )
    return found


def file_name(name: str) -> str:
    """The base name as a camera or phone wrote it, without characters that could manipulate a
    terminal or a path."""
    last = plain_text(name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[-FILENAME_CHARS:]


# Override characters would reverse the letters after them and those of the page around.
# (Directional marks stay.)
_OVERRIDES = "\u202d\u202e"


def plain_text(text: str) -> str:
    """Normalize text for storage: trimmed, LF line ends, no control characters or bidi
    overrides."""
    # Forms send CRLF; control characters would break JSON, feeds and PostgreSQL (NUL).
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or c.isprintable() or c > "\x9f")
    return "".join(c for c in kept if c not in _OVERRIDES).strip()


def _client_id(value: str | None) -> str | None:
    if not value or not value.strip():
        return None
    try:
        return str(uuid.UUID(value.strip()))
    except ValueError as error:
        raise BadInput("client_id must be a UUID.") from error


def with_source(fields: Mapping[str, str], source: Source) -> dict[str, str]:
    """Set the origin in an upload's fields to what the server knows; a phone's need none."""
    own = {name: value for name, value in fields.items() if name != "source"}
    return own if source is Source.PHONE else {**own, "source": source.value}


def offer_of_fields(
    event: EventSession, fields: Mapping[str, str], *files: ReceivedFile
) -> Submission:
    """The offer that an upload's fields describe; unknown fields are ignored."""
    words = {name: fields[name] for name in OFFER_FIELDS if name in fields}
    return Submission(event, files=files, **words)  # type: ignore[arg-type]
