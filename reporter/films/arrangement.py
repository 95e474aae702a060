"""The film as arranged at the desk: order, lengths, exclusions; and whether a finished film may still be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import Source, TakeawayState
from reporter.errors import BadInput
from reporter.files import try_remove
from reporter.films.finished import caption_film, captions_digest, prune_captions
from reporter.films.plan import LONGEST, SHORTEST, Wish, piece_of
from reporter.films.script import AspectRatio, Piece, SoundExcerpt
from reporter.media.store import Store
from reporter.models import Film, FilmPart, Takeaway
from reporter.moderation.decisions import alone, bump_revision, lock_gathering
from reporter.moderation.unused_media import delete_unused, drop_files
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import with_everything

SHORTEST_PIECE, LONGEST_PIECE = 1.0, 20.0


def film_of(session: Session) -> Film:
    """The gathering's film; a new, unsaved one if nobody has arranged any."""
    return session.get(Film, 1) or Film(
        id=1,
        audience=Scope.PUBLIC.value,
        shape=AspectRatio.LANDSCAPE.value,
        seconds=75.0,
        sequence=[],
        excluded=[],
        lengths={},
        music="",
        music_name="",
        requested=False,
        fingerprint="",
        duration=0.0,
        frames_done=0,
        frames_total=0,
        error="",
    )


def wish_of(film: Film, store: Store) -> Wish:
    """The planner's input."""
    return Wish(
        music=str(films_folder(store) / film.music) if film.music else "",
        place=Scope(film.audience),
        seconds=film.seconds,
        shape=AspectRatio(film.shape),
        order=tuple(film.sequence),
        dropped=frozenset(film.excluded),
        lengths=film.lengths,
    )


def set_options(session: Session, *, audience: str, shape: str, seconds: float) -> None:
    """Set audience, shape and length. Raises BadInput. Commits."""
    if audience not in list(Scope) or shape not in list(AspectRatio):
        raise BadInput("Choose who will see the film, and its shape.")
    if not SHORTEST <= seconds <= LONGEST:
        raise BadInput(
            "A film is %(least)s to %(most)s seconds long.", least=int(SHORTEST), most=int(LONGEST)
        )
    film = film_of(session)
    film.audience, film.shape, film.seconds = audience, shape, seconds
    finished = film_takeaway(session)
    if finished is not None and finished.audience != audience:
        finished.audience = audience
        bump_revision(session, finished)
    _keep(session, film)


def move(session: Session, shown: Sequence[str], receipt: str, by: int) -> None:
    """Move one place forward or back (``by`` 1 or -1) among the pieces that are shown. Commits."""
    order = list(shown)
    if receipt not in order:
        raise BadInput("This piece is not in the film any more.")
    at = order.index(receipt)
    order.insert(max(0, at + by), order.pop(at))
    film = film_of(session)
    film.sequence = order
    _keep(session, film)


def drop(session: Session, receipt: str, *, dropped: bool = True) -> None:
    """Exclude a piece, or include it again. Commits."""
    film = film_of(session)
    others = [one for one in film.excluded if one != receipt]
    film.excluded = [*others, receipt] if dropped else others
    if not dropped:
        # Included by hand: before those that nobody placed, so that there is room for it.
        film.sequence = [*(one for one in film.sequence if one != receipt), receipt]
    _keep(session, film)


def set_length(session: Session, receipt: str, seconds: float | None) -> None:
    """Set how long a piece is shown, in seconds; None for the default. Raises BadInput. Commits."""
    film = film_of(session)
    lengths = {one: length for one, length in film.lengths.items() if one != receipt}
    if seconds is not None:
        if not SHORTEST_PIECE <= seconds <= LONGEST_PIECE:
            raise BadInput("A piece is 1 to 20 seconds long.")
        lengths[receipt] = seconds
    film.lengths = lengths
    _keep(session, film)


def ask_for(session: Session) -> None:
    """Request that the film be rendered. Commits."""
    film = film_of(session)
    film.requested, film.error = True, ""
    _keep(session, film)


def _keep(session: Session, film: Film) -> None:
    session.add(film)
    session.commit()


def looks_of(pieces: Sequence[Piece]) -> dict[str, str]:
    """Map each receipt to a hash of what the film shows of it, whatever its length."""
    return {
        piece.receipt: sha256(replace(piece, seconds=0.0).fingerprint_text.encode()).hexdigest()
        for piece in pieces
        if piece.receipt
    }


def film_takeaway(session: Session) -> Takeaway | None:
    """The finished film's takeaway; None if there is none yet, or if it was withdrawn."""
    query = select(Takeaway).where(
        Takeaway.source == Source.FILM, Takeaway.state != TakeawayState.WITHDRAWN
    )
    return session.scalars(query.order_by(Takeaway.received_at)).first()


