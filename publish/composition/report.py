"""The report "what happened": counts and quotes, limited to what one target may show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, distinct, func, select
from sqlalchemy.orm import Session

from publish.composition.builder import build_files
from publish.composition.themes import theme_digest
from publish.i18n import translations
from publish.posts.model import GatheringFacts, PostMedia, ThemeDigest
from publish.rendering.html import day_and_time, day_words, period
from reporter.enums import Intent, Kind, Source
from reporter.films.plan import shortened
from reporter.media.store import Store
from reporter.models import EventSession, Takeaway
from reporter.moderation.visibility import Scope, showable
from reporter.stories.queries import with_everything
from reporter.themes.board import theme_board

PICTURES, QUOTES, QUESTIONS, THEMES = 3, 4, 6, 6
# Number of takeaways, starred ones first, searched for pictures and quotes.
LOOKED_AT = 60
_What = TypeVar("_What")
# Contributed takeaways, without those derived from them.
_BROUGHT = Takeaway.source != Source.FILM


@dataclass(frozen=True)
class Quote:
    """A quote with its author and session (or an action item with its owner and due date)."""

    text: str
    by: str


@dataclass(frozen=True)
class ReportPicture:
    """A picture with its caption."""

    file: PostMedia
    words: str


@dataclass(frozen=True)
class Report:
    """Everything on the page, in the gathering's language. ``numbers`` pairs each count with its label."""

    title: str
    when: str
    heading: str
    numbers: tuple[tuple[int, str], ...]
    themes: tuple[ThemeDigest, ...]
    pictures: tuple[ReportPicture, ...]
    quotes: tuple[Quote, ...]
    questions: tuple[Quote, ...]
    following: tuple[str, ...]
    headings: dict[str, str]


def build_report(
    session: Session, place: Scope, *, store: Store, facts: GatheringFacts, with_themes: bool = True
) -> Report:
    """Build the report for a target's readers."""
    rows = _looked_at(session, place)
    themes = _themes(session, place, facts) if with_themes else ()
    pictures = tuple(_pictures(rows, place, store, facts))
    used = {quote for theme in themes for _id, quote in theme.quotes}
    used |= {picture.words for picture in pictures}
    return Report(
        title=facts.title,
        when=_when(session, place, facts),
        heading=translations(facts.language).gettext("What happened"),
        numbers=tuple(_numbers(session, place, facts.language)),
        themes=themes[:THEMES],
        pictures=pictures,
        quotes=tuple(_quotes(rows, used)),
        questions=tuple(_questions(session, place, facts))[:QUESTIONS],
        following=_following(facts),
        headings=_headings(facts.language),
    )


def _headings(language: str) -> dict[str, str]:
    _ = translations(language).gettext
    return {
        "themes": _("What the room said"),
        "pictures": _("Pictures"),
        "quotes": _("In their own words"),
        "questions": _("What is still open"),
        "following": _("Join the next one"),
    }


def _looked_at(session: Session, place: Scope) -> Sequence[Takeaway]:
    query = (
        select(Takeaway)
        .where(showable(place), _BROUGHT)
        .order_by(Takeaway.starred.desc(), Takeaway.recorded_at, Takeaway.id)
        .limit(LOOKED_AT)
        .options(*with_everything())
    )
    return session.scalars(query).all()


def _themes(session: Session, place: Scope, facts: GatheringFacts) -> tuple[ThemeDigest, ...]:
    board = theme_board(session, facts.language, showable(place))
    return tuple(theme_digest(theme, facts.language) for theme in board.themes)


def _when(session: Session, place: Scope, facts: GatheringFacts) -> str:
    ends = select(func.min(Takeaway.recorded_at), func.max(Takeaway.recorded_at))
    first, last = session.execute(ends.where(showable(place), _BROUGHT)).one()
    return period(first, last, facts.zone, facts.language) if first and last else ""


