"""SQLAlchemy models, one module per subject.

Those that the first page of a kiosk needs are mapped when this package is imported, the others when one is asked for:
mapping all takes a tenth of a kiosk's start. ``whole_metadata`` has the tables of all.

A class of the others refers only to classes above it, or of modules that its own imports: another thread may use the
mappers at any moment while it is being loaded, and SQLAlchemy never tries again what it could not resolve once.

An attribute has the field's term. Where that was found late, its column keeps the first name, as in
``mapped_column("mended")``: web processes of the version before go on while a hub is upgraded, so migrations rename
nothing (docs/hub.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from reporter.database.engine import Base
from reporter.models.gathering import (
    BlockedDevice,
    CopyMade,
    Deletion,
    DeskLogin,
    Gathering,
    PairingCode,
    Peer,
    RetentionNotice,
)
from reporter.models.publishing import Delivery, Target
from reporter.models.takeaway import (
    Attachment,
    Decision,
    EventSession,
    FilmPart,
    Media,
    ReceiptAlias,
    Rendition,
    Tag,
    Takeaway,
    Tombstone,
    Upload,
)

if TYPE_CHECKING:
    from reporter.models.camera import Camera, CardImport, Cut, Shot
    from reporter.models.conversation import BlockedPerson, Reply, ReplyPoll
    from reporter.models.edits import Edit, Face
    from reporter.models.follow_up import ActionItem, Contact, NextGathering, PlanStep
    from reporter.models.image_quality import ImageQuality, SimilarGroup
    from reporter.models.outbox import OutboxState, SentDraft, Takedown, TargetStatus
    from reporter.models.recording_captions import Captions
    from reporter.models.story import Film, Story, StoryItem, StoryText
    from reporter.models.themes import Theme, ThemeMember, ThemeStep

LATER = {
    "camera": ("Camera", "CardImport", "Cut", "Shot"),
    "conversation": ("BlockedPerson", "Reply", "ReplyPoll"),
    "edits": ("Edit", "Face"),
    "follow_up": ("ActionItem", "Contact", "NextGathering", "PlanStep"),
    "image_quality": ("ImageQuality", "SimilarGroup"),
    "outbox": ("OutboxState", "SentDraft", "Takedown", "TargetStatus"),
    "recording_captions": ("Captions",),
    "story": ("Film", "Story", "StoryItem", "StoryText"),
    "themes": ("Theme", "ThemeMember", "ThemeStep"),
}
_MODULES = {name: module for module, names in LATER.items() for name in names}


def whole_metadata() -> MetaData:
    """The tables of all models, of those that nobody has asked for too."""
    for module in LATER:
        import_module(f"{__name__}.{module}")
    return Base.metadata


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


__all__ = [
    "ActionItem",
    "Attachment",
    "BlockedDevice",
    "BlockedPerson",
    "Camera",
    "Captions",
    "CardImport",
    "Contact",
    "CopyMade",
    "Cut",
    "Decision",
    "Deletion",
    "Delivery",
    "DeskLogin",
    "Edit",
    "EventSession",
    "Face",
    "Film",
    "FilmPart",
    "Gathering",
    "ImageQuality",
    "Media",
    "NextGathering",
    "OutboxState",
    "PairingCode",
    "Peer",
    "PlanStep",
    "ReceiptAlias",
    "Rendition",
    "Reply",
    "ReplyPoll",
    "RetentionNotice",
    "SentDraft",
    "Shot",
    "SimilarGroup",
    "Story",
    "StoryItem",
    "StoryText",
    "Tag",
    "Takeaway",
    "Takedown",
    "Target",
    "TargetStatus",
    "Theme",
    "ThemeMember",
    "ThemeStep",
    "Tombstone",
    "Upload",
    "whole_metadata",
]
