"""Decisions on a takeaway: approve, hide, edit, change, withdraw. Each is recorded in the history
with a new revision."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.codes import normalize_receipt
from reporter.enums import Audience, Consent, Intent, Kind, ReplyState, TakeawayState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.media.alt_text import own_words, proposals
from reporter.media.store import Store
from reporter.models import (
    Attachment,
    Decision,
    EventSession,
    ReceiptAlias,
    Tag,
    Takeaway,
    Tombstone,
)
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem, Contact
from reporter.moderation import counter
from reporter.moderation.history import ADDED, ALT, remember
from reporter.moderation.same_again import client_digest
from reporter.moderation.traces import erase_traces
from reporter.moderation.unused_media import delete_unused, drop_files

TAG_CHARS = 40
_HASHTAG = re.compile(r"(?:^|\s)#(\w{2,40})")
_CHOICES: dict[str, frozenset[str]] = {
    "intent": frozenset({"", *Intent}),
    "audience": frozenset(Audience),
    "consent": frozenset(Consent),
}
_TEXTS = ("text", "caption", "author", "prompt", "licence")


def bump_revision(session: Session, takeaway: Takeaway) -> None:
    """Assign a changed takeaway the next revision, so that index, wall and outbox process it.

    The counter's row lock orders commits by revision: a reader that has seen revision n has seen
    all before it.
    """
    takeaway.revision = next_revision(session)


def next_revision(session: Session) -> int:
    """Increment the gathering's revision counter for a change that others have to see. Does not commit."""
    return counter.increment(session)


def lock_gathering(session: Session) -> None:
    """Lock out other writers until the next commit or rollback, across threads and processes.

    SQLite takes its write lock with the first write, PostgreSQL the lock of this one row. Objects
    read before are expired, since they may have changed while we waited. Originals are deleted
    while it is held, so that files and rows agree.
    """
    if session.autoflush:
        # What is pending would be forgotten with the objects.
        session.flush()
    counter.lock(session)
    session.expire_all()


def by_receipt(session: Session, receipt: str) -> Takeaway:
    """The takeaway with a receipt, in any spelling; raises NotFound."""
    wanted = normalize_receipt(receipt)
    found = session.scalar(select(Takeaway).where(Takeaway.receipt == wanted))
    if found is None:
        alias = session.get(ReceiptAlias, wanted)
        found = session.get(Takeaway, alias.takeaway_id) if alias else None
    if found is None:
        raise NotFound(
            "There is no takeaway with this receipt. Check the letters and digits once more."
        )
    return found


@contextmanager
def alone(session: Session) -> Iterator[None]:
    """Lock out other writers, whose changes would be overwritten; commits, or rolls back on an error."""
    session.flush()
    lock_gathering(session)
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def approve(session: Session, takeaway: Takeaway, actor: Actor) -> None:
    """Approve it. A photo without alt text gets its contributor's words as alt text. Commits."""
    with alone(session):
        set_state(session, takeaway, actor, TakeawayState.APPROVED)


def hide(session: Session, takeaway: Takeaway, actor: Actor) -> None:
    """Hide it from everybody, but keep it. Commits."""
    with alone(session):
        set_state(session, takeaway, actor, TakeawayState.HIDDEN)


def reopen(session: Session, takeaway: Takeaway, actor: Actor) -> None:
    """Return it to the undecided takeaways. Commits."""
    with alone(session):
        set_state(session, takeaway, actor, TakeawayState.NEW)


def set_state(
    session: Session,
    takeaway: Takeaway,
    actor: Actor,
    state: TakeawayState,
    *,
    action: str = "",
    more: Mapping[str, Any] | None = None,
) -> bool:
    """Set the state; returns whether that changed anything. ``more``: further fields to set. Does not commit.

    Approving accepts the proposed alt texts; only photos without words stay without one. Raises
    Conflict for a withdrawn takeaway.
    """
    if takeaway.state == TakeawayState.WITHDRAWN:
        raise Conflict("Its contributor has taken this back; it can't be shown any more.")
    if takeaway.state == state and not more:
        return False
    fields = dict(more or {})
    if state is TakeawayState.APPROVED and not action:
        fields |= {ALT + sha: words for sha, words in proposals(takeaway).items()}
    before, after = _set_all(session, takeaway, fields)
    if takeaway.state != state:
        before["state"], after["state"] = takeaway.state, state.value
        takeaway.state = state.value
        takeaway.approved_at = actor.now if state is TakeawayState.APPROVED else None
    bump_revision(session, takeaway)
    remember(session, takeaway, actor, action or state.value, before=before, after=after)
    return True


def change(session: Session, takeaway: Takeaway, actor: Actor, values: Mapping[str, Any]) -> None:
    """Set texts, choices, ``starred``, ``tags`` (a list) and ``session_code``; unchanged values are ignored.

    Raises BadInput for an unknown name or value, Conflict for a withdrawn takeaway. Commits.
    """
    with alone(session):
        set_fields(session, takeaway, actor, values)


