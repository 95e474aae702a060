"""The small corpus, fed to every parser of outside input: each answers or refuses in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.parsers import PARSERS, feed

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", PARSERS)
def test_no_input_of_the_corpus_brings_a_parser_down(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        feed(name, path.read_bytes())
    for data in (b"", b"\0" * 64, b"\xff" * 64):
        feed(name, data)


def test_the_corpus_stays_small_and_belongs_to_parsers() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(PARSERS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < 200_000
