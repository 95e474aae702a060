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
    """What its contributor said of the people in it. NONE: nobody asked; UNANSWERED: asked, no answer given."""

    NONE = ""
    UNANSWERED = "unanswered"
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


class Faces(StrEnum):
    """What is known of faces in a picture or film. Empty (stored as UNKNOWN): nobody has looked yet."""

    UNKNOWN = ""
    NONE = "none"
    FOUND = "found"
    # The detector could not look: as suspicious as a face.
    FAILED = "failed"
    # A person has looked: all agreed, or what had to be is blurred.
    SEEN = "seen"


class ItemKind(StrEnum):
    """What one row of the ledger delivers; ``publish.outbox.items`` has a module for each."""

    MEDIA = "media"
    STORY = "story"
    # A target's own overall page.
    FRONT_PAGE = "front_page"
    # What the organization answers to a reply.
    ANSWER = "answer"
    # A mail to one person.
    MESSAGE = "message"


class DeliveryState(StrEnum):
    """Where one (item, target) stands in the ledger."""

    # Only told, never stored: due or changed, but others have to go first, or it is not allowed to go.
    WAITING = "waiting"
    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    # Sent, and an update is due.
    CHANGED = "changed"
    # A person does it, and says so at the desk.
    MANUAL = "manual"
    PARKED = "parked"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """The door's guests. FILM: made here from other takeaways (see ``reporter.films``)."""

    PHONE = "phone"
    STATION = "station"
    CARD = "card"
    FILM = "film"


class ImportState(StrEnum):
    """How far the reading of a card has come."""

    ASKED = "asked"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


class Mark(StrEnum):
    """What a shot of a card says about the shots that follow it. Empty (stored as NONE): nothing."""

    NONE = ""
    SESSION = "session"
    END = "end"
    # A session's code, but too small or too far aside to be sure that it was meant.
    SMALL = "small"
    # It looks like a marker, and nothing can be read in it.
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
    """Where a camera's offset comes from, the surest last. Empty (stored as NONE): nothing is known."""

    NONE = ""
    RIGHT = "right"
    SCHEDULE = "schedule"
    KIOSK = "kiosk"
    HAND = "hand"


class ReplyKind(StrEnum):
    """What somebody did with a takeaway. The first three are said at the gathering itself."""

    ANSWER = "answer"
    BUILD = "build"
    # "Me too": no words of its own.
    SECOND = "second"
    REPLY = "reply"
    MENTION = "mention"
    BOOST = "boost"
    FAVOURITE = "favourite"
    # For the organizers only: somebody thinks that this should not be here.
    REPORT = "report"


class ReplyState(StrEnum):
    """Whether a reply is shown. GONE: deleted where it was written, or taken back here."""

    HELD = "held"
    SHOWN = "shown"
    HIDDEN = "hidden"
    SPAM = "spam"
    GONE = "gone"


class ItemState(StrEnum):
    """What has become of an open item."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class StepState(StrEnum):
    """How far a step of the plan is. SENT: a person said yes; the outbox does the rest."""

    PLANNED = "planned"
    DRAFTED = "drafted"
    SENT = "sent"
    SKIPPED = "skipped"
