"""Type in any script: joined, in the right order, inside its box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from capture.films.typesetting import Typesetter, shaped
from capture.printing.fonts import FontShelf

BOX = (800, 300)


def faces(text: str) -> Any:
    return FontShelf().choose(text).faces


@pytest.mark.parametrize(
    "text", ["Straßenfußball", "شكراً لكم", "שלום עולם", "उद्यान", "ขอบคุณ", "ありがとう", "Ελλάδα"]
)
def test_every_script_leaves_ink(text: str) -> None:
    block = Typesetter().set_text(text, BOX, size=60)
    assert block.ink.max() == 255
    assert block.ink.shape[1] == 800


def test_arabic_letters_are_joined_and_stand_from_right_to_left() -> None:
    text = "بيت"
    line = shaped(text, faces(text))
    alone = sum(shaped(letter, faces(text)).width for letter in text)
    # Joined forms are narrower than those that stand alone.
    assert line.width < alone * 0.8
    block = Typesetter().set_text(text, BOX, size=60)
    columns = np.argwhere(block.ink.max(axis=0) > 100)
    assert columns.min() > 400
    assert block.from_right


def test_words_of_the_other_direction_stand_where_they_are_read() -> None:
    text = "في Garden 12 اليوم"
    line = shaped(text, faces(text))
    latin = shaped("Garden", faces(text))
    numbers = [glyph.number for glyph in line.glyphs]
    found = [glyph.number for glyph in latin.glyphs]
    # The Latin word reads from the left, and stands between the two Arabic ones.
    at = next(n for n in range(len(numbers)) if numbers[n : n + len(found)] == found)
    assert 0 < at < len(numbers) - len(found)


def test_a_long_text_becomes_smaller_and_then_is_cut() -> None:
    short = Typesetter().set_text("Compost stays warm", BOX, size=80, least=30)
    long = Typesetter().set_text("Compost stays warm in winter. " * 8, BOX, size=80, least=30)
    longest = Typesetter().set_text("Compost stays warm in winter. " * 60, BOX, size=80, least=30)
    assert short.size == 80
    assert 30 <= long.size < 80
    assert longest.size == 30
    assert long.ink.shape[0] <= 300
    assert longest.ink.shape[0] <= 300


def test_letters_without_a_font_are_left_out() -> None:
    assert Typesetter().set_text("Hello 🎉", BOX, size=40).ink.max() == 255
    assert Typesetter().set_text("", BOX, size=40).ink.max(initial=0) == 0
