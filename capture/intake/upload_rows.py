"""Rows of uploads in progress, by statements on the table: the ORM costs several times as much, with every request."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, Select, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session

from reporter.models import Upload

_UPLOADS: Any = Upload.__table__


@dataclass(frozen=True)
class UploadProgress:
    """Progress of an upload. ``receipt`` is set only once its takeaway is durable."""

    id: str
    offset: int
    length: int
    receipt: str
    expires_at: datetime
    fields: Mapping[str, str]
    session_id: uuid.UUID
    device: str


def add(session: Session, begun: UploadProgress, *, now: datetime) -> None:
    """Add the row of an upload. Does not commit."""
    values = {field.name: getattr(begun, field.name) for field in dataclasses.fields(begun)}
    # The file's length is the offset.
    del values["offset"]
    session.execute(_insert(), {**values, "created_at": now})


def find(session: Session, upload_id: str) -> UploadProgress | None:
    """The row of an upload. ``offset``: only if complete."""
    row = session.execute(_row_query(), {"known": upload_id}).one_or_none()
    if row is None:
        return None
    values = {**row._mapping, "fields": dict(row.fields)}
    return UploadProgress(offset=row.length if row.receipt else 0, **values)


def note_receipt(session: Session, upload_id: str, receipt: str) -> None:
    """Record that an upload is complete. Does not commit."""
    session.execute(_note_receipt(), {"known": upload_id, "given": receipt})


@functools.cache
def _insert() -> Insert:
    return insert(_UPLOADS)


@functools.cache
def _row_query() -> Select[Any]:
    c = _UPLOADS.c
    columns = (c.id, c.length, c.receipt, c.expires_at, c.fields, c.session_id, c.device)
    return select(*columns).where(c.id == bindparam("known"))


@functools.cache
def _note_receipt() -> Update:
    known = _UPLOADS.c.id == bindparam("known")
    return update(_UPLOADS).where(known).values(receipt=bindparam("given"))
