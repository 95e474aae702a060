"""Models of the gathering itself, blocked devices, and the other laptops that share it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageJSON, MessageText


class Gathering(Base):
    """The event itself: one row. Settings that a person may edit are in ``reporter.toml``, not here."""

    __tablename__ = "gathering"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Counts every change of a takeaway (see moderation.decisions.bump_revision): the index compares
    # it to detect how far it lags.
    revision: Mapped[int] = mapped_column(default=0)
    # The address printed last, so that the desk can warn if the laptop's address has changed.
    printed_url: Mapped[str] = mapped_column(default="")
    # Since when the desk has paused intake. None: the kiosk is open.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The setting publish.check_faces, where the consent gate can read it (see reporter.annotations.face_review).
    check_faces: Mapped[bool] = mapped_column(default=False)
    # Since when free pages of the database or old index segments may hold withdrawn content; None: they hold none.
    purge_due_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the desk requested an index rebuild; None: done.
    reindex_requested_at: Mapped[datetime | None] = mapped_column("reindex_asked_at", UtcDateTime)
    # The wall's message and settings: see kiosk.web.screens.wall.
    announcement: Mapped[str] = mapped_column(Text, default="")
    wall_mode: Mapped[str] = mapped_column(default="")
    wall_paused: Mapped[bool] = mapped_column(default=False)
    wall_light: Mapped[bool] = mapped_column(default=False)


class BlockedDevice(Base):
    """A phone whose uploads are refused."""

    __tablename__ = "blocked_device"

    device: Mapped[str] = mapped_column(primary_key=True)
    blocked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")


class ProgramVersion(Base):
    """A version of this program that has opened the gathering, and when first; the oldest one created it."""

    __tablename__ = "program_version"

    version: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CopyMade(Base):
    """A copy outside the gathering's folder, so that whoever deletes something can be told where it still exists."""

    __tablename__ = "copy_made"

    # The folder or file, as an absolute path.
    place: Mapped[str] = mapped_column(primary_key=True)
    # 'backup', 'bundle' or 'film'.
    kind: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Ids of the takeaways in it, if the copy can't be inspected: a film.
    takeaway_ids: Mapped[list[str]] = mapped_column("holds", JSON, default=list)


class DeskLogin(Base):
    """A browser of another machine that has logged in with the passphrase; see kiosk.web.middleware.login."""

    __tablename__ = "desk_login"

    # A keyed hash of the token in its cookie: reading the database is not enough to log in.
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RetentionNotice(Base):
    """Since when the desk has announced a deletion: nothing that somebody may want to keep is deleted unannounced."""

    __tablename__ = "retention_notice"

    # A reporter.privacy.retention.RetentionKind, and the id of the row that will be deleted.
    kind: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    announced_at: Mapped[datetime] = mapped_column("said_at", UtcDateTime)


class Deletion(Base):
    """What an organizer deleted, so that no laptop that still has it brings it back."""

    __tablename__ = "deletion"

    # A reporter.moderation.deletions.Deleted, and the id of the row that was deleted.
    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When it was last restored by undo; None: never.
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of a story: its number of changes, with the deletion as the last.
    edits: Mapped[int] = mapped_column(default=0)


class Peer(Base):
    """Another laptop of this gathering, or its hub. The shared token is not here: see reporter.secret_store."""

    __tablename__ = "peer"

    # The name it gives itself.
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str]
    # Its address; empty: only it connects to us.
    url: Mapped[str] = mapped_column(default="")
    # SHA-256 of the token, to authenticate its requests.
    token_digest: Mapped[str] = mapped_column(unique=True)
    # A hub: we push new content and fetch what is new there; it never connects to us.
    hub: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Pulls new content from it every few minutes.
    automatic: Mapped[bool] = mapped_column(default=False)
    # When the desk requested a merge; None: done.
    merge_requested_at: Mapped[datetime | None] = mapped_column("asked_at", UtcDateTime)
    # The last attempt to reach it, the last success, and the last merge.
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Its reported counts: "takeaways", "media", "bytes".
    reported_counts: Mapped[dict[str, Any]] = mapped_column("holds", JSON, default=dict)
    # The last snapshot merged (see kiosk.peers.snapshot); empty: none, or not completely. For a
    # hub: our snapshot that was merged there, and the mark of its rows that were merged here.
    snapshot: Mapped[str] = mapped_column(default="")
    received: Mapped[str] = mapped_column(default="", server_default="")
    # The last MergeReport with changes, as a dictionary.
    report: Mapped[dict[str, Any]] = mapped_column(MessageJSON, default=dict)
    # Why the last attempt failed; empty: it succeeded.
    error: Mapped[str] = mapped_column(MessageText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairingCode(Base):
    """A single-use code with an expiry date that pairs one other laptop."""

    __tablename__ = "pairing_code"

    # SHA-256 of the code.
    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
