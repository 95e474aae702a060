"""Words of six languages point to one place where they mean the same; compounds and relatives are found too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from reporter.search.text.tokenizer import normalize
from reporter.themes.lexicon import LANGUAGES
from reporter.themes.texts import prepare
from reporter.themes.word_vectors import word_vectors


def found(word: str, language: str) -> tuple[int, ...]:
    return word_vectors().find(word, normalize(word), language)


def place(word: str, language: str) -> Any:
    return word_vectors().take(found(word, language)).mean(axis=0)


@pytest.mark.parametrize(
    ("words", "other"),
    [
        (("garden", "Garten", "jardín", "jardin", "jardim", "حديقة"), "bicycle"),
        (("school", "Schule", "escuela", "école", "escola", "مدرسة"), "kitchen"),
        (("bicycle", "Fahrrad", "bicicleta", "vélo", "bicicleta", "دراجة"), "school"),
    ],
)
def test_the_same_word_is_near_in_all_languages(words: tuple[str, ...], other: str) -> None:
    places = [place(word, language) for word, language in zip(words, LANGUAGES, strict=True)]
    away = place(other, "en")
    assert all(places[0] @ one > places[0] @ away + 0.2 for one in places[1:])


def test_vectors_have_length_one_and_common_words_tell_less() -> None:
    book = word_vectors()
    rows = (*found("people", "en"), *found("wheelchair", "en"))
    assert np.linalg.norm(book.take(rows), axis=1) == pytest.approx(1, abs=1e-5)
    assert book.telling[rows[0]] < book.telling[rows[1]]
    assert len(book.packed) == len(book.telling) == sum(map(len, book.rows.values()))


def test_a_compound_is_its_parts_and_a_relative_its_beginning() -> None:
    assert found("Fahrradkantine", "de") == (*found("Fahrrad", "de"), *found("Kantine", "de"))
    assert found("accessibilitiness", "en") == found("accessibility", "en")
    assert found("xqzwvk", "fr") == ()


def test_a_word_of_another_language_is_looked_up_there() -> None:
    book = word_vectors()
    assert book.spoken_in("abejas", "abejas", "en") == "es"
    assert book.spoken_in("Wohnung", "wohnung", "es") == "de"
    assert book.spoken_in("bees", "bees", "en") == "en"
    assert book.spoken_in("xqzwvk", "xqzwvk", "fr") == "fr"
    (term,) = prepare("vecinos abejas y jardín con bees").terms[-1:]
    assert term.rows == found("bees", "en")


@pytest.mark.parametrize(
    ("word", "bare"),
    [("لموعد", "موعد"), ("صنعنا", "صنع"), ("نغرس", "غرس")],
)
def test_an_arabic_word_is_found_below_its_particles_and_endings(word: str, bare: str) -> None:
    assert found(word, "ar") == found(bare, "ar") != ()
