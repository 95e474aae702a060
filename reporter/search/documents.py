"""Convert a takeaway to an index document: its search terms, and its facets."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reporter.enums import Consent, Kind
from reporter.models import Takeaway
from reporter.moderation.visibility import Scope, may_show, needs_face_review
from reporter.search.recipe import Recipe
from reporter.search.text.tokenizer import normalize, tokenize

_BETWEEN = "\x1f"
# Separates texts, so that no phrase matches across two of them.
GAP = "¶"


class Facts(NamedTuple):
    """Fields for counts and filters, one text each; multiple tags or places are separated by a space or comma."""

    session: str
    kind: str
    intent: str
    author: str
    tags: str
    state: str
    day: str
    seen: str
    words: str
    recorded: str


# Fields for queries by name, or for facets: each value is one term, in every engine.
FIELDS = (
    "title",
    "room",
    "by",
    "tag",
    "session",
    "kind",
    "intent",
    "state",
    "audience",
    "day",
    "has",
)


def schema() -> Any:
    """Whoosh's schema. All terms are passed as lists: they are already tokenized."""
    from whoosh.columns import VarBytesColumn
    from whoosh.fields import COLUMN, ID, KEYWORD, TEXT, Schema

    def words() -> Any:
        # Scorable, although we score ourselves: otherwise Whoosh looks for a file of lengths at every posting.
        return KEYWORD(scorable=True)

    # word: as written (folded), with positions; stem: in all possible languages; about: session, people, tags.
    return Schema(
        id=ID(stored=True, unique=True),
        word=TEXT(),
        facts=COLUMN(VarBytesColumn()),
        **{name: words() for name in ("stem", "about", *FIELDS)},
    )


def document(row: Takeaway, recipe: Recipe) -> dict[str, Any]:
    """The index fields of one takeaway."""
    texts = [tokenize(text, recipe.languages) for text in texts_of(row)]
    tags = [tag.name for tag in row.tags]
    title, author = list(_both(row.session.title, recipe)), _plain(row.author, recipe)
    around = [_both(text, recipe) for text in (row.session.speakers, row.session.track, *tags)]
    day = row.recorded_at.astimezone(ZoneInfo(recipe.zone)).date().isoformat()
    return {
        "id": str(row.id),
        "word": [word for text in texts for word in (*(w.plain for w in text), GAP)],
        "stem": [stem for text in texts for word in text for stem in word.stems],
        "about": [*title, *author, *(word for words in around for word in words)],
        "title": title,
        "room": _plain(row.session.room, recipe),
        "by": author,
        "tag": sorted(
            {*map(normalize, tags), *(word for tag in tags for word in _plain(tag, recipe))}
        ),
        "session": [row.session.code],
        "kind": [row.kind],
        "intent": [row.intent] if row.intent else [],
        "state": [row.state],
        "audience": [row.audience],
        "day": [day],
        "has": sorted(_has(row)),
        "facts": _facts(row, day, tags, sum(map(len, texts))),
    }


def _facts(row: Takeaway, day: str, tags: list[str], words: int) -> bytes:
    facts = Facts(
        row.session.code,
        row.kind,
        row.intent,
        row.author,
        ",".join(tags),
        row.state,
        day,
        " ".join(_visible_places(row)),
        str(words),
        str(int(row.recorded_at.timestamp())),
    )
    return _BETWEEN.join(text.replace(_BETWEEN, " ") for text in facts).encode()


def read_facts(column: bytes) -> list[str]:
    """Parse a column's value, in the order of Facts."""
    return column.decode().split(_BETWEEN)


def texts_of(row: Takeaway) -> list[str]:
    """All text of a takeaway: the contributor's, the organizer's, alt texts and text recognized in pictures."""
    seen = [text for a in row.attachments for text in (a.alt, a.media.recognized_text)]
    return [text for text in (row.text, row.caption, *seen) if text]


def _plain(text: str, recipe: Recipe) -> list[str]:
    return [word.plain for word in tokenize(text, recipe.languages)]


# Cached because titles, names and tags repeat.
@functools.lru_cache(maxsize=5_000)
def _both(text: str, recipe: Recipe) -> tuple[str, ...]:
    words = tokenize(text, recipe.languages, sure=True)
    return tuple(term for word in words for term in (word.plain, *word.stems))


def _has(row: Takeaway) -> set[str]:
    """Values for ``has:`` queries."""
    media = row.attachments
    pictures = [a for a in media if a.media.kind in (Kind.PHOTO, Kind.VIDEO)]
    facts = {
        "media": bool(media),
        "text": bool(row.text),
        "caption": bool(row.caption),
        "author": bool(row.author),
        "tag": bool(row.tags),
        "intent": bool(row.intent),
        "star": row.starred,
        # All pictures have alt text.
        "alt": bool(pictures) and all(a.alt.strip() for a in pictures),
        "consent": row.consent == Consent.AGREED,
        "words": any(a.media.recognized_text for a in media),
    }
    return {name for name, true in facts.items() if true} | {a.media.kind for a in media}


def _visible_places(row: Takeaway) -> list[str]:
    """The places where the consent gate allows it.

    Pictures that need face review count as held back outside the room even if the gathering does
    not require it: the setting may change without any document changing.
    """
    waits = needs_face_review(row)
    pairs = [(Scope.ROOM, True), *((place, False) for place in Scope)]
    return [
        place_word(place, new_too)
        for place, new_too in pairs
        if not (waits and place is not Scope.ROOM) and may_show(row, place, new_too=new_too)
    ]


def place_word(place: Scope, new_too: bool) -> str:
    """A place's term in ``Facts.seen``."""
    return f"{place.value}-with-new" if new_too and place is Scope.ROOM else place.value
