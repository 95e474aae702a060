"""Sessions as parsed from a schedule file, and how their stable ids are derived."""

from __future__ import annotations

import html
import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reporter.errors import BadInput
from reporter.messages import Message
from reporter.schedule.lenient_html import LenientParser

MAX_SESSIONS = 5_000
MAX_TITLE = 300
MAX_DESCRIPTION = 20_000

# Namespace of derived ids (RFC 9562, version 5); it must never change.
_DERIVED = uuid.UUID("8a0cf4b6-6a0e-5e0c-9d25-0b2f7f3b51c4")
_TAG = re.compile(r"</?(?:p|br|a|b|i|em|strong|ul|ol|li|div|span|h[1-6]|blockquote)\b[^>]*>", re.I)
_ENTITY = re.compile(
    r"&(?:amp|quot|lt|gt|nbsp|apos|[lr][sd]quo|[nm]dash|hellip|#0?\d{2,6}|#x[0-9a-f]{2,4});", re.I
)
_BREAKS = {"p", "br", "li", "div", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"}


@dataclass(frozen=True)
class ScheduledSession:
    """One session of a schedule. Times are aware and in UTC; None if missing."""

    guid: str
    title: str
    room: str = ""
    track: str = ""
    speakers: tuple[str, ...] = ()
    description: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    do_not_record: bool = False
    # With ``do_not_record``: whether the words may still be published; None: not specified.
    words_leave: bool | None = None
    licence: str = ""
    language: str = ""
    # Other ids of the same session, used by exports in other formats from the same system.
    aliases: tuple[str, ...] = field(default=(), compare=False)
    # Fields missing in this file: an import leaves them as they are.
    unsaid: frozenset[str] = field(default=frozenset(), compare=False)
    # Whether the file has a start that was not understood, which is not the same as lasting all day.
    start_unread: bool = field(default=False, compare=False)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Values of a recording column that forbid all recording, and those that forbid only pictures and sound, not words.
_YES = _words(
    "1 true yes y x ja oui si sí sim on ein wahr vrai verdadero ✓ ✔ all everything both alles todo tout "
    "так да نعم हाँ हां 是 是的 はい 예 네 tak evet igen ano ναι כן بله có"
)
# Values that leave it allowed; whatever else is written there is a wish.
_NO = _words(
    "0 false no n nein non não nao ні нет لا नहीं 否 不 いいえ 아니요 nie hayır nem ne όχι לא خیر không off "
    "falsch faux falso none null nan undefined n/a na ok okay allowed erlaubt open offen - – — ? . tbd tba"
)
_PICTURES_ALONE = _words(
    "pictures picture photos photo images image video videos film films recording recordings bilder fotos foto "
    "aufnahmen imágenes imagenes vídeo vídeos صور"
)
_WORDS_TOO = _words("words text texts quotes worte texte palabras textos mots paroles كلمات")
_FILLER = _words("no not and or only keine kein und nur ni y o sin solo pas de et")


def recording_wish(text: str) -> tuple[bool, bool | None]:
    """Parse a cell into (must not be recorded, may its words be published): "yes", "pictures", "pictures and words".

    Words that are not understood ("please don't", "ask me first") are taken as a wish, unless they begin with a no or
    name a number.

    The second is None if not specified: words then stay in the room, or as an organizer has
    decided.
    """
    words = set(re.findall(r"\w+|[✓✔]", text.casefold()))
    if text.strip().casefold() in _YES:
        return True, None
    if not words or not words - _FILLER or text.strip().casefold() in _NO:
        return False, None
    if words - _FILLER - _PICTURES_ALONE - _WORDS_TOO:
        first = re.split(r"[\s,;:.!(]+", text.strip().casefold())[0]
        return first not in _NO and not any(map(str.isdigit, text)), None
    return True, not words & _WORDS_TOO


@dataclass(frozen=True)
class SessionDraft:
    """A session whose id is still as in the file: ``key`` is its id or slug, ``where`` names the
    row or event in messages."""

    where: str
    session: ScheduledSession
    key: str = ""


NO_END = Message("It came in without an end.")
POSTPONED = Message(
    "It says that it is postponed. It came in at the time that is written; check it."
)


class Findings:
    """Messages of a parser: skipped entries, and warnings about others."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        # {where: the first problem there}, for entries imported without a part.
        self.odd: dict[str, str] = {}
        # Places of entries whose start was not understood.
        self.unread: set[str] = set()
        self._notes: dict[str, list[str]] = {}

    def leave_out(self, sentence: str) -> None:
        """Record a skipped entry; ``sentence`` names it and the reason."""
        self.left_out.append(sentence)

    def note(self, sentence: str, where: str = "") -> None:
        """Record a warning. The same sentence about several entries is reported once, with all places."""
        places = self._notes.setdefault(sentence, [])
        if where and where not in places:
            places.append(where)

    def note_odd(self, sentence: str, where: str) -> None:
        """Record a field that is invalid or not understood: the entry is imported without it."""
        self.odd.setdefault(where, _at(where, sentence))
        self.note(sentence, where)

    def note_unread(self, sentence: str, where: str) -> None:
        """Record an invalid start: the session is imported without a time."""
        self.unread.add(where)
        self.note_odd(Message.join([sentence, Message("It came in without a time.")]), where)

    @property
    def notes(self) -> list[str]:
        """The warnings, each after the places that it is about."""
        return [
            _at(_listed(places), sentence) if places else sentence
            for sentence, places in self._notes.items()
        ]


def _at(where: str, sentence: str) -> Message:
    return Message("%(where)s: %(sentence)s", where=where, sentence=sentence)


def _listed(places: list[str]) -> str:
    """Up to three places by name, and the number of others."""
    named = places[0]
    for place in places[1:3]:
        named = Message("%(first)s, %(second)s", first=named, second=place)
    more = len(places) - 3
    if more <= 0:
        return named
    return Message("%(places)s and %(count)s more", places=named, count=more)


def event_numbered(number: int) -> Message:
    """Name of an event without a title, for messages."""
    return Message("Event %(number)s", number=number)


def event_named(number: int, title: str) -> Message:
    """Name of an event with its title, for messages."""
    return Message("Event %(number)s (“%(title)s”)", number=number, title=title)


def finish(drafts: Iterable[SessionDraft]) -> list[ScheduledSession]:
    """The sessions in order of time, each with a unique guid.

    The file's guid is kept. If there is none, one is derived from the id or slug, else from the
    title, else (for a title that occurs twice) from title, start and room, so that a session keeps
    its printed code if only its time changes. If several share a guid, the earliest keeps it;
    duplicate rows count once.
    """
    known = list(drafts)
    if len(known) > MAX_SESSIONS:
        raise BadInput(
            "The schedule has more sessions (%(count)s) than one gathering can hold (%(max_sessions)s). "
            "Split it into several files.",
            count=len(known),
            max_sessions=MAX_SESSIONS,
        )
    if not known:
        raise BadInput(
            "There is no session in this schedule. Check that it is the right file, and that it "
            "was exported with its sessions."
        )
    titles = Counter(draft.session.title for draft in known)
    named = [_with_guid(draft, titles[draft.session.title] == 1) for draft in known]
    return with_unique_guids(named)


def _with_guid(draft: SessionDraft, only_title: bool) -> ScheduledSession:
    session = draft.session
    if session.guid:
        return session
    if draft.key:
        return replace(session, guid=_derive("key", draft.key))
    if only_title:
        return replace(session, guid=_derive("title", session.title))
    return replace(session, guid=_derive("slot", session.title, _slot(session)))


def with_unique_guids(sessions: Iterable[ScheduledSession]) -> list[ScheduledSession]:
    """The sessions in order of time, each with a guid of its own; equal ones count once."""
    taken: dict[str, ScheduledSession] = {}
    for session in dict.fromkeys(sorted(sessions, key=_order)):
        guid, number = session.guid, 1
        while guid in taken:
            guid = _derive("slot of", session.guid, _slot(session), str(number))
            number += 1
        taken[guid] = replace(session, guid=guid)
    return list(taken.values())


def _order(session: ScheduledSession) -> tuple[bool, datetime, str, str]:
    start = session.starts_at
    return start is None, start or datetime.min.replace(tzinfo=UTC), session.room, session.title


def _slot(session: ScheduledSession) -> str:
    start = session.starts_at.isoformat() if session.starts_at else ""
    return f"{start} {session.room}"


def _derive(*parts: str) -> str:
    return str(uuid.uuid5(_DERIVED, "\x1f".join(parts)))


def one_line(text: str, limit: int = MAX_TITLE) -> str:
    """Normalize to one line: no control characters, white space collapsed, truncated at ``limit``."""
    line = " ".join(_printable(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def title_line(text: str) -> str:
    """Normalize a title to one line; HTML entities left by web calendars are resolved."""
    return one_line(html.unescape(text) if _ENTITY.search(text) else text)


def plain_text(*parts: str) -> str:
    """Convert to plain text: HTML and repetitions removed, truncated at 20,000 characters."""
    seen: list[str] = []
    for part in parts:
        text = _printable(part[:MAX_DESCRIPTION])
        if _TAG.search(text):
            text = _without_tags(text)
        elif _ENTITY.search(text):
            text = html.unescape(text)
        text = re.sub(r"\n{3,}", "\n\n", text.strip())
        if text and text not in seen:
            seen.append(text)
    return "\n\n".join(seen)[:MAX_DESCRIPTION]


def _printable(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _without_tags(markup: str) -> str:
    reader = _Words()
    reader.parsed(markup)
    return "".join(reader.words)


class _Words(LenientParser):
    """Collects the text of HTML, with a line break at the start and end of blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "li":
            self.words.append("\n- ")
        elif tag in _BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