def _numbers(session: Session, place: Scope, language: str) -> list[tuple[int, str]]:
    """Counts of takeaways, sessions, photos, films, recordings and named contributors; zeros are left out, unless
    there is nothing else to say."""
    ngettext = translations(language).ngettext
    words: tuple[tuple[Select[int], Callable[[int], str]], ...] = (
        (_count(place), lambda n: ngettext("takeaway", "takeaways", n)),
        (_count(place, of=Takeaway.session_id), lambda n: ngettext("session", "sessions", n)),
        (_count(place, Takeaway.kind == Kind.PHOTO), lambda n: ngettext("photo", "photos", n)),
        (
            _count(place, Takeaway.kind.in_((Kind.VIDEO, Kind.AUDIO))),
            lambda n: ngettext("film or recording", "films and recordings", n),
        ),
        (
            _count(place, Takeaway.author != "", of=Takeaway.author),
            lambda n: ngettext("person named", "people named", n),
        ),
    )
    counts = [(session.scalar(query) or 0, label) for query, label in words]
    numbers = [(count, label(count)) for count, label in counts if count]
    return numbers or [(0, ngettext("takeaway", "takeaways", 0))]


def _count(place: Scope, *rules: ColumnElement[bool], of: Any = Takeaway.id) -> Select[int]:
    return select(func.count(distinct(of))).where(showable(place), _BROUGHT, *rules)


def _pictures(
    rows: Iterable[Takeaway], place: Scope, store: Store, facts: GatheringFacts
) -> Iterator[ReportPicture]:
    """The first photos, each from a different session while possible."""
    found = [(row, file) for row in rows for file in _photos(row, place, store, facts)]
    for row, file in _varied(found)[:PICTURES]:
        yield ReportPicture(file, shortened(row.caption or row.text) or file.alt)


def _photos(
    row: Takeaway, place: Scope, store: Store, facts: GatheringFacts
) -> Iterator[PostMedia]:
    if row.kind == Kind.PHOTO:
        files = build_files(row, place, store=store, facts=facts)
        yield from [file for file in files if file.path.is_file()][:1]


def _varied(found: list[tuple[Takeaway, _What]]) -> list[tuple[Takeaway, _What]]:
    """One from each session first, then the rest in order."""
    turns: dict[object, int] = {}
    ranked = []
    for number, pair in enumerate(found):
        turn = turns[pair[0].session_id] = turns.get(pair[0].session_id, -1) + 1
        ranked.append((turn, number, pair))
    return [pair for _turn, _number, pair in sorted(ranked, key=lambda one: one[:2])]


def _quotes(rows: Iterable[Takeaway], used: set[str]) -> Iterator[Quote]:
    """Texts that are neither picture captions nor questions and appear nowhere else on the page."""
    candidates = [(row, (row.caption or row.text).strip()) for row in rows if _is_quotable(row)]
    fresh = [(row, words) for row, words in candidates if words and words not in used]
    for row, words in _varied(fresh)[:QUOTES]:
        yield Quote(shortened(words), _by(row.author, row.session.title))


def _is_quotable(row: Takeaway) -> bool:
    return row.kind != Kind.PHOTO and row.intent not in (Intent.QUESTION, Intent.ACTION)


def _questions(session: Session, place: Scope, facts: GatheringFacts) -> Iterator[Quote]:
    """The organizers' action items with their owners, then open questions not covered by an item."""
    for item in facts.agenda.waiting:
        yield Quote(item.what, _by(item.who, _day(item.due_on, facts)))
    query = (
        select(Takeaway, EventSession.title)
        .join(Takeaway.session)
        .where(showable(place), Takeaway.intent == Intent.QUESTION)
        .order_by(Takeaway.starred.desc(), Takeaway.recorded_at, Takeaway.id)
        .limit(QUESTIONS + len(facts.agenda.settled))
    )
    for row, title in session.execute(query):
        words = shortened(row.caption or row.text)
        if words and str(row.id) not in facts.agenda.settled:
            yield Quote(words, _by(row.author, title))


def _by(*parts: str) -> str:
    return " · ".join(part.strip() for part in parts if part.strip())


def _day(day: date | None, facts: GatheringFacts) -> str:
    return day_words(day, facts.language) if day else ""


def _following(facts: GatheringFacts) -> tuple[str, ...]:
    following = facts.agenda.following
    if following is None:
        return ()
    when = day_and_time(following.starts_at, facts.zone, facts.language)
    return tuple(
        filter(None, (following.title, _by(when, following.place), following.words, following.url))
    )
