"""The ledger: one row per (item, target). Compares what should be there with what was sent, and says what is due.

Items are files ('media'), stories ('story') and a target's own front page ('face').
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from publish.answers import ANSWER, wanted_answers
from publish.compose import build_post
from publish.messages import MESSAGE, wanted_messages
from publish.post import Facts, Post, PostMedia
from publish.targets import Target as OpenTarget
from publish.targets import target_class
from reporter.clock import Clock, new_id
from reporter.errors import NotFound
from reporter.gate import Place
from reporter.models import Delivery, Story, Target
from reporter.states import DeliveryState
from reporter.store import Store
from reporter.stories import all_stories

MEDIA, STORY, FACE = "media", "story", "face"
_LABEL_CHARS = 80
# States in which something is still to be done.
OPEN = (
    DeliveryState.DUE.value,
    DeliveryState.CHANGED.value,
    DeliveryState.SENDING.value,
    DeliveryState.WITHDRAWING.value,
)


@dataclass(frozen=True)
class Outbox:
    """What ledger and outbox work with: files, facts, time, chance, and how a target's row becomes a working one."""

    store: Store
    facts: Facts
    clock: Clock
    rng: random.Random
    connect: Callable[[Target], OpenTarget]


@dataclass(frozen=True)
class Wanted:
    """One item that should be at a target."""

    kind: str
    id: uuid.UUID
    key: str
    title: str
    fingerprint: str
    # What the delivery needs to build it again: ids of story and takeaway, bytes.
    origin: Mapping[str, Any]


@dataclass(frozen=True)
class Counts:
    """What a turn of the ledger found to do."""

    due: int = 0
    withdrawing: int = 0
    unchanged: int = 0


def chosen_targets(session: Session, names: Sequence[str] = ()) -> list[Target]:
    """The targets with these names, all without any; raises NotFound."""
    rows = list(session.scalars(select(Target).order_by(Target.created_at, Target.name)))
    if missing := set(names) - {row.name for row in rows}:
        raise NotFound(
            f"There is no target called {sorted(missing)[0]}. See: reporter targets list"
        )
    return [row for row in rows if not names or row.name in names]


def queue(
    session: Session, outbox: Outbox, *, names: Sequence[str] = (), only_known: bool = False
) -> Counts:
    """Bring the ledger in line with what may be shown now. Sends nothing. Commits.

    Not there: due. Changed since it was sent: due again. Not to be shown any more: withdrawing. ``only_known``
    leaves alone the stories that were never queued: for a takedown, which must not publish anything new.
    """
    targets = chosen_targets(session, names)
    stories = all_stories(session, now=outbox.clock(), rng=outbox.rng)
    session.commit()
    total = Counts()
    for target in targets:
        found = _compare(session, outbox, target, stories, only_known=only_known)
        session.commit()
        total = replace(
            total,
            due=total.due + found.due,
            withdrawing=total.withdrawing + found.withdrawing,
            unchanged=total.unchanged + found.unchanged,
        )
    return total


def wanted_posts(
    session: Session, outbox: Outbox, target: Target, stories: Iterable[Story]
) -> list[Post]:
    """What this target should show, as its readers may see it."""
    place = Place(target.audience)
    elsewhere = target_class(target.kind).tells_replies
    store, facts = outbox.store, outbox.facts
    posts = (
        build_post(
            session, s, place, store=store, facts=facts, elsewhere=elsewhere, target_id=target.id
        )
        for s in stories
    )
    return [post for post in posts if post is not None]


def wanted_items(target: Target, posts: Sequence[Post], facts: Facts) -> list[Wanted]:
    """The rows that these posts need, files first, each once."""
    media: dict[uuid.UUID, Wanted] = {}
    stories = []
    keeps_files = target_class(target.kind).keeps_files
    for post in posts:
        blocks = post.blocks if keeps_files else ()
        for block, m in ((one, m) for one in blocks for m in one.files()):
            origin = {"story": post.story.hex, "takeaway": block.takeaway, "bytes": m.bytes}
            media.setdefault(m.id, Wanted(MEDIA, m.id, m.key, _label(m), m.fingerprint(), origin))
        print_ = story_fingerprint(target, post)
        origin = {"story": post.story.hex}
        stories.append(Wanted(STORY, post.story, post.key, post.title, print_, origin))
    items = [*media.values(), *stories]
    if target_class(target.kind).has_face and posts:
        items.append(
            Wanted(FACE, target.id, "index", target.name, f"face{facts.agenda.fingerprint()}", {})
        )
    return items


def _label(media: PostMedia) -> str:
    """What people call a file: its words, shortened."""
    words = " ".join((media.caption or media.alt).split())
    return words if len(words) <= _LABEL_CHARS else words[:_LABEL_CHARS].rstrip() + "…"


