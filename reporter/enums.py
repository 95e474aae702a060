"""Enumerations stored in the database, as text, so that a database stays readable by hand."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The main medium of a takeaway."""

    NOTE = "note"
    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"


class Intent(StrEnum):
    """Why the contributor recorded it."""

    LEARNED = "learned"
    IDEA = "idea"
    QUESTION = "question"
    ACTION = "action"


class Audience(StrEnum):
    """Who may see it, from widest to narrowest."""

    PUBLIC = "public"
    COMMUNITY = "community"
    ROOM = "room"


class Consent(StrEnum):
    """The contributor's statement on the people shown. NONE: not asked; UNANSWERED: asked, but no answer given."""

    NONE = ""
    UNANSWERED = "unanswered"
    AGREED = "agreed"
    UNSURE = "unsure"
    CHILD = "child"


class TakeawayState(StrEnum):
    """The organizers' decision, or withdrawal by the contributor."""

    NEW = "new"
    APPROVED = "approved"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class MediaState(StrEnum):
    """Processing state of an original. To the public, RECEIVED and PROCESSING are both 'processing'."""

    RECEIVED = "received"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Faces(StrEnum):
    """Face review state of a picture or film. Empty (stored as UNKNOWN): not checked yet."""

    UNKNOWN = ""
    NONE = "none"
    FOUND = "found"
    # Face detection failed: treated like a face.
    FAILED = "failed"
    # A person has reviewed it: all agreed, or what had to be is blurred.
    SEEN = "seen"


class ItemKind(StrEnum):
    """What a ledger row delivers; ``publish.outbox.items`` has a module for each."""

    MEDIA = "media"
    STORY = "story"
    # A target's own overview page.
    FRONT_PAGE = "front_page"
    # The organization's answer to a reply.
    ANSWER = "answer"
    # An email to one person.
    MESSAGE = "message"


class DeliveryState(StrEnum):
    """State of an (item, target) pair in the ledger."""

    # Derived, never stored: due or changed, but waiting for other items, or not allowed to be sent.
    WAITING = "waiting"
    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    # Sent, and an update is due.
    CHANGED = "changed"
    # Published by hand: a person does it and confirms it at the desk.
    MANUAL = "manual"
    PARKED = "parked"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """Where a takeaway came from. FILM: made here from other takeaways (see ``reporter.films``)."""

    PHONE = "phone"
    STATION = "station"
    CARD = "card"
    FILM = "film"


class ImportState(StrEnum):
    """State of a card import."""

    ASKED = "asked"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Mark(StrEnum):
    """What a shot on a card means for the shots that follow it. Empty (stored as NONE): nothing."""

    NONE = ""
    SESSION = "session"
    END = "end"
    # A session's code, but too small or too far off-centre to be sure that it was meant.
    SMALL = "small"
    # Looks like a marker, but can't be decoded.
    UNREAD = "unread"


class CutOrigin(StrEnum):
    """Why a roll is cut at a shot."""

    MARKER = "marker"
    END = "end"
    SMALL = "small"
    UNREAD = "unread"
    TIME = "time"
    ORDER = "order"
    HAND = "hand"


class ClockBasis(StrEnum):
    """Source of a camera's clock offset, the most reliable last. Empty (stored as NONE): unknown."""

    NONE = ""
    RIGHT = "right"
    SCHEDULE = "schedule"
    KIOSK = "kiosk"
    HAND = "hand"


class ReplyKind(StrEnum):
    """Kind of reply or reaction to a takeaway. The first three are made at the gathering itself."""

    ANSWER = "answer"
    BUILD = "build"
    # "Me too": without words.
    SECOND = "second"
    REPLY = "reply"
    MENTION = "mention"
    BOOST = "boost"
    FAVOURITE = "favourite"
    # For the organizers only: a report that this should not be here.
    REPORT = "report"


class ReplyState(StrEnum):
    """Whether a reply is shown. GONE: deleted at its source, or withdrawn here."""

    HELD = "held"
    SHOWN = "shown"
    HIDDEN = "hidden"
    SPAM = "spam"
    GONE = "gone"


class ItemState(StrEnum):
    """State of an open item."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class StepState(StrEnum):
    """State of a step of the plan. SENT: approved by a person; the outbox does the rest."""

    PLANNED = "planned"
    DRAFTED = "drafted"
    SENT = "sent"
    SKIPPED = "skipped"
