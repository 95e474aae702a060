"""How well groups that were found agree with labels that people gave."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence


def v_measure(labels: Sequence[Hashable], found: Sequence[Hashable]) -> float:
    """The harmonic mean of homogeneity and completeness, 0 to 1 (Rosenberg and Hirschberg, 2007)."""
    both = _entropy(list(zip(labels, found, strict=True)))
    given, got = _entropy(labels), _entropy(found)
    homogeneity = 1 - (both - got) / given if given else 1.0
    completeness = 1 - (both - given) / got if got else 1.0
    total = homogeneity + completeness
    return 2 * homogeneity * completeness / total if total else 0.0


def _entropy(values: Sequence[Hashable]) -> float:
    counts = Counter(values).values()
    return -sum(count / len(values) * math.log(count / len(values)) for count in counts)
