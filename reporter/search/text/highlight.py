"""Excerpts of texts with matches highlighted: HTML, everything else escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from reporter.search.text.tokenizer import Token, tokenize


@dataclass(frozen=True)
class Highlights:
    """Terms to highlight in a result's texts: whole words, stems (see tokenizer.py), prefixes."""

    plain: frozenset[str] = frozenset()
    stems: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()

    def __or__(self, other: Highlights) -> Highlights:
        """The union of both."""
        return Highlights(
            self.plain | other.plain, self.stems | other.stems, self.beginnings + other.beginnings
        )


CHARS = 200
Span = tuple[int, int]


def highlight(texts: Sequence[str], marks: Highlights, languages: Sequence[str]) -> str:
    """The best excerpt of the first text that has a match, with ``<mark>``; '' if none matches."""
    for text in texts:
        spans = _joined(
            [
                (word.start, word.end)
                for word in tokenize(text, languages)
                if _is_marked(word, marks)
            ]
        )
        if spans:
            return _piece(text, spans)
    return ""


def _is_marked(word: Token, marks: Highlights) -> bool:
    if word.plain in marks.plain or word.plain.startswith(marks.beginnings):
        return True
    return any(stem in marks.stems for stem in word.stems) and not (
        # A pair matches by both its characters, unless a single one was searched for.
        word.pair and not marks.stems.issuperset(word.stems) and len(word.plain) < 2
    )


def _joined(spans: list[Span]) -> list[Span]:
    """Merge overlapping pairs of characters."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _piece(text: str, spans: list[Span]) -> str:
    start, end = _window(text, spans)
    out, at = [], start
    for first, last in spans:
        if first >= start and last <= end:
            out += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
            at = last
    out.append(escape(text[at:end]))
    return ("… " if start else "") + "".join(out).strip() + (" …" if end < len(text) else "")


def _window(text: str, spans: list[Span]) -> Span:
    """Where to cut: around the match with most others close after it, at word boundaries."""
    if len(text) <= CHARS:
        return 0, len(text)
    best = max(spans, key=lambda span: sum(span[0] <= s < span[0] + CHARS - 40 for s, _e in spans))
    start = max(0, best[0] - 40)
    end = min(len(text), start + CHARS)
    start = max(0, end - CHARS)
    if start:
        start = text.rfind(" ", 0, start + 1) + 1 or start
        start = start if best[0] - start < CHARS // 2 else max(0, best[0] - 40)
    if end < len(text):
        end = max(text.rfind(" ", 0, end), best[1])
    return start, end
