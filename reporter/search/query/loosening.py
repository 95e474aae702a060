"""Relaxed versions of a query that finds nothing."""

from __future__ import annotations

from dataclasses import replace

from reporter.search.query.parser import All, Any, Node, Text
from reporter.search.query.scorer import is_slight
from reporter.search.text.tokenizer import tokenize


def prefixed(node: Node) -> Node:
    """Make every free word a prefix."""
    if isinstance(node, Text):
        return node if node.phrase or len(node.text) < 3 else replace(node, prefix=True)
    if isinstance(node, All | Any):
        return type(node)(tuple(map(prefixed, node.parts)))
    return node


def some_of(node: All, languages: tuple[str, ...]) -> Node:
    """Match any of the free words (but not "the" alone); the rest of the query is unchanged."""
    free = [part for part in node.parts if isinstance(part, Text)]
    heavy = [t for t in free if not all(map(is_slight, tokenize(t.text, languages, sure=True)))]
    rest = tuple(part for part in node.parts if not isinstance(part, Text))
    some = Any(tuple(heavy or free)) if free else None
    return All((*rest, some)) if some else node
