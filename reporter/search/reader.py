"""Index reader: postings and facets as numpy arrays, so that a query is vectorized arithmetic.

Whoosh stores and finds the words; scoring 10,000 postings one by one in Python would take ten times
as long.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reporter.search.documents import Facts, read_facts
from reporter.search.index_files import table_of_contents
from reporter.search.text.vocabulary import Vocabulary

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Postings = tuple[Ints, Floats]

# BM25's usual constants; takeaways are short, so length counts little.
K1, B = 1.2, 0.4
MOST_POSTINGS = 4_000
MOST_BEGINNINGS = 200
_NUMBERS = ("words", "recorded")
# Fields with words that a misspelt one may stand for.
_SPELT = ("word", "about")
_NOWHERE: Postings = (np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True)
class Coded:
    """A categorical column: for each document the index of its value."""

    codes: Ints
    values: list[str]


@dataclass(frozen=True)
class Segment:
    """The facets of a Whoosh segment, immutable (except for deletions)."""

    texts: dict[str, Coded]
    numbers: dict[str, Ints]


class Memory:
    """Cache of segment data for all readers of one index: segments are immutable, readers are short-lived."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segments: dict[str, Segment] = {}
        self._postings: OrderedDict[tuple[str, str, str], Postings] = OrderedDict()
        self._ids: dict[str, list[str]] = {}
        self._vocabularies: dict[str, Vocabulary] = {}

    def segment(self, reader: Any) -> Segment:
        """The facets of a reader's segment."""
        name = reader.segment().segment_id()
        if (known := self._segments.get(name)) is None:
            known = _read_segment(reader)
            with self._lock:
                self._segments[name] = known
        return known

    def keep(self, names: Iterable[str]) -> None:
        """Drop segments that were merged into others."""
        kept = set(names)
        with self._lock:
            self._segments = {n: s for n, s in self._segments.items() if n in kept}
            self._ids = {n: ids for n, ids in self._ids.items() if n in kept}
            self._vocabularies = {n: v for n, v in self._vocabularies.items() if n in kept}

    def ids(self, reader: Any) -> list[str]:
        """The takeaways of a reader's segment, in document order."""
        name = reader.segment().segment_id()
        if (known := self._ids.get(name)) is None:
            known = [str(reader.stored_fields(n)["id"]) for n in range(reader.doc_count_all())]
            with self._lock:
                self._ids[name] = known
        return known

    def vocabulary(self, reader: Any) -> Vocabulary:
        """The words in texts of a reader's segment, and around them."""
        name = reader.segment().segment_id()
        if (known := self._vocabularies.get(name)) is None:
            words = {t.decode("utf-8") for field in _SPELT for t in reader.lexicon(field)}
            known = Vocabulary(sorted(word for word in words if ":" not in word))
            with self._lock:
                self._vocabularies[name] = known
        return known

    def postings(self, reader: Any, name: str, text: str) -> Postings:
        """Documents of a segment with a term, and term frequencies."""
        key = (reader.segment().segment_id(), name, text)
        with self._lock:
            if (known := self._postings.get(key)) is not None:
                self._postings.move_to_end(key)
                return known
        read = _read_postings(reader, name, text)
        with self._lock:
            self._postings[key] = read
            while len(self._postings) > MOST_POSTINGS:
                self._postings.popitem(last=False)
        return read


def _read_segment(reader: Any) -> Segment:
    column = reader.column_reader("facts", translate=False)
    rows = [read_facts(column[number]) for number in range(reader.doc_count_all())]
    # A merge of deleted documents alone has left segments without any.
    by_column = zip(*rows, strict=True) if rows else ((),) * len(Facts._fields)
    columns = dict(zip(Facts._fields, by_column, strict=True))
    numbers = {name: np.array(columns.pop(name), np.int64) for name in _NUMBERS}
    return Segment({name: _coded(values) for name, values in columns.items()}, numbers)


def _coded(values: Iterable[str]) -> Coded:
    known: dict[str, int] = {}
    codes = np.array([known.setdefault(value, len(known)) for value in values], np.int64)
    return Coded(codes, list(known))


def _read_postings(reader: Any, name: str, text: str) -> Postings:
    if (name, text) not in reader:
        return _NOWHERE
    matcher = reader.postings(name, text)
    ids, weights = [], []
    while matcher.is_active():
        ids.append(matcher.id())
        weights.append(matcher.weight())
        matcher.next()
    return np.array(ids, np.int64), np.array(weights, np.float32)


