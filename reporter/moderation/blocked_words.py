"""``blocked-words.txt``: words that hold a takeaway for an organizer's review before the wall shows it."""

from __future__ import annotations

import codecs
import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.errors import ConfigError
from reporter.models import Takeaway
from reporter.moderation.decisions import bump_revision

log = logging.getLogger(__name__)

FILE_NAME = "blocked-words.txt"
_SLICE = 500


@dataclass(frozen=True)
class WordList:
    """The list as it was read. ``is_guessed``: it doesn't say its encoding and isn't UTF-8, so it was read as Windows'
    Western European one."""

    words: list[str]
    is_guessed: bool = False


def read_list(folder: Path) -> WordList:
    """Parse a gathering's list: one word per line, ``#`` begins a comment. Empty if there is no file.

    Raises ConfigError if it isn't text, or can't be read.
    """
    try:
        data = (folder / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return WordList([])
    except OSError as error:
        raise _unreadable() from error
    text, is_guessed = _decoded(data)
    # UTF-16 without its mark, a document of an office program.
    if "\0" in text:
        raise _unreadable()
    lines = text.splitlines()
    return WordList([word for line in lines if (word := _plain(line.split("#")[0]))], is_guessed)


def read_words(folder: Path) -> list[str]:
    """The words of ``read_list``; raises ConfigError."""
    return read_list(folder).words


def _decoded(data: bytes) -> tuple[str, bool]:
    """(text, whether its encoding was guessed). Windows' editor saves UTF-16 and "ANSI" too."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), False
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def _unreadable() -> ConfigError:
    return ConfigError("%(file_name)s must be saved as UTF-8 text.", file_name=FILE_NAME)


def contains(text: str, words: list[str]) -> bool:
    """Whether the text contains one of the words: whole words, or prefixes if the entry ends with ``*``.

    Letter case and compatibility forms of a letter (full width, ligatures) are ignored.
    """
    if not words:
        return False
    parts = (re.escape(w.removesuffix("*")) + ("" if w.endswith("*") else r"(?!\w)") for w in words)
    return re.search(rf"(?<!\w)(?:{'|'.join(parts)})", _plain(text)) is not None


def screen(takeaway: Takeaway, folder: Path) -> bool:
    """Set ``held`` as ``holds``; returns whether that changed it. Doesn't commit."""
    return _set_held(takeaway, _known_words(folder))


def holds(folder: Path, *words: str) -> bool:
    """Whether the gathering's list holds a new takeaway with these words back; any, while it can't be read."""
    known = _known_words(folder)
    return known is None or contains("\n".join(words), known)


def rescreen(session: Session, folder: Path) -> int:
    """Check all undecided takeaways against the current list; returns how many changed. Commits.

    While it can't be read nothing changes: what came meanwhile is held, and let go when it can be again.
    """
    words = _known_words(folder)
    if words is None:
        return 0
    # Their words alone: thousands of whole takeaways take seconds and tens of megabytes.
    waiting = select(Takeaway.id, Takeaway.text, Takeaway.author, Takeaway.held).where(
        Takeaway.state == TakeawayState.NEW
    )
    if not words:
        waiting = waiting.where(Takeaway.held.is_(True))
    differing = [
        one
        for one, text, author, held in session.execute(waiting.execution_options(yield_per=_SLICE))
        if bool(held) != contains(_own_words(text, author), words)
    ]
    takeaways = (session.get_one(Takeaway, one) for one in differing)
    changed = [takeaway for takeaway in takeaways if _set_held(takeaway, words)]
    for takeaway in changed:
        bump_revision(session, takeaway)
    session.commit()
    return len(changed)


def _known_words(folder: Path) -> list[str] | None:
    """The words, or None while the list can't be read: nobody's takeaway is refused for that."""
    try:
        return read_words(folder)
    except ConfigError:
        log.warning("%s can't be read: what comes in waits for a look", FILE_NAME)
        return None


def _set_held(takeaway: Takeaway, words: list[str] | None) -> bool:
    was = takeaway.held
    takeaway.held = words is None or contains(_own_words(takeaway.text, takeaway.author), words)
    return takeaway.held != bool(was)


def _own_words(text: str, author: str) -> str:
    return f"{text}\n{author}"


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
