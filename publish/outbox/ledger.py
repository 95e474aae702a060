"""The ledger: one row per (item, target). Compares the wanted state with what was sent and marks rows due."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.composition.cross_links import rank
from publish.outbox.adapt import shape_post
from publish.outbox.context import PublishContext
from publish.outbox.items import ITEMS, takedowns
from publish.outbox.policy import wanting
from publish.outbox.policy.row_states import OPEN, is_leased
from publish.outbox.policy.transition import Columns, Recheck
from publish.outbox.policy.wanting import Wanted
from publish.outbox.target_status import outbox_state, status_of
from publish.targets import target_class
from publish.targets.capabilities import ManualPosting
from reporter.clock import new_id
from reporter.database.job_queue import beside_others
from reporter.enums import DeliveryState, ItemKind
from reporter.errors import NotFound
from reporter.models import Delivery, Story, Target
from reporter.stories.queries import all_stories


@dataclass(frozen=True)
class Counts:
    """Result of one comparison of the ledger."""

    due: int = 0
    withdrawing: int = 0
    unchanged: int = 0
    # Being delivered at the moment; compared again next time.
    held: int = 0

    @property
    def work(self) -> int:
        """Number of rows that became due."""
        return self.due + self.withdrawing

    def plus(self, other: Counts) -> Counts:
        """Sum of two results."""
        return Counts(
            self.due + other.due,
            self.withdrawing + other.withdrawing,
            self.unchanged + other.unchanged,
            self.held + other.held,
        )


def chosen_targets(session: Session, names: Sequence[str] = ()) -> list[Target]:
    """The named targets, or all if none are named; raises NotFound."""
    rows = list(session.scalars(select(Target).order_by(Target.created_at, Target.name)))
    if missing := set(names) - {row.name for row in rows}:
        raise NotFound(
            "There is no target called %(name)s. See: reporter targets list",
            name=sorted(missing)[0],
        )
    return [row for row in rows if not names or row.name in names]


def queue(
    session: Session,
    context: PublishContext,
    *,
    names: Sequence[str] = (),
    only_known: bool = False,
) -> Counts:
    """Update the ledger to match what may be shown now. Sends nothing. Commits.

    New items become due, changed ones due again, and those no longer to be shown are withdrawn.
    ``only_known`` ignores stories that were never queued: for a takedown, which must not publish
    anything new.
    """
    session.commit()
    return beside_others(
        session, lambda: _queue(session, context, names=names, only_known=only_known)
    )


def _queue(
    session: Session, context: PublishContext, *, names: Sequence[str], only_known: bool
) -> Counts:
    targets = chosen_targets(session, names)
    stories = all_stories(session, now=context.clock(), rng=context.rng)
    _note_beginning(session, targets, context.clock())
    session.commit()
    total = Counts()
    # The canonical target first, so that the others find its links in the same run.
    for target in sorted(targets, key=rank):
        found = compare(session, context, target, stories, only_known=only_known)
        session.commit()
        total = total.plus(found)
    return total


def _note_beginning(session: Session, targets: Sequence[Target], now: datetime) -> None:
    """Start a new progress count if nothing was open."""
    for target in targets:
        status_of(session, target.id)
    state = outbox_state(session, now)
    open_one = select(Delivery.id).where(Delivery.state.in_(OPEN)).limit(1)
    if state.began_at is None or session.scalar(open_one) is None:
        state.began_at = now


def recheck(session: Session, context: PublishContext, what: Recheck) -> None:
    """Compare again what a delivery may have changed for other rows. Commits."""
    if what.story_id is not None:
        _refresh_copies(session, context, what.story_id, what.target_id)
        return
    stories = session.scalars(select(Story)).all()
    target = session.get_one(Target, what.target_id)
    compare(session, context, target, stories, only_known=True)
    session.commit()


def _refresh_copies(
    session: Session, context: PublishContext, story_id: uuid.UUID, apart_from: uuid.UUID
) -> None:
    """Its link at one target has changed: copies that link to it become due."""
    story = session.get(Story, story_id)
    if story is None:
        return
    known = select(Delivery.target_id).where(
        Delivery.item_kind == ItemKind.STORY, Delivery.item_id == story_id
    )
    targets = session.scalars(select(Target).where(Target.id.in_(known), Target.id != apart_from))
    for target in list(targets):
        compare(session, context, target, [story], only_known=True, partly=True)
        session.commit()


def wanted_posts(
    session: Session, context: PublishContext, target: Target, stories: Iterable[Story]
) -> list[FittedPost]:
    """The posts this target should have, as its readers may see them and within its limits."""
    shaped = (shape_post(session, context, target, story) for story in stories)
    return [fitted for fitted in shaped if fitted is not None]


def compare(
    session: Session,
    context: PublishContext,
    target: Target,
    stories: Sequence[Story],
    *,
    only_known: bool,
    partly: bool = False,
) -> Counts:
    """Update one target's rows. ``partly``: leave rows of other stories unchanged. Does not commit."""
    now = context.clock()
    rows = {(row.item_kind, row.item_id): row for row in _rows(session, target)}
    held = sum(is_leased(row, now) for row in rows.values())
    if only_known:
        stories = [story for story in stories if (ItemKind.STORY.value, story.id) in rows]
    due = unchanged = 0
    for item in wanted_items(session, context, target, stories):
        row = rows.pop((item.kind.value, item.id), None)
        if item.stands:
            continue
        if row is None:
            session.add(_new_row(target, item, context, now))
            due += not item.refused
        elif _want(session, row, item, now):
            due += 1
        else:
            unchanged += 1
    left = [] if partly else rows.values()
    withdrawing = sum(_want_no_more(session, row, now) for row in left)
    return Counts(due, withdrawing, unchanged, held)


