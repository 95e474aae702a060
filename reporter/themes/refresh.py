"""Keep themes up to date: cluster again when enough is new, else assign new takeaways to existing themes.

A person's decisions stay: their themes keep name and members, and only gain some. Each call takes a step of bounded
time and memory and commits it: of more than ``MOST_WHOLE`` takeaways a sample is clustered, and the next calls assign
the others to its themes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, selectinload

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.enums import Source, TakeawayState
from reporter.models import Attachment, Takeaway, Theme, ThemeMember, ThemeStep
from reporter.search.documents import texts_of
from reporter.themes.engine import MOST_THEMES, Groups, find_groups
from reporter.themes.lexicon import LANGUAGES
from reporter.themes.sentences import Encode, sentence_encoder
from reporter.themes.texts import Prepared, prepare

# Up to this number, any change clusters everything again; beyond, only once a tenth is new.
SMALL, GROWN = 200, 0.1
# The number of nearest members that represent a theme when single takeaways are assigned.
EXAMPLES = 40
# Of more than this, only a sample is clustered; so many others are assigned to its themes at a time.
MOST_WHOLE, SAMPLE, ASSIGNED = 4_000, 2_000, 2_000
# The sentence encoder takes as long for a text as all else for thirty: where more than this are assigned at a time,
# their words alone decide.
ENCODED = 500
# ``ThemeMember.analysed_revision`` of those that wait to be assigned after a sample was clustered.
PENDING = -1
_SLICE = 500
# Hidden and withdrawn takeaways are in no theme.
COUNTED = (TakeawayState.NEW.value, TakeawayState.APPROVED.value)
# A film has no content of its own.
_COUNTED = (Takeaway.state.in_(COUNTED), Takeaway.source != Source.FILM)


@dataclass(frozen=True)
class _Text:
    """The fields of a takeaway used here; ``theme`` None: in none yet."""

    id: uuid.UUID
    prepared: Prepared
    theme: uuid.UUID | None
    held: bool


@dataclass(frozen=True)
class _Placed:
    text: _Text
    theme: uuid.UUID | None
    similarity: float


def own_languages(language: str) -> tuple[str, ...]:
    """Languages that texts may be in, the gathering's own first."""
    own = language.lower().split("-")[0]
    return tuple(dict.fromkeys((*([own] if own in LANGUAGES else []), *LANGUAGES)))


def words_of(takeaway: Takeaway, language: str) -> Prepared:
    """All text of a takeaway, prepared for clustering."""
    return prepare("\n".join(texts_of(takeaway)), own_languages(language))


@dataclass(frozen=True)
class Grouping:
    """How many of ``all`` takeaways have been looked at."""

    done: int
    all: int


@dataclass(frozen=True)
class _Step:
    """What is processed at a time. ``pinned``: the themes kept by a person; ``decision``: the last one.
    ``whole``: cluster again; ``is_sample``: not all takeaways."""

    texts: list[_Text]
    pinned: list[uuid.UUID]
    decision: int | None
    whole: bool
    is_sample: bool


def refresh(session: Session, language: str, actor: Actor) -> bool:
    """Process the next new takeaways; returns whether there were any. Commits. No lock is held while it computes.

    If an organizer decides something meanwhile, nothing is stored, and the next call takes the
    decision into account.
    """
    seen = _count(session, _assigned())
    fresh = _count(session, _unseen(pending=False))
    if not fresh and not _count(session, _unseen()):
        return False
    whole = seen <= SMALL or fresh > seen * GROWN
    step = _read(session, language, whole=whole)
    session.commit()
    if whole:
        placed, new_themes = _find(step.texts, step.pinned, actor)
    else:
        placed, new_themes = _place(step.texts), []
    return _store(session, step, placed, new_themes, now=actor.now)


def grouping(session: Session) -> Grouping:
    """How far the takeaways are looked at."""
    every = _count(session, select(Takeaway.id).where(*_COUNTED))
    return Grouping(every - _count(session, _unseen()), every)


