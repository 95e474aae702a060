"""A theme's name: words that several members use, that a reader of the gathering understands, and that differ."""

from __future__ import annotations

import time

from reporter.themes.names import BETWEEN, name_themes
from reporter.themes.texts import prepare
from tests.support.themes.labelled import labelled

GARDEN = ["We water the garden in summer.", "The garden needs compost.", "Compost for every bed!"]
MUSIC = ["The choir sings on Fridays.", "Our choir needs a piano.", "A piano, please."]


def names(*groups: list[str], language: str = "en") -> list[list[str]]:
    found = name_themes([[prepare(text) for text in group] for group in groups], language)
    return [name.split(BETWEEN) for name in found]


def test_words_of_several_members_come_before_rare_ones_of_one() -> None:
    rare = ["Voles hate the carburettor of the garden.", *GARDEN]
    found, _other = names(rare, MUSIC)
    assert set(found[:2]) == {"garden", "compost"}


def test_members_with_the_same_words_count_each() -> None:
    found, _other = names([*["More shade"] * 4, "a heatwave"], MUSIC)
    assert found[0] == "shade"


def test_the_language_of_the_gathering_comes_first() -> None:
    spanish = ["Hace falta un riego nuevo.", "El riego en agosto"]
    found, _other = names([*GARDEN, *spanish], MUSIC)
    assert {"garden", "compost"} < set(found)
    german = ["Der Garten braucht Kompost.", "Kompost im Garten"]
    [first, _other] = names([*GARDEN, *german], MUSIC, language="de")
    assert set(first[:2]) == {"Garten", "Kompost"}


def test_a_word_and_its_translation_are_not_said_twice() -> None:
    texts = ["the bicycle lane", "a bicycle bell", "la bicicleta nueva", "otra bicicleta", "a lane"]
    [found, _other] = names(texts, MUSIC)
    assert len({"bicycle", "bicicleta"} & set(found)) == 1


def test_what_only_begins_sentences_comes_after_other_words() -> None:
    texts = ["Label every screw.", "Label each jar.", "A screw of the toaster", "a jar, a screw"]
    [found, _other] = names(texts, MUSIC)
    assert found[0] == "screw"


def test_small_words_of_another_language_than_the_texts_name_nothing() -> None:
    mixed = [
        "The neighbours water the garden with us. Ils aident, ils sont là.",
        "We share the tools of the garden. Ils aident, ils sont là.",
        "Our garden needs new tools. Ils sont là.",
    ]
    [found, _other] = names(mixed, MUSIC)
    assert not {"Ils", "ils", "sont"} & set(found)


def test_a_dozen_large_themes_are_named_in_a_blink() -> None:
    texts = [prepare(one.text) for one in labelled()]
    groups = [[texts[(at * 7 + theme) % 300] for at in range(500)] for theme in range(12)]
    name_themes(groups[:1], "en")
    begun = time.process_time()
    name_themes(groups, "en")
    assert time.process_time() - begun < 3
