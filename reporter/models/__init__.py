"""SQLAlchemy models, one module per subject. Importing this package fills the metadata."""

from reporter.models.camera import Camera, CardImport, Cut, Shot
from reporter.models.captions import Captions
from reporter.models.conversation import BlockedPerson, Reply, ReplyPoll
from reporter.models.edits import Edit, Face
from reporter.models.follow_up import ActionItem, Contact, NextGathering, PlanStep
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
from reporter.models.image_quality import ImageQuality, SimilarGroup
from reporter.models.outbox import OutboxState, SentDraft, Takedown, TargetStatus
from reporter.models.publishing import Delivery, Target
from reporter.models.story import Film, Story, StoryItem, StoryText
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
from reporter.models.themes import Theme, ThemeMember, ThemeStep

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
]
