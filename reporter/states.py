"""The words that rows carry. Stored as text, so that a database stays readable by hand."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a takeaway mainly is."""

    NOTE = "note"
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"


class Intent(StrEnum):
    """Why it was recorded."""

    LEARNED = "learned"
    IDEA = "idea"
    QUESTION = "question"
    ACTION = "action"


class Audience(StrEnum):
    """Who may see it, widest first."""

    PUBLIC = "public"
    COMMUNITY = "community"
    ROOM = "room"


class Consent(StrEnum):
    """What its contributor said of the people in it. Empty (not asked) is stored as NONE."""

    NONE = ""
    AGREED = "agreed"
    UNSURE = "unsure"
    CHILD = "child"


class TakeawayState(StrEnum):
    """The organizers' decision, or the contributor's withdrawal."""

    NEW = "new"
    APPROVED = "approved"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class MediaState(StrEnum):
    """How far an original has come. Outside, RECEIVED and PROCESSING are both 'processing'."""

    RECEIVED = "received"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class DeliveryState(StrEnum):
    """Where one (item, target) stands in the ledger."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """The door's three guests."""

    PHONE = "phone"
    STATION = "station"
    CARD = "card"
