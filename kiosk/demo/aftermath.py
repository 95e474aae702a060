"""What came of the sample gathering: answers, action items, a report, and two places that it was published to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from kiosk.demo.pieces import ACTIONS, ANSWERS, PIECES, REPORT_LEAD, REPORT_TITLE, SampleReply
from kiosk.demo.sample_folder import MARK, SITE, STICK
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.publishing import add_target, publish_all
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.enums import ReplyKind, ReplyState
from reporter.follow_up.action_items import begin_item, change_item
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.stories.editing import draft_report, set_switches, set_texts

# The piece whose receipt the tour shows: it was starred, published and answered.
SHOWN_PIECE = 17
Progress = Callable[[int, int, str], None]


def bring_about(kiosk: KioskContext, site_address: str, progress: Progress) -> None:
    """Process, answer, follow up, compose and publish, as a gathering of an evening does. Commits.

    ``site_address``: under which address the local site is read.
    """
    rows = {row.text: row for row in db.session.scalars(select(Takeaway))}
    pieces = [rows[piece.text] for piece in PIECES]
    actor = kiosk.actor("desk")
    for answer in ANSWERS:
        _answer(pieces[answer.piece], answer, actor)
    for at, what, who, done in ACTIONS:
        _act(pieces[at], what, who, actor, done=done)
    _compose(actor)
    _process(kiosk, progress)
    kiosk.index.sync(db.session())
    _publish(kiosk, site_address)
    mark = json.dumps({"takeaway": str(pieces[SHOWN_PIECE].id)})
    (kiosk.settings.folder / MARK).write_text(mark, encoding="utf-8")


def _answer(takeaway: Takeaway, answer: SampleReply, actor: Actor) -> None:
    state = ReplyState.SHOWN if answer.shown else ReplyState.HELD
    kind = ReplyKind.REPLY if answer.place else ReplyKind.ANSWER
    db.session.add(
        Reply(
            id=new_id(actor.now, actor.rng),
            place=answer.place,
            takeaway_id=takeaway.id,
            kind=kind.value,
            state=state.value,
            author=answer.author,
            text=answer.text,
            former_texts=[],
            written_at=actor.now,
            received_at=actor.now,
            changed_at=actor.now,
        )
    )
    db.session.commit()


def _act(takeaway: Takeaway, what: str, who: str, actor: Actor, *, done: bool) -> None:
    values = {"what": what, "who": who, "who_agreed": True}
    item = begin_item(db.session(), actor, "action", values, takeaway=takeaway)
    if done:
        change_item(db.session(), item, actor, {"state": "done", "outcome": "Soup for sixty."})


def _compose(actor: Actor) -> None:
    story = draft_report(db.session(), actor, REPORT_TITLE)
    texts = {"title": REPORT_TITLE, "lead": REPORT_LEAD}
    set_texts(db.session(), story, texts, was={"title": story.title, "lead": story.lead})
    set_switches(db.session(), story, draft=False, rest=False)


def _process(kiosk: KioskContext, progress: Progress) -> None:
    """Make the renditions here: whoever opens the first page finds pictures, not places for them."""
    from capture.renditions.worker import process_due

    done, limits = 0, kiosk.settings.limits
    while made := process_due(db.session(), kiosk.store, kiosk.pool, now=kiosk.now, limits=limits):
        done += made
        progress(done, done + 1, "")


def _publish(kiosk: KioskContext, site_address: str) -> None:
    for name, folder, more in (
        ("USB stick", STICK, {}),
        ("local site", SITE, {"web": site_address}),
    ):
        place = kiosk.settings.folder / folder
        place.mkdir(exist_ok=True)
        add_target(kiosk, "folder", name, {"url": _address(place), **more}, ask=lambda _prompt: "")
    publish_all(kiosk, wait=True)


def _address(folder: Path) -> str:
    return folder.resolve().as_uri()