def change_own(
    session: Session,
    takeaway: Takeaway,
    actor: Actor,
    values: Mapping[str, Any],
    *,
    screen: Callable[[Takeaway], object] | None = None,
) -> None:
    """Change a takeaway for its contributor. If the words differ from what was approved, it needs review again.

    ``screen`` checks the changed takeaway before it is saved (see ``blocked_words``). Raises as
    ``change`` does. Commits.
    """
    with alone(session):
        words, as_alt = (takeaway.text, takeaway.author), own_words(takeaway)
        set_fields(session, takeaway, actor, values)
        if takeaway.text != words[0]:
            # Alt texts that only repeated these words: approving the new words accepts those as alt text.
            stale = {
                ALT + a.media.sha256: "" for a in takeaway.attachments if a.alt == as_alt != ""
            }
            set_fields(session, takeaway, actor, stale)
        if words != (takeaway.text, takeaway.author):
            require_review(session, takeaway, actor)
        if screen is not None:
            screen(takeaway)


def require_review(session: Session, takeaway: Takeaway, actor: Actor) -> None:
    """Return an approved takeaway to the undecided ones because its content changed. Does not commit."""
    if takeaway.state != TakeawayState.APPROVED:
        return
    set_state(session, takeaway, actor, TakeawayState.NEW)


def note_addition(session: Session, takeaway: Takeaway, actor: Actor, what: str) -> None:
    """Record files or words added by its contributor: whoever looked before looks again. Does not commit."""
    bump_revision(session, takeaway)
    noted = remember(session, takeaway, actor, ADDED, before={}, after={ADDED: what})
    # Not a step that somebody could undo.
    noted.step = None
    require_review(session, takeaway, actor)


def set_fields(
    session: Session,
    takeaway: Takeaway,
    actor: Actor,
    values: Mapping[str, Any],
    *,
    action: str = "change",
) -> bool:
    """``change`` without the commit; returns whether anything changed."""
    if takeaway.state == TakeawayState.WITHDRAWN:
        raise Conflict("This was taken back; there is nothing left to change.")
    before, after = _set_all(session, takeaway, values)
    if after:
        bump_revision(session, takeaway)
        remember(session, takeaway, actor, action, before=before, after=after)
    return bool(after)


