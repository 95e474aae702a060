"""What a film shows, piece by piece: said by the plan, drawn by capture.films."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Shape(StrEnum):
    """How the picture lies."""

    LANDSCAPE = "landscape"
    SQUARE = "square"
    UPRIGHT = "upright"


# Width and height in pixels: the same number of them, so that each shape takes about the same time.
SIZES = {Shape.LANDSCAPE: (1280, 720), Shape.SQUARE: (960, 960), Shape.UPRIGHT: (720, 1280)}


class PieceKind(StrEnum):
    """What is seen."""

    TITLE = "title"
    SESSION = "session"
    PHOTO = "photo"
    VIDEO = "video"
    QUOTE = "quote"
    CREDITS = "credits"
    CLOSING = "closing"


@dataclass(frozen=True)
class Piece:
    """One thing that is seen, for ``seconds``.

    ``heading`` and ``words`` are set as type, ``credit`` is who made it. ``path`` is the rendition of a photo or a
    video. ``url`` becomes a QR code. ``is_whole``: nothing of the picture may be cut off (there are words in it).
    """

    kind: PieceKind
    seconds: float
    heading: str = ""
    words: str = ""
    credit: str = ""
    receipt: str = ""
    path: str = ""
    url: str = ""
    is_whole: bool = False
    # SHA-256 of the original and of the rendition, and the edits of that: what was edited since makes another film.
    media: str = ""
    rendition: str = ""
    mended: str = ""


@dataclass(frozen=True)
class Heard:
    """What is heard of a recording (``media``: its SHA-256): ``seconds`` from ``start``, ``at`` seconds in the film."""

    media: str
    at: float
    start: float
    seconds: float


@dataclass(frozen=True)
class Script:
    """A film before it is made. ``music`` is a sound file that an organizer brought, '' for none."""

    pieces: tuple[Piece, ...]
    shape: Shape = Shape.LANDSCAPE
    music: str = ""

    @property
    def seconds(self) -> float:
        """How long it runs."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def fingerprint(self) -> str:
        """The same for the same film."""
        return sha256(repr(self).encode()).hexdigest()

    @property
    def receipts(self) -> tuple[str, ...]:
        """The takeaways that are in it, in order."""
        return tuple(piece.receipt for piece in self.pieces if piece.receipt)
