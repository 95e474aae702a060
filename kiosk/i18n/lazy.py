"""Mark sentences for the translators that are looked up later, by their English words."""

from __future__ import annotations


def later(sentence: str) -> str:
    """The sentence as it is; the collector of sentences looks for this name."""
    return sentence
