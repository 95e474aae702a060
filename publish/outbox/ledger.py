"""The ledger: one row per (item, target). Compares what should be there with what was sent, and says what is due.

Items are files ('media'), stories ('story') and a target's own front page ('face').
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.composition.constraints import FittedPost
from publish.composition.cross_links import rank
from publish.outbox import takedowns
from publish.outbox.adapt import REFUSED, shape_post
from publish.outbox.context import PublishContext
from publish.outbox.items.answer import ANSWER, wanted_answers
from publish.outbox.items.message import MESSAGE, wanted_messages
from publish.outbox.target_status import line_of, outbox_state
from publish.posts.model import GatheringFacts, Post, PostMedia
from publish.targets import target_class
from reporter.clock import new_id
from reporter.database.job_queue import beside_others
from reporter.enums import DeliveryState
from reporter.errors import NotFound
from reporter.models import Delivery, Story, Target
from reporter.stories.queries import all_stories

MEDIA, STORY, FACE = "media", "story", "face"
_LABEL_CHARS = 80
# Others go before files of more than this, and a post need not wait for them where it can be changed later.
BIG = 4_000_000
# States in which something is still to be done.
OPEN = (
    DeliveryState.DUE.value,
    DeliveryState.CHANGED.value,
    DeliveryState.SENDING.value,
    DeliveryState.WITHDRAWING.value,
)


@dataclass(frozen=True)
class Wanted:
    """One item that should be at a target."""

    kind: str
    id: uuid.UUID
    key: str
    title: str
    fingerprint: str
    # What the delivery needs to build it again: ids of story and takeaway.
    origin: Mapping[str, Any]
    bytes: int = 0
    # Why it is not even tried, or empty.
    refused: str = ""
    # Takeaways that a story shows.
    shows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counts:
    """What a turn of the ledger found to do."""

    due: int = 0
    withdrawing: int = 0
    unchanged: int = 0
    # Under work right now: looked at again next time.
    held: int = 0

    @property
    def work(self) -> int:
        """Rows that were not due before."""
        return self.due + self.withdrawing

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(
            self.due + other.due,
            self.withdrawing + other.withdrawing,
            self.unchanged + other.unchanged,
            self.held + other.held,
        )


def chosen_targets(session: Session, names: Sequence[str] = ()) -> list[Target]:
    """The targets with these names, all without any; raises NotFound."""
    rows = list(session.scalars(select(Target).order_by(Target.created_at, Target.name)))
    if missing := set(names) - {row.name for row in rows}:
        raise NotFound(
            f"There is no target called {sorted(missing)[0]}. See: reporter targets list"
        )
    return [row for row in rows if not names or row.name in names]


def queue(
    session: Session, outbox: PublishContext, *, names: Sequence[str] = (), only_known: bool = False
) -> Counts:
    """Bring the ledger in line with what may be shown now. Sends nothing. Commits.

    Not there: due. Changed since it was sent: due again. Not to be shown any more: withdrawing. ``only_known``
    leaves alone the stories that were never queued: for a takedown, which must not publish anything new.
    """
    session.commit()
    return beside_others(
        session, lambda: _queue(session, outbox, names=names, only_known=only_known)
    )


def _queue(
    session: Session, outbox: PublishContext, *, names: Sequence[str], only_known: bool
) -> Counts:
    targets = chosen_targets(session, names)
    stories = all_stories(session, now=outbox.clock(), rng=outbox.rng)
    _note_beginning(session, targets, outbox.clock())
    session.commit()
    total = Counts()
    # The canonical place first, so that the others find its links in one turn.
    for target in sorted(targets, key=rank):
        found = compare(session, outbox, target, stories, only_known=only_known)
        session.commit()
        total = total.plus(found)
    return total


def _note_beginning(session: Session, targets: Sequence[Target], now: datetime) -> None:
    """Progress counts from when there was nothing to do."""
    for target in targets:
        line_of(session, target.id)
    state = outbox_state(session, now)
    open_one = select(Delivery.id).where(Delivery.state.in_(OPEN)).limit(1)
    if state.began_at is None or session.scalar(open_one) is None:
        state.began_at = now


def refresh_story(
    session: Session, outbox: PublishContext, story_id: uuid.UUID, apart_from: uuid.UUID
) -> None:
    """Its link at one target has changed: the copies that point to it are due for a change. Commits."""
    story = session.get(Story, story_id)
    if story is None:
        return
    known = select(Delivery.target_id).where(
        Delivery.item_kind == STORY, Delivery.item_id == story_id
    )
    targets = session.scalars(select(Target).where(Target.id.in_(known), Target.id != apart_from))
    for target in list(targets):
        compare(session, outbox, target, [story], only_known=True, partly=True)
        session.commit()


def wanted_posts(
    session: Session, outbox: PublishContext, target: Target, stories: Iterable[Story]
) -> list[FittedPost]:
    """What this target should show, as its readers may see it and as it takes it."""
    shaped = (shape_post(session, outbox, target, story) for story in stories)
    return [fitted for fitted in shaped if fitted is not None]


def wanted_items(
    target: Target, posts: Sequence[FittedPost], facts: GatheringFacts
) -> list[Wanted]:
    """The rows that these posts need, files first, each once."""
    media: dict[uuid.UUID, Wanted] = {}
    stories = []
    cls = target_class(target.kind)
    for fitted in posts:
        post = fitted.post
        if cls.keeps_files and not cls.assisted:
            for item in _media_items(fitted):
                if item.id not in media or media[item.id].refused:
                    media[item.id] = item
        size = sum(len(block.text) + len(block.caption) + 400 for block in post.blocks)
        if not cls.keeps_files:
            size += sum(m.bytes for m in post.media())
        stories.append(
            Wanted(
                STORY,
                post.story,
                post.key,
                post.title,
                story_fingerprint(target, post),
                {"story": post.story.hex},
                bytes=size,
                shows=tuple(post.takeaways),
            )
        )
    items = [*media.values(), *stories]
    if cls.has_face and posts:
        print_ = f"face{facts.agenda.fingerprint()}"
        items.append(Wanted(FACE, target.id, "index", target.name, print_, {}, bytes=20_000))
    return items


def _media_items(fitted: FittedPost) -> Iterable[Wanted]:
    """Files that go, and those that the target does not take: they get a row too, for a person to see."""
    for block, m in ((one, m) for one in fitted.post.blocks for m in one.files()):
        yield _media_item(m, block.takeaway, fitted)
    for block, m, why in fitted.left_out():
        item = _media_item(m, block.takeaway, fitted)
        yield replace(item, fingerprint=REFUSED + item.fingerprint, refused=why)


def _media_item(media: PostMedia, takeaway: str, fitted: FittedPost) -> Wanted:
    origin = {"story": fitted.post.story.hex, "takeaway": takeaway}
    return Wanted(
        MEDIA, media.id, media.key, _label(media), media.fingerprint(), origin, bytes=media.bytes
    )


def _label(media: PostMedia) -> str:
    """What people call a file: its words, shortened."""
    words = " ".join((media.caption or media.alt).split())
    return words if len(words) <= _LABEL_CHARS else words[:_LABEL_CHARS].rstrip() + "…"


def story_fingerprint(target: Target, post: Post) -> str:
    """Of the post and of the options that change how it is sent."""
    return post.fingerprint() + target_class(target.kind).variant(target.options)


def compare(
    session: Session,
    outbox: PublishContext,
    target: Target,
    stories: Sequence[Story],
    *,
    only_known: bool,
    partly: bool = False,
) -> Counts:
    """Bring one target's rows in line. ``partly``: rows of other stories are left as they are. Does not commit."""
    now = outbox.clock()
    rows = {(row.item_kind, row.item_id): row for row in _rows(session, target)}
    held = sum(_held(row, now) for row in rows.values())
    if only_known:
        stories = [story for story in stories if (STORY, story.id) in rows]
    items = wanted_items(target, wanted_posts(session, outbox, target, stories), outbox.facts)
    due = unchanged = 0
    for item in items:
        row = rows.pop((item.kind, item.id), None)
        if row is None:
            session.add(_new_row(target, item, outbox, now))
            due += not item.refused
        elif _want(session, row, item, now):
            due += 1
        else:
            unchanged += 1
    if partly:
        return Counts(due, 0, unchanged, held)
    for answer in wanted_answers(session, target):
        rows.pop((ANSWER, answer), None)
    for contact in wanted_messages(session):
        rows.pop((MESSAGE, contact), None)
    # A front page stays, however empty it gets; stories that turn up or leave make it due.
    rows.pop((FACE, target.id), None)
    withdrawing = sum(_want_no_more(session, row, now) for row in rows.values())
    return Counts(due, withdrawing, unchanged, held)


