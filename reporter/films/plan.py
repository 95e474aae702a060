"""Plan the film of the evening: which starred takeaways that pass the consent gate, in which order and how long."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reporter.enums import Kind, MediaState, Source
from reporter.errors import Conflict
from reporter.films.script import BETWEEN, AspectRatio, Piece, PieceKind, Script
from reporter.media.alt_text import own_words
from reporter.media.store import Store
from reporter.messages import N_
from reporter.models import EventSession, Media, Rendition, Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import with_everything

SHORTEST, USUAL, LONGEST = 15.0, 75.0, 180.0
TITLE_SECONDS, SESSION_SECONDS, CREDITS_SECONDS, CLOSING_SECONDS = 3.5, 2.2, 4.0, 5.0
# Seconds that a piece gets initially, and at most if there is room.
PHOTO_SECONDS, MOST_PHOTO_SECONDS = 3.2, 5.0
VIDEO_SECONDS, MOST_VIDEO_SECONDS = 6.0, 12.0
LEAST_QUOTE_SECONDS, MOST_QUOTE_SECONDS = 3.0, 8.0
# How much a piece may be shortened if there is much to show, so that more fit.
HURRIED = 0.75
# Reading speed in characters a second, after a moment to begin.
READING, BEGINNING = 16.0, 1.5
# The most text that can be read in time.
QUOTE_CHARS = 200
NOTHING = N_(
    "Nothing is starred yet, so there is nothing to make a film of. Star some photos, videos or notes at the desk, "
    "under Review, then make it."
)
NOTHING_TO_SEE = N_(
    "What is starred has nothing yet that a film could show. Photos and videos have to be ready, and a voice note "
    "needs words: write some under Review, then make the film."
)


@dataclass(frozen=True)
class Wish:
    """The organizer's choices: audience, length, order (receipts) and exclusions.

    ``lengths``: seconds of single pieces, by receipt; the others share the rest.
    """

    place: Scope = Scope.PUBLIC
    seconds: float = USUAL
    shape: AspectRatio = AspectRatio.LANDSCAPE
    order: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()
    music: str = ""
    lengths: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FilmWords:
    """Text set besides people's own words, in the gathering's language.

    ``sessions``: for each session's code the line below its title (time and room).
    ``language``: the gathering's, for hyphens.
    """

    title: str
    subtitle: str
    credits: str
    closing: str
    address: str
    url: str
    sessions: dict[str, str]
    language: str = "en"


@dataclass(frozen=True)
class Plan:
    """A script, and the receipts of takeaways that are allowed but did not fit or were excluded."""

    script: Script
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Candidate:
    piece: Piece
    takeaway: Takeaway

    @property
    def session(self) -> EventSession:
        """Where it was recorded."""
        return self.takeaway.session


def plan_film(session: Session, store: Store, wish: Wish, words: FilmWords) -> Plan:
    """Plan the film of a gathering. Raises Conflict, with advice, if there is nothing to show."""
    candidates = _candidates(session, store, wish)
    wanted = [one for one in candidates if one.piece.receipt not in wish.dropped]
    if not wanted:
        raise Conflict(_why_nothing(session, wish, bool(candidates)))
    chosen = _chosen(wanted, wish)
    kept = {one.piece.receipt for one in chosen}
    pieces = _stretched(_laid_out(chosen, words), wish)
    left = (one.piece.receipt for one in candidates if one.piece.receipt not in kept)
    script = Script(tuple(pieces), wish.shape, wish.music, words.language)
    return Plan(script, tuple(left))


def allowed(session: Session, receipts: Sequence[str], place: Scope) -> bool:
    """Whether all of these takeaways are starred and may (still) be shown at a place."""
    query = select(func.count(Takeaway.id)).where(
        Takeaway.receipt.in_(receipts), Takeaway.starred.is_(True), showable(place)
    )
    return session.scalar(query) == len(set(receipts))


def _candidates(session: Session, store: Store, wish: Wish) -> list[_Candidate]:
    query = (
        select(Takeaway)
        .join(Takeaway.session)
        .where(Takeaway.starred.is_(True), Takeaway.source != Source.FILM, showable(wish.place))
        .options(*with_everything())
        .order_by(
            EventSession.starts_at.nulls_first(),
            EventSession.title,
            Takeaway.recorded_at,
            Takeaway.id,
        )
    )
    found = [
        _Candidate(_as_long(piece, wish), takeaway)
        for takeaway in session.scalars(query)
        if (piece := piece_of(store, takeaway)) is not None
    ]
    place = {receipt: number for number, receipt in enumerate(wish.order)}
    return sorted(found, key=lambda one: place.get(one.piece.receipt, len(place)))


def _as_long(piece: Piece, wish: Wish) -> Piece:
    return replace(piece, seconds=wish.lengths.get(piece.receipt, piece.seconds))


def piece_of(store: Store, takeaway: Takeaway) -> Piece | None:
    """A takeaway's piece of the film: its video, else its first photo, else its words; None if nothing is ready."""
    media = [attachment.media for attachment in takeaway.attachments]
    for kind, name in ((Kind.VIDEO, "play"), (Kind.PHOTO, "view")):
        for one in media:
            rendition = next((r for r in one.renditions if r.name == name), None)
            if one.kind == kind and one.state == MediaState.READY and rendition is not None:
                piece = _picture(store, takeaway, one, rendition)
                if piece is not None:
                    return piece
    is_wordless = any(one.kind in (Kind.PHOTO, Kind.VIDEO) for one in media)
    words = shortened(takeaway.caption or takeaway.text)
    return None if is_wordless or not words else _quote(takeaway, words)


