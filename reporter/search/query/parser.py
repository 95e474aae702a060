"""Parse a query into a tree. Any input has a tree: what can't be parsed is ignored.

``words together``, ``"a phrase"``, ``AND``, ``OR`` (or ``|``), ``NOT`` (or ``-`` before a word),
``begin*``, ``( )``, ``field:value``, ``field:"two words"``, ``#tag``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reporter.search.protocol import QUERY_CHARS

# Field names in queries; the second names are aliases.
FIELDS = {
    "session": "session",
    "by": "by",
    "author": "by",
    "from": "by",
    "kind": "kind",
    "type": "kind",
    "tag": "tag",
    "intent": "intent",
    "day": "day",
    "date": "day",
    "has": "has",
    "is": "has",
    "state": "state",
    "text": "text",
    "audience": "audience",
    "room": "room",
}
DEEPEST = 20


@dataclass(frozen=True)
class Text:
    """Words as typed, from ``start`` to ``end`` of the query."""

    text: str
    start: int = 0
    end: int = 0
    phrase: bool = False
    prefix: bool = False


@dataclass(frozen=True)
class FieldTerm:
    """A required value of a field."""

    field: str
    value: Text


@dataclass(frozen=True)
class Not:
    """Negation."""

    of: Node


@dataclass(frozen=True)
class All:
    """Conjunction."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    """Disjunction."""

    parts: tuple[Node, ...]


Node = Text | FieldTerm | Not | All | Any

_LEXEME = re.compile(
    r"""(?P<open>\() | (?P<close>\))
    | (?P<or>\|\|?|OR(?=[\s(]|$)) | (?P<and>&&?|AND(?=[\s(]|$)) | (?P<not>NOT(?=[\s(]|$))
    | (?P<minus>(?<![^\s(])-(?=[^\s-]))
    | (?P<field>[A-Za-z]+):(?=\s*[^\s)])
    | ["“„«](?P<phrase>[^"”“»]*)["”“»]?
    | (?P<word>[^\s()"“„«|]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Lexeme:
    kind: str
    text: str
    start: int
    end: int


def parse(text: str) -> Node | None:
    """Parse a query; None if it is empty (as are ``(((`` or ``NOT``). Never raises."""
    return _Parser(list(_lexemes(text[:QUERY_CHARS]))).whole()


def _lexemes(text: str) -> Iterator[_Lexeme]:
    for found in _LEXEME.finditer(text):
        kind = found.lastgroup or "word"
        value = found.group(kind)
        if kind == "field" and value.lower() not in FIELDS:
            # "12:30", "http://…": ordinary words.
            yield _Lexeme("word", value, *found.span(kind))
        elif kind == "word" and value.startswith("#") and value.strip("#"):
            start, end = found.span()
            yield _Lexeme("field", "tag", start, start + 1)
            yield _Lexeme("word", value.lstrip("#"), end - len(value.lstrip("#")), end)
        else:
            yield _Lexeme(kind, value, *found.span(kind))


class _Parser:
    """Recursive descent: OR has the lowest precedence, then AND (or juxtaposition), then NOT."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self._lexemes = lexemes
        self._at = 0

    def whole(self) -> Node | None:
        """The whole query; unmatched closing brackets are skipped."""
        parts = []
        while self._at < len(self._lexemes):
            parts.append(self._either(0))
            self._skip("close")
        return _joined(All, parts)

    def _peek(self) -> str:
        return self._lexemes[self._at].kind if self._at < len(self._lexemes) else ""

    def _skip(self, kind: str) -> bool:
        found = self._peek() == kind
        self._at += found
        return found

    def _either(self, depth: int) -> Node | None:
        parts = [self._together(depth)]
        while self._skip("or"):
            parts.append(self._together(depth))
        return _joined(Any, parts)

    def _together(self, depth: int) -> Node | None:
        parts: list[Node | None] = []
        while self._peek() not in ("", "or", "close"):
            if not self._skip("and"):
                parts.append(self._one(depth))
        return _joined(All, parts)

    def _one(self, depth: int) -> Node | None:
        if self._skip("not") or self._skip("minus"):
            if self._peek() in ("", "or", "and", "close"):
                return None
            inner = self._one(depth) if depth < DEEPEST else None
            return Not(inner) if inner else None
        if self._skip("open"):
            # Nested deeper than a person writes: drop the brackets, keep the words.
            inner = self._either(depth + 1) if depth < DEEPEST else None
            self._skip("close")
            return inner
        if self._peek() == "field":
            name = FIELDS[self._next().text.lower()]
            value = self._text() if self._peek() in ("word", "phrase") else None
            return FieldTerm(name, value) if value else None
        return self._text()

    def _next(self) -> _Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def _text(self) -> Text | None:
        lexeme = self._next()
        if lexeme.kind == "phrase":
            words = lexeme.text.strip()
            return Text(words, lexeme.start, lexeme.end, phrase=True) if words else None
        words = lexeme.text.rstrip("*")
        if not any(letter.isalnum() for letter in words):
            return None
        end = lexeme.start + len(words)
        return Text(words, lexeme.start, end, prefix=lexeme.text.endswith("*"))


def _joined(kind: type[All] | type[Any], parts: list[Node | None]) -> Node | None:
    real = tuple(part for part in parts if part is not None)
    if len(real) < 2:
        return real[0] if real else None
    return kind(real)


def texts_of(node: Node | None) -> Iterator[Text]:
    """The free words of a tree that have to match: not those of fields, nor those after NOT."""
    if isinstance(node, Text):
        yield node
    elif isinstance(node, All | Any):
        for part in node.parts:
            yield from texts_of(part)
