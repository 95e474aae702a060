"""Targets and the ledger of deliveries to them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageString
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import Audience, DeliveryState

# Options that tell a place from others of its kind.
_PLACE = ("url", "user", "endpoint", "host", "to", "room", "page", "under", "branch", "folder")
# Kinds whose account only the secret names.
_BY_TOKEN = ("mastodon",)


class Target(Base):
    """A place to publish. Its credentials are not here (see ``reporter.secret_store``)."""

    __tablename__ = "target"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Audience of the target: community content never goes to a public place.
    audience: Mapped[str] = mapped_column(default=Audience.PUBLIC)
    # Message why nothing is sent until a person has checked it (rejected credentials). Empty: no problem.
    paused: Mapped[str] = mapped_column(MessageString, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    deliveries: Mapped[list[Delivery]] = relationship(
        back_populates="target", cascade="all, delete-orphan"
    )

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from others, on every laptop: kind, server, account, and the part of it; its name where
        those don't."""
        parts = [str(self.options.get(name, "")).rstrip("/") for name in _PLACE]
        whole = self.kind not in _BY_TOKEN and any(parts)
        return (self.kind, *parts, "" if whole else self.name)


class Delivery(Base):
    """The ledger: one row per (item, target)."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("target_id", "item_kind", "item_id"),
        Index("delivery_state_due", "state", "due_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    target_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("target.id"))
    # A value of ``ItemKind``.
    item_kind: Mapped[str]
    item_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    # Our own name for the item at the target: slug, file name, record key. Looked up before anything is sent again.
    key: Mapped[str]
    state: Mapped[str] = mapped_column(default=DeliveryState.DUE)
    # Fingerprint of the desired content, and of the acknowledged one. If they differ, an update is due.
    wanted: Mapped[str] = mapped_column(default="")
    sent: Mapped[str] = mapped_column(default="")
    remote_id: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    # Read and written through ``memory``.
    remote: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # Bytes to upload, and bytes sent so far; ``big``: others go first, and do not wait for it.
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    bytes_sent: Mapped[int] = mapped_column("moved", BigInteger, default=0)
    big: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(MessageString, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    target: Mapped[Target] = relationship(back_populates="deliveries")

    @property
    def memory(self) -> DeliveryMemory:
        """The column ``remote``, typed."""
        return DeliveryMemory.from_json(self.remote or {})

    @memory.setter
    def memory(self, memory: DeliveryMemory) -> None:
        self.remote = memory.to_json()