def _set_all(
    session: Session, takeaway: Takeaway, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in values.items():
        old = get_field(takeaway, name)
        new = checked_field(name, value)
        if old != new:
            before[name], after[name] = old, new
            _set(session, takeaway, name, new)
    return before, after


def set_alt(session: Session, takeaway: Takeaway, actor: Actor, alts: Mapping[str, str]) -> None:
    """Set the alt text of attachments, {sha256: words}; other files are left alone. Commits."""
    with alone(session):
        there = {attachment.media.sha256 for attachment in takeaway.attachments}
        values = {ALT + sha: words for sha, words in alts.items() if sha in there}
        if values:
            set_fields(session, takeaway, actor, values)


def withdraw(session: Session, takeaway: Takeaway, actor: Actor, store: Store) -> None:
    """Withdraw it for good: words and files are deleted, the tombstone stays. Idempotent. Commits, then deletes files.

    Published copies are taken down in the outbox's next run, which finds the takeaway gone from its
    story.
    """
    lock_gathering(session)
    if takeaway.state == TakeawayState.WITHDRAWN:
        # Not a rollback: who withdrew it may still wait for the disk, and we say that it is done.
        session.commit()
        return
    media = [attachment.media for attachment in takeaway.attachments]
    erase_traces(session, takeaway, store, client_id=takeaway.client_id, now=actor.now)
    _write_tombstone(session, takeaway, [m.sha256 for m in media], actor)
    _erase_content(session, takeaway)
    _erase_replies(session, takeaway, actor.now)
    bump_revision(session, takeaway)
    remember(session, takeaway, actor, TakeawayState.WITHDRAWN.value, before={}, after={})
    originals = delete_unused(session, media)
    session.commit()
    # The same bytes may be arriving for another session right now: those are kept.
    lock_gathering(session)
    drop_files(session, store, originals)
    session.commit()


def _write_tombstone(
    session: Session, takeaway: Takeaway, hashes: Sequence[str], actor: Actor
) -> None:
    for sha256 in {*hashes, ""}:
        session.add(
            Tombstone(
                takeaway_id=takeaway.id,
                sha256=sha256,
                receipt=takeaway.receipt,
                session_code=takeaway.session.code,
                withdrawn_at=actor.now,
                # Only once: a retry is looked up by this, whatever files it has.
                client="" if sha256 else client_digest(takeaway.client_id),
            )
        )
    # The history holds former words: it is deleted too, except for the withdrawal itself.
    session.execute(delete(Decision).where(Decision.takeaway_id == takeaway.id))


def _erase_content(session: Session, takeaway: Takeaway) -> None:
    for name in _TEXTS:
        setattr(takeaway, name, "")
    takeaway.intent, takeaway.consent, takeaway.device = "", "", ""
    takeaway.client_id = None
    takeaway.attachments.clear()
    takeaway.tags.clear()
    takeaway.parts.clear()
    takeaway.state = TakeawayState.WITHDRAWN.value
    takeaway.starred = False
    takeaway.approved_at = None


def _erase_replies(session: Session, takeaway: Takeaway, now: datetime) -> None:
    """Erase the replies to it alone; the rows stay, so that polling a target does not restore the words."""
    gone: dict[str, Any] = {
        **dict.fromkeys(("text", "author", "author_url", "device"), ""),
        "former_texts": [],
        "state": ReplyState.GONE.value,
        "changed_at": now,
        "client_id": None,
    }
    session.execute(update(Reply).where(Reply.takeaway_id == takeaway.id).values(**gone))
    # Items about it or about a reply to it quote their words, and its contributor wants no more mail about it.
    # A reply may have come to another takeaway since an item was made of it.
    replies = select(Reply.id).where(Reply.takeaway_id == takeaway.id)
    quoted = or_(ActionItem.takeaway_id == takeaway.id, ActionItem.reply_id.in_(replies))
    session.execute(delete(ActionItem).where(quoted))
    session.execute(delete(Contact).where(Contact.takeaway_id == takeaway.id))


def main_kind(takeaway: Takeaway) -> Kind:
    """The main medium of a takeaway: see ``richest``."""
    return richest({attachment.media.kind for attachment in takeaway.attachments})


def richest(kinds: Collection[str]) -> Kind:
    """The kind of a takeaway with media of these kinds: the richest of them, a note without any."""
    return next((k for k in (Kind.VIDEO, Kind.PHOTO, Kind.AUDIO) if k.value in kinds), Kind.NOTE)


def hashtags(text: str) -> list[str]:
    """Hashtags in a text, lower case, unique, in order."""
    return list(dict.fromkeys(word.lower() for word in _HASHTAG.findall(text)))


def clean_tags(names: Sequence[str]) -> list[str]:
    """Normalize tags: trimmed, without #, lower case, unique, sorted, none empty."""
    cleaned = {" ".join(name.strip().lstrip("#").lower().split())[:TAG_CHARS] for name in names}
    return sorted(cleaned - {""})


def get_field(takeaway: Takeaway, name: str) -> Any:
    """A field's current value, in the form stored in decisions; raises BadInput for a field that may not be changed."""
    if name == "tags":
        return [tag.name for tag in takeaway.tags]
    if name == "session_code":
        return takeaway.session.code
    if name.startswith(ALT):
        return _attachment(takeaway, name).alt
    if name in _TEXTS or name in _CHOICES or name == "starred":
        return getattr(takeaway, name)
    raise BadInput("A takeaway has no %(name)s that can be changed.", name=f"{name!r}")


def _attachment(takeaway: Takeaway, name: str) -> Attachment:
    sha256 = name.removeprefix(ALT)
    found = next((a for a in takeaway.attachments if a.media.sha256 == sha256), None)
    if found is None:
        raise BadInput("This file is not in the takeaway (any more).")
    return found


def checked_field(name: str, value: Any) -> Any:
    """Validate a value and return its stored form; raises BadInput."""
    if name == "tags":
        return clean_tags(value)
    if name == "starred":
        return bool(value)
    text = str(value).replace("\r\n", "\n").strip()
    if name in _CHOICES and text not in _CHOICES[name]:
        raise BadInput(
            "%(value)s is not one of: %(choices)s.",
            value=f"{text!r}",
            choices=", ".join(sorted(_CHOICES[name] - {""})),
        )
    return text


def _set(session: Session, takeaway: Takeaway, name: str, value: Any) -> None:
    if name == "tags":
        # Kept rows stay: deleting and adding the same key in one flush would collide.
        kept = [tag for tag in takeaway.tags if tag.name in value]
        known = {tag.name for tag in kept}
        takeaway.tags = kept + [Tag(name=tag) for tag in value if tag not in known]
    elif name == "session_code":
        takeaway.session = find_session(session, value)
    elif name.startswith(ALT):
        _attachment(takeaway, name).alt = value
    else:
        setattr(takeaway, name, value)


def find_session(session: Session, code: str) -> EventSession:
    """The session with a code in its stored form; raises NotFound."""
    found = session.scalar(select(EventSession).where(EventSession.code == code))
    if found is None:
        raise NotFound("There is no session with the code %(code)s.", code=code)
    return found
