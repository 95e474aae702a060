"""``blocked-words.txt``: words that hold a takeaway for an organizer's review before the wall shows it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from reporter.enums import TakeawayState
from reporter.errors import ConfigError
from reporter.models import Takeaway
from reporter.moderation.decisions import bump_revision

FILE_NAME = "blocked-words.txt"


def read_words(folder: Path) -> list[str]:
    """Parse a gathering's list: one word per line, ``#`` begins a comment. Empty if there is no file.

    Raises ConfigError if the file isn't UTF-8 text.
    """
    try:
        lines = (folder / FILE_NAME).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise ConfigError(
            "%(file_name)s must be saved as UTF-8 text.", file_name=FILE_NAME
        ) from error
    return [word for line in lines if (word := _plain(line.split("#")[0]))]


def contains(text: str, words: list[str]) -> bool:
    """Whether the text contains one of the words: whole words, or prefixes if the entry ends with ``*``.

    Letter case and compatibility forms of a letter (full width, ligatures) are ignored.
    """
    if not words:
        return False
    parts = (re.escape(w.removesuffix("*")) + ("" if w.endswith("*") else r"(?!\w)") for w in words)
    return re.search(rf"(?<!\w)(?:{'|'.join(parts)})", _plain(text)) is not None


def screen(takeaway: Takeaway, folder: Path) -> bool:
    """Set ``held`` by the gathering's list; returns whether that changed it. Doesn't commit."""
    return _set_held(takeaway, read_words(folder))


def holds(folder: Path, *words: str) -> bool:
    """Whether the gathering's list holds a new takeaway with these words back."""
    return contains("\n".join(words), read_words(folder))


def rescreen(session: Session, folder: Path) -> int:
    """Check all undecided takeaways against the current list; returns how many changed. Commits."""
    words = read_words(folder)
    waiting = session.scalars(select(Takeaway).where(Takeaway.state == TakeawayState.NEW))
    changed = [takeaway for takeaway in waiting.all() if _set_held(takeaway, words)]
    for takeaway in changed:
        bump_revision(session, takeaway)
    session.commit()
    return len(changed)


def _set_held(takeaway: Takeaway, words: list[str]) -> bool:
    was = takeaway.held
    takeaway.held = contains(f"{takeaway.text}\n{takeaway.author}", words)
    return takeaway.held != bool(was)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
