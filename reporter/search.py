"""The index: one protocol, Whoosh behind it. It knows up to which revision it is, and heals when deleted."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from reporter.gate import Place, may_show
from reporter.models import Attachment, Takeaway
from reporter.states import TakeawayState
from reporter.stories import with_everything

# Raised when the schema of the index changes: an older index is then built again.
VERSION = 2
BATCH = 500
FACETS = ("session", "kind", "intent", "author", "tag", "state")
# A query is typed by a person; more than this is somebody else.
QUERY_CHARS = 300
_MARK = re.compile(r'<mark class="[^"]*">')


@dataclass(frozen=True)
class Hit:
    """A found takeaway: its id and a piece of its text with <mark> around what matched (the rest is escaped)."""

    id: str
    highlight: str


@dataclass(frozen=True)
class Found:
    """An answer: hits of this page, how many in all, counts by facet, a spelling proposal or ''."""

    query: str
    total: int
    took_ms: float
    hits: list[Hit]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    suggestion: str = ""


@dataclass(frozen=True)
class Ask:
    """A question to the index.

    ``filters`` are exact: session (code), kind, tag, intent, author, state. ``place`` None: the desk, which sees all
    but what was withdrawn.
    """

    query: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = Place.ROOM
    new_too: bool = False
    limit: int = 50
    offset: int = 0


# Takes how many are done, and of how many.
Progress = Callable[[int, int], None]


class SearchIndex(Protocol):
    """What the rest of the program knows of an index."""

    def sync(self, session: Session) -> int:
        """Take in what has changed since last time; how many documents were written."""

    def search(self, ask: Ask) -> Found:
        """Answer."""

    def behind(self, session: Session) -> int:
        """How many revisions the index lags."""

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Build it again from the database."""