def _rows(session: Session, target: Target) -> list[Delivery]:
    return list(session.scalars(select(Delivery).where(Delivery.target_id == target.id)))


def _new_row(target: Target, item: Wanted, outbox: PublishContext, now: datetime) -> Delivery:
    state = DeliveryState.PARKED if item.refused else due_state(target, sent=False)
    return Delivery(
        id=new_id(now, outbox.rng),
        target_id=target.id,
        item_kind=item.kind,
        item_id=item.id,
        key=item.key,
        state=state.value,
        wanted=item.fingerprint,
        remote={**item.origin, "title": item.title},
        bytes=item.bytes,
        big=item.kind == MEDIA and item.bytes > BIG,
        error=item.refused,
        due_at=now,
        created_at=now,
    )


def due_state(target: Target, *, sent: bool) -> DeliveryState:
    """The state of something that should go out: at assisted targets a person does it."""
    if target_class(target.kind).assisted:
        return DeliveryState.MANUAL
    return DeliveryState.CHANGED if sent else DeliveryState.DUE


def _want(session: Session, row: Delivery, item: Wanted, now: datetime) -> bool:
    """Make a row due if it does not hold what is wanted; True if it was changed."""
    if _held(row, now):
        return False
    if row.wanted == item.fingerprint:
        if item.refused and row.state == DeliveryState.PARKED and row.error != item.refused:
            # A copy that has the file has turned up, or is gone.
            put(session, row, {"error": item.refused})
        return False
    if item.refused and row.state == DeliveryState.PARKED and not row.wanted.startswith(REFUSED):
        # The target itself has refused it: its reason stays until somebody tries again.
        return False
    again = row.sent != item.fingerprint or row.state != DeliveryState.SENT
    values: dict[str, Any] = {
        "wanted": item.fingerprint,
        "key": item.key,
        "bytes": item.bytes,
        "big": item.kind == MEDIA and item.bytes > BIG,
        "remote": {**row.remote, **item.origin, "title": item.title},
    }
    if item.kind == STORY and takedowns.note_story(session, row, item.shows, now):
        # Somebody took something back: that does not wait for new files.
        values["remote"]["urgent"] = True
    if again:
        state = due_state(row.target, sent=bool(row.sent))
        values |= {
            "state": (DeliveryState.PARKED if item.refused else state).value,
            "due_at": now,
            "attempts": _tried(row),
            "error": item.refused,
            "moved": 0,
        }
    return put(session, row, values) and again and not item.refused