def parts_of(session: Session, pieces: Sequence[Piece]) -> list[FilmPart]:
    """Rows for the pieces shown in a film."""
    looks = looks_of(pieces)
    shown = select(Takeaway.receipt, Takeaway.id).where(Takeaway.receipt.in_(looks))
    ids = {row[0]: row[1] for row in session.execute(shown)}
    return [
        FilmPart(
            part_id=ids[piece.receipt],
            sha256=piece.media,
            edits_fingerprint=piece.edits_fingerprint,
            appearance=f"{looks[piece.receipt]}:{captions_digest(session, piece.media)}",
        )
        for piece in pieces
        if piece.receipt
    ]


def is_fresh(session: Session, store: Store, film: Film, finished: Takeaway) -> bool:
    """Whether everything in the finished film is still starred, may be shown, and looks as it did."""
    query = (
        select(Takeaway)
        .where(
            Takeaway.id.in_([part.part_id for part in finished.parts]),
            Takeaway.starred.is_(True),
            showable(Scope(film.audience)),
        )
        .options(*with_everything())
    )
    pieces = [piece_of(store, takeaway) for takeaway in session.scalars(query)]
    looks = looks_of([piece for piece in pieces if piece])
    film_looks = sorted(part.appearance.partition(":")[0] for part in finished.parts)
    return bool(looks) and sorted(looks.values()) == film_looks


def are_captions_fresh(session: Session, finished: Takeaway) -> bool:
    """Whether the captions of its recordings are still those that the film has."""
    digests = [(part.sha256, *part.appearance.partition(":")[1:]) for part in finished.parts]
    return all(
        captions_digest(session, sha256) == digest
        for sha256, is_noted, digest in digests
        if is_noted
    )


def note_captions(session: Session, finished: Takeaway) -> None:
    """Remember that the film has its recordings' captions as they are. Does not commit."""
    for part in finished.parts:
        looks = part.appearance.partition(":")[0]
        part.appearance = f"{looks}:{captions_digest(session, part.sha256)}"


def take_captions_away(session: Session) -> None:
    """Take the captions out of the finished film that none of its recordings has any more. Commits."""
    with _finished_alone(session) as finished:
        if finished is not None:
            recordings = [part.sha256 for part in finished.parts]
            if prune_captions(session, finished.attachments[0].media, recordings):
                bump_revision(session, finished)


def renew_captions(
    session: Session, sounds: Iterable[SoundExcerpt] | None, error: str = ""
) -> None:
    """Give the finished film its recordings' captions at the times they are heard (None: not known), and remember that
    it has them as they are. ``error``: why they are not known, for the desk. Commits."""
    with _finished_alone(session) as finished:
        if finished is None:
            return
        if sounds is not None:
            caption_film(session, finished.attachments[0].media, sounds)
        if sounds is not None or error:
            film_of(session).error = error
        note_captions(session, finished)
        bump_revision(session, finished)


@contextmanager
def _finished_alone(session: Session) -> Iterator[Takeaway | None]:
    with alone(session):
        finished = film_takeaway(session)
        yield finished if finished is not None and finished.attachments else None


def set_music(session: Session, store: Store, path: Path, *, file: str, name: str) -> None:
    """Store this sound file under the name ``file``, replacing the former music; a finished film is
    rendered again. Commits."""
    folder = films_folder(store)
    folder.mkdir(parents=True, exist_ok=True)
    path.replace(folder / file)
    film = film_of(session)
    former, film.music, film.music_name = film.music, file, name
    film.requested = film.requested or bool(film.fingerprint)
    _keep(session, film)
    if former and former != file:
        try_remove(folder / former)


def remove_music(session: Session, store: Store) -> None:
    """Remove the music, and the film that contains it; the film is rendered again. Commits."""
    film = film_of(session)
    if not film.music:
        return
    former, film.music, film.music_name = film.music, "", ""
    take_away(session, store, film, asked=film.requested or bool(film.fingerprint))
    try_remove(films_folder(store) / former)


def films_folder(store: Store) -> Path:
    """Folder of the film's music."""
    return store.folder / "films"


def take_away_stale(session: Session, store: Store) -> None:
    """Remove a finished film that may no longer be shown, and request a new one. Commits.

    Until then the consent gate refuses it (``reporter.moderation.visibility``). If the film itself
    was withdrawn, no new one is requested.
    """
    film = film_of(session)
    if not film.fingerprint:
        return
    finished = film_takeaway(session)
    if finished is None:
        gone = select(Takeaway.id).where(Takeaway.source == Source.FILM)
        take_away(session, store, film, asked=session.scalar(gone.limit(1)) is None)
    elif not is_fresh(session, store, film, finished):
        take_away(session, store, film, asked=True)


def take_away(session: Session, store: Store, film: Film, *, asked: bool) -> None:
    """Delete the finished film's file and parts; its takeaway is kept for the next version. Commits."""
    film.fingerprint, film.requested = "", asked
    session.add(film)
    session.commit()
    lock_gathering(session)
    finished, originals = film_takeaway(session), []
    if finished is not None:
        media = [attachment.media for attachment in finished.attachments]
        finished.attachments.clear()
        finished.parts.clear()
        bump_revision(session, finished)
        originals = delete_unused(session, media)
    session.commit()
    lock_gathering(session)
    drop_files(session, store, originals)
    session.commit()
    # Earlier versions stored it here.
    try_remove(films_folder(store) / "film.mp4")
