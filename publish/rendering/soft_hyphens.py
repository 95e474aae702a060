"""Insert soft hyphens into words longer than a phone's line, using Pyphen (Hunspell patterns).

Browsers hyphenate by ``lang`` only if they have a dictionary, which Chromium on a laptop lacks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any

from reporter.languages import hyphenated_as

SOFT_HYPHEN = "\u00ad"
# Shorter words fit the narrowest card. Letters only: never inside a URL or a number.
_LONG_WORD = re.compile(r"(?<![\w./@:-])[^\W\d_]{12,}(?![\w/@])")
# Minimum letters kept together at either end of a word.
_KEPT = 3


def with_soft_hyphens(text: str, language: str) -> str:
    """Insert soft hyphens into long words; the text is unchanged if its language has no patterns.

    >>> with_soft_hyphens("Nachbarschaftshilfenetzwerk", "de").replace(SOFT_HYPHEN, "-")
    'Nach-bar-schafts-hil-fe-netz-werk'
    """
    return _LONG_WORD.sub(lambda found: _divided(found[0], language), text)


def _divided(word: str, language: str) -> str:
    """Hyphenate without the breaks that change letters (Hungarian "könnyebb": "köny-nyebb"), which
    a soft hyphen can't express.
    """
    patterns = _patterns(hyphenated_as(word, language))
    if patterns is None:
        return word
    places = [int(at) for at in patterns.positions(word) if not getattr(at, "data", None)]
    return SOFT_HYPHEN.join(word[a:b] for a, b in pairwise([0, *places, len(word)]))


@lru_cache(maxsize=8)
def _patterns(language: str) -> Any:
    import pyphen

    found = pyphen.language_fallback(language.replace("-", "_"))
    return pyphen.Pyphen(lang=found, left=_KEPT, right=_KEPT) if found else None
