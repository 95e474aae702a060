"""Merge another kiosk's sessions and takeaways: a union by id and content; tombstones on either side win.

Idempotent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from reporter.actor import ELSEWHERE
from reporter.annotations import face_review
from reporter.clock import new_id
from reporter.codes import make_code, make_receipt
from reporter.enums import Audience, Source, TakeawayState
from reporter.merge.context import MergeContext, alive_takeaways, row_values
from reporter.merge.edits import merge_edits
from reporter.merge.fields import merge_fields, same_on_both
from reporter.merge.media import attach, merge_face_review
from reporter.models import (
    Attachment,
    Decision,
    EventSession,
    Media,
    ReceiptAlias,
    Tag,
    Takeaway,
    Tombstone,
)
from reporter.moderation import decisions
from reporter.moderation.history import ADDED, fields_of, remember
from reporter.moderation.same_again import (
    by_client_id,
    client_digest,
    former_values,
    holds_text,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")


def merge_takeaways(merge: MergeContext) -> None:
    """Merge sessions, tombstones, takeaways with their files and history. Commits as it goes."""
    _merge_sessions(merge)
    _merge_tombstones(merge)
    merge.done.left += merge_edits(merge.session, merge.other, merge.store, merge.actor)
    # Each laptop makes its own film.
    brought = Takeaway.source != Source.FILM
    whole = merge.other.scalar(select(func.count(Takeaway.id)).where(brought)) or 0
    rows = merge.other.scalars(
        select(Takeaway).where(brought).order_by(Takeaway.received_at, Takeaway.id)
    )
    same = same_on_both(merge.session, merge.other)
    for number, theirs in enumerate(rows, 1):
        if theirs.id in same:
            merge.takeaways[theirs.id] = theirs.id
            merge.done.known += theirs.state != TakeawayState.WITHDRAWN
        else:
            decisions.lock_gathering(merge.session)
            _merge_takeaway(merge, theirs)
            merge.session.commit()
        merge.tell(number, whole)


def _merge_sessions(merge: MergeContext) -> None:
    rows = list(merge.session.scalars(select(EventSession)))
    by_guid = {row.guid: row for row in rows if row.guid}
    by_code = {row.code: row for row in rows}
    for theirs in merge.other.scalars(select(EventSession)):
        ours = _session_of(by_guid, by_code, theirs)
        if ours is None:
            ours = EventSession(**row_values(theirs))
            if merge.session.get(EventSession, ours.id) is not None:
                ours.id = new_id(merge.now, merge.rng)
            if ours.code in by_code:
                ours.code = make_code(merge.rng)
            merge.session.add(ours)
            by_code[ours.code] = ours
            if ours.guid:
                by_guid[ours.guid] = ours
            merge.done.sessions += 1
        elif _merge_session_fields(ours, theirs):
            merge.done.sessions += 1
            for takeaway in ours.takeaways:
                decisions.bump_revision(merge.session, takeaway)
        merge.events[theirs.id] = ours.id
    merge.session.commit()


# Fields of a session that a person or a schedule may change; each merges by its last change.
_OF_SESSION = (
    "title",
    "room",
    "track",
    "speakers",
    "description",
    "starts_at",
    "ends_at",
    "do_not_record",
    "words_leave",
    "licence",
    "language",
    "audience",
    "retired",
    "series",
)


# What a session's speaker wants, from what shows most to what shows least.
_WISHES: dict[str, list[Any]] = {
    "do_not_record": [False, True],
    "words_leave": [True, False],
    "audience": [one.value for one in Audience],
}


def _merge_session_fields(ours: EventSession, theirs: EventSession) -> bool:
    """Take the fields that were changed later there; returns whether any differed."""
    here, there = ours.changes or {}, theirs.changes or {}
    later = {
        name: there.get(name, "")
        for name in _OF_SESSION
        if (name in there or name in _WISHES)
        and _change(theirs, there, name) > _change(ours, here, name)
    }
    changed = [name for name in later if getattr(ours, name) != getattr(theirs, name)]
    for name in changed:
        setattr(ours, name, getattr(theirs, name))
    dated = {name: at for name, at in later.items() if at}
    if dated:
        ours.changes = {**here, **dated}
    return bool(changed)


def _change(row: EventSession, changes: dict[str, str], name: str) -> tuple[str, str]:
    """Sort key: the last change is greatest; the value breaks ties. Of two wishes without a date the stricter holds."""
    value = getattr(row, name)
    order = _WISHES.get(name)
    rank = str(order.index(value)) if order and value in order else str(value)
    return changes.get(name, ""), rank


def _session_of(
    by_guid: Mapping[str, EventSession], by_code: Mapping[str, EventSession], theirs: EventSession
) -> EventSession | None:
    """The same session here: by its id in the schedule, else by the code on its poster."""
    if theirs.guid and theirs.guid in by_guid:
        return by_guid[theirs.guid]
    found = by_code.get(theirs.code)
    same = found is not None and (not found.guid or not theirs.guid or found.guid == theirs.guid)
    return found if same else None


def _merge_tombstones(merge: MergeContext) -> None:
    """Withdraw here what was withdrawn there, files and words: the takeaway itself, or a phone's retry of it."""
    session = merge.session
    digests, alive = _digests(session), alive_takeaways(session)
    have = {tuple(row) for row in session.execute(select(Tombstone.takeaway_id, Tombstone.sha256))}
    early: set[str] = set()
    for theirs in merge.other.scalars(select(Tombstone)):
        by_client = digests.get(theirs.client) if theirs.client else None
        for number in {theirs.takeaway_id, by_client} & alive:
            ours = session.get(Takeaway, number)
            if ours is not None and ours.state != TakeawayState.WITHDRAWN:
                decisions.withdraw(session, ours, merge.actor, merge.store)
                merge.done.withdrawn += 1
        key = theirs.takeaway_id, theirs.sha256
        # What was withdrawn just now has one already.
        if key not in have and session.get(Tombstone, key) is None:
            session.add(Tombstone(**row_values(theirs)))
            early.add(theirs.sha256)
    session.commit()
    _drop_early(merge, early - {""})