def _picture(store: Store, takeaway: Takeaway, media: Media, rendition: Rendition) -> Piece | None:
    path = store.rendition(media.sha256, rendition.name, rendition.ext)
    if not path.is_file():
        return None
    is_video = media.kind == Kind.VIDEO
    seconds = min(VIDEO_SECONDS, rendition.duration or VIDEO_SECONDS) if is_video else PHOTO_SECONDS
    return Piece(
        PieceKind.VIDEO if is_video else PieceKind.PHOTO,
        seconds,
        words=own_words(takeaway),
        credit=takeaway.author.strip(),
        receipt=takeaway.receipt,
        path=str(path),
        media=media.sha256,
        rendition=rendition.sha256,
        edits_fingerprint=media.edits_fingerprint,
        is_whole=bool(media.recognized_text.strip()),
    )


def _quote(takeaway: Takeaway, words: str) -> Piece:
    seconds = max(LEAST_QUOTE_SECONDS, BEGINNING + len(words) / READING)
    return Piece(
        PieceKind.QUOTE,
        min(seconds, MOST_QUOTE_SECONDS),
        words=words,
        credit=takeaway.author.strip(),
        receipt=takeaway.receipt,
    )


def shortened(text: str) -> str:
    """Shorten a text to what can be read: whole sentences if one fits, else whole words."""
    words = " ".join(text.split())
    if len(words) <= QUOTE_CHARS:
        return words
    ends = [words.rfind(mark, 0, QUOTE_CHARS) for mark in (". ", "! ", "? ", "。", "؟ ", "। ")]
    if max(ends) >= QUOTE_CHARS // 3:
        return words[: max(ends) + 1]
    return words[:QUOTE_CHARS].rsplit(" ", 1)[0] + "…"


def _why_nothing(session: Session, wish: Wish, has_dropped: bool) -> str:
    if has_dropped:
        return N_("Every piece was taken out of the film. Put some back in, then make it.")
    starred = select(func.count(Takeaway.id)).where(
        Takeaway.starred.is_(True), Takeaway.source != Source.FILM
    )
    if not session.scalar(starred):
        return NOTHING
    if session.scalar(starred.where(showable(wish.place))):
        return NOTHING_TO_SEE
    if wish.place is Scope.ROOM:
        return N_(
            "Nothing that is starred is approved and ready yet. Approve it at the desk, then make the film."
        )
    return N_(
        "Nothing that is starred may be shown to this audience yet. It has to be approved, photos need a description, "
        "and people in it must have agreed. Look under Review, or make the film for the room."
    )


def _chosen(wanted: list[_Candidate], wish: Wish) -> list[_Candidate]:
    """As many pieces as fit: in the organizer's order, else taking turns between sessions."""
    left = wish.seconds - TITLE_SECONDS - CLOSING_SECONDS
    if any(one.piece.credit for one in wanted):
        left -= CREDITS_SECONDS
    seen: set[uuid.UUID] = set()
    kept: set[str] = set()
    for one in wanted if wish.order else _by_turns(wanted):
        cost = one.piece.seconds * HURRIED + (0 if one.session.id in seen else SESSION_SECONDS)
        # At least one piece: a film of nothing but title cards would show nothing.
        if cost <= left or not kept:
            left -= cost
            seen.add(one.session.id)
            kept.add(one.piece.receipt)
    return [one for one in wanted if one.piece.receipt in kept]


def _by_turns(wanted: list[_Candidate]) -> list[_Candidate]:
    rounds: dict[uuid.UUID, int] = {}
    ranked = []
    for number, one in enumerate(wanted):
        turn = rounds[one.session.id] = rounds.get(one.session.id, -1) + 1
        ranked.append((turn, number, one))
    return [one for _turn, _number, one in sorted(ranked, key=lambda entry: entry[:2])]


def _laid_out(chosen: list[_Candidate], words: FilmWords) -> list[Piece]:
    pieces = [Piece(PieceKind.TITLE, TITLE_SECONDS, words.title, words.subtitle)]
    last: uuid.UUID | None = None
    for one in chosen:
        if one.session.id != last:
            last = one.session.id
            below = words.sessions.get(one.session.code, "")
            pieces.append(Piece(PieceKind.SESSION, SESSION_SECONDS, one.session.title, below))
        pieces.append(one.piece)
    names = dict.fromkeys(one.piece.credit for one in chosen if one.piece.credit)
    if names:
        pieces.append(Piece(PieceKind.CREDITS, CREDITS_SECONDS, words.credits, BETWEEN.join(names)))
    closing = Piece(PieceKind.CLOSING, CLOSING_SECONDS, words.closing, words.address, url=words.url)
    return [*pieces, closing]


_MOST = {
    PieceKind.PHOTO: MOST_PHOTO_SECONDS,
    PieceKind.VIDEO: MOST_VIDEO_SECONDS,
    PieceKind.QUOTE: MOST_QUOTE_SECONDS,
}


def _stretched(pieces: list[Piece], wish: Wish) -> list[Piece]:
    """Stretch or shrink pictures and quotes by one factor, within limits for each; not those of a set length."""

    def is_free(piece: Piece) -> bool:
        return piece.kind in _MOST and piece.receipt not in wish.lengths

    fixed = sum(piece.seconds for piece in pieces if not is_free(piece))
    free = sum(piece.seconds for piece in pieces if is_free(piece))
    share = max((wish.seconds - fixed) / free, 0.5) if free else 1.0
    return [
        replace(piece, seconds=round(min(piece.seconds * share, _MOST[piece.kind]), 2))
        if is_free(piece)
        else piece
        for piece in pieces
    ]
