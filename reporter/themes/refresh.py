"""Keep themes up to date: cluster again when enough is new, else assign new takeaways to existing themes.

A person's decisions stay: their themes keep name and members, and only gain some.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, insert, or_, select
from sqlalchemy.orm import Session, selectinload

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.enums import Source, TakeawayState
from reporter.models import Attachment, Takeaway, Theme, ThemeMember, ThemeStep
from reporter.search.documents import texts_of
from reporter.themes.engine import MOST_THEMES, Groups, find_groups
from reporter.themes.lexicon import LANGUAGES
from reporter.themes.sentences import sentence_encoder
from reporter.themes.texts import Prepared, prepare

# Up to this number, any change clusters everything again; beyond, only once a tenth is new.
SMALL, GROWN = 200, 0.1
# The number of nearest members that represent a theme when single takeaways are assigned.
EXAMPLES = 40
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


def refresh(session: Session, language: str, actor: Actor) -> bool:
    """Process new takeaways; returns whether there were any. Commits. No lock is held while it computes.

    If an organizer decides something meanwhile, nothing is stored, and the next call takes the
    decision into account.
    """
    seen = session.scalar(select(func.count()).select_from(_assigned().subquery())) or 0
    unseen = session.scalar(select(func.count()).select_from(_unseen().subquery())) or 0
    if not unseen:
        return False
    whole = seen <= SMALL or unseen > seen * GROWN
    texts, kept, step = _read(session, language, whole=whole)
    session.commit()
    if whole:
        placed, new_themes = _find(texts, kept, actor)
    else:
        placed, new_themes = _place(texts), []
    return _store(session, placed, new_themes, step, now=actor.now, whole=whole)


def _assigned() -> Select[uuid.UUID]:
    joined = select(ThemeMember.takeaway_id).join(Takeaway, Takeaway.id == ThemeMember.takeaway_id)
    return joined.where(
        Takeaway.state.in_(COUNTED), or_(ThemeMember.theme_id.is_not(None), ThemeMember.by_hand)
    )


def _unseen() -> Select[uuid.UUID]:
    """Takeaways without a decision: those without words too, since they may have got captions."""
    settled = select(ThemeMember.takeaway_id).where(
        or_(
            ThemeMember.theme_id.is_not(None),
            ThemeMember.by_hand,
            # Analysed, and not changed since.
            ThemeMember.analysed_revision == Takeaway.revision,
        ),
        ThemeMember.takeaway_id == Takeaway.id,
    )
    return select(Takeaway.id).where(*_COUNTED, ~settled.exists())


def _read(
    session: Session, language: str, *, whole: bool
) -> tuple[list[_Text], list[uuid.UUID], int | None]:
    """Load the texts, the themes kept by a person, and the last decision."""
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
    if not whole:
        wanted = [*_examples(session), *session.scalars(_unseen())]
        query = query.where(Takeaway.id.in_(wanted))
    texts = [
        _Text(row.id, words_of(row, language), theme, _is_held(theme, by_hand, kept, whole=whole))
        for row, theme, by_hand in session.execute(query.execution_options(yield_per=_SLICE))
    ]
    return texts, kept, _last_step(session)


def _is_held(
    theme: uuid.UUID | None, by_hand: bool | None, kept: Sequence[uuid.UUID], *, whole: bool
) -> bool:
    """Whether a takeaway stays where it is."""
    return bool(by_hand) or theme in kept or (not whole and theme is not None)


def _examples(session: Session) -> list[uuid.UUID]:
    near = func.row_number().over(
        partition_by=ThemeMember.theme_id,
        order_by=(ThemeMember.by_hand.desc(), ThemeMember.similarity.desc()),
    )
    ranked = select(ThemeMember.takeaway_id, near.label("rank")).where(
        ThemeMember.theme_id.is_not(None)
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
    groups, free = _group(texts, alive, MOST_THEMES)
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
    groups, free = _group(texts, ids, len(ids))
    return _placed(free, groups, ids)


def _group(
    texts: Sequence[_Text], ids: Sequence[uuid.UUID], most: int
) -> tuple[Groups, list[_Text]]:
    """Cluster all texts except those that a person took out of all themes."""
    free = [text for text in texts if not text.held or text.theme is not None]
    number = {theme: at for at, theme in enumerate(ids)}
    fixed = [
        number.get(text.theme, -1) if text.held and text.theme is not None else -1 for text in free
    ]
    prepared = [text.prepared for text in free]
    return find_groups(prepared, fixed=fixed, most=most, encode=sentence_encoder()), free


def _placed(texts: Sequence[_Text], groups: Groups, ids: Sequence[uuid.UUID]) -> list[_Placed]:
    return [
        _Placed(text, ids[label] if label >= 0 else None, close)
        for text, label, close in zip(texts, groups.labels, groups.similarity, strict=True)
    ]


def _store(
    session: Session,
    placed: Sequence[_Placed],
    new_themes: Sequence[uuid.UUID],
    step: int | None,
    *,
    now: datetime,
    whole: bool,
) -> bool:
    free = [one for one in placed if not one.text.held]
    ids = [one.text.id for one in free]
    # Write first to take the write lock, so that what is read next holds.
    for at in range(0, len(ids), _SLICE):
        piece = ids[at : at + _SLICE]
        session.execute(delete(ThemeMember).where(ThemeMember.takeaway_id.in_(piece)))
    if _last_step(session) != step:
        session.rollback()
        return False
    if new_themes:
        new = [{"id": one, "name": "", "created_at": now} for one in new_themes]
        session.execute(insert(Theme), [{**row, "pinned": False, "hidden": False} for row in new])
    revisions = _revisions(session)
    members = [_row(one, revisions) for one in free if one.text.id in revisions]
    if members:
        session.execute(insert(ThemeMember), members)
    if whole:
        used = select(ThemeMember.theme_id).where(ThemeMember.theme_id == Theme.id)
        session.execute(delete(Theme).where(~Theme.pinned, ~used.exists()))
    session.commit()
    return True


def _revisions(session: Session) -> dict[uuid.UUID, int]:
    rows = session.execute(select(Takeaway.id, Takeaway.revision))
    return {row[0]: row[1] for row in rows}


def _row(one: _Placed, revisions: dict[uuid.UUID, int]) -> dict[str, object]:
    return {
        "takeaway_id": one.text.id,
        "theme_id": one.theme,
        "by_hand": False,
        "similarity": one.similarity,
        "analysed_revision": revisions[one.text.id],
    }