def _drop_early(merge: MergeContext, hashes: set[str]) -> None:
    """Delete originals that came before their takeaway did, as with a push that broke off, and are withdrawn by now.

    Not those of which another takeaway there has the same bytes: it is merged next.
    """
    in_use = select(Media.sha256).join(Attachment).where(Media.sha256.in_(hashes))
    unused = hashes - set(merge.other.scalars(in_use))
    decisions.lock_gathering(merge.session)
    for sha256 in filter(_SHA256.fullmatch, sorted(unused)):
        if merge.session.scalar(select(Media.id).where(Media.sha256 == sha256)) is None:
            merge.store.drop_all(sha256)
    merge.session.commit()


def _digests(session: Session) -> dict[str, uuid.UUID]:
    """The digests that tombstones have for our takeaways' client ids."""
    rows = session.execute(
        select(Takeaway.client_id, Takeaway.id).where(Takeaway.client_id.is_not(None))
    )
    return {client_digest(client_id): own for client_id, own in rows}


def _merge_takeaway(merge: MergeContext, theirs: Takeaway) -> None:
    session = merge.session
    ours = _same(merge, theirs)
    if ours is not None:
        merge.takeaways[theirs.id] = ours.id
        _merge_known(merge, ours, theirs)
        return
    if theirs.state != TakeawayState.WITHDRAWN and (buried := _buried(session, theirs)):
        gone = session.get(Takeaway, buried.takeaway_id)
        if gone is not None:
            # The holder of the receipt from there learns here that it was withdrawn.
            _keep_receipts(merge, gone, theirs)
        return
    files = _files_to_take(merge, theirs)
    if theirs.attachments and not files and theirs.state != TakeawayState.WITHDRAWN:
        return
    row = Takeaway(**row_values(theirs, "session_id", "revision", "device", "kiosk"))
    row.kiosk = theirs.kiosk or merge.laptop
    row.session_id = merge.events[theirs.session_id]
    if theirs.device:
        row.device = ELSEWHERE + theirs.device.removeprefix(ELSEWHERE)
    if row.client_id and by_client_id(session, row.client_id) is not None:
        # Its id belongs to another takeaway here, with other words.
        row.client_id = None
    if session.scalar(select(Takeaway.id).where(Takeaway.receipt == row.receipt)) is not None:
        row.receipt = make_receipt(merge.rng)
    row.tags = [Tag(name=tag.name) for tag in theirs.tags]
    with session.no_autoflush:
        decisions.bump_revision(session, row)
    session.add(row)
    session.flush()
    for attachment in files:
        attach(merge, row, attachment)
    _merge_history(merge, row, theirs)
    _keep_receipts(merge, row, theirs)
    merge.takeaways[theirs.id] = row.id
    merge.done.takeaways += theirs.state != TakeawayState.WITHDRAWN