def story_fingerprint(target: Target, post: Post) -> str:
    """Of the post and of the options that change how it is sent."""
    return post.fingerprint() + target_class(target.kind).variant(target.options)


def _compare(
    session: Session, outbox: Outbox, target: Target, stories: Sequence[Story], *, only_known: bool
) -> Counts:
    now = outbox.clock()
    rows = {(row.item_kind, row.item_id): row for row in _rows(session, target)}
    if only_known:
        stories = [story for story in stories if (STORY, story.id) in rows]
    items = wanted_items(target, wanted_posts(session, outbox, target, stories), outbox.facts)
    due = unchanged = 0
    for item in items:
        row = rows.pop((item.kind, item.id), None)
        if row is None:
            session.add(_new_row(target, item, outbox, now))
            due += 1
        elif _want(session, row, item, now):
            due += 1
        else:
            unchanged += 1
    for answer in wanted_answers(session, target):
        rows.pop((ANSWER, answer), None)
    for contact in wanted_messages(session):
        rows.pop((MESSAGE, contact), None)
    # A front page stays, however empty it gets; stories that turn up or leave make it due.
    rows.pop((FACE, target.id), None)
    withdrawing = sum(_want_no_more(session, row, now) for row in rows.values())
    return Counts(due, withdrawing, unchanged)


def _rows(session: Session, target: Target) -> list[Delivery]:
    return list(session.scalars(select(Delivery).where(Delivery.target_id == target.id)))


def _new_row(target: Target, item: Wanted, outbox: Outbox, now: datetime) -> Delivery:
    return Delivery(
        id=new_id(now, outbox.rng),
        target_id=target.id,
        item_kind=item.kind,
        item_id=item.id,
        key=item.key,
        state=DeliveryState.DUE.value,
        wanted=item.fingerprint,
        remote={**item.origin, "title": item.title},
        due_at=now,
        created_at=now,
    )


def _want(session: Session, row: Delivery, item: Wanted, now: datetime) -> bool:
    """Make a row due if it does not hold what is wanted; True if it was changed."""
    if row.wanted == item.fingerprint or _held(row, now):
        return False
    again = row.sent != item.fingerprint or row.state != DeliveryState.SENT
    values: dict[str, Any] = {
        "wanted": item.fingerprint,
        "key": item.key,
        "remote": {**row.remote, **item.origin, "title": item.title},
    }
    if again:
        values |= {
            "state": DeliveryState.DUE.value,
            "due_at": now,
            "attempts": _tried(row),
            "error": "",
        }
    return put(session, row, values) and again


def _want_no_more(session: Session, row: Delivery, now: datetime) -> bool:
    """Send a row on its way out. An empty ``wanted`` remembers that, so that a parked takedown stays parked."""
    if row.wanted == "" or _held(row, now):
        return False
    state = DeliveryState.WITHDRAWING if may_be_there(row) else DeliveryState.WITHDRAWN
    values = {
        "wanted": "",
        "state": state.value,
        "due_at": now,
        "attempts": _tried(row),
        "error": "",
        "lease": "",
    }
    return put(session, row, values) and state is DeliveryState.WITHDRAWING


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


def ledger_rows(session: Session, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The ledger as JSON: ``target``, ``item``, ``kind``, ``title``, ``state``, ``url``, ``error``."""
    wanted = [target.id for target in chosen_targets(session, names)]
    rows = session.scalars(
        select(Delivery)
        .where(Delivery.target_id.in_(wanted))
        .order_by(Delivery.created_at, Delivery.item_kind, Delivery.key)
    )
    return [_row_json(row) for row in rows]


def _row_json(row: Delivery) -> dict[str, Any]:
    return {
        "target": row.target.name,
        "item": row.key,
        "kind": row.item_kind,
        "title": row.remote.get("title", ""),
        "state": row.state,
        "url": row.url,
        "error": row.error or (row.target.paused if row.state in OPEN else ""),
    }


def preview(session: Session, outbox: Outbox, *, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What publishing would do now, in the form of ``ledger_rows`` with an ``action`` (create, update, withdraw).

    Touches no network and leaves the ledger as it was.
    """
    before = {row.id: bool(row.remote_id) for row in session.scalars(select(Delivery))}
    wanted = chosen_targets(session, names)
    stories = all_stories(session, now=outbox.clock(), rng=outbox.rng)
    told = []
    for target in wanted:
        _compare(session, outbox, target, stories, only_known=False)
        session.flush()
        session.expire_all()
        for row in sorted(_rows(session, target), key=lambda r: (r.created_at, r.item_kind, r.key)):
            if row.state in OPEN:
                leaving = row.state == DeliveryState.WITHDRAWING
                action = "withdraw" if leaving else "update" if before.get(row.id) else "create"
                told.append({**_row_json(row), "action": action})
    session.rollback()
    return told
