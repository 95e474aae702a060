"""The gathering itself, devices that may not send to it, and the other laptops that share it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text, Uuid, false
from sqlalchemy.orm import Mapped, mapped_column

from reporter.database.engine import Base, UtcDateTime
from reporter.database.message_column import MessageJSON, MessageText


class Gathering(Base):
    """The event itself: one row. What a person may edit stands in ``reporter.toml``, not here."""

    __tablename__ = "gathering"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Counts every change of a takeaway (see curate.touch): the index compares it to know how far it is behind.
    revision: Mapped[int] = mapped_column(default=0)
    # What was printed last, so that the desk can warn when the laptop's address has changed.
    printed_url: Mapped[str] = mapped_column(default="")
    # Since when nothing is taken in, by the desk's decision. None: the kiosk is open.
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The setting publish.check_faces, where the gate can see it (see reporter.annotations.face_review).
    check_faces: Mapped[bool] = mapped_column(default=False)
    # Since when freed pages of the database or old index segments may hold withdrawn content; None: they hold none.
    purge_due_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the desk asked for the index to be built again; None: that is done.
    reindex_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the wall tells everybody, and what it shows: see kiosk.web.screens.wall.
    announcement: Mapped[str] = mapped_column(Text, default="")
    wall_mode: Mapped[str] = mapped_column(default="")
    wall_paused: Mapped[bool] = mapped_column(default=False)
    wall_light: Mapped[bool] = mapped_column(default=False)


class BlockedDevice(Base):
    """A phone from which nothing is taken any more."""

    __tablename__ = "blocked_device"

    device: Mapped[str] = mapped_column(primary_key=True)
    blocked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    who: Mapped[str] = mapped_column(default="")


class ProgramVersion(Base):
    """A version of this program that has opened the gathering, and when it did so first; the oldest has made it."""

    __tablename__ = "program_version"

    version: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CopyMade(Base):
    """A copy that left the gathering's folder: so that whoever erases something can be told where it still is."""

    __tablename__ = "copy_made"

    # The folder or file, as an absolute path.
    place: Mapped[str] = mapped_column(primary_key=True)
    # 'backup', 'bundle' or 'film'.
    kind: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Ids of the takeaways in it, where the copy itself can't tell: a film.
    holds: Mapped[list[str]] = mapped_column(JSON, default=list)


class DeskLogin(Base):
    """A browser of another machine that knows the passphrase; see kiosk.web.middleware.login."""

    __tablename__ = "desk_login"

    # A keyed hash of the token in its cookie: whoever reads the database can't log in with it.
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RetentionNotice(Base):
    """Since when the desk says that something will go: nothing that somebody may want to keep goes unannounced."""

    __tablename__ = "retention_notice"

    # A word of reporter.privacy.retention.Kind, and the id of the row that will go.
    kind: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Peer(Base):
    """Another laptop of this gathering, or its hub. The token that both know is not here: see reporter.secret_store."""

    __tablename__ = "peer"

    # What the other one calls itself.
    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str]
    # Where it can be asked; empty: it only asks us.
    url: Mapped[str] = mapped_column(default="")
    # SHA-256 of the token, so that it is known when it asks us.
    token_digest: Mapped[str] = mapped_column(unique=True)
    # What is new here is brought there, and what is new there comes back; it asks nothing of us.
    hub: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Takes in what is new there every few minutes.
    automatic: Mapped[bool] = mapped_column(default=False)
    # When the desk asked for a merge; None: that is done.
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last try to reach it, the last that worked, and the last merge.
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What it said of itself: "takeaways", "media", "bytes".
    holds: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # The snapshot that was merged last (see kiosk.peers.snapshot); empty: nothing, or not all of it. Of a hub: ours
    # that was merged there, and the mark of its rows that were merged here.
    snapshot: Mapped[str] = mapped_column(default="")
    received: Mapped[str] = mapped_column(default="", server_default="")
    # The last MergeReport that brought something, as a dictionary.
    report: Mapped[dict[str, Any]] = mapped_column(MessageJSON, default=dict)
    # Why the last try did not work; empty: it did.
    error: Mapped[str] = mapped_column(MessageText, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PairingCode(Base):
    """A code that pairs one other laptop, once, until it runs out."""

    __tablename__ = "pairing_code"

    # SHA-256 of the code.
    digest: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
