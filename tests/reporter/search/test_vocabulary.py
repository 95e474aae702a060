"""Words near a misspelt one: exactly those within the distance, and without much work."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from reporter.config import Settings
from reporter.models import EventSession
from reporter.search import SearchRequest, WhooshIndex
from reporter.search.text.vocabulary import Vocabulary, distance
from tests.support.kiosk_process import add_takeaway


@pytest.mark.parametrize("letters", ["abq", "éсж🐝"])
@pytest.mark.parametrize("most", [1, 2])
def test_exactly_the_words_within_the_distance_are_near(letters: str, most: int) -> None:
    """``a`` and ``q`` are counted as the same."""
    rng = random.Random(5)
    words = sorted({"".join(rng.choices(letters, k=rng.randrange(1, 9))) for _number in range(800)})
    words.append("a" * 300)
    vocabulary = Vocabulary(words)
    for word in rng.sample(words, 60):
        near = [other for other in words if distance(word, other, most) <= most]
        assert list(vocabulary.near(word, most)) == near
    assert list(vocabulary.near("a" * 299, most)) == ["a" * 300]


def test_nothing_is_near_in_an_empty_vocabulary() -> None:
    assert list(Vocabulary([]).near("bees", 2)) == []


def test_two_neighbours_exchanged_beside_a_wrong_letter_are_two_slips() -> None:
    assert distance("gradan", "garden", 2) == 2
    assert distance("ca", "abc", 3) == 3, "a letter is moved or changed once"


@pytest.mark.sqlite("Whoosh's files")
def test_a_word_that_nobody_wrote_takes_little_work(
    gathering: Settings, session: Session, event: EventSession, rng: random.Random
) -> None:
    """Whoever searches for a takeaway that isn't in the index yet held everybody up: an automaton was built for each
    segment, 250,000 calls."""
    texts = ["Compost stays warm", "Bees meet in the hedge", "Rain is kept in barrels"]
    for text in texts:
        add_takeaway(session, event, rng, text=text)
    index = WhooshIndex(gathering.folder / "index")
    index.sync(session)

    def missed(word: str) -> int:
        assert index.search(SearchRequest(word, place=None)).total == 0
        return 0

    missed("zz83ae42fc1d9b4e52b1")
    assert _calls(lambda: missed("zz1fa0cd55e79b4c0d8a7b21c45d9e36f1")) < 6_000


def _calls(work: Callable[[], object]) -> int:
    """How many Python functions are called."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