def _same(merge: MergeContext, theirs: Takeaway) -> Takeaway | None:
    """The same takeaway here, by id, client id, or the same card shots for the same session."""
    session = merge.session
    found = session.get(Takeaway, theirs.id)
    if found is None and theirs.client_id:
        found = by_client_id(session, theirs.client_id)
        if found is not None and not _holds_the_words(merge, found, theirs):
            return None
    if found is not None or theirs.source != Source.CARD or not theirs.attachments:
        return found
    hashes = {one.media.sha256 for one in theirs.attachments}
    candidates = session.scalars(
        select(Takeaway)
        .join(Attachment)
        .join(Media)
        .where(
            Takeaway.session_id == merge.events[theirs.session_id], Takeaway.source == Source.CARD
        )
        .where(Media.sha256.in_(hashes))
    )
    return next((r for r in candidates if {a.media.sha256 for a in r.attachments} == hashes), None)


def _holds_the_words(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> bool:
    """Whether one of two takeaways with the same client id has, or had, the other's words: then they are the same."""
    if TakeawayState.WITHDRAWN in (ours.state, theirs.state):
        return True
    here = former_values(merge.session, ours, "text")
    there = former_values(merge.other, theirs, "text")
    return holds_text(here, theirs.text) or holds_text(there, ours.text) or bool(here & there)


def _buried(session: Session, theirs: Takeaway) -> Tombstone | None:
    """The tombstone here, under its own id or that of the phone's retry."""
    digest = client_digest(theirs.client_id) or "none"
    same = or_(Tombstone.takeaway_id == theirs.id, Tombstone.client == digest)
    return session.scalar(select(Tombstone).where(same).limit(1))


def _keep_receipts(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> None:
    """Keep every receipt given out there valid here, as an alias beside ours."""
    aliases = select(ReceiptAlias.receipt).where(ReceiptAlias.takeaway_id == theirs.id)
    for receipt in (theirs.receipt, *merge.other.scalars(aliases)):
        taken = select(Takeaway.id).where(Takeaway.receipt == receipt)
        free = merge.session.scalar(taken) is None
        if free and merge.session.get(ReceiptAlias, receipt) is None:
            merge.session.add(ReceiptAlias(receipt=receipt, takeaway_id=ours.id))
            merge.session.flush()


def _merge_known(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> None:
    """Merge a takeaway that both have: last decision wins, and the history keeps both."""
    _keep_receipts(merge, ours, theirs)
    if ours.state == TakeawayState.WITHDRAWN:
        return
    if theirs.state == TakeawayState.WITHDRAWN:
        decisions.withdraw(merge.session, ours, merge.actor, merge.store)
        merge.done.withdrawn += 1
        return
    approved = [_Content.of(row) for row in (ours, theirs) if row.state == TakeawayState.APPROVED]
    before = _looked_at(ours)
    have = {one.media.sha256 for one in ours.attachments}
    new = [one for one in _files_to_take(merge, theirs) if one.media.sha256 not in have]
    added = {one.media.sha256 for one in new if attach(merge, ours, one)}
    changed = merge_fields(merge, ours, theirs)
    if changed or added:
        files = frozenset(have | added)
        if not _Content((ours.text, ours.author), files).is_among(approved):
            decisions.require_review(merge.session, ours, merge.actor_after(theirs))
        decisions.bump_revision(merge.session, ours)
        merge.done.changed += 1
    else:
        merge.done.known += 1
    decided_fields = _merge_history(merge, ours, theirs)
    taken = {
        name for name, value in _looked_at(ours).items() if value != before[name]
    } - decided_fields
    if taken or (added and ADDED not in decided_fields):
        _note_addition(merge, ours, taken, added)


def _looked_at(row: Takeaway) -> dict[str, str]:
    """The fields that an organizer looks at before approving, and that may differ without a decision."""
    return {name: getattr(row, name) for name in ("text", "author", "audience", "consent")}


def _note_addition(merge: MergeContext, ours: Takeaway, names: set[str], files: set[str]) -> None:
    """Note what came without a decision, so that a page opened before doesn't approve it unseen.

    The id follows from what came, so that laptops that take the same note it once.
    """
    came = [*(f"{name} {getattr(ours, name)}" for name in sorted(names)), *sorted(files)]
    number = uuid.uuid5(ours.id, "\n".join((ADDED, *came)))
    what = ours.text if "text" in names else str(len(names) + len(files))
    known = merge.session.get(Decision, number)
    if known is not None:
        known.revision = ours.revision
        return
    noted = remember(merge.session, ours, merge.actor, ADDED, before={}, after={ADDED: what})
    # Not a step that somebody could undo.
    noted.id, noted.step = number, None


@dataclass(frozen=True)
class _Content:
    """What an organizer looks at before approving a takeaway."""

    words: tuple[str, str]
    files: frozenset[str]

    @classmethod
    def of(cls, row: Takeaway) -> _Content:
        return cls((row.text, row.author), frozenset(one.media.sha256 for one in row.attachments))

    def is_among(self, approved: Sequence[_Content]) -> bool:
        """Whether somebody here or there has approved these words and each of these files."""
        files = frozenset[str]().union(*(one.files for one in approved))
        return self.files <= files and self.words in [one.words for one in approved]


def _merge_history(merge: MergeContext, ours: Takeaway, theirs: Takeaway) -> set[str]:
    """Take over the decisions that are new here; returns the fields that they are about."""
    decided_fields: set[str] = set()
    for step in merge.other.scalars(select(Decision).where(Decision.takeaway_id == theirs.id)):
        known = merge.session.get(Decision, step.id)
        stood = known is None or not known.undone
        if known is None:
            # A page opened before this revision has not shown it.
            values = row_values(step, "takeaway_id", "revision")
            row = Decision(**values, takeaway_id=ours.id, revision=ours.revision)
            merge.session.add(row)
            decided_fields |= fields_of(row).after.keys()
        elif step.undone:
            known.undone = True
        if step.action == face_review.ACTION and stood:
            merge_face_review(merge, step, new=known is None)
    return decided_fields


def _files_to_take(merge: MergeContext, theirs: Takeaway) -> list[Attachment]:
    """Its files; for a card's takeaway, without those withdrawn here for this session (see docs/same-again.md)."""
    if theirs.source != Source.CARD:
        return list(theirs.attachments)
    event = merge.session.get_one(EventSession, merge.events[theirs.session_id])
    hashes = [one.media.sha256 for one in theirs.attachments]
    buried = set(
        merge.session.scalars(
            select(Tombstone.sha256).where(
                Tombstone.sha256.in_(hashes), Tombstone.session_code == event.code
            )
        )
    )
    return [one for one in theirs.attachments if one.media.sha256 not in buried]