def _want_no_more(session: Session, row: Delivery, now: datetime) -> bool:
    """Send a row on its way out. An empty ``wanted`` remembers that, so that a parked takedown stays parked."""
    if row.wanted == "" or _held(row, now):
        return False
    state = DeliveryState.WITHDRAWING if may_be_there(row) else DeliveryState.WITHDRAWN
    if state is DeliveryState.WITHDRAWING:
        takedowns.note_gone(session, row, now)
        if target_class(row.target.kind).assisted:
            state = DeliveryState.MANUAL
    values = {
        "wanted": "",
        "state": state.value,
        "due_at": now,
        "attempts": _tried(row),
        "error": "",
        "lease": "",
        "moved": 0,
    }
    return put(session, row, values) and state is not DeliveryState.WITHDRAWN


def may_be_there(row: Delivery) -> bool:
    """Whether the target has it, or might: something was tried and no answer told."""
    return bool(row.sent or row.remote_id or row.attempts)


def _tried(row: Delivery) -> int:
    """A fresh count of attempts that still knows whether there were any."""
    return 1 if row.attempts else 0


def _held(row: Delivery, now: datetime) -> bool:
    """Somebody works on it right now: what has changed meanwhile is seen at the next turn."""
    return bool(row.lease) and row.due_at > now


def put(session: Session, row: Delivery, values: Mapping[str, Any]) -> bool:
    """Change a row unless somebody else has since it was read. Does not commit."""
    statement = (
        update(Delivery)
        .where(Delivery.id == row.id, Delivery.state == row.state, Delivery.lease == row.lease)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).rowcount == 1  # type: ignore[attr-defined]
