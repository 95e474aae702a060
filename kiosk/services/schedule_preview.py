"""What bringing in a schedule would change, before it does; and the file that waits between the two.

``read`` and ``preview`` are the one seam to the core's readers: a richer preview of theirs takes their place here.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from publish.net.http import HttpClient
from reporter.errors import BadInput, NotFound
from reporter.gathering.schedule_preview import Change as PlannedChange
from reporter.gathering.schedule_preview import plan_import
from reporter.media.store import Store
from reporter.schedule import MAX_BYTES, Reading, inspect_schedule

# What of a session a person would notice.
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
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """One session of the preview. ``kind``: added, changed, back (it was removed) or gone.

    ``fields``: (name, before, after) of what a person would notice.
    """

    kind: str
    title: str
    starts_at: Any
    room: str
    fields: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True)
class Preview:
    """What an import would do."""

    changes: tuple[Change, ...]
    unchanged: int
    # Things that were read but not taken over, as sentences.
    warnings: tuple[str, ...]
    # The time zone that the file names, if it isn't the gathering's.
    zone: str


def read(data: bytes, timezone: str) -> Reading:
    """The schedule with what was left out or is in doubt; raises BadInput."""
    return inspect_schedule(data, timezone=timezone)


def preview(session: Session, data: bytes, timezone: str) -> Preview:
    """What importing this schedule would change; changes nothing. Raises BadInput for what is no schedule."""
    reading = read(data, timezone)
    plan = plan_import(session, reading.sessions)
    changes = (
        *(Change("added", item.title, item.starts_at, item.room) for item in plan.new),
        *(_described(change) for change in plan.changed),
        *(Change("gone", row.title, row.starts_at, row.room) for row in plan.gone),
    )
    zone = reading.named_zone if reading.named_zone != timezone else ""
    return Preview(changes, len(plan.same), (*reading.left_out, *reading.notes), zone)


def _described(change: PlannedChange) -> Change:
    fields = tuple(
        (name, getattr(change.row, name), change.values[name])
        for name in SHOWN
        if name in change.values
    )
    kind = "back" if change.row.retired else "changed"
    return Change(kind, change.item.title, change.item.starts_at, change.item.room, fields)


def fetch(url: str) -> bytes:
    """The schedule at an address; raises BadInput, or what publish.net.http raises where nothing answers."""
    url = url.strip()
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
    """Keep a schedule until a person has looked at its preview; its name. Only the last one is kept."""
    name = hashlib.sha256(data).hexdigest()
    for other in store.incoming.glob("schedule-*"):
        other.unlink(missing_ok=True)
    _path(store, name).write_bytes(data)
    return name


def take_up(store: Store, name: str) -> bytes:
    """What ``put_aside`` has kept; raises NotFound when another schedule came after it."""
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
