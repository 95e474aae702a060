"""A takeaway's text prepared for finding themes: its telling words, and where it points in the space of meanings."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporter.search.text.languages import function_words, guess
from reporter.search.text.tokenizer import tokenize
from reporter.themes.lexicon import LANGUAGES, Senses, foreign_stem, lexicon, script_language

# A word that no dictionary knows is a name or a term: telling, but only by being said again.
UNKNOWN_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Term:
    """A word as it was written, and what it stands for in counts: a stem, the same in all languages where known."""

    written: str
    concept: str
    weight: float
    senses: Senses


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text's language and telling words; function words and numbers are left out."""

    language: str
    terms: tuple[Term, ...]


@functools.lru_cache(maxsize=20_000)
def prepare(text: str, languages: tuple[str, ...] = LANGUAGES) -> Prepared:
    """Take a text apart. ``languages``: those that it may be in, the gathering's own first."""
    words = [word for word in tokenize(text, (), sure=True) if not word.plain.isdecimal()]
    language = _language([word.plain for word in words], languages)
    terms = [
        _term(text[word.start : word.end], word.plain, script_language(word.plain, language))
        for word in words
        if not word.pair and len(word.plain) > 1
    ]
    return Prepared(language, tuple(term for term in terms if term))


def _language(words: Sequence[str], languages: tuple[str, ...]) -> str:
    """The one that a text is in; where nothing tells, the first."""
    if sum(script_language(word, "en") == "ar" for word in words) * 2 > len(words):
        return "ar"
    known = [language for language in languages if language in LANGUAGES] or ["en"]
    likely = guess(words, known)
    if len(likely) == 1:
        return likely[0]
    # Several come close: the one in whose dictionary most of the words stand.
    return max(likely, key=lambda language: sum(_known(word, language) for word in words))


def _known(word: str, language: str) -> bool:
    book = lexicon()
    if word in function_words(language):
        return True
    if language == "en":
        return bool(book.senses(word, word, "en"))
    return foreign_stem(word, word, language) in book.foreign[language]


@functools.lru_cache(maxsize=50_000)
def _term(written: str, plain: str, language: str) -> Term | None:
    if plain in function_words(language):
        return None
    book = lexicon()
    senses = book.senses(written, plain, language)
    if not senses:
        return Term(written, f"{language}:{plain}", UNKNOWN_WEIGHT, ())
    best, _share = max(senses, key=lambda sense: sense[1])
    weight = float(sum(share * book.weights[row] for row, share in senses))
    return Term(written, f"#{best}", weight, senses)


def meaning(prepared: Prepared) -> Any:
    """The vector of a text, not scaled; zeros where no word is known."""
    import numpy as np

    book = lexicon()
    pairs = [(row, term.weight * share) for term in prepared.terms for row, share in term.senses]
    if not pairs:
        return np.zeros(book.vectors.shape[1], np.float32)
    rows, shares = zip(*pairs, strict=True)
    return np.asarray(shares, np.float32) @ book.vectors[list(rows)]