class IndexReader:
    """A snapshot of the index. Not thread-safe: Whoosh's readers share a file position."""

    def __init__(self, index: Any, memory: Memory, former: IndexReader | None = None) -> None:
        """``former``: a reader of an earlier state that nobody uses any more; what still holds of it is taken over."""
        contents = table_of_contents(index)
        self.generation = int(contents.generation)
        self._memory = memory
        self.leaves = _open_leaves(index, contents, former)
        memory.keep(leaf.segment().segment_id() for leaf, _at in self.leaves)
        segments = [memory.segment(leaf) for leaf, _at in self.leaves]
        self.count = sum(leaf.doc_count_all() for leaf, _at in self.leaves)
        names = [name for name in Facts._fields if name not in _NUMBERS]
        self.facts = {name: _together([s.texts[name] for s in segments]) for name in names}
        self.recorded = _numbers([s.numbers["recorded"] for s in segments])
        words = _numbers([s.numbers["words"] for s in segments])
        self.alive = np.ones(self.count, np.bool_)
        for leaf, at in self.leaves:
            self.alive[[at + number for number in leaf.segment().deleted_docs()]] = False
        average = float(words.mean()) if self.count else 1.0
        self._length = (K1 * (1 - B + B * words / max(average, 1.0))).astype(np.float32)

    def close(self) -> None:
        """Close the files."""
        _close(leaf for leaf, _at in self.leaves)

    def postings(self, name: str, text: str) -> Postings:
        """Documents with a term in a field, and term frequencies."""
        found = [(self._memory.postings(leaf, name, text), at) for leaf, at in self.leaves]
        parts = [(ids + at, weights) for (ids, weights), at in found if len(ids)]
        if not parts:
            return _NOWHERE
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def has(self, name: str, text: str) -> Bools:
        """For each document whether it has the term."""
        mask = np.zeros(self.count, np.bool_)
        mask[self.postings(name, text)[0]] = True
        return mask

    def among(self, ids: Collection[str]) -> Bools:
        """For each document whether its takeaway is one of these."""
        flags = (one in ids for leaf, _at in self.leaves for one in self._memory.ids(leaf))
        return np.fromiter(flags, np.bool_, self.count)

    def score(self, name: str, text: str) -> Floats:
        """BM25 of a term for each document (Robertson and Zaragoza 2009); 0 if it does not occur."""
        scores = np.zeros(self.count, np.float32)
        ids, weights = self.postings(name, text)
        if len(ids):
            rarity = np.log(1 + (self.count - len(ids) + 0.5) / (len(ids) + 0.5))
            scores[ids] = rarity * weights * (K1 + 1) / (weights + self._length[ids])
        return scores

    def beginning(self, name: str, start: str) -> list[str]:
        """Terms of a field with a prefix; at most MOST_BEGINNINGS per segment."""
        found: set[str] = set()
        for leaf, _at in self.leaves:
            for _number, term in zip(
                range(MOST_BEGINNINGS), leaf.expand_prefix(name, start), strict=False
            ):
                found.add(term.decode("utf-8"))
        return sorted(found)

    def terms(self, name: str) -> list[str]:
        """All terms of a (small) field."""
        return sorted({t.decode("utf-8") for leaf, _at in self.leaves for t in leaf.lexicon(name)})

    def near(self, word: str) -> Iterator[tuple[str, int]]:
        """Words within an edit distance of two, and how many documents have them in their texts."""
        leaves = (self._memory.vocabulary(leaf) for leaf, _at in self.leaves)
        found = {term for leaf in leaves for term in leaf.near(word, 2)}
        return ((term, len(self.postings("word", term)[0])) for term in found)

    def phrase(self, words: list[str]) -> Bools:
        """For each document whether these words are consecutive in its texts."""
        mask = np.zeros(self.count, np.bool_)
        if any(not len(self.postings("word", word)[0]) for word in words):
            return mask
        for leaf, at in self.leaves:
            mask[[at + number for number in self._phrase_in(leaf, words)]] = True
        return mask

    def _phrase_in(self, leaf: Any, words: list[str]) -> Iterator[int]:
        ids = [self._memory.postings(leaf, "word", word)[0] for word in words]
        wanted = ids[0]
        for other in ids[1:]:
            wanted = np.intersect1d(wanted, other, assume_unique=True)
        if not len(wanted):
            return
        matchers = [leaf.postings("word", word) for word in words]
        for number in wanted.tolist():
            places = []
            for matcher in matchers:
                matcher.skip_to(number)
                places.append(set(matcher.value_as("positions")))
            if any(
                all(first + n in places[n] for n in range(1, len(words))) for first in places[0]
            ):
                yield number

    def id_of(self, number: int) -> str:
        """The takeaway's id."""
        leaf, at = self.leaves[bisect_right(self.leaves, number, key=lambda one: one[1]) - 1]
        return str(leaf.stored_fields(number - at)["id"])

    def number_of(self, takeaway_id: str) -> int | None:
        """The document number of a takeaway; None if it is not indexed."""
        alive = [
            int(number) for number in self.postings("id", takeaway_id)[0] if self.alive[number]
        ]
        return alive[0] if alive else None


def _open_leaves(index: Any, contents: Any, former: IndexReader | None) -> list[tuple[Any, int]]:
    """A reader of each segment, with the number of its first document.

    Opening one takes longer than most queries, and a commit leaves nearly all segments as they were. (Whoosh's own
    ``reader(reuse=…)`` keeps merged segments, so that each of their documents is found twice.)
    """
    from whoosh.reading import SegmentReader

    known = {leaf.segment().segment_id(): leaf for leaf, _at in former.leaves} if former else {}
    leaves: list[tuple[Any, int]] = []
    at = 0
    try:
        for segment in contents.segments:
            leaf = known.get(segment.segment_id())
            if leaf is not None and _deleted(leaf.segment()) == _deleted(segment):
                del known[segment.segment_id()]
            else:
                leaf = SegmentReader(
                    index.storage, contents.schema, segment, generation=contents.generation
                )
            leaves.append((leaf, at))
            at += segment.doc_count_all()
    except BaseException:
        _close(leaf for leaf, _at in leaves)
        raise
    finally:
        _close(known.values())
    return leaves


def _deleted(segment: Any) -> set[int]:
    return set(segment.deleted_docs())


def _close(leaves: Iterable[Any]) -> None:
    for leaf in leaves:
        leaf.close()


def _together(parts: list[Coded]) -> Coded:
    """Concatenate columns of segments, with one list of values."""
    known: dict[str, int] = {}
    codes = []
    for part in parts:
        numbers = [known.setdefault(value, len(known)) for value in part.values]
        codes.append(np.array(numbers, np.int64)[part.codes])
    return Coded(np.concatenate(codes) if codes else np.empty(0, np.int64), list(known))


def _numbers(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
