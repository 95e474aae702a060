"""Previews the changes of a schedule import, and keeps the file between preview and import.

``read`` and ``preview`` are the only interface to the core's parsers: a richer preview from them
can replace these.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from publish.net.http import HttpClient
from reporter.config import GatheringSettings
from reporter.errors import BadInput, NotFound
from reporter.gathering.schedule_preview import SessionUpdate as PlannedChange
from reporter.gathering.schedule_preview import plan_import
from reporter.media.store import Store
from reporter.schedule import MAX_BYTES, Reading, inspect_schedule, inspect_schedules

# The fields of a session whose changes a person would notice.
SHOWN = (
    "title",
    "starts_at",
    "ends_at",
    "room",
    "speakers",
    "language",
    "do_not_record",
    "words_leave",
)
# Before several files in one; no schedule begins with it.
_PACKED = b"\0several schedules\0"
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ListedChange:
    """The change of one session. ``kind``: added, changed, back (it was removed) or gone.

    ``fields``: (name, before, after) of what a person would notice.
    """

    kind: str
    title: str
    starts_at: Any
    room: str
    fields: tuple[tuple[str, Any, Any], ...] = ()
    # Whether it has no time because that of the file was not understood.
    start_unread: bool = False


@dataclass(frozen=True)
class ImportEffects:
    """The effects of an import."""

    changes: tuple[ListedChange, ...]
    unchanged: int
    # Messages about what was read but not imported.
    warnings: tuple[str, ...]
    # The time zone in the file, if it differs from the gathering's.
    zone: str
    # How many sessions the file has, when the first starts and the last ends; None if none has a time.
    count: int
    first: datetime | None
    last: datetime | None


def packed(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Several files as one, for ``preview``, ``put_aside`` and ``read``; a single one as it is."""
    if len(files) == 1:
        return files[0][1]
    pairs = [[name, base64.b64encode(data).decode()] for name, data in files]
    return _PACKED + json.dumps(pairs).encode()


def first_day(gathering: GatheringSettings) -> date | None:
    """The day on which a gathering begins; None if it was not set."""
    return date.fromisoformat(gathering.date) if gathering.date else None


def read(data: bytes, gathering: GatheringSettings) -> Reading:
    """Parse the schedule, with what was left out or is in doubt; raises BadInput.

    What names neither zone nor day has those of the gathering.
    """
    timezone, day = gathering.timezone, first_day(gathering)
    if not data.startswith(_PACKED):
        return inspect_schedule(data, timezone=timezone, day=day)
    files = [(name, base64.b64decode(text)) for name, text in json.loads(data[len(_PACKED) :])]
    return inspect_schedules(files, timezone=timezone, day=day)


def preview(session: Session, data: bytes, gathering: GatheringSettings) -> ImportEffects:
    """Compute what importing this schedule would change; changes nothing. Raises BadInput for an
    invalid schedule."""
    reading, timezone = read(data, gathering), gathering.timezone
    plan = plan_import(session, reading.sessions)
    changes = (
        *(
            ListedChange(
                "added", item.title, item.starts_at, item.room, start_unread=item.start_unread
            )
            for item in plan.new
        ),
        *(_described(change) for change in plan.changed),
        *(ListedChange("gone", row.title, row.starts_at, row.room) for row in plan.gone),
    )
    zone = reading.named_zone if reading.named_zone != timezone else ""
    timed = [item for item in reading.sessions if item.starts_at]
    return ImportEffects(
        changes,
        len(plan.same),
        (*reading.left_out, *reading.notes),
        zone,
        count=len(reading.sessions),
        first=min((item.starts_at for item in timed if item.starts_at), default=None),
        last=max((end for item in timed if (end := item.ends_at or item.starts_at)), default=None),
    )


def _described(change: PlannedChange) -> ListedChange:
    fields = tuple(
        (name, getattr(change.row, name), change.values[name])
        for name in SHOWN
        if name in change.values
    )
    kind = "back" if change.row.retired else "changed"
    return ListedChange(
        kind,
        change.item.title,
        change.item.starts_at,
        change.item.room,
        fields,
        change.item.start_unread,
    )


def fetch(url: str) -> bytes:
    """Download the schedule from a URL, also from one that calendars subscribe to (``webcal:``); raises BadInput, or
    what publish.net.http raises where nothing responds."""
    url = re.sub(r"^webcals?://", "https://", url.strip(), flags=re.IGNORECASE)
    if not url.lower().startswith(("http://", "https://")):
        raise BadInput("An address begins with http:// or https://.")
    web = HttpClient(url.split("/")[2] or url)
    try:
        answer = web.page(url, most=MAX_BYTES + 1)
        if answer.status >= 300:
            raise web.error(answer, url)
    finally:
        web.close()
    return answer.body


def put_aside(store: Store, data: bytes) -> str:
    """Store a schedule until a person has seen its preview; returns its name. Only the latest is
    kept."""
    name = hashlib.sha256(data).hexdigest()
    for other in store.incoming.glob("schedule-*"):
        other.unlink(missing_ok=True)
    _path(store, name).write_bytes(data)
    return name


def take_up(store: Store, name: str) -> bytes:
    """Load what ``put_aside`` stored; raises NotFound when a newer schedule replaced it."""
    try:
        return _path(store, name).read_bytes()
    except OSError as error:
        raise NotFound(
            "This preview is no longer there. Bring the schedule in once more."
        ) from error


def _path(store: Store, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise NotFound("This preview is no longer there. Bring the schedule in once more.")
    return store.incoming / f"schedule-{name}"