class WhooshIndex:
    """Whoosh in ``index/``. One writer at a time (its own lock file); readers see the last commit."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "indexed-to"

    def sync(self, session: Session, progress: Progress | None = None) -> int:
        """Index rows with a revision above the last one taken in; another process at it: do nothing. Bounded memory."""
        written = 0
        index = self._open()
        total = _count_changed(session, self._indexed_to()) if progress else 0
        while rows := _changed(session, self._indexed_to()):
            if not self._write(index, rows):
                break
            written += len(rows)
            if progress:
                progress(written, total)
            # Nothing was changed: give the rows back, so that memory stays flat.
            session.rollback()
        return written

    def rebuild(self, session: Session, progress: Progress | None = None) -> int:
        """Begin anew and take in everything."""
        self._create()
        return self.sync(session, progress)

    def behind(self, session: Session) -> int:
        """Revisions that the index has not seen yet."""
        newest = session.scalar(select(func.max(Takeaway.revision))) or 0
        return max(0, newest - self._indexed_to())

    def search(self, ask: Ask) -> Found:
        """Answer from the last commit. An empty query with or without filters lists the newest."""
        started = time.perf_counter()
        with self._open().searcher() as searcher:
            parsed = _parse(searcher, ask)
            results = searcher.search(
                _narrow(parsed, ask),
                limit=ask.offset + ask.limit,
                groupedby=_groupings(),
                **({} if ask.query.strip() else {"sortedby": "recorded", "reverse": True}),
            )
            _shape(results)
            hits = [
                Hit(id=row["id"], highlight=_highlight(row))
                for row in results[ask.offset : ask.offset + ask.limit]
            ]
            return Found(
                query=ask.query,
                total=len(results),
                took_ms=round((time.perf_counter() - started) * 1000, 2),
                hits=hits,
                facets={name: _counts(results.groups(name)) for name in FACETS},
                suggestion="" if len(results) else _respell(searcher, parsed, ask.query),
            )

    def _write(self, index: Any, rows: Sequence[Takeaway]) -> bool:
        from whoosh.index import LockError

        try:
            writer = index.writer()
        except LockError:
            return False
        try:
            for row in rows:
                if row.state == TakeawayState.WITHDRAWN:
                    writer.delete_by_term("id", str(row.id))
                else:
                    writer.update_document(**_document(row))
            writer.commit()
        except BaseException:
            writer.cancel()
            raise
        self._state.write_text(str(rows[-1].revision), encoding="ascii")
        return True

    def _indexed_to(self) -> int:
        try:
            return int(self._state.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def _open(self) -> Any:
        """The index as it is; made anew if it is missing, broken or of another version."""
        from whoosh import index

        marker = self._folder / f"version-{VERSION}"
        if not marker.exists():
            return self._create()
        try:
            return index.open_dir(self._folder)
        except (index.IndexError, OSError, ValueError, EOFError):
            return self._create()

    def _create(self) -> Any:
        from whoosh import index

        self._folder.mkdir(parents=True, exist_ok=True)
        # First the position: a crash in between leaves an empty index that knows it is empty.
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                path.unlink()
        made = index.create_in(self._folder, _schema())
        (self._folder / f"version-{VERSION}").touch()
        return made


def _schema() -> Any:
    from whoosh.analysis import CharsetFilter, LowercaseFilter, RegexTokenizer
    from whoosh.fields import ID, KEYWORD, NUMERIC, TEXT, Schema
    from whoosh.support.charset import accent_map

    # Words of any script; accents and case folded. Languages' own stems come with the index's next version.
    words = RegexTokenizer() | LowercaseFilter() | CharsetFilter(accent_map)
    return Schema(
        id=ID(stored=True, unique=True),
        text=TEXT(analyzer=words, spelling=True, stored=True),
        by=TEXT(analyzer=words),
        about=TEXT(analyzer=words),
        session=ID(sortable=True),
        kind=ID(sortable=True),
        intent=ID(sortable=True),
        author=ID(sortable=True),
        tag=KEYWORD(commas=True, lowercase=True, scorable=True),
        state=ID(sortable=True),
        seen=KEYWORD,
        recorded=NUMERIC(int, bits=64, sortable=True),
    )


def _count_changed(session: Session, after: int) -> int:
    query = select(func.count()).select_from(Takeaway).where(Takeaway.revision > after)
    return session.scalar(query) or 0


def _changed(session: Session, after: int) -> list[Takeaway]:
    query = (
        select(Takeaway)
        .where(Takeaway.revision > after)
        .order_by(Takeaway.revision)
        .limit(BATCH)
        .options(
            selectinload(Takeaway.tags),
            selectinload(Takeaway.session),
            selectinload(Takeaway.attachments).selectinload(Attachment.media),
        )
    )
    return list(session.scalars(query))


def _document(row: Takeaway) -> dict[str, Any]:
    seen = [text for a in row.attachments for text in (a.alt, a.media.words)]
    words = [row.text, row.caption, *seen]
    tags = [tag.name for tag in row.tags]
    return {
        "id": str(row.id),
        "text": "\n".join(filter(None, words)),
        "by": row.author,
        "about": " ".join([row.session.title, row.session.speakers, row.session.room, *tags]),
        "session": row.session.code,
        "kind": row.kind,
        "intent": row.intent,
        "author": row.author,
        "tag": ",".join(tags),
        "state": row.state,
        "seen": " ".join(_seen(row)),
        "recorded": int(row.recorded_at.timestamp()),
    }


def _parse(searcher: Any, ask: Ask) -> Any:
    """The query tree."""
    from whoosh.qparser import MultifieldParser
    from whoosh.query import Every

    text = ask.query.strip()[:QUERY_CHARS]
    return (
        MultifieldParser(["text", "by", "about", "tag"], searcher.schema).parse(text)
        if text
        else Every()
    )


def _respell(searcher: Any, parsed: Any, text: str) -> str:
    """The best other spelling, '' if there is none."""
    text = text.strip()[:QUERY_CHARS]
    if not text:
        return ""
    try:
        corrected = searcher.correct_query(parsed, text)
    except TypeError:
        # Whoosh can't place words that it took apart itself ("a:b:c"): then there is no proposal.
        return ""
    return corrected.string if corrected.query != parsed else ""


def _seen(row: Takeaway) -> list[str]:
    """The places where the gate lets it be seen, as words of the index."""
    pairs = [(place, new_too) for place in Place for new_too in (False, True)]
    return [
        _word(place, new_too) for place, new_too in pairs if may_show(row, place, new_too=new_too)
    ]


def _word(place: Place, new_too: bool) -> str:
    return f"{place.value}-with-new" if new_too else place.value


def _narrow(parsed: Any, ask: Ask) -> Any:
    """The query within what the asker may see and the facets that were chosen.

    As terms of the query itself: Whoosh would build a ``filter`` from all documents for every question.
    """
    from whoosh.query import And, Require, Term

    exact = [Term(name, value) for name, value in ask.filters.items() if name in FACETS and value]
    if ask.place is not None:
        exact.append(Term("seen", _word(ask.place, ask.new_too)))
    return Require(parsed, And(exact)) if exact else parsed


def _groupings() -> Any:
    from whoosh.sorting import Count, Facets, FieldFacet

    facets = Facets()
    for name in FACETS:
        facets.add_facet(name, FieldFacet(name, allow_overlap=name == "tag", maptype=Count))
    return facets


def _counts(groups: Mapping[Any, int]) -> dict[str, int]:
    """Counts by value, the most frequent first; documents without a value left away."""
    filled = {str(value): count for value, count in groups.items() if value}
    return dict(sorted(filled.items(), key=lambda pair: (-pair[1], pair[0])))


def _shape(results: Any) -> None:
    from whoosh.highlight import ContextFragmenter, HtmlFormatter

    results.fragmenter = ContextFragmenter(maxchars=160, surround=40)
    results.formatter = HtmlFormatter(tagname="mark")


def _highlight(row: Any) -> str:
    marked = _MARK.sub("<mark>", str(row.highlights("text", top=2)))
    return marked or escape(row.get("text", "")[:160])


def load_hits(session: Session, found: Found, ask: Ask) -> list[tuple[Takeaway, str]]:
    """The takeaways of an answer with their highlights, in order.

    The gate is asked once more: the index may lag a second behind a withdrawal.
    """
    ids = [uuid.UUID(hit.id) for hit in found.hits]
    rows = session.scalars(select(Takeaway).where(Takeaway.id.in_(ids)).options(*with_everything()))
    by_id = {row.id: row for row in rows}
    pairs = ((by_id.get(uuid.UUID(hit.id)), hit.highlight) for hit in found.hits)
    return [(row, mark) for row, mark in pairs if row is not None and _still_shown(row, ask)]


def _still_shown(row: Takeaway, ask: Ask) -> bool:
    if ask.place is None:
        return row.state != TakeawayState.WITHDRAWN
    return may_show(row, ask.place, new_too=ask.new_too)
