"""What a person expects to find: 60 questions in five languages, judged beforehand (relevance_cases.py)."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from reporter.gathering.sessions import add_session
from reporter.search import SearchIndex, SearchRequest
from tests.reporter.search.relevance_cases import (
    AUTHORS,
    QUESTIONS,
    SESSIONS,
    TAGS,
    TEXTS,
    Question,
)
from tests.support.kiosk_process import TurnableClock, add_takeaway


@dataclass
class Library:
    """The filled index, and the names of takeaways by their ids."""

    index: SearchIndex
    names: dict[str, str]

    def ask(self, typed: str) -> list[str]:
        """Names of what is found, best first."""
        found = self.index.search(SearchRequest(typed, limit=100))
        return [self.names[one] for one in found.ids]


@pytest.fixture
def library(
    session: Session, index: SearchIndex, rng: random.Random, clock: TurnableClock
) -> Library:
    events = {
        letter: add_session(session, title, now=clock(), rng=rng)
        for letter, title in SESSIONS.items()
    }
    names = {}
    for name, text in TEXTS.items():
        row = add_takeaway(
            session,
            events[name[3]],
            rng,
            text=text,
            state="approved",
            author=AUTHORS.get(name, ""),
            tags=TAGS.get(name, []),
        )
        names[str(row.id)] = name
    index.sync(session)
    return Library(index, names)


def recall(question: Question, found: list[str]) -> float:
    return len(question.wanted & set(found)) / len(question.wanted)


def precision(question: Question, found: list[str]) -> float:
    return len(question.wanted & set(found)) / len(found) if found else 0.0


def test_people_find_what_they_look_for(library: Library) -> None:
    answers = [(question, library.ask(question.typed)) for question in QUESTIONS]
    misses = "\n".join(
        f"{question.typed!r}: lacks {sorted(question.wanted - set(found))}, has {found}"
        for question, found in answers
        if set(found) != question.wanted
    )
    count = len(QUESTIONS)
    assert count == 60
    assert sum(recall(*one) for one in answers) / count >= 0.98, misses
    assert sum(precision(*one) for one in answers) / count >= 0.92, misses
    # As many as are wanted, from the top: how much of what is seen first is wanted.
    tops = [(question, found[: len(question.wanted)]) for question, found in answers]
    assert sum(precision(*one) for one in tops) / count >= 0.96, misses
