"""Import replies that a person copied from a group chat and pasted at the desk."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.actor import Actor
from reporter.clock import new_id
from reporter.conversation.replies import blocked_people, narrower
from reporter.enums import ItemKind, ReplyKind, ReplyState
from reporter.errors import BadInput, NotFound
from reporter.models import Delivery, Takeaway
from reporter.models.conversation import Reply

MOST = 300
TEXT_CHARS = 4_000
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?\s?[Mm]\.?)?"
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_WHEN = rf"(?:{_DAY},?\s+{_CLOCK}|{_CLOCK},\s*{_DAY})"
# WhatsApp: "[12.05.26, 14:03:12] Ana: Leeks" or "12/05/2026, 14:03 - Ana: Leeks".
_STAMPED = re.compile(rf"^\[?{_WHEN}\]?\s*[-–]?\s*(?P<author>[^:]{{1,60}}):\s*(?P<text>.*)$")
# Telegram: "Ana, [12.05.26 14:03]", Discord: "Ana — 12.05.2026 14:03"; the text follows on the next lines.
_HEADED = re.compile(rf"^(?P<author>.{{1,60}}?)(?:,\s*\[{_WHEN}\]|\s+—\s+.*{_CLOCK})\s*$")
# "Ana: Leeks", but not a URL.
_NAMED = re.compile(r"^(?P<author>[^\W\d_][^:/\n]{0,39}):\s+(?P<text>\S.*)$")
# Bidirectional marks that chat programs put around times and names.
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"))


@dataclass(frozen=True)
class PastedReply:
    """One reply; ``author`` is '' if unknown."""

    author: str
    text: str


def read_pasted(text: str) -> list[PastedReply]:
    """Split pasted text into replies: by the timestamps of chat programs, else one per line."""
    lines = [line.translate(_MARKS).strip() for line in text.splitlines()]
    if any(_STAMPED.match(line) or _HEADED.match(line) for line in lines):
        found = _by_stamps(lines)
    else:
        found = [_by_line(line) for line in lines if line]
    return [one for one in found if one.text]


def _by_line(line: str) -> PastedReply:
    named = _NAMED.match(line)
    return PastedReply(named["author"].strip(), named["text"]) if named else PastedReply("", line)


def _by_stamps(lines: list[str]) -> list[PastedReply]:
    """Text below a timestamp belongs to it; text before the first one has no author."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if stamped := _STAMPED.match(line):
            found.append((stamped["author"].strip(), [stamped["text"]]))
        elif headed := _HEADED.match(line):
            found.append((headed["author"].strip(), []))
        else:
            found[-1][1].append(line)
    return [PastedReply(author, "\n".join(words).strip()) for author, words in found]


def take_pasted(session: Session, row_id: uuid.UUID, text: str, actor: Actor) -> int:
    """Store pasted replies to a post and return how many are new. They await review in the inbox. Commits.

    Replies pasted again are recognized. Raise NotFound, or BadInput if the text is empty or too long.
    """
    row = session.get(Delivery, row_id)
    if row is None or row.item_kind != ItemKind.STORY:
        raise NotFound("There is no such post in the ledger.")
    found = read_pasted(text)
    if not found:
        raise BadInput("Paste the answers first, each on its own line.")
    if len(found) > MOST:
        raise BadInput("Paste at most %(count)s answers at a time.", count=MOST)
    known = set(session.scalars(select(Reply.remote_id).where(Reply.target_id == row.target_id)))
    blocked = blocked_people(session, row.target_id)
    new = {_remote_id(row, one): one for one in found if _remote_id(row, one) not in known}
    for remote_id, one in new.items():
        reply = _reply(row, remote_id, one, actor, is_blocked=one.author in blocked)
        takeaway = session.get(Takeaway, reply.takeaway_id) if reply.takeaway_id else None
        reply.audience = narrower(row.target.audience, takeaway.audience if takeaway else "")
        session.add(reply)
    session.commit()
    return len(new)


def _remote_id(row: Delivery, one: PastedReply) -> str:
    content = f"{row.key}\n{one.author}\n{one.text}"
    return f"pasted:{hashlib.sha256(content.encode()).hexdigest()[:24]}"


def _reply(
    row: Delivery, remote_id: str, one: PastedReply, actor: Actor, *, is_blocked: bool
) -> Reply:
    takeaways = row.memory.takeaways
    state = ReplyState.HIDDEN if is_blocked else ReplyState.HELD
    return Reply(
        id=new_id(actor.now, actor.rng),
        target_id=row.target_id,
        remote_id=remote_id,
        place=row.target.name,
        story_id=row.item_id,
        takeaway_id=takeaways[0] if len(takeaways) == 1 else None,
        kind=ReplyKind.REPLY.value,
        state=state.value,
        author=one.author,
        text=one.text[:TEXT_CHARS],
        url=row.url,
        former_texts=[],
        written_at=actor.now,
        received_at=actor.now,
        changed_at=actor.now,
    )
