"""A merge asks each side for a kind of rows at once: what both have already costs no query of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine, event

from reporter.conversation import replies
from reporter.enums import DeliveryState
from reporter.follow_up.action_items import begin_item
from reporter.models import Delivery
from reporter.models.recording_captions import Captions
from reporter.moderation import decisions
from tests.reporter.merge.test_takeaways import merge, twin
from tests.support.publish.fakes import Kit, open_kit


def fill(kit: Kit, number: int) -> None:
    """So many sessions with a photo, a delivery of each story and file, a reply, an action item and captions."""
    target = kit.target()
    for one in range(number):
        session = kit.event(f"Session {one}", guid=f"s{one}")
        takeaway = kit.photo(session, one, f"Words {one}")
        word = replies.WrittenReply("answer", f"Answer {one}", "Ada", device=f"phone {one}")
        reply = replies.say(kit.session, takeaway, word, now=kit.clock(), rng=kit.rng)
        begin_item(kit.session, kit.actor, "question", {"what": reply.text}, reply=reply)
        begin_item(kit.session, kit.actor, "action", {"what": f"Do {one}"})
        decisions.withdraw(kit.session, kit.photo(session, 100 + one), kit.actor, kit.store)
        media = takeaway.attachments[0].media
        kit.session.add(Captions(media_id=media.id, saved="", draft="", version=0))
        for kind, item in (("story", kit.id()), ("media", media.id)):
            row = Delivery(id=kit.id(), target_id=target.id, item_kind=kind, item_id=item)
            row.key, row.state, row.remote_id = f"k-{item.hex}", DeliveryState.SENT.value, item.hex
            row.sent = row.wanted = "x"
            row.due_at = row.created_at = row.sent_at = kit.clock()
            kit.session.add(row)
    kit.session.commit()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Statements by what they read or write, on both sides."""
    counts: Counter[str] = Counter()

    def tell(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        table = re.search(r"\b(?:FROM|INTO|UPDATE) (\w+)", statement)
        counts[table[1] if table else statement.split()[0]] += 1

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", tell)


def statements(folder: Path, number: int) -> Counter[str]:
    with ExitStack() as stack:
        kit = stack.enter_context(open_kit(folder / "ours"))
        fill(kit, number)
        other = twin(kit, folder / "theirs")
        merge(kit, other)
        counts = stack.enter_context(counted())
        merge(kit, other)
        return Counter(counts)


def test_a_merge_of_the_same_costs_no_query_for_each_row(tmp_path: Path) -> None:
    few, many = (statements(tmp_path / str(number), number) for number in (2, 12))
    assert dict(many - few) == {}
