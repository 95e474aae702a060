"""Which pieces a film has: by star and gate, in whose order, how long."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from reporter.errors import Conflict
from reporter.films.plan import FilmWords, Plan, Wish, allowed, plan_film, shortened
from reporter.films.script import PieceKind
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.moderation.visibility import Scope
from tests.support.kiosk_process import TurnableClock, add_takeaway

WORDS = FilmWords("Spring", "14 March", "With", "Thanks", "g.example", "http://g.example/", {})


class Evening:
    """Starred and approved notes in two sessions."""

    def __init__(self, session: Session, store: Store, events: list[EventSession]) -> None:
        self.session, self.store, self.events = session, store, events
        self._rng = random.Random(3)

    def note(self, number: int = 0, **values: Any) -> Takeaway:
        """One more of them."""
        wanted = {"starred": True, "state": "approved", **values}
        return add_takeaway(self.session, self.events[number], self._rng, **wanted)

    def plan(self, **wish: Any) -> Plan:
        """The film of a wish."""
        return plan_film(self.session, self.store, Wish(**wish), WORDS)


@pytest.fixture
def evening(
    session: Session, store: Store, event: EventSession, clock: TurnableClock, rng: random.Random
) -> Evening:
    later = add_session(
        session, "Repairing radios", now=clock(), rng=rng, starts_at=clock() + timedelta(hours=2)
    )
    return Evening(session, store, [event, later])


def kinds(plan: Plan) -> list[str]:
    return [piece.kind.value for piece in plan.script.pieces]


def test_sessions_in_their_order_each_with_its_card(evening: Evening) -> None:
    later = evening.note(1, text="Solder is hot", author="Ana")
    first = evening.note(0, text="Compost stays warm", author="Ben")
    plan = evening.plan()
    assert plan.script.receipts == (first.receipt, later.receipt)
    wanted = ["title", "session", "quote", "session", "quote", "credits", "closing"]
    assert kinds(plan) == wanted
    headings = [p.heading for p in plan.script.pieces if p.kind == PieceKind.SESSION]
    assert headings == ["Community gardens in winter", "Repairing radios"]
    assert plan.script.pieces[-2].words == "Ben · Ana"


def test_who_gave_no_name_is_in_no_credits(evening: Evening) -> None:
    evening.note(text="Compost")
    assert "credits" not in kinds(evening.plan())


def test_only_starred_and_what_the_gate_lets_through(evening: Evening) -> None:
    kept = evening.note(text="Compost")
    evening.note(starred=False)
    evening.note(state="new")
    evening.note(state="hidden")
    evening.note(consent="unsure")
    community = evening.note(audience="community")
    assert evening.plan().script.receipts == (kept.receipt,)
    receipts = evening.plan(place=Scope.COMMUNITY).script.receipts
    assert set(receipts) == {kept.receipt, community.receipt}


def test_the_length_that_was_asked_for_is_kept(evening: Evening) -> None:
    for number in range(40):
        evening.note(number % 2, text=f"Compost stays warm, said {number} of us")
    for seconds in (15.0, 30.0, 75.0, 90.0):
        plan = evening.plan(seconds=seconds)
        assert plan.script.seconds == pytest.approx(seconds, abs=4)
        assert len(plan.left_out) + len(plan.script.receipts) == 40
    # Both sessions have their part.
    short = evening.plan(seconds=40.0)
    assert kinds(short).count("session") == 2


def test_the_organizers_order_and_what_was_dropped(evening: Evening) -> None:
    notes = [evening.note(text=f"Note {number}") for number in range(4)]
    order = tuple(note.receipt for note in reversed(notes))
    plan = evening.plan(order=order, dropped=frozenset({notes[1].receipt}))
    assert plan.script.receipts == tuple(r for r in order if r != notes[1].receipt)
    assert plan.left_out == (notes[1].receipt,)


def test_everything_dropped_is_no_film(evening: Evening) -> None:
    note = evening.note()
    with pytest.raises(Conflict, match="taken out"):
        evening.plan(dropped=frozenset({note.receipt}))


def test_a_voice_note_without_words_is_told_from_what_may_not_be_shown(evening: Evening) -> None:
    note = evening.note(text="")
    with pytest.raises(Conflict, match="a voice note needs words"):
        evening.plan()
    note.state = "new"
    evening.session.commit()
    with pytest.raises(Conflict, match="has to be approved"):
        evening.plan()


def test_a_film_is_allowed_as_long_as_all_in_it_is(evening: Evening) -> None:
    notes = [evening.note(), evening.note()]
    receipts = [note.receipt for note in notes]
    assert allowed(evening.session, receipts, Scope.PUBLIC)
    notes[0].state = "hidden"
    evening.session.commit()
    assert not allowed(evening.session, receipts, Scope.PUBLIC)


def test_the_fingerprint_changes_with_what_is_seen(evening: Evening) -> None:
    note = evening.note(text="Compost")
    before = evening.plan().script.fingerprint
    assert evening.plan().script.fingerprint == before
    note.text = "Compost!"
    evening.session.commit()
    assert evening.plan().script.fingerprint != before


def test_long_words_end_at_a_sentence() -> None:
    text = "Compost stays warm in winter. " * 20
    assert shortened(text).endswith("winter.")
    assert len(shortened(text)) <= 200
    assert shortened("word " * 100).endswith("word…")
    assert shortened("Short.") == "Short."
