"""Type in any script: joined, in the right order, inside its box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from capture.films.typesetting import PixelTypesetter, spoken_in
from capture.printing.fonts import FontShelf
from tests.support.printing.fonts import colour_font

BOX = (800, 300)


@pytest.mark.parametrize(
    "text", ["Straßenfußball", "شكراً لكم", "שלום עולם", "उद्यान", "ขอบคุณ", "ありがとう", "Ελλάδα"]
)
def test_every_script_leaves_ink(text: str) -> None:
    block = PixelTypesetter().set_text(text, BOX, size=60)
    assert block.ink.max() == 255
    assert block.ink.shape[1] == 800


def test_arabic_stands_from_right_to_left() -> None:
    block = PixelTypesetter().set_text("بيت", BOX, size=60)
    columns = np.argwhere(block.ink.max(axis=0) > 100)
    assert columns.min() > 400
    assert block.from_right


LONGEST = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"


@pytest.mark.parametrize(
    "text", [LONGEST, "https://garden.example.org/" + "a" * 80, "ก" * 120, "x" * 120]
)
def test_a_word_wider_than_the_box_is_divided_and_none_of_it_lost(text: str) -> None:
    # Lines as long as the text would leave ink at both edges of the box: it was cut off there.
    setter = PixelTypesetter(language="de")
    block = setter.set_text(text, (400, 600), size=60, least=16)
    alone = setter.set_text(text, (9000, 600), size=block.size, least=16)
    assert not block.ink[:, -2:].any()
    # The same letters, beside a hyphen for each line.
    assert block.ink.astype(float).sum() >= alone.ink.astype(float).sum() * 0.99
    assert block.size > 30


def test_a_compound_is_hyphenated_where_its_language_does() -> None:
    made = PixelTypesetter(language="de").set_text(LONGEST, (600, 600), size=60, least=16)
    assert made.size == 60
    assert made.ink.shape[0] == pytest.approx(4 * 60 * 1.22, abs=2)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wir tauschen Saatgut im Hof der Schule", "de"),
        ("Nous avons partagé des graines dans la cour", "fr"),
        ("Compost", "uk"),
    ],
)
def test_a_quote_is_hyphenated_in_its_own_language(text: str, language: str) -> None:
    assert spoken_in(text, "uk") == language


def test_a_glyph_with_colours_of_its_own_keeps_them(tmp_path: Path) -> None:
    colour_font(tmp_path / "TestEmoji.ttf")
    shelf = FontShelf(system=(tmp_path,))
    block = PixelTypesetter(shelf).set_text("Good 🇩🇪", BOX, size=60)
    pixels, opacity = block.layer((0, 0, 0))
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60) & (opacity > 0.9)
    assert red.sum() > 100


def test_a_long_text_becomes_smaller_and_then_is_cut() -> None:
    short = PixelTypesetter().set_text("Compost stays warm", BOX, size=80, least=30)
    long = PixelTypesetter().set_text("Compost stays warm in winter. " * 8, BOX, size=80, least=30)
    longest = PixelTypesetter().set_text(
        "Compost stays warm in winter. " * 60, BOX, size=80, least=30
    )
    assert short.size == 80
    assert 30 <= long.size < 80
    assert longest.size == 30
    assert long.ink.shape[0] <= 300
    assert longest.ink.shape[0] <= 300


def test_letters_without_a_font_are_left_out() -> None:
    assert PixelTypesetter().set_text("Hello 🎉", BOX, size=40).ink.max() == 255
    assert PixelTypesetter().set_text("", BOX, size=40).ink.max(initial=0) == 0