def wanted_items(
    session: Session, context: PublishContext, target: Target, stories: Iterable[Story]
) -> list[Wanted]:
    """All items of these stories and of other kinds that should be at a target, each once."""
    posts = wanted_posts(session, context, target, stories)
    return [one for item in ITEMS.values() for one in item.wanted(session, context, target, posts)]


def _rows(session: Session, target: Target) -> list[Delivery]:
    return list(session.scalars(select(Delivery).where(Delivery.target_id == target.id)))


def _new_row(target: Target, item: Wanted, context: PublishContext, now: datetime) -> Delivery:
    row = wanting.first(item, by_hand=issubclass(target_class(target.kind), ManualPosting), now=now)
    return Delivery(
        id=new_id(now, context.rng),
        target_id=target.id,
        item_kind=item.kind.value,
        item_id=item.id,
        created_at=now,
        **row.values(),
    )


def _want(session: Session, row: Delivery, item: Wanted, now: datetime) -> bool:
    """Make a row due if it differs from what is wanted; return whether it changed."""
    if is_leased(row, now):
        return False
    before = Columns.of(row)
    if not wanting.differs(before, item):
        return False
    another = before.wanted != item.fingerprint
    shows = another and item.kind == ItemKind.STORY
    # Withdrawn content does not wait for new files.
    urgent = shows and takedowns.note_story(session, row, item.shows, now)
    by_hand = issubclass(target_class(row.target.kind), ManualPosting)
    after = wanting.want(before, item, by_hand=by_hand, urgent=urgent, now=now)
    due = another and not item.refused and not wanting.is_settled(before, item)
    return _put(session, row, before, after) and due


def _want_no_more(session: Session, row: Delivery, now: datetime) -> bool:
    """Start the withdrawal of a row; return whether the target may have the item."""
    if row.wanted == "" or is_leased(row, now):
        return False
    by_hand = issubclass(target_class(row.target.kind), ManualPosting)
    before = Columns.of(row)
    after = wanting.want_no_more(before, by_hand=by_hand, now=now)
    leaves = after.state != DeliveryState.WITHDRAWN
    if leaves:
        takedowns.note_gone(session, row, now)
    return _put(session, row, before, after) and leaves


def _put(session: Session, row: Delivery, before: Columns, after: Columns) -> bool:
    """Change a row unless it was changed since it was read. Does not commit."""
    taken_back = not after.wanted or after.memory.urgent
    statement = (
        update(Delivery)
        .where(Delivery.id == row.id, Delivery.state == row.state, Delivery.lease == row.lease)
        # End an expired lease, whose owner could restore what was taken away.
        .values(lease="" if taken_back else row.lease, **after.changes(before))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
