"""The film script, piece by piece: written by the plan, rendered by capture.films."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class AspectRatio(StrEnum):
    """Aspect ratio of the picture."""

    LANDSCAPE = "landscape"
    SQUARE = "square"
    UPRIGHT = "upright"


# Between the names of the credits.
BETWEEN = " · "
# Width and height in pixels: the same number of pixels for each shape, so that rendering takes about the same time.
SIZES = {
    AspectRatio.LANDSCAPE: (1280, 720),
    AspectRatio.SQUARE: (960, 960),
    AspectRatio.UPRIGHT: (720, 1280),
}


class PieceKind(StrEnum):
    """Kind of piece."""

    TITLE = "title"
    SESSION = "session"
    PHOTO = "photo"
    VIDEO = "video"
    QUOTE = "quote"
    CREDITS = "credits"
    CLOSING = "closing"


@dataclass(frozen=True)
class Piece:
    """One piece that is shown for ``seconds``.

    ``heading`` and ``words`` are set as type, ``credit`` names the author. ``path`` is the
    rendition of a photo or a video. ``url`` becomes a QR code. ``is_whole``: the picture must not
    be cropped (it contains words).
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
    # SHA-256 of the original and of the rendition, and its edits: editing a picture changes the film.
    media: str = ""
    rendition: str = ""
    edits_fingerprint: str = ""

    @property
    def fingerprint_text(self) -> str:
        """All of it as text, of which fingerprints are taken. Never change this form, or every finished film counts as
        outdated (``mended`` is the first name of ``edits_fingerprint``)."""
        return (
            f"Piece(kind=<PieceKind.{self.kind.name}: {self.kind.value!r}>, seconds={self.seconds!r}, "
            f"heading={self.heading!r}, words={self.words!r}, credit={self.credit!r}, "
            f"receipt={self.receipt!r}, path={self.path!r}, url={self.url!r}, "
            f"is_whole={self.is_whole!r}, media={self.media!r}, rendition={self.rendition!r}, "
            f"mended={self.edits_fingerprint!r})"
        )


@dataclass(frozen=True)
class SoundExcerpt:
    """Audio of a recording (``media``: its SHA-256): ``seconds`` from ``start``, played at ``at``
    seconds of the film."""

    media: str
    at: float
    start: float
    seconds: float


@dataclass(frozen=True)
class Script:
    """A film before it is rendered. ``music`` is a sound file from the organizer, '' for none;
    ``language`` is the gathering's."""

    pieces: tuple[Piece, ...]
    shape: AspectRatio = AspectRatio.LANDSCAPE
    music: str = ""
    language: str = "en"

    @property
    def seconds(self) -> float:
        """Total length."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def fingerprint(self) -> str:
        """Hash of the script; the same for the same film, whatever version made it.

        Without the language: it is that of the cards' words, which are in it.
        """
        pieces = "".join(f"{piece.fingerprint_text}, " for piece in self.pieces)
        pieces = pieces.rstrip() if len(self.pieces) == 1 else pieces.removesuffix(", ")
        shape = f"<Shape.{self.shape.name}: {self.shape.value!r}>"
        text = f"Script(pieces=({pieces}), shape={shape}, music={self.music!r})"
        return sha256(text.encode()).hexdigest()

    @property
    def receipts(self) -> tuple[str, ...]:
        """Receipts of the takeaways in it, in order."""
        return tuple(piece.receipt for piece in self.pieces if piece.receipt)
