"""Themes are found across languages, with names of the members' own words, and nothing heavy is loaded first."""

from __future__ import annotations

import functools
import subprocess
import sys

import numpy as np
import pytest

from reporter.themes import engine
from reporter.themes.engine import LEAST_TEXTS, MOST_THEMES, Groups, find_groups
from reporter.themes.names import BETWEEN, name_themes
from reporter.themes.texts import Prepared, prepare
from tests.support.themes.clusters import v_measure
from tests.support.themes.fresh_labelled import fresh_labelled
from tests.support.themes.labelled import Labelled, labelled
from tests.support.themes.short_labelled import short_labelled
from tests.support.themes.unseen_labelled import unseen_labelled

LABELLED = labelled()


@functools.cache
def prepared() -> list[Prepared]:
    """The labelled texts, taken apart when a test first asks: every process imports this module."""
    return [prepare(one.text) for one in LABELLED]


@functools.cache
def themes() -> Groups:
    """What is found in them."""
    return find_groups(prepared())


def test_v_measure_is_one_for_the_same_groups_and_zero_for_none() -> None:
    assert v_measure([1, 1, 2, 2], ["a", "a", "b", "b"]) == pytest.approx(1)
    assert v_measure([1, 1, 2, 2], ["a", "b", "a", "b"]) == pytest.approx(0)
    # Worked by hand: homogeneity 1, completeness 2/3.
    assert v_measure([1, 1, 2, 2], [1, 1, 2, 3]) == pytest.approx(0.8)


def test_the_set_has_five_languages_with_as_many_of_each_label() -> None:
    assert len(LABELLED) == 300
    assert {one.language for one in LABELLED} == {"en", "de", "es", "fr", "ar"}
    assert len({one.text for one in LABELLED}) == 300


def test_themes_agree_with_what_people_labelled() -> None:
    assert v_measure([one.label for one in LABELLED], themes().labels) > 0.75


@pytest.mark.parametrize(
    "rows",
    [short_labelled(), fresh_labelled(), unseen_labelled()],
    ids=["short", "fresh", "unseen"],
)
def test_short_messages_with_mistakes_and_in_two_languages_are_grouped_too(
    rows: list[Labelled],
) -> None:
    found = find_groups([prepare(one.text) for one in rows]).labels
    # Little is said in each, so this is less than of whole sentences.
    assert v_measure([one.label for one in rows], found) > 0.72


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "ar"])
def test_they_do_whichever_language_is_missing(language: str) -> None:
    rows = [at for at, one in enumerate(LABELLED) if one.language != language]
    found = find_groups([prepared()[at] for at in rows]).labels
    assert v_measure([LABELLED[at].label for at in rows], found) > 0.7


def test_the_order_of_arrival_changes_little() -> None:
    backwards = find_groups(prepared()[::-1]).labels[::-1]
    assert v_measure(themes().labels, backwards) > 0.9


def test_there_are_at_most_a_dozen_and_they_cross_languages() -> None:
    labels = themes().labels
    numbers = set(labels) - {-1}
    assert len(numbers) <= MOST_THEMES
    for number in numbers:
        languages = {one.language for one, at in zip(LABELLED, labels, strict=True) if at == number}
        assert len(languages) >= 3


def test_a_name_has_at_least_two_words_that_members_wrote() -> None:
    labels = themes().labels
    members = [
        [at for at, label in enumerate(labels) if label == number]
        for number in sorted(set(labels) - {-1})
    ]
    names = name_themes([[prepared()[at] for at in group] for group in members], "en")
    for name, group in zip(names, members, strict=True):
        texts = " ".join(LABELLED[at].text for at in group)
        words = name.split(BETWEEN)
        assert len(words) >= 2
        assert all(word in texts for word in words)
    assert len(set(names)) == len(names)


def test_the_same_texts_give_the_same_themes() -> None:
    assert find_groups(prepared()) == themes()


def test_too_little_gives_no_themes() -> None:
    few = prepared()[: LEAST_TEXTS - 1]
    assert find_groups(few).labels == [-1] * len(few)
    assert find_groups([]).labels == []
    silent = [prepare(text) for text in ("", "42", "the and of", "👍")] * 5
    assert find_groups(silent).labels == [-1] * 20


def test_what_a_person_placed_stays_and_draws_its_like() -> None:
    bicycles = [at for at, one in enumerate(LABELLED) if one.label == "bicycles"]
    fixed = [0 if at in bicycles[:15] else -1 for at in range(len(LABELLED))]
    labels = find_groups(prepared(), fixed=fixed).labels
    assert all(labels[at] == 0 for at in bicycles[:15])
    assert sum(labels[at] == 0 for at in bicycles[15:]) >= 8


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Who waters the beds during the holidays?", "en"),
        ("Wer gießt die Hochbeete in den Ferien?", "de"),
        ("¿Quién riega los bancales durante las vacaciones?", "es"),
        ("Qui arrose les plantes pendant les vacances ?", "fr"),
        ("من يسقي النباتات خلال العطلة؟", "ar"),
    ],
)
def test_a_text_is_taken_apart_in_its_own_language(text: str, language: str) -> None:
    prepared = prepare(text)
    assert prepared.language == language
    assert any(term.rows for term in prepared.terms)


def test_words_that_mean_the_same_are_one_concept_in_all_languages() -> None:
    """Of most everyday words; dictionaries have gaps."""
    meanings = [
        ("the garden", "der Garten", "el jardín", "le jardin"),
        ("the water", "das Wasser", "el agua", "l'eau"),
        ("the bread", "das Brot", "el pan", "le pain"),
        ("the school", "die Schule", "la escuela", "l'école"),
        ("the child", "das Kind", "el niño", "l'enfant"),
        ("the tree", "der Baum", "el árbol", "l'arbre"),
        ("the money", "das Geld", "el dinero", "l'argent"),
        ("the music", "die Musik", "la música", "la musique"),
        ("the bicycle", "das Fahrrad", "la bicicleta", "le vélo"),
    ]
    concepts = [
        [{term.concept for term in prepare(text).terms} for text in texts] for texts in meanings
    ]
    assert sum(bool(set.intersection(*found)) for found in concepts) >= 6


def test_importing_loads_no_numpy() -> None:
    process = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, reporter.themes.engine, reporter.themes.names, reporter.themes.texts;"
            "print('numpy' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.strip() == "False"


def test_two_themes_about_nearly_the_same_are_told_apart_by_their_names() -> None:
    common = [prepare("garden neighbours compost")] * 5
    groups = [[*common, prepare(more)] for more in ("wheelbarrow", "rainwater", "bicycle")]
    names = name_themes(groups, "en")
    assert len(set(names)) == 3
    assert all(len(name.split(BETWEEN)) == 3 for name in names)


def test_themes_of_the_same_words_may_share_a_name() -> None:
    words = [prepare("garden neighbours compost")] * 3
    first, second = name_themes([words, words], "en")
    assert first == second != ""
    assert name_themes([[prepare("12"), prepare("…")]], "en") == [""]


def test_neighbours_of_many_texts_are_looked_for_among_a_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So its time grows with their number, not with its square: most rows move no other."""
    monkeypatch.setattr(engine, "NEIGHBOURHOOD", 40)
    rows = np.random.default_rng(1).normal(size=(400, 8)).astype(np.float32)
    moving = []
    for at in range(400):
        changed = rows.copy()
        changed[at] *= -1
        moved = np.abs(engine._smoothed(changed) - engine._smoothed(rows)).max(axis=1) > 1e-4
        moving.append(np.delete(moved, at).any())
    assert 20 <= sum(moving) <= 40