def _count(session: Session, rows: Select[uuid.UUID]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _assigned() -> Select[uuid.UUID]:
    joined = select(ThemeMember.takeaway_id).join(Takeaway, Takeaway.id == ThemeMember.takeaway_id)
    return joined.where(
        Takeaway.state.in_(COUNTED),
        or_(
            ThemeMember.theme_id.is_not(None),
            ThemeMember.by_hand,
            ThemeMember.analysed_revision == PENDING,
        ),
    )


def _unseen(*, pending: bool = True) -> Select[uuid.UUID]:
    """Takeaways without a decision: those without words too, since they may have got captions. ``pending``: also those
    that only wait to be assigned."""
    ways = [
        ThemeMember.theme_id.is_not(None),
        ThemeMember.by_hand,
        # Analysed, and not changed since.
        ThemeMember.analysed_revision == Takeaway.revision,
    ]
    if not pending:
        ways.append(ThemeMember.analysed_revision == PENDING)
    settled = select(ThemeMember.takeaway_id).where(
        or_(*ways), ThemeMember.takeaway_id == Takeaway.id
    )
    return select(Takeaway.id).where(*_COUNTED, ~settled.exists())


def _read(session: Session, language: str, *, whole: bool) -> _Step:
    kept = list(
        session.scalars(select(Theme.id).where(Theme.pinned).order_by(Theme.created_at, Theme.id))
    )
    query = (
        select(Takeaway, ThemeMember.theme_id, ThemeMember.by_hand)
        .outerjoin(ThemeMember, ThemeMember.takeaway_id == Takeaway.id)
        .where(*_COUNTED)
        .options(selectinload(Takeaway.attachments).selectinload(Attachment.media))
        .order_by(Takeaway.id)
    )
    chosen = _chosen(session, whole=whole)
    if chosen is not None:
        query = query.where(Takeaway.id.in_(chosen))
    texts = [
        _Text(row.id, words_of(row, language), theme, _is_held(theme, by_hand, kept, whole=whole))
        for row, theme, by_hand in session.execute(query.execution_options(yield_per=_SLICE))
    ]
    is_sample = whole and chosen is not None
    return _Step(texts, kept, _last_step(session), whole, is_sample)


def _chosen(session: Session, *, whole: bool) -> list[uuid.UUID] | None:
    """The takeaways of the next step; None for all. Receipts are random, so their order gives a fair sample."""
    if not whole:
        new = _unseen().order_by(Takeaway.receipt).limit(ASSIGNED)
        return [*_examples(session), *session.scalars(new)]
    every = select(Takeaway.id).where(*_COUNTED)
    if _count(session, every) <= MOST_WHOLE:
        return None
    held = select(ThemeMember.takeaway_id).where(
        ThemeMember.takeaway_id == Takeaway.id, or_(ThemeMember.by_hand, _is_pinned())
    )
    free = every.where(~held.exists()).order_by(Takeaway.receipt).limit(SAMPLE)
    return [*_examples(session, _is_pinned()), *session.scalars(free)]


def _is_pinned() -> ColumnElement[bool]:
    return ThemeMember.theme_id.in_(select(Theme.id).where(Theme.pinned))


def _is_held(
    theme: uuid.UUID | None, by_hand: bool | None, kept: Sequence[uuid.UUID], *, whole: bool
) -> bool:
    """Whether a takeaway stays where it is."""
    return bool(by_hand) or theme in kept or (not whole and theme is not None)


def _examples(session: Session, *rules: ColumnElement[bool]) -> list[uuid.UUID]:
    near = func.row_number().over(
        partition_by=ThemeMember.theme_id,
        order_by=(ThemeMember.by_hand.desc(), ThemeMember.similarity.desc()),
    )
    ranked = select(ThemeMember.takeaway_id, near.label("rank")).where(
        ThemeMember.theme_id.is_not(None), *rules
    )
    part = ranked.subquery()
    return list(session.scalars(select(part.c.takeaway_id).where(part.c.rank <= EXAMPLES)))


def _last_step(session: Session) -> int | None:
    return session.scalar(select(func.max(ThemeStep.id)))


def _find(
    texts: Sequence[_Text], kept: Sequence[uuid.UUID], actor: Actor
) -> tuple[list[_Placed], list[uuid.UUID]]:
    """Cluster all takeaways again besides the kept themes; returns the ids of the new ones."""
    # A kept theme whose members were all withdrawn can't be matched.
    alive = [theme for theme in kept if any(t.theme == theme and t.held for t in texts)]
    groups, free = _group(texts, alive, MOST_THEMES, sentence_encoder())
    ids = list(alive)
    for _ in range(max(groups.labels, default=-1) + 1 - len(alive)):
        ids.append(new_id(actor.now, actor.rng))
    return _placed(free, groups, ids), [
        theme for at, theme in enumerate(ids[len(alive) :], len(alive)) if at in groups.labels
    ]


def _place(texts: Sequence[_Text]) -> list[_Placed]:
    """Assign new takeaways to existing themes."""
    ids = sorted({text.theme for text in texts if text.theme is not None})
    if not ids:
        return [_Placed(text, None, 0.0) for text in texts if not text.held]
    few = sum(not text.held for text in texts) <= ENCODED
    groups, free = _group(texts, ids, len(ids), sentence_encoder() if few else None)
    return _placed(free, groups, ids)


def _group(
    texts: Sequence[_Text], ids: Sequence[uuid.UUID], most: int, encode: Encode | None
) -> tuple[Groups, list[_Text]]:
    """Cluster all texts except those that a person took out of all themes."""
    free = [text for text in texts if not text.held or text.theme is not None]
    number = {theme: at for at, theme in enumerate(ids)}
    fixed = [
        number.get(text.theme, -1) if text.held and text.theme is not None else -1 for text in free
    ]
    prepared = [text.prepared for text in free]
    return find_groups(prepared, fixed=fixed, most=most, encode=encode), free


def _placed(texts: Sequence[_Text], groups: Groups, ids: Sequence[uuid.UUID]) -> list[_Placed]:
    return [
        _Placed(text, ids[label] if label >= 0 else None, close)
        for text, label, close in zip(texts, groups.labels, groups.similarity, strict=True)
    ]


def _store(
    session: Session,
    step: _Step,
    placed: Sequence[_Placed],
    new_themes: Sequence[uuid.UUID],
    *,
    now: datetime,
) -> bool:
    free = [one for one in placed if not one.text.held]
    ids = [one.text.id for one in free]
    # Write first to take the write lock, so that what is read next holds.
    if step.is_sample:
        _postpone_others(session)
    for at in range(0, len(ids), _SLICE):
        piece = ids[at : at + _SLICE]
        session.execute(delete(ThemeMember).where(ThemeMember.takeaway_id.in_(piece)))
    if _last_step(session) != step.decision:
        session.rollback()
        return False
    if new_themes:
        new = [{"id": one, "name": "", "created_at": now} for one in new_themes]
        session.execute(insert(Theme), [{**row, "pinned": False, "hidden": False} for row in new])
    revisions = _revisions(session, ids)
    members = [_row(one, revisions) for one in free if one.text.id in revisions]
    if members:
        session.execute(insert(ThemeMember), members)
    if step.whole:
        used = select(ThemeMember.theme_id).where(ThemeMember.theme_id == Theme.id)
        session.execute(delete(Theme).where(~Theme.pinned, ~used.exists()))
    session.commit()
    return True


def _postpone_others(session: Session) -> None:
    """Let all that were not in the sample wait to be assigned to its themes."""
    waiting: dict[str, object] = {"theme_id": None, "similarity": 0.0, "analysed_revision": PENDING}
    # A condition of its own for NULL, which is neither in a set nor outside of it.
    loose = or_(ThemeMember.theme_id.is_(None), ~_is_pinned())
    session.execute(update(ThemeMember).where(~ThemeMember.by_hand, loose).values(waiting))
    known = select(ThemeMember.takeaway_id).where(ThemeMember.takeaway_id == Takeaway.id)
    others = select(Takeaway.id, null(), false(), literal(0.0), literal(PENDING))
    session.execute(
        insert(ThemeMember).from_select(
            [
                ThemeMember.takeaway_id,
                ThemeMember.theme_id,
                ThemeMember.by_hand,
                ThemeMember.similarity,
                ThemeMember.analysed_revision,
            ],
            others.where(*_COUNTED, ~known.exists()),
        )
    )


def _revisions(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    found: dict[uuid.UUID, int] = {}
    for at in range(0, len(ids), _SLICE):
        piece = Takeaway.id.in_(ids[at : at + _SLICE])
        rows = session.execute(select(Takeaway.id, Takeaway.revision).where(piece))
        found |= {row[0]: row[1] for row in rows}
    return found


def _row(one: _Placed, revisions: dict[uuid.UUID, int]) -> dict[str, object]:
    return {
        "takeaway_id": one.text.id,
        "theme_id": one.theme,
        "by_hand": False,
        "similarity": one.similarity,
        "analysed_revision": revisions[one.text.id],
    }
