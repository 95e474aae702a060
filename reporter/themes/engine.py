"""Clusters texts by topic, from their word vectors and shared words.

Deterministic: the same texts in the same order give the same groups.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reporter.themes.linkage import middles_of
from reporter.themes.sentences import Encode
from reporter.themes.texts import Prepared, meaning

MOST_THEMES = 12
# Minimum number of texts with words for meaningful themes.
LEAST_TEXTS = 8
# Two that are alike are not yet what a room said.
LEAST_MEMBERS = 3
# Words count besides their meanings: as signs of a random projection (Achlioptas, 2003).
WORD_DIMENSIONS, WORD_SHARE = 64, 0.5
NEIGHBOURS, NEIGHBOUR_SHARE = 6, 0.6
# Neighbours are looked for among at most so many rows, evenly spread: among all, time grows with the square.
NEIGHBOURHOOD = 4000
ROUNDS = 30
FEW = 10
BLOCK = 256


@dataclass(frozen=True)
class Groups:
    """``labels``: the group of each text, -1 for none; ``similarity``: to its group's centre, -1 to 1."""

    labels: list[int]
    similarity: list[float]


def find_groups(
    texts: Sequence[Prepared],
    *,
    fixed: Sequence[int] | None = None,
    most: int = MOST_THEMES,
    encode: Encode | None = None,
) -> Groups:
    """Cluster texts. ``fixed``: the group of those that a person placed (numbers from 0 without gaps), else -1.

    ``encode``: sentence encoder used besides the words, if available.
    """
    fixed = [-1] * len(texts) if fixed is None else fixed
    with_terms = [at for at, text in enumerate(texts) if text.terms]
    labels, similarity = list(fixed), [0.0] * len(texts)
    if len(with_terms) < LEAST_TEXTS and max(fixed, default=-1) < 0:
        return Groups(labels, similarity)
    placed = [fixed[at] for at in with_terms]
    count = group_count(len(with_terms), max(placed, default=-1) + 1, most)
    found, near = _cluster(_vectors([texts[at] for at in with_terms], encode), placed, count)
    for at, label, close in zip(with_terms, found, near, strict=True):
        labels[at], similarity[at] = int(label), float(close)
    return Groups(_without_small(labels, fixed), similarity)


def group_count(texts: int, kept: int, most: int) -> int:
    """The number of groups to look for, including those kept by a person."""
    return max(kept, min(most, max(2, round(math.sqrt(texts)))))


def _without_small(labels: list[int], fixed: Sequence[int]) -> list[int]:
    sizes, kept = Counter(labels), set(fixed)
    return [label if sizes[label] >= LEAST_MEMBERS or label in kept else -1 for label in labels]


def _vectors(texts: Sequence[Prepared], encode: Encode | None) -> Any:
    """One unit vector per text; zeros if none of its words is known."""
    import numpy as np

    languages = [text.language for text in texts]
    meanings = [np.array([meaning(text) for text in texts])]
    if encode is not None:
        meanings.append(encode([text.text for text in texts]))
    parts = [_centred(_scaled(rows), languages) for rows in meanings]
    return _smoothed(_scaled(np.hstack([*parts, WORD_SHARE * _scaled(_words(texts))])))


def _centred(rows: Any, languages: Sequence[str]) -> Any:
    """Subtract the overall mean, and the mean of each language, which only encodes the language."""
    import numpy as np

    known = rows.any(axis=1)
    rows = rows - rows[known].mean(axis=0) * known[:, None] if known.any() else rows
    spoken = np.array(languages)
    for language in dict.fromkeys(languages):
        own = known & (spoken == language)
        # A few texts say little about a language: their topics must not be mistaken for it.
        rows[own] -= rows[own].sum(axis=0) / (own.sum() + FEW)
    return _scaled(rows)


def _scaled(rows: Any) -> Any:
    import numpy as np

    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)


def _words(texts: Sequence[Prepared]) -> Any:
    """Bag of words weighted by inverse document frequency, projected to WORD_DIMENSIONS."""
    import numpy as np

    frequencies = Counter(concept for text in texts for concept in {t.concept for t in text.terms})
    projected = {
        concept: _signs(concept) * math.log(len(texts) / (count + 0.5) + 1)
        for concept, count in frequencies.items()
        if count > 1
    }
    rows = np.zeros((len(texts), WORD_DIMENSIONS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        for term in text.terms:
            if term.concept in projected:
                row += term.weight * projected[term.concept]
    return rows


def _signs(concept: str) -> Any:
    """A random direction that is the same for the same word on every machine."""
    import numpy as np

    rng = np.random.default_rng(zlib.crc32(concept.encode()))
    return rng.choice((-1.0, 1.0), WORD_DIMENSIONS).astype(np.float32)


def _smoothed(rows: Any) -> Any:
    """Move each row towards its nearest neighbours: texts without a common word are connected through a third one."""
    import numpy as np

    near = min(NEIGHBOURS, len(rows) - 1)
    if near < 1:
        return rows
    others = np.arange(len(rows))
    if len(rows) > NEIGHBOURHOOD:
        others = np.linspace(0, len(rows) - 1, NEIGHBOURHOOD).astype(np.intp)
    there, moved = rows[others], np.empty_like(rows)
    for start in range(0, len(rows), BLOCK):
        own = np.arange(start, min(start + BLOCK, len(rows)))
        alike = rows[own] @ there.T
        alike[own[:, None] == others] = -1
        nearest = np.argpartition(-alike, near - 1, axis=1)[:, :near]
        shares = np.maximum(np.take_along_axis(alike, nearest, 1), 0) ** 2
        shares /= shares.sum(axis=1, keepdims=True) + 1e-9
        moved[own] = np.einsum("ij,ijk->ik", shares, there[nearest])
    return _scaled((1 - NEIGHBOUR_SHARE) * rows + NEIGHBOUR_SHARE * _scaled(moved))


def _cluster(rows: Any, placed: Sequence[int], count: int) -> tuple[Any, Any]:
    """(group, similarity) of each row; placed rows stay where they are."""
    import numpy as np

    held = np.asarray(placed)
    return _settle(rows, held, middles_of(rows, held, count))


def _settle(rows: Any, held: Any, middles: Any) -> tuple[Any, Any]:
    import numpy as np

    labels = np.full(len(rows), -1)
    for _ in range(ROUNDS):
        alike = rows @ middles.T
        now = np.where(held >= 0, held, alike.argmax(axis=1))
        if (now == labels).all():
            break
        labels = now
        sums = np.array([rows[labels == at].sum(axis=0) for at in range(len(middles))])
        empty = ~sums.any(axis=1)
        sums[empty] = middles[empty]
        middles = _scaled(sums)
    return labels, np.take_along_axis(rows @ middles.T, labels[:, None], 1)[:, 0]
