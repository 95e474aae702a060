"""The laws of merging: in whatever order, in whatever grouping, however often, every laptop ends with the same."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from kiosk.peers.snapshot import SHARED
from kiosk.services.merging import look
from reporter.actor import Actor
from reporter.clock import new_id
from reporter.codes import make_receipt
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.follow_up import action_items
from reporter.follow_up.next_gathering import forget_next, set_next
from reporter.gathering import session_editing
from reporter.gathering.session_editing import SessionFields
from reporter.media.store import Store
from reporter.merge.context import MergeContext, MergeReport
from reporter.merge.gathering import merge_gathering
from reporter.models import (
    Decision,
    EventSession,
    Gathering,
    Story,
    Takeaway,
    Theme,
    ThemeMember,
    Tombstone,
    whole_metadata,
)
from reporter.models.conversation import Reply
from reporter.models.follow_up import ActionItem, NextGathering
from reporter.moderation import decisions
from reporter.review.undo import undo_step
from reporter.stories import editing
from reporter.themes import decisions as themes

BEGIN = datetime(2026, 3, 14, 14, tzinfo=UTC)
LAPTOPS = 3
CHANGES: dict[str, Any] = {
    "text": "Leeks",
    "caption": "Frost",
    "audience": "room",
    "starred": True,
    "tags": ["winter"],
    "consent": "unsure",
}
# (laptop, what is done, which of the takeaways, minutes after the one before); several may be of one moment.
STEP = st.tuples(
    st.integers(0, LAPTOPS - 1),
    st.sampled_from(
        (
            *("approve", "hide", "withdraw", "say", "decide", "ask", "answer", "undo"),
            *("compose", "delete", "move", "plan", "cancel", "name", "part", "put back the clock"),
            *CHANGES,
        )
    ),
    st.integers(0, 1),
    st.integers(0, 2),
)
PAIR = st.tuples(st.integers(0, LAPTOPS - 1), st.integers(0, LAPTOPS - 1)).filter(
    lambda pair: pair[0] != pair[1]
)


class Laptop:
    """A gathering in memory, and what its people do."""

    def __init__(self, number: int, place: Path) -> None:
        self.engine: Engine = create_engine("sqlite://", poolclass=StaticPool)
        whole_metadata().create_all(self.engine)
        self.session = Session(self.engine)
        self.store = Store(place)
        self.rng = random.Random(number)
        # Nobody sets the clocks of laptops without internet.
        self.ahead = timedelta(minutes=5 * (1 - number))
        # All began as copies of one folder.
        same = random.Random(99)
        self.session.add(Gathering(id=new_id(BEGIN, same), created_at=BEGIN))
        event = EventSession(id=new_id(BEGIN, same), code="ABC123", title="Lobby", created_at=BEGIN)
        self.session.add(event)
        self.ids = [new_id(BEGIN, same) for _ in range(2)]
        for one in self.ids:
            shared = {"id": one, "receipt": make_receipt(same), "session": event, "kind": "note"}
            moments = {"recorded_at": BEGIN, "received_at": BEGIN, "revision": 1}
            self.session.add(Takeaway(text="Words", **shared, **moments))
        self.story = new_id(BEGIN, same)
        self.session.add(Story(id=self.story, title="Best of", created_at=BEGIN))
        self.theme = new_id(BEGIN, same)
        self.session.add(
            Theme(id=self.theme, name="Frost", pinned=True, hidden=False, created_at=BEGIN)
        )
        self.session.commit()

    def actor(self, now: datetime, who: str = "desk") -> Actor:
        return Actor(now, self.rng, who)

    def act(self, what: str, which: int, now: datetime) -> None:
        if what == "put back the clock":
            self.ahead -= timedelta(days=1)
        now += self.ahead
        row = self.session.get_one(Takeaway, self.ids[which])
        actor = self.actor(now)
        if what in ("plan", "cancel", "name"):
            self.edit_gathering(what, actor)
            return
        if what in ("compose", "delete"):
            self.edit_story(what, now)
            return
        if what == "move":
            fields = SessionFields("Lobby", room=f"Room {now.minute}")
            session_editing.edit_session(self.session, row.session, fields, now=now)
            return
        if row.state == "withdrawn":
            return
        if what in CHANGES:
            decisions.change(self.session, row, actor, {what: CHANGES[what]})
        elif what in ("approve", "hide"):
            getattr(decisions, what)(self.session, row, actor)
        elif what == "withdraw":
            decisions.withdraw(self.session, row, actor, self.store)
        elif what == "say":
            word = replies.WrittenReply("answer", f"{now}")
            replies.say(self.session, row, word, now=now, rng=self.rng)
        elif what in ("decide", "answer", "part"):
            self.edit_open(what, row, actor)
        elif what == "ask":
            asked = {"what": f"Who? {now:%H:%M}"}
            action_items.begin_item(self.session, actor, "question", asked, takeaway=row)
        elif what == "undo":
            self.undo(row, actor)

    def edit_gathering(self, what: str, actor: Actor) -> None:
        if what == "plan":
            set_next(self.session, actor, title=f"Spring {actor.now}", starts_at=BEGIN)
        elif what == "cancel":
            forget_next(self.session, now=actor.now)
        else:
            theme = self.session.get_one(Theme, self.theme)
            themes.rename_theme(self.session, theme, f"Ice {actor.now}", actor)

    def edit_open(self, what: str, row: Takeaway, actor: Actor) -> None:
        if what == "part":
            theme = self.session.get_one(Theme, self.theme)
            member = self.session.get(ThemeMember, row.id)
            into = None if member is not None and member.theme_id else theme
            themes.move_takeaways(self.session, [row], into, actor)
        elif what == "decide":
            reply = self.session.scalar(select(Reply).where(Reply.takeaway_id == row.id))
            if reply is not None:
                hidden = reply.state == ReplyState.HIDDEN
                replies.decide(
                    self.session, reply, actor, ReplyState.SHOWN if hidden else ReplyState.HIDDEN
                )
        else:
            item = self.session.scalar(select(ActionItem).where(ActionItem.takeaway_id == row.id))
            if item is not None:
                action_items.change_item(self.session, item, actor, {"outcome": f"{actor.now}"})

    def edit_story(self, what: str, now: datetime) -> None:
        story = self.session.get(Story, self.story)
        if story is None:
            return
        if what == "delete":
            editing.delete_story(self.session, story, now=now)
        else:
            texts = {"title": f"{now:%M} {self.rng.random()}"}
            editing.set_texts(self.session, story, texts, was={"title": story.title})

    def undo(self, row: Takeaway, actor: Actor) -> None:
        done = select(Decision.step).where(
            Decision.takeaway_id == row.id, Decision.undone.is_(False), Decision.step.is_not(None)
        )
        step = self.session.scalar(done.order_by(Decision.id.desc()).limit(1))
        if step is not None:
            undo_step(self.session, step, actor)
            self.session.commit()

    def merge(self, other: Laptop, now: datetime) -> MergeReport:
        other.session.expire_all()
        merge = MergeContext(
            self.session,
            other.session,
            self.store,
            other.store.folder,
            self.actor(now + self.ahead, "merge"),
            look,
        )
        return merge_gathering(merge)

    def census(self) -> dict[str, Any]:
        """Everything that people can tell apart."""
        self.session.expire_all()
        # Each laptop notes the withdrawal that it learns of.
        history = [
            row for row in self.session.scalars(select(Decision)) if row.action != "withdrawn"
        ]
        return {
            "takeaways": {
                row.id: self.values(row) for row in self.session.scalars(select(Takeaway))
            },
            "replies": {
                (row.id, row.takeaway_id, row.state, row.text)
                for row in self.session.scalars(select(Reply))
                if row.state != "gone"
            },
            "items": {
                (row.takeaway_id, row.what, row.state, row.outcome)
                for row in self.session.scalars(select(ActionItem))
            },
            "stories": {
                (row.id, row.title, row.edits)
                for row in self.session.scalars(select(Story).where(Story.session_id.is_(None)))
            },
            "sessions": {
                (row.title, row.room) for row in self.session.scalars(select(EventSession))
            },
            "next": {row.title for row in self.session.scalars(select(NextGathering))},
            "themes": {(row.id, row.name) for row in self.session.scalars(select(Theme))},
            "parts": {
                (row.takeaway_id, row.theme_id) for row in self.session.scalars(select(ThemeMember))
            },
            "buried": set(self.session.scalars(select(Tombstone.takeaway_id))),
            "history": {(row.id, row.undone) for row in history if row.who != "merge"},
            # Each laptop that finds words nobody has approved so notes that for itself.
            "notes": {(row.id, row.undone) for row in history if row.who == "merge"},
        }

    @staticmethod
    def values(row: Takeaway) -> tuple[Any, ...]:
        if row.state == "withdrawn":
            return (row.state, row.text, row.caption)
        names = ("state", "text", "caption", "audience", "consent", "starred", "approved_at")
        return *(getattr(row, name) for name in names), tuple(sorted(t.name for t in row.tags))


@contextmanager
def laptops(place: Path) -> Iterator[list[Laptop]]:
    made = [Laptop(number, place) for number in range(LAPTOPS)]
    try:
        yield made
    finally:
        for one in made:
            one.session.close()
            one.engine.dispose()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laws")
    Store(folder).make_folders()
    return folder


def run(
    made: Sequence[Laptop],
    steps: Sequence[tuple[int, str, int, int]],
    pairs: Sequence[tuple[int, int]],
) -> dict[str, Any]:
    """Do the steps, with merges of these pairs among them, then let everything reach everybody along ``pairs``."""
    now, early = BEGIN, len(pairs) // 2
    for number, (laptop, what, which, minutes) in enumerate(steps):
        now += timedelta(minutes=minutes)
        made[laptop].act(what, which, now)
        if number < early:
            made[pairs[number][0]].merge(made[pairs[number][1]], now)
    now += timedelta(days=1)
    for left, right in (*pairs[early:], *((n, n + 1) for n in range(LAPTOPS - 1))):
        made[left].merge(made[right], now)
    for number in reversed(range(LAPTOPS - 1)):
        made[number].merge(made[number + 1], now)
    for number in range(LAPTOPS - 1):
        made[number + 1].merge(made[number], now)
    return made[-1].census()


@settings(max_examples=12)
@given(st.lists(STEP, min_size=1, max_size=8), st.lists(PAIR, max_size=6))
@example(steps=[(2, "approve", 1, 0), (1, "approve", 1, 2)], pairs=[])
def test_all_end_with_the_same_and_again_changes_nothing(
    place: Path, steps: list[tuple[int, str, int, int]], pairs: list[tuple[int, int]]
) -> None:
    with laptops(place) as made:
        expected = run(made, steps, pairs)
        assert [one.census() for one in made] == [expected] * LAPTOPS
        again = made[0].merge(made[2], BEGIN + timedelta(days=2))
        assert again == MergeReport(known=again.known)
        gone = {(which) for _laptop, what, which, _ in steps if what == "withdraw"}
        buried = {made[0].ids[which] for which in gone}
        assert expected["buried"] == buried


@settings(max_examples=8)
@given(
    st.lists(STEP, min_size=1, max_size=6),
    st.permutations(list(range(LAPTOPS))),
    st.permutations(list(range(LAPTOPS))),
)
@example(steps=[(0, "approve", 0, 0), (1, "text", 0, 0)], first=[0, 1, 2], second=[1, 0, 2])
def test_order_and_grouping_do_not_matter(
    place: Path, steps: list[tuple[int, str, int, int]], first: list[int], second: list[int]
) -> None:
    found = []
    for order in (first, second):
        with laptops(place) as made:
            now = BEGIN
            for laptop, what, which, minutes in steps:
                now += timedelta(minutes=minutes)
                made[laptop].act(what, which, now)
            a, b, c = (made[number] for number in order)
            if order is first:
                a.merge(b, now), a.merge(c, now)
            else:
                b.merge(c, now), a.merge(b, now)
            found.append({**a.census(), "notes": None})
    assert found[0] == found[1]


def test_the_documents_say_what_becomes_of_each_column() -> None:
    """A new column of a table that laptops share needs a law, and its line."""
    text = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text("utf-8")
    section = text.partition("## What a merge does with each column")[2].partition("\n## ")[0]
    documented: dict[str, list[str]] = {}
    table = ""
    for line in section.splitlines():
        if line.startswith("| `") or line.startswith("| |"):
            first, columns = line.split("|")[1:3]
            table = first.strip(" `") or table
            documented.setdefault(table, []).extend(re.findall(r"`(\w+)`", columns))
    shared = [whole_metadata().tables[name] for name in SHARED if name in whole_metadata().tables]
    assert {name: sorted(names) for name, names in documented.items()} == {
        one.name: sorted(column.name for column in one.columns) for one in shared
    }
