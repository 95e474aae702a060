"""Prepare a takeaway's text for clustering: its significant words, and its vector in the embedding space."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporter.search.text.languages import function_words, guess
from reporter.search.text.tokenizer import tokenize
from reporter.themes.lexicon import LANGUAGES, Senses, foreign_stem, lexicon, script_language
from reporter.themes.word_vectors import word_vectors

# A word in no dictionary is a name or a term: significant, but only if it is repeated.
UNKNOWN_WEIGHT = 1.0
# Among the few words of a takeaway common ones tell something, too: their weights are raised to this.
EVENNESS = 0.7


@dataclass(frozen=True, slots=True)
class Term:
    """A word as written, and the concept it counts as: a stem, the same in all languages if known.

    ``rows``: its rows in ``reporter.themes.word_vectors``.
    """

    written: str
    concept: str
    weight: float
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text, its language and its significant words; function words and numbers are left out."""

    text: str
    language: str
    terms: tuple[Term, ...]


@functools.lru_cache(maxsize=20_000)
def prepare(text: str, languages: tuple[str, ...] = LANGUAGES) -> Prepared:
    """Tokenize a text. ``languages``: candidates, the gathering's own first."""
    words = [word for word in tokenize(text, (), sure=True) if not word.plain.isdecimal()]
    language = _language([word.plain for word in words], languages)
    terms = [
        _term(text[word.start : word.end], word.plain, script_language(word.plain, language))
        for word in words
        if not word.pair and len(word.plain) > 1
    ]
    return Prepared(text, language, tuple(term for term in terms if term))


def _language(words: Sequence[str], languages: tuple[str, ...]) -> str:
    """Detect a text's language; the first candidate if nothing indicates one."""
    if sum(script_language(word, "en") == "ar" for word in words) * 2 > len(words):
        return "ar"
    known = [language for language in languages if language in LANGUAGES] or ["en"]
    likely = guess(words, known)
    if len(likely) == 1:
        return likely[0]
    # Several come close: the one whose dictionary has most of the words.
    return max(likely, key=lambda language: sum(_is_known_word(word, language) for word in words))


def _is_known_word(word: str, language: str) -> bool:
    if word in function_words(language):
        return True
    if language == "en":
        return bool(lexicon().senses(word, word, language))
    return foreign_stem(word, word, language) in lexicon().foreign[language]


@functools.lru_cache(maxsize=50_000)
def _term(written: str, plain: str, language: str) -> Term | None:
    if plain in function_words(language):
        return None
    book = word_vectors()
    language = book.spoken_in(written, plain, language)
    rows = book.find(written, plain, language)
    weight = float(book.telling[list(rows)].mean()) if rows else UNKNOWN_WEIGHT
    return Term(
        written, _concept(lexicon().senses(written, plain, language), language, plain), weight, rows
    )


def _concept(senses: Senses, language: str, plain: str) -> str:
    """The English stem for a word, else the word itself."""
    if not senses:
        return f"{language}:{plain}"
    best, _share = max(senses, key=lambda sense: sense[1])
    return f"#{best}"


def meaning(prepared: Prepared) -> Any:
    """The vector of a text, not normalized; zeros if no word is known."""
    import numpy as np

    book = word_vectors()
    pairs = [
        (row, term.weight**EVENNESS / len(term.rows))
        for term in prepared.terms
        for row in term.rows
    ]
    if not pairs:
        return np.zeros(book.dimensions, np.float32)
    rows, shares = zip(*pairs, strict=True)
    return np.asarray(shares, np.float32) @ book.take(rows)
